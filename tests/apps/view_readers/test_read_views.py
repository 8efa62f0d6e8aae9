"""Tests of pictures with a trajectory of their own, of recognising folders, and of opening views."""

import numpy as np
import pytest
from PIL import Image
from tests.apps.view_readers.conftest import depth_picture, picture, same

from theodolite.apps.trajectory import Trajectory, write_kitti, write_tum
from theodolite.apps.view_readers import read_views
from theodolite.apps.view_readers.depth import depth_reader, read_depth_steps, resampled
from theodolite.apps.view_readers.opening import measured_depth, open_photo
from theodolite.apps.views import View
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.distortion import RadialTangential
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError, PhotoError

CAMERA = Camera.from_focal(30, 32, 24)


def test_one_pose_for_each_picture_goes_by_the_order_of_names(tmp_path, poses):
    for number in (3, 20, 100, 1, 11):
        picture(tmp_path / "photos" / f"shot{number}.png")
    write_kitti(tmp_path / "path.txt", Trajectory(np.arange(5.0), poses))
    views = read_views(tmp_path / "photos", poses=tmp_path / "path.txt", calibration=CAMERA)
    assert [view.name for view in views.views] == [f"shot{number}.png" for number in (1, 3, 11, 20, 100)]
    assert same(views, poses)


def test_names_that_are_times_are_matched_by_time(tmp_path, poses):
    times = 50 + np.arange(5) * 0.05
    write_tum(tmp_path / "path.txt", Trajectory(times, poses))
    for time in (50.05, 50.1, 50.15):
        picture(tmp_path / "photos" / f"{time:.3f}.png")
    views = read_views(tmp_path / "photos", poses=tmp_path / "path.txt", calibration=CAMERA)
    assert same(views, poses[1:4])


def test_names_that_count_from_elsewhere_go_by_order(tmp_path, poses):
    write_kitti(tmp_path / "path.txt", Trajectory(np.arange(5.0), poses))
    for number in range(2, 7):
        picture(tmp_path / "photos" / f"{number}.png")
    assert same(read_views(tmp_path / "photos", poses=tmp_path / "path.txt", calibration=CAMERA), poses)


def test_another_number_of_poses_than_pictures_is_refused(tmp_path, poses):
    write_kitti(tmp_path / "path.txt", Trajectory(np.arange(5.0), poses))
    picture(tmp_path / "photos" / "a.png")
    with pytest.raises(DatasetError, match=r"has 5 poses, .* 1 pictures"):
        read_views(tmp_path / "photos", poses=tmp_path / "path.txt", calibration=CAMERA)


def test_pictures_and_poses_need_a_calibration(tmp_path, poses):
    write_kitti(tmp_path / "path.txt", Trajectory(np.arange(5.0), poses))
    for number in range(5):
        picture(tmp_path / "photos" / f"{number}.png")
    with pytest.raises(DatasetError, match="no calibration"):
        read_views(tmp_path / "photos", poses=tmp_path / "path.txt")
    (tmp_path / "camera.txt").write_text("30 0 15.5\n0 30 11.5\n0 0 1\n")
    views = read_views(tmp_path / "photos", poses=tmp_path / "path.txt", calibration=tmp_path / "camera.txt")
    assert views.views[0].camera.camera.fx == 30
    with pytest.raises(DatasetError, match=r"absent.txt: cannot be read"):
        read_views(tmp_path / "photos", poses=tmp_path / "path.txt", calibration=tmp_path / "absent.txt")


def test_pictures_of_another_shape_than_the_first_are_lines(tmp_path, poses):
    write_kitti(tmp_path / "path.txt", Trajectory(np.arange(5.0), poses))
    for number in range(5):
        picture(tmp_path / "photos" / f"{number}.png", (32, 32) if number == 3 else (32, 24))
    views = read_views(
        tmp_path / "photos", poses=tmp_path / "path.txt", calibration=lambda w, h: Camera.from_focal(30, w, h)
    )
    assert [view.name for view in views.views] == ["0.png", "1.png", "2.png", "4.png"]
    assert "3.png has 32x32 px" in views.skipped[0]


