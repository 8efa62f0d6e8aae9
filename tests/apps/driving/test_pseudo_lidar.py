"""Points in a scanner's axes and their files, against the scene they came from."""

import numpy as np
import pytest

from theodolite.apps.pseudo_lidar import pseudo_lidar, read_sweep, sweep_errors, write_sweep
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError


def points_of(road, **changes) -> np.ndarray:
    scene = road.prediction
    return pseudo_lidar(scene.depth, scene.camera, road.mounted.body_from_camera, scene.image, **changes)


def test_points_are_in_the_scanners_axes_and_the_box_is_where_it_stands(road, box):
    points = points_of(road)
    assert points.dtype == np.float32
    x, y, z, intensity = points.T
    grey = np.abs(intensity - 90 / 255) < 0.01
    np.testing.assert_allclose(z[grey], -road.body_above, atol=0.02)
    front = np.abs(intensity - (200 * 0.299 + 60 * 0.701) / 255) < 0.01
    np.testing.assert_allclose(x[front], box["near"], atol=0.01)
    # Left of the vehicle is positive y.
    assert y[front].min() == pytest.approx(box["right"], abs=0.1)
    assert y[front].max() == pytest.approx(box["left"], abs=0.1)


def test_points_beyond_reach_and_at_depth_edges_are_left_out(road):
    points = points_of(road, reach=20.0)
    distance = np.linalg.norm(points[:, :3] - road.mounted.body_from_camera[:3, 3], axis=1)
    assert distance.max() <= 20
    depth = np.full((30, 40), 5.0, np.float32)
    depth[:, 20:] = 15.0
    camera = Camera.from_fov(60, 40, 30)
    assert len(pseudo_lidar(depth, camera, np.eye(4))) == 30 * 38
    assert (pseudo_lidar(depth, camera, np.eye(4))[:, 3] == 1).all()


def test_a_sweep_is_written_as_kitti_has_it_and_read_back(road, tmp_path):
    points = points_of(road)
    write_sweep(tmp_path / "a.bin", points)
    assert (tmp_path / "a.bin").stat().st_size == 16 * len(points)
    np.testing.assert_array_equal(np.fromfile(tmp_path / "a.bin", "<f4").reshape(-1, 4), points)
    np.testing.assert_array_equal(read_sweep(tmp_path / "a.bin"), points)


def test_a_sweep_cut_short_or_absent_is_one_line(tmp_path):
    (tmp_path / "cut.bin").write_bytes(b"\0" * 18)
    with pytest.raises(DatasetError, match=r"cut\.bin: rows of 4 float32 are needed, found 18 bytes"):
        read_sweep(tmp_path / "cut.bin")
    with pytest.raises(DatasetError, match=r"no\.bin"):
        read_sweep(tmp_path / "no.bin")


def test_a_depth_map_agrees_with_its_own_points_and_a_scaled_one_is_off_by_its_scale(road):
    scene, pose = road.prediction, road.mounted.body_from_camera
    sweep = points_of(road)
    for factor in (1.0, 0.8):
        bands = sweep_errors(scene.depth * np.float32(factor), scene.camera, pose, sweep)
        assert (bands[0].near, bands[0].far) == (0, 80)
        assert bands[0].points == sum(band.points for band in bands[1:])
        for band in bands:
            assert band.ratio == pytest.approx(factor, rel=1e-4)
            assert band.relative == pytest.approx(1 - factor, abs=1e-4)


def test_a_real_sweep_falls_on_the_depth_made_of_it(shared):
    from PIL import Image

    from theodolite.apps.mounted_camera import read_mounted

    folder = shared / "data/kitti_object_3"
    truth = np.asarray(Image.open(folder / "depth/000001.png")).astype(np.float32) / 256
    truth[truth == 0] = np.nan
    mounted = read_mounted(folder / "calib", folder / "image_2/000001.png", truth.shape[::-1])
    sweep = read_sweep(folder / "velodyne/000001.bin")
    everything, *_ = sweep_errors(truth, mounted.lens.camera, mounted.body_from_camera, sweep)
    assert everything.points > 15000
    assert everything.ratio == pytest.approx(1, abs=1e-3)
    assert everything.relative < 1e-3
