import numpy as np
import pytest
from PIL import Image
from tests.apps import slam_scene

from theodolite.apps.rgbd_export import export_pictures, write_lists
from theodolite.apps.trajectory import Trajectory
from theodolite.apps.view_readers import read_views

SCENE = slam_scene.Scene(count=3)
PATH = Trajectory(slam_scene.truth().times[:3], slam_scene.poses()[:3])


def depth(frame):
    exact = slam_scene.depth(frame).copy()
    exact[:20] = np.nan
    exact[20:30] = 14.0
    return exact


@pytest.fixture
def folder(tmp_path):
    exported = list(export_pictures(tmp_path / "rgbd", SCENE, depth))
    write_lists(tmp_path / "rgbd", exported, path=PATH)
    return tmp_path / "rgbd"


def test_what_was_written_reads_back_as_a_tum_sequence(folder):
    calibration = folder.parent / "K.txt"
    np.savetxt(calibration, slam_scene.CAMERA.K)
    views = read_views(folder, calibration=calibration)
    assert views.form == "tum"
    assert len(views.views) == 3
    for view, pose in zip(views.views, slam_scene.poses()[:3], strict=True):
        np.testing.assert_allclose(view.world_from_camera, pose, atol=1e-6)
        back = view.read_depth()
        exact = depth(slam_scene.frame(round(view.time * 10)))
        assert np.isnan(back[:30]).all()  # unknown, or beyond what 16 bits hold
        np.testing.assert_allclose(back[30:], exact[30:], atol=1.01e-4)
        np.testing.assert_array_equal(np.asarray(Image.open(view.image)), slam_scene.frame(round(view.time * 10)).image)


def test_depth_is_16_bit_with_5000_steps_a_metre(folder):
    values = np.asarray(Image.open(sorted((folder / "depth").glob("*.png"))[0]))
    assert values.dtype == np.uint16
    exact = depth(slam_scene.frame(0))
    assert values[120, 160] == round(float(exact[120, 160]) * 5000)


def test_lists_pair_each_picture_with_its_depth(folder):
    lines = (folder / "associations.txt").read_text().splitlines()
    assert lines[1] == "0.100000 rgb/0.100000.png 0.100000 depth/0.100000.png"
    for name in ("rgb.txt", "depth.txt"):
        listed = [line.split() for line in (folder / name).read_text().splitlines() if not line.startswith("#")]
        assert all((folder / file).is_file() for _, file in listed)
        assert len(listed) == 3


def test_both_camera_files_hold_the_camera_and_the_factor(folder):
    camera = slam_scene.CAMERA
    np.testing.assert_allclose(
        np.loadtxt(folder / "calib.txt"), [camera.fx, camera.fy, camera.cx, camera.cy], atol=1e-6
    )
    text = (folder / "camera.yaml").read_text()
    settings = dict(line.split(": ") for line in text.splitlines()[1:])
    assert text.startswith("%YAML:1.0\n")
    assert float(settings["RGBD.DepthMapFactor"]) == 5000
    assert float(settings["Camera1.fx"]) == pytest.approx(camera.fx, abs=1e-6)
    assert (settings["Camera.width"], settings["Camera.height"], settings["Camera.fps"]) == ("320", "240", "10")


def test_opencv_reads_the_settings(folder):
    cv2 = pytest.importorskip("cv2")
    settings = cv2.FileStorage(str(folder / "camera.yaml"), cv2.FILE_STORAGE_READ)
    assert settings.getNode("RGBD.DepthMapFactor").real() == 5000
    assert settings.getNode("Camera.type").string() == "PinHole"
    assert settings.getNode("Camera.width").real() == slam_scene.CAMERA.width


def test_depth_takes_a_factor_and_what_is_there_is_kept(folder):
    first = sorted((folder / "depth").glob("*.png"))[0]
    before = first.read_bytes()
    list(export_pictures(folder, SCENE, depth, factor=lambda time: 0.5))
    assert first.read_bytes() == before
    exported = list(export_pictures(folder, SCENE, depth, factor=lambda time: 0.5, overwrite=True))
    exact = depth(slam_scene.frame(0))
    assert np.asarray(Image.open(first))[120, 160] == round(float(exact[120, 160]) * 2500)
    assert exported[0].beyond == 0  # 14 m, halved, fits


def test_what_16_bits_do_not_reach_is_counted(tmp_path):
    exported = next(export_pictures(tmp_path, SCENE, depth))
    assert exported.beyond == pytest.approx(10 / 220)
