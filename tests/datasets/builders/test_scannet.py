"""ScanNet: pictures and smaller depth of unpacked .sens files, FrameNet's normals beside them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.load import load
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

# 27x20 and 20x15, of nearly one shape, as 1296x968 and 640x480 are.
CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)


@pytest.fixture
def scene(plane):
    return plane(CAMERA)


def write(scene, plane, source: Path, frames=(0, 5, 10), size=(20, 15), room="scene0000_00") -> None:
    room = source / "scans" / room
    small = plane(scene.camera.resized(*size))
    for frame in frames:
        scene.save_image(room / "color" / f"{frame}.jpg")
        small.save_depth(room / "depth" / f"{frame}.png", 1000)
    matrix = np.eye(4)
    matrix[:3, :3] = scene.camera.K
    (room / "intrinsic").mkdir()
    np.savetxt(room / "intrinsic" / "intrinsic_color.txt", matrix)


def write_normals(scene, source: Path, frame: int) -> None:
    stem = source / "scannet-frames" / "scene0000_00" / f"frame-{frame:06d}"
    scene.save_normals(stem.with_name(f"{stem.name}-normal.png"), (127, 127, 127))
    known = np.full((scene.camera.height, scene.camera.width), 255, np.uint8)
    known[4, 5] = 0
    Image.fromarray(known).save(stem.with_name(f"{stem.name}-orient-mask.png"))


def test_every_tenth_frame_is_taken_in_order(scene, plane, manifest_of, tmp_path):
    write(scene, plane, tmp_path, frames=(0, 5, 10, 20, 100))
    assert [record.image.name for record in manifest_of("scannet", tmp_path)] == [
        "0.jpg",
        "10.jpg",
        "20.jpg",
        "100.jpg",
    ]


def test_depth_and_normals_are_of_the_picture(scene, plane, samples_of, tmp_path):
    write(scene, plane, tmp_path, frames=(0,), size=(27, 20))
    write_normals(scene, tmp_path, 0)
    (sample,) = samples_of("scannet", tmp_path)
    assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.SENSOR, "scannet", False)
    assert np.argwhere(np.isnan(sample.normals[..., 0])).tolist() == [[0, 0], [4, 5]]
    sample.normals[4, 5] = scene.normals[4, 5]
    scene.check(sample, millimetres=0.6)


def test_smaller_depth_is_stretched_over_the_picture(scene, plane, samples_of, tmp_path):
    write(scene, plane, tmp_path)
    write_normals(scene, tmp_path, 10)
    first, second = samples_of("scannet", tmp_path)
    # From the nearest of the smaller map's pixels: right to a pixel's change of depth.
    slope = max(np.abs(np.diff(scene.depth, axis=axis)).max() for axis in (0, 1))
    np.testing.assert_allclose(first.depth[2:, 2:], scene.depth[2:, 2:], atol=1.5 * slope)
    assert first.normals is None
    assert second.normals is not None


def test_only_scenes_of_the_authors_list_are_taken_where_it_is(scene, plane, manifest_of, tmp_path):
    for room in ("scene0000_00", "scene0707_00"):
        write(scene, plane, tmp_path, room=room)
    (tmp_path / "scannetv2_train.txt").write_text("scene0000_00\nscene0001_00\n")
    assert {record.extra["scene"] for record in manifest_of("scannet", tmp_path)} == {"scene0000_00"}


def test_a_missing_depth_file_is_named(scene, plane, manifest_of, tmp_path):
    write(scene, plane, tmp_path)
    (tmp_path / "scans" / "scene0000_00" / "depth" / "10.png").unlink()
    with pytest.raises(DatasetError, match=r"depth/10\.png: there is no such file"):
        load(manifest_of("scannet", tmp_path)[1])


def test_a_camera_file_of_something_else_is_named(scene, plane, manifest_of, tmp_path):
    write(scene, plane, tmp_path)
    (tmp_path / "scans" / "scene0000_00" / "intrinsic" / "intrinsic_color.txt").write_text("1 0 0\n")
    with pytest.raises(DatasetError, match=r"intrinsic_color\.txt.*3 numbers"):
        manifest_of("scannet", tmp_path)


def test_a_folder_of_something_else_is_refused(manifest_of, tmp_path):
    with pytest.raises(DatasetError, match=r"intrinsic_color\.txt"):
        manifest_of("scannet", tmp_path)
