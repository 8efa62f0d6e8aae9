"""PandaSet: sweeps in the world as pickled tables, which are read without trusting them."""

import gzip
import json
import os
import pickle
import sys
import types

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.builders.frame_pickle import read_columns
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)


class Asked:
    """Something to be pickled as a call."""

    def __init__(self, reduced) -> None:
        self.reduced = reduced

    def __reduce__(self):
        return self.reduced


def in_state(kind: type, state):
    """An object to be pickled with this state."""
    kind.__getstate__ = lambda self: state
    return kind()


@pytest.fixture
def pandas_names(monkeypatch):
    """Classes and functions that are pickled by the names which pandas 1.0 has for them."""

    def make(module: str, name: str) -> type:
        holder = sys.modules.get(module) or types.ModuleType(module)
        monkeypatch.setitem(sys.modules, module, holder)
        made = type(name, (), {"__module__": module})
        monkeypatch.setattr(holder, name, made, raising=False)
        return made

    return make


@pytest.fixture
def write_table(pandas_names):
    """Write columns as pandas 1.0 pickled them: floats in one block, whole numbers in another."""
    for parent in ("pandas", "pandas.core", "pandas.core.internals", "pandas.core.indexes"):
        pandas_names(parent, "_")
    frame, manager = (
        pandas_names("pandas.core.frame", "DataFrame"),
        pandas_names("pandas.core.internals.managers", "BlockManager"),
    )
    index, new_index = (
        pandas_names("pandas.core.indexes.base", "Index"),
        pandas_names("pandas.core.indexes.base", "_new_Index"),
    )
    rows_index = pandas_names("pandas.core.indexes.range", "RangeIndex")

    def write(path, floats: dict[str, np.ndarray], whole: dict[str, np.ndarray]) -> None:
        names = np.array([*floats, *whole], dtype=object)
        count, rows = len(floats), len(next(iter(floats.values())))
        axes = [
            Asked((new_index, (index, {"data": names, "name": None}))),
            Asked((new_index, (rows_index, {"name": None, "start": 0, "stop": rows, "step": 1}))),
        ]
        values = [np.array([*floats.values()]), np.array([*whole.values()])]
        places = [slice(0, count, 1), slice(count, len(names), 1)]
        blocks = [{"values": v, "mgr_locs": p} for v, p in zip(values, places, strict=True)]
        state = (axes, values, [], {"0.14.1": {"axes": axes, "blocks": blocks}})
        data = in_state(manager, state)
        table = in_state(frame, {"_data": data, "_typ": "dataframe", "_metadata": []})
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wb") as file:
            pickle.dump(table, file, protocol=4)

    return write


@pytest.fixture
def sequence(plane, pose, points_of, write_table, tmp_path):
    scene, sequence = plane(CAMERA), tmp_path / "002"
    camera = pose((-85, 3, -91), (1.5, -20, 1.6))
    points = points_of(scene, np.linalg.inv(camera.matrix))
    folder = sequence / "camera/front_camera"
    for number in (0, 1):  # the second picture has no sweep
        scene.save_image(folder / f"{number:02}.jpg")
    heading = dict(zip("wxyz", camera.quaternion, strict=True))
    row = {"position": dict(zip("xyz", camera.place, strict=True)), "heading": heading}
    (folder / "poses.json").write_text(json.dumps([row, row]))
    (folder / "intrinsics.json").write_text(json.dumps({"fx": 24.0, "fy": 23.9, "cx": 13.2, "cy": 9.6}))
    floats = {axis: points[:, column] for column, axis in enumerate("xyz")}
    zero = np.zeros(len(points))
    write_table(sequence / "lidar/00.pkl.gz", floats | {"i": zero, "t": zero + 1.6e9}, {"d": zero.astype(int)})
    return sequence


def test_points_in_the_world_meet_the_picture(sequence, plane, samples_of, tmp_path):
    (sample,) = samples_of("pandaset", tmp_path)
    assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.LIDAR, "pandaset", True)
    plane(CAMERA).check(sample, millimetres=2.6)


@pytest.mark.parametrize("missing", ["intrinsics.json", "poses.json"])
def test_a_missing_calibration_is_named(sequence, missing, tmp_path):
    (sequence / "camera/front_camera" / missing).unlink()
    with pytest.raises(DatasetError, match=missing):
        list(find_builder("pandaset").records(tmp_path, tmp_path / "out"))


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no camera/front_camera"):
        list(find_builder("pandaset").records(tmp_path, tmp_path / "out"))


def test_a_table_of_today_is_read_as_well(pandas_names, tmp_path):
    for parent in ("pandas", "pandas.core", "pandas.core.internals", "pandas.core.indexes", "pandas._libs"):
        pandas_names(parent, "_")
    frame, index = pandas_names("pandas.core.frame", "DataFrame"), pandas_names("pandas.core.indexes.base", "Index")
    manager = pandas_names("pandas.core.internals.managers", "BlockManager")
    block = pandas_names("pandas._libs.internals", "_unpickle_block")
    labels = Asked(
        (pandas_names("pandas.core.indexes.base", "_new_Index"), (index, {"data": np.array(["d", "x"], object)}))
    )
    blocks = (
        Asked((block, (np.array([[1.5, 2.5]]), np.array([1]), 2))),
        Asked((block, (np.array([[7, 8]]), slice(0, 1, 1), 2))),
    )
    table = in_state(frame, {"_mgr": Asked((manager, (blocks, [labels, None])))})
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(table, protocol=5))
    np.testing.assert_equal(read_columns(path, "x", "d"), [[1.5, 2.5], [7, 8]])
    with pytest.raises(DatasetError, match=r"a\.pkl: has no column 'y'"):
        read_columns(path, "y")


def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(tmp_path):
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(Asked((os.mkdir, (str(tmp_path / "made"),)))))
    with pytest.raises(DatasetError, match=r"a\.pkl.*mkdir"):
        read_columns(path, "x")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps([1, 2]), pickle.dumps({"x": [1.0]})])
def test_what_is_no_table_is_named(content, tmp_path):
    (tmp_path / "a.pkl").write_bytes(content)
    with pytest.raises(DatasetError, match=r"a\.pkl"):
        read_columns(tmp_path / "a.pkl", "x")