@pytest.mark.parametrize("name", ["", "absent"])
def test_an_unknown_folder_says_what_was_looked_for(tmp_path, name):
    picture(tmp_path / "a.png")
    with pytest.raises(DatasetError, match="no folder" if name else "transforms.json"):
        read_views(tmp_path / name)


def test_measured_depth_follows_the_picture_s_size(tmp_path):
    file = depth_picture(tmp_path / "d.png", np.tile(np.arange(1, 9) * 1000, (6, 1)))
    picture(tmp_path / "a.png")
    view = View("a", tmp_path / "a.png", CalibratedCamera(CAMERA), np.eye(4), 0, file, depth_reader(file, 1000))
    photo = open_photo(view, max_side=16)
    assert photo.camera.width == 16
    depth = measured_depth(view, photo.camera)
    assert depth.shape == (12, 16)
    assert depth[0].tolist() == [1 + column // 2 for column in range(16)]


def test_measured_depth_is_straightened_with_its_picture():
    lens = CalibratedCamera(CAMERA, RadialTangential(k1=0.3))
    seen = np.tile(np.arange(32, dtype=np.float32), (24, 1))
    straight = resampled(seen, lens, CAMERA)
    x = (25 - CAMERA.cx) / CAMERA.fx
    y = (11 - CAMERA.cy) / CAMERA.fy
    assert straight[11, 25] == round(CAMERA.cx + CAMERA.fx * x * (1 + 0.3 * (x * x + y * y)))
    assert np.isnan(straight[0, 0])  # the lens shows it outside the picture


def test_unknown_depth_is_nan_and_eight_bits_are_no_depth(tmp_path):
    file = depth_picture(tmp_path / "d.png", np.array([[0, 65535, 2000]]))
    assert read_depth_steps(file, 1000).tolist()[0][2] == 2.0
    assert np.isnan(read_depth_steps(file, 1000)[0, :2]).all()
    with pytest.raises(DatasetError, match="16-bit grey"):
        read_depth_steps(picture(tmp_path / "a.png"), 1000)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_depth_steps(tmp_path / "absent.png", 1000)


def turned(path, orientation):
    image = Image.new("RGB", (32, 24))
    image.paste((255, 0, 0), (0, 0, 16, 24))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(path, exif=exif, quality=95)


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_picture_is_taken_as_stored_where_its_camera_is_that_of_the_stored_one(tmp_path, orientation):
    turned(tmp_path / "a.jpg", orientation)
    photo = open_photo(View("a", tmp_path / "a.jpg", CalibratedCamera(CAMERA), np.eye(4)))
    assert photo.image.shape == (24, 32, 3)
    assert photo.image[12, 4, 0] > 200  # red stays on the left
    assert photo.name == "a.jpg"


def test_a_picture_is_turned_upright_where_its_camera_is(tmp_path):
    turned(tmp_path / "a.jpg", 6)
    upright = Camera.from_focal(30, 24, 32)
    assert open_photo(View("a", tmp_path / "a.jpg", CalibratedCamera(upright), np.eye(4))).image.shape == (32, 24, 3)
    wrong = CalibratedCamera(Camera.from_focal(30, 30, 30))
    with pytest.raises(PhotoError, match="not the 30x30"):
        open_photo(View("a", tmp_path / "a.jpg", wrong, np.eye(4)))


def test_real_sequences_are_read(shared):
    red = read_views(shared / "data" / "redkitchen_a")
    assert (len(red.views), red.skipped) == (60, ())
    kitti = read_views(shared / "data" / "kitti_odometry_a")
    steps = np.diff([view.world_from_camera[2, 3] for view in kitti.views])
    assert 1.0 < steps.min() < steps.max() < 1.5  # metres of a straight drive
    assert len(read_views(shared / "data" / "nyu_dining_5").views) == 5
    assert len(read_views(shared / "data" / "driving_multicam_a").views) == 9
    with pytest.raises(DatasetError, match="has no pose"):
        read_views(shared / "data" / "tum_fr1_desk_pair")
