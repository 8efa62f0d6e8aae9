"""Where a photo's camera comes from, in order, and the file beside it."""

import errno
import json
from pathlib import Path

import pytest

from theodolite.camera.photo import Photo
from theodolite.camera.pinhole import Camera
from theodolite.camera.sidecar import find_sidecar, read_sidecar, sidecar_paths, write_sidecar
from theodolite.errors import CalibrationError, CameraError, UnknownCamera

from .conftest import FOCAL_35MM

CAMERA = Camera(321.5, 322.5, 201, 149, 400, 300, rel_sigma=0.01, detail="a chessboard")


def test_a_file_beside_the_photo_comes_before_exif(jpeg):
    path = jpeg(tags={FOCAL_35MM: 28})
    assert Photo.open(path).camera.source == "exif"
    written = write_sidecar(path, CAMERA)
    assert written.name == "desk.jpg.camera.json"
    assert sorted(p.name for p in path.parent.iterdir()) == ["desk.jpg", "desk.jpg.camera.json"]
    camera = Photo.open(path, strict=True).camera
    assert camera.source == "sidecar"
    assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.rel_sigma) == (321.5, 322.5, 201, 149, 0.01)
    assert "a chessboard" in camera.detail
    given = Camera.from_fov(70, 400, 300)
    assert Photo.open(path, given).camera == given


def test_the_file_may_leave_out_the_photos_ending(jpeg):
    path = jpeg()
    sidecar = sidecar_paths(path)[1]
    sidecar.write_text(json.dumps({"fx": 300, "fy": 300}))
    assert find_sidecar(path) == sidecar
    assert Photo.open(path).camera.cx == 199.5


def test_the_file_of_a_larger_copy_is_converted(jpeg):
    path = write_sidecar(jpeg(), CAMERA)
    camera = read_sidecar(path, 200, 150)
    assert (camera.fx, camera.cx) == (CAMERA.fx / 2, (CAMERA.cx + 0.5) / 2 - 0.5)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "no camera file"),
        ("[1, 2]", "no camera file"),
        ("{", "no camera file"),
        ('{"fx": 300}', "gives no fy"),
        ('{"fx": NaN, "fy": 300}', "finite number for fx"),
        ('{"fx": -5, "fy": 300}', "positive fx"),
        ('{"fx": "300", "fy": 300}', "finite number for fx"),
        ('{"fx": 300, "fy": 300, "width": "wide", "cx": 1, "cy": 1}', "width"),
        ('{"fx": 300, "fy": 300, "width": 300, "height": 400}', "describes a picture of 300x400"),
        ("[" * 100_000, "no camera file"),
        ('{"fx": 1' + "0" * 400 + ', "fy": 300}', "finite number for fx"),
    ],
)
def test_a_damaged_file_is_an_error_that_names_it(jpeg, content, word):
    path = jpeg(tags={FOCAL_35MM: 28})
    sidecar_paths(path)[0].write_text(content)
    with pytest.raises(CalibrationError, match=word) as raised:
        Photo.open(path)
    assert "desk.jpg.camera.json" in str(raised.value)


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    with pytest.raises(CameraError, match="cannot be written"):
        write_sidecar(tmp_path / "missing" / "desk.jpg", CAMERA)


def test_a_refusal_names_every_reason(jpeg):
    path = jpeg(tags={FOCAL_35MM: 60000})
    with pytest.raises(UnknownCamera, match=r"desk\.jpg claims a 35 mm equivalent of 60000 mm.*not believable.*--fov"):
        Photo.open(path, strict=True)


def test_a_photo_whose_name_leaves_no_room_for_a_longer_one_has_no_file_beside_it(tmp_path):
    assert find_sidecar(tmp_path / ("d" * 245 + ".jpg")) is None


def test_a_medium_that_refuses_even_the_tidying_up_is_one_clear_error(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "write_text", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(CameraError, match="Read-only file system"):
        write_sidecar(tmp_path / "desk.jpg", CAMERA)
