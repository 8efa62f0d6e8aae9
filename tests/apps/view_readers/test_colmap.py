"""Tests of the readers of COLMAP's models, on models written by hand in its two forms."""

import struct
from pathlib import Path

import numpy as np
import pytest
from tests.apps.view_readers.conftest import picture, same

from theodolite.apps.view_readers import read_views
from theodolite.camera.distortion import RadialTangential
from theodolite.errors import DatasetError
from theodolite.geometry.pose import inverse
from theodolite.geometry.rotation import to_quaternion

POINTS = {7: (0.0, 0.0, 4.0), 9: (1.0, 2.0, 5.0), 3: (-1.0, 0.5, 6.0)}
# Ids of the points that each picture's observations belong to; -1 is none.
SEEN = [(7, -1, 9), (), (3,), (7, 9, 3), (-1,)]


def rows(poses):
    back = inverse(poses)
    for number, motion in enumerate(back):
        yield number, f"room/{10 - number}.png", to_quaternion(motion[:3, :3]), motion[:3, 3], SEEN[number]


def write_text(root: Path, poses):
    model = root / "sparse" / "0"
    model.mkdir(parents=True)
    (model / "cameras.txt").write_text("# CAMERA_ID, MODEL, ...\n1 SIMPLE_RADIAL 32 24 30.0 16.0 12.0 0.01\n")
    lines = ["# Image list with two lines of data per image:"]
    for number, name, turn, place, seen in rows(poses):
        lines.append(" ".join(map(str, [number + 1, *turn, *place, 1, name])))
        lines.append(" ".join(f"{k}.5 2.25 {point}" for k, point in enumerate(seen)))
    (model / "images.txt").write_text("\n".join(lines) + "\n")
    points = [f"{key} {x} {y} {z} 10 20 30 0.5 1 0 2 1" for key, (x, y, z) in POINTS.items()]
    (model / "points3D.txt").write_text("# 3D point list\n" + "\n".join(points) + "\n")


def write_binary(root: Path, poses):
    model = root / "sparse" / "0"
    model.mkdir(parents=True)
    cameras = struct.pack("<Q", 1) + struct.pack("<iiQQ4d", 1, 2, 32, 24, 30.0, 16.0, 12.0, 0.01)
    (model / "cameras.bin").write_bytes(cameras)
    images = struct.pack("<Q", len(poses))
    for number, name, turn, place, seen in rows(poses):
        images += struct.pack("<i7di", number + 1, *turn, *place, 1) + name.encode() + b"\0"
        images += struct.pack("<Q", len(seen)) + b"".join(struct.pack("<ddq", 0.5, 2.25, point) for point in seen)
    (model / "images.bin").write_bytes(images)
    points = struct.pack("<Q", len(POINTS))
    for number, (key, place) in enumerate(POINTS.items()):
        track = [(1, 0)] * number  # tracks of different lengths
        points += struct.pack("<Q3d3BdQ", key, *place, 10, 20, 30, 0.5, len(track))
        points += b"".join(struct.pack("<ii", *pair) for pair in track)
    (model / "points3D.bin").write_bytes(points)


@pytest.fixture(params=[write_text, write_binary], ids=["text", "binary"])
def model(request, tmp_path, poses) -> Path:
    for number in range(len(poses)):
        picture(tmp_path / "images" / "room" / f"{10 - number}.png")
    request.param(tmp_path, poses)
    return tmp_path


def test_the_motions_are_turned_round_and_the_order_is_that_of_the_names(model, poses):
    views = read_views(model)
    assert (views.form, views.metric, views.skipped) == ("colmap", False, ())
    assert [view.name for view in views.views] == [f"room/{number}.png" for number in range(6, 11)]
    assert same(views, poses[::-1])


def test_each_view_gets_the_points_it_sees(model):
    points = [view.points for view in read_views(model).views][::-1]
    assert np.array_equal(points[0], [POINTS[7], POINTS[9]])
    assert points[1] is None
    assert np.array_equal(points[3], [POINTS[7], POINTS[9], POINTS[3]])
    assert points[4] is None


def test_the_camera_is_converted_to_this_package_s_pixels_and_keeps_its_lens(model):
    camera = read_views(model).views[0].camera
    assert (camera.camera.cx, camera.camera.cy) == (15.5, 11.5)
    assert camera.distortion == RadialTangential(k1=0.01)


def test_a_missing_picture_is_a_line_and_the_rest_is_read(model):
    (model / "images" / "room" / "8.png").unlink()
    views = read_views(model)
    assert len(views.views) == 4
    assert len(views.skipped) == 1
    assert "8.png is not there" in views.skipped[0]


def test_a_picture_of_another_shape_is_a_line(model):
    picture(model / "images" / "room" / "8.png", (20, 24))
    assert "20x24 px, but its camera is for 32x24" in read_views(model).skipped[0]


def test_a_resized_picture_gets_a_resized_camera(model):
    picture(model / "images" / "room" / "10.png", (64, 48))
    assert read_views(model).views[-1].camera.camera.fx == 60


def test_a_truncated_model_is_one_clear_line(tmp_path, poses):
    write_binary(tmp_path, poses)
    for number in range(len(poses)):
        picture(tmp_path / "images" / "room" / f"{10 - number}.png")
    for name in ("points3D.bin", "images.bin"):
        file = tmp_path / "sparse" / "0" / name
        file.write_bytes(file.read_bytes()[:-5])
        with pytest.raises(DatasetError, match=f"{name} is no complete"):
            read_views(tmp_path)


def test_pictures_may_lie_elsewhere(tmp_path, poses):
    write_text(tmp_path / "model", poses)
    for number in range(len(poses)):
        picture(tmp_path / "photos" / "room" / f"{10 - number}.png")
    assert len(read_views(tmp_path / "model", images=tmp_path / "photos").views) == 5
