"""Many photos to a folder: isolation, resuming, names."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite import Predictor
from theodolite.inference.backends.base import ModelFacts
from theodolite.inference.bulk import expand, predict_to_folder, stems
from theodolite.inference.files import FORMATS as FILES
from theodolite.inference.files import paths
from theodolite.network.outputs import RawMaps

FORMATS = ("npz", "depth-png")


class Sloped:
    facts = ModelFacts("sloped", 100.0, 32, 64 * 64)
    runtime = "stand-in"

    def run(self, pixels):
        b, _, h, w = pixels.shape
        depth = np.broadcast_to(np.linspace(1, 4, w, dtype=np.float32), (b, 1, h, w)).copy()
        normals = np.zeros((b, 3, h, w), np.float32)
        normals[:, 2] = -1
        return RawMaps(depth, normals, np.ones_like(depth), np.ones_like(depth))


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(3):
        Image.new("RGB", (64, 48 + index), (index * 40, 90, 120)).save(folder / f"p{index}.png")
    return folder


@pytest.fixture
def predictor():
    return Predictor(Sloped())


def test_a_folder_stands_for_the_pictures_in_it(photos):
    (photos / "notes.txt").write_text("no picture")
    assert [path.name for path in expand([photos, photos / "p1.png"])] == ["p0.png", "p1.png", "p2.png"]


def test_photos_of_one_name_get_results_of_different_names():
    names = ["a/x.jpg", "b/x.jpg", "a/x.png", "a/y.jpg", "a/Y.png"]
    chosen = stems([Path(name) for name in names])
    assert len({stem.lower() for stem in chosen}) == len(names)
    assert stems([Path("a/y.jpg"), Path("b/z.jpg")]) == ["y", "z"]


def test_results_written_beside_the_photos_are_not_taken_for_photos(predictor, photos):
    formats = ("npz", "depth-png", "normal-png", "preview")
    first = list(predict_to_folder(predictor, expand([photos]), photos, formats=formats))
    assert [path.name for path in expand([photos])] == [outcome.photo.name for outcome in first]


def test_a_photo_named_like_a_result_is_still_a_photo(photos):
    Image.new("RGB", (8, 8)).save(photos / "cave_depth.jpg")
    assert photos / "cave_depth.jpg" in expand([photos])


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_one_bad_photo_is_told_and_the_rest_are_done(predictor, photos, tmp_path, batch):
    (photos / "p1.png").write_bytes(b"")
    outcomes = list(predict_to_folder(predictor, expand([photos]), tmp_path / "out", formats=FORMATS, batch=batch))
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done"]
    assert "p1.png" in outcomes[1].error
    assert all(file.is_file() for outcome in outcomes for file in outcome.files)


def test_what_is_there_is_kept_and_what_is_missing_is_done(predictor, photos, tmp_path):
    out = tmp_path / "out"
    first = list(predict_to_folder(predictor, expand([photos]), out, formats=FORMATS))
    stamps = {file: file.stat().st_mtime_ns for outcome in first for file in outcome.files}
    first[1].files[0].unlink()
    second = {o.photo.name: o for o in predict_to_folder(predictor, expand([photos]), out, formats=FORMATS)}
    assert {name: outcome.status for name, outcome in second.items()} == {
        "p0.png": "kept",
        "p1.png": "done",
        "p2.png": "kept",
    }
    untouched = [file for file in stamps if file != first[1].files[0]]
    assert all(file.stat().st_mtime_ns == stamps[file] for file in untouched)


def test_overwrite_does_everything_anew(predictor, photos, tmp_path):
    for _ in range(2):
        outcomes = list(predict_to_folder(predictor, expand([photos]), tmp_path, formats=FORMATS, overwrite=True))
        assert {outcome.status for outcome in outcomes} == {"done"}


def test_an_unwritable_folder_is_one_line_for_each_photo(predictor, photos, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    outcomes = list(predict_to_folder(predictor, expand([photos]), blocked / "out", formats=FORMATS))
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert all("\n" not in outcome.error for outcome in outcomes)


def test_memory_stays_flat_in_the_number_of_photos(predictor, photos, tmp_path):
    import tracemalloc

    def peak(count):
        tracemalloc.start()
        many = [photos / "p0.png"] * count
        for _ in predict_to_folder(predictor, many, tmp_path / str(count), formats=("npz",)):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(4)  # caches fill
    assert peak(64) < 1.5 * peak(16)


def test_hidden_files_are_no_photos(photos):
    (photos / "._p0.png").write_bytes(b"what macOS leaves on a memory card")
    assert len(expand([photos])) == 3


def test_a_name_no_disk_can_hold_is_left_for_opening_to_refuse():
    impossible = Path("p" * 400 + ".jpg")
    assert expand([impossible]) == [impossible]


def test_a_photo_named_like_anothers_depth_gets_files_of_its_own():
    for names in (["desk.jpg", "desk_depth.jpg"], ["desk_depth.jpg", "desk.jpg"]):
        first, second = stems([Path(name) for name in names])
        files = [paths("out", stem, FILES) for stem in (first, second)]
        assert not set(files[0]) & set(files[1])


def test_a_number_that_tells_photos_apart_is_no_other_photos_name():
    names = ["r/d/a.jpg", "s/d/a.jpg", "t/d_a-2.jpg"]
    assert len(set(stems([Path(name) for name in names]))) == 3


def test_half_of_a_formats_files_may_be_somebodys_own_and_is_not_replaced(predictor, photos, tmp_path):
    measured = tmp_path / "p0_depth.png"
    measured.write_bytes(b"from a depth camera")
    first, *_ = predict_to_folder(predictor, expand([photos]), tmp_path, formats=FORMATS)
    assert first.status == "failed"
    assert "p0_depth.png exists already" in first.error
    assert measured.read_bytes() == b"from a depth camera"
    first, *_ = predict_to_folder(predictor, expand([photos]), tmp_path, formats=FORMATS, overwrite=True)
    assert first.status == "done"


def test_outcomes_come_in_the_order_of_the_photos(predictor, photos, tmp_path):
    list(predict_to_folder(predictor, [photos / "p1.png"], tmp_path, formats=FORMATS))
    outcomes = list(predict_to_folder(predictor, expand([photos]), tmp_path, formats=FORMATS))
    assert [outcome.photo.name for outcome in outcomes] == ["p0.png", "p1.png", "p2.png"]
    assert [outcome.status for outcome in outcomes] == ["done", "kept", "done"]


def test_a_photo_whose_name_leaves_no_room_for_its_results_is_one_line(predictor, photos, tmp_path):
    long = photos / ("p" * 245 + ".png")
    (photos / "p0.png").rename(long)
    outcomes = list(predict_to_folder(predictor, [long, photos / "p1.png"], tmp_path / "out", formats=FORMATS))
    assert [outcome.status for outcome in outcomes] == ["failed", "done"]
    assert "name too long" in outcomes[0].error
