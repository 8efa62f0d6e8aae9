"""DDAD: scenes in the form of TRI's data governance policy."""

import json

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)
NO_CAMERA = {"fx": 0.0, "fy": 0.0, "cx": 0.0, "cy": 0.0, "skew": 0.0}


def pose_entry(pose) -> dict:
    turn = dict(zip(("qw", "qx", "qy", "qz"), pose.quaternion, strict=True))
    return {"rotation": turn, "translation": dict(zip("xyz", pose.place, strict=True))}


def datum(kind: str, name: str, key: str, **content) -> dict:
    return {"datum": {kind: content}, "id": {"index": "0", "name": name}, "key": key}


@pytest.fixture
def scene_folder(plane, pose, points_of, tmp_path):
    """Two samples of a sweep and a picture; the second picture looks away from all points."""
    scene, folder = plane(CAMERA), tmp_path / "ddad_train_val" / "000000"
    lidar, camera, away = (
        pose((-2, 1, 147), (400.8, -259.6, 12.5)),
        pose((-90, 40, -40), (399.3, -258.9, 13.8)),
        pose((90, 140, 40), (399.3, -258.9, 13.8)),
    )
    points = points_of(scene, np.linalg.inv(camera.matrix) @ lidar.matrix)
    data, samples = [], []
    for number, world_from_camera in enumerate((camera, away)):
        image, cloud = f"rgb/CAMERA_01/155691959{number}.png", f"point_cloud/LIDAR/155691959{number}.npz"
        scene.save_image(folder / image)
        (folder / cloud).parent.mkdir(parents=True, exist_ok=True)
        np.savez(folder / cloud, data=np.c_[points, np.ones(len(points))])
        size = {"width": 27, "height": 20, "channels": 3}
        data += [
            datum("point_cloud", "LIDAR", f"l{number}", filename=cloud, pose=pose_entry(lidar)),
            datum("image", "CAMERA_01", f"c{number}", filename=image, pose=pose_entry(world_from_camera), **size),
        ]
        samples.append({"calibration_key": "cal", "datum_keys": [f"l{number}", f"c{number}"]})
    (folder / "scene_a8dc.json").write_text(json.dumps({"data": data, "samples": samples}))
    intrinsics = [NO_CAMERA, {"fx": 24.0, "fy": 23.9, "cx": 13.2, "cy": 9.6, "skew": 0.0}]
    (folder / "calibration").mkdir()
    (folder / "calibration/cal.json").write_text(
        json.dumps({"names": ["LIDAR", "CAMERA_01"], "intrinsics": intrinsics})
    )
    return folder


def test_points_meet_the_picture_by_the_poses_of_both(scene_folder, plane, samples_of, tmp_path):
    (sample,) = samples_of("ddad", tmp_path)
    assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.LIDAR, "ddad", True)
    plane(CAMERA).check(sample, millimetres=2.6)


@pytest.mark.parametrize(("split", "count"), [("0", 1), ("1", 0)])
def test_only_scenes_for_training_are_taken_where_a_list_tells_them(scene_folder, split, count, tmp_path):
    splits = {"0": {"filenames": []}, "1": {"filenames": []}}
    splits[split]["filenames"].append("000000/scene_a8dc.json")
    (scene_folder.parent / "ddad.json").write_text(json.dumps({"scene_splits": splits}))
    assert len(list(find_builder("ddad").records(tmp_path, tmp_path / "out"))) == count


@pytest.mark.parametrize("missing", ["calibration/cal.json", "point_cloud/LIDAR/1556919590.npz"])
def test_a_missing_file_is_named(scene_folder, missing, tmp_path):
    (scene_folder / missing).unlink()
    with pytest.raises(DatasetError, match=missing):
        list(find_builder("ddad").records(tmp_path, tmp_path / "out"))


def test_a_missing_picture_is_named_when_it_is_loaded(scene_folder, samples_of, tmp_path):
    (scene_folder / "rgb/CAMERA_01/1556919590.png").unlink()
    with pytest.raises(DatasetError, match=r"1556919590\.png"):
        samples_of("ddad", tmp_path)


def test_a_camera_without_calibration_is_named(scene_folder, tmp_path):
    path = scene_folder / "calibration/cal.json"
    path.write_text(json.dumps({"names": ["LIDAR"], "intrinsics": [NO_CAMERA]}))
    with pytest.raises(DatasetError, match=r"cal\.json: has no camera CAMERA_01, but LIDAR"):
        list(find_builder("ddad").records(tmp_path, tmp_path / "out"))


def test_an_entry_that_is_missing_is_named(scene_folder, tmp_path):
    path = scene_folder / "scene_a8dc.json"
    content = json.loads(path.read_text())
    del content["data"][1]["datum"]["image"]["pose"]["rotation"]["qz"]
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=r"scene_a8dc\.json: has no entry pose\.rotation\.qz"):
        list(find_builder("ddad").records(tmp_path, tmp_path / "out"))


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"holds no scene_\*\.json"):
        list(find_builder("ddad").records(tmp_path, tmp_path / "out"))
