"""Tests of the readers of posed pictures, each on a tiny folder in its genuine layout."""

import json

import numpy as np
import pytest
from tests.apps.view_readers.conftest import depth_picture, matrix_text, picture, same

from theodolite.apps.trajectory import Trajectory, write_kitti, write_tum
from theodolite.apps.view_readers import read_views
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError
from theodolite.geometry.pose import inverse
from theodolite.geometry.rotation import from_vector, to_quaternion

FLAT = np.full((24, 32), 2500)


@pytest.fixture
def nerfstudio(tmp_path, poses):
    frames = []
    for number, pose in enumerate(poses):
        picture(tmp_path / "images" / f"{number}.png")
        depth_picture(tmp_path / "depth" / f"{number}.png", FLAT)
        frame = {"file_path": f"images/{number}.png", "transform_matrix": (pose @ np.diag([1, -1, -1, 1])).tolist()}
        frames.append(frame | {"depth_file_path": f"depth/{number}.png"})
    frames[2] |= {"fl_x": 50.0}
    content = {"fl_x": 30.0, "fl_y": 31.0, "cx": 16.0, "cy": 12.0, "w": 32, "h": 24, "frames": frames}
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    return tmp_path


def test_nerfstudio_s_cameras_look_along_z_here(nerfstudio, poses):
    views = read_views(nerfstudio)
    assert (views.form, views.metric) == ("nerfstudio", True)
    assert same(views, poses)
    assert views.views[0].read_depth()[3, 4] == 2.5


def test_nerfstudio_s_frames_may_have_a_camera_of_their_own(nerfstudio):
    cameras = [view.camera.camera for view in read_views(nerfstudio).views]
    assert [camera.fx for camera in cameras] == [30, 30, 50, 30, 30]
    assert (cameras[0].fy, cameras[0].cx, cameras[0].cy) == (31, 15.5, 11.5)


def test_nerfstudio_without_measured_depth_has_no_known_scale(nerfstudio):
    content = json.loads((nerfstudio / "transforms.json").read_text())
    content["frames"] = [{k: v for k, v in frame.items() if k != "depth_file_path"} for frame in content["frames"]]
    (nerfstudio / "transforms.json").write_text(json.dumps(content))
    views = read_views(nerfstudio)
    assert not views.metric
    assert views.views[0].read_depth is None


def test_nerfstudio_s_file_with_priors_is_read_as_it_was_before_them(nerfstudio):
    path = nerfstudio / "transforms.json"
    before = read_views(nerfstudio)
    content = json.loads(path.read_text())
    for frame in content["frames"]:
        frame["depth_file_path"] = "prior_depths/gone.png"
    path.rename(nerfstudio / "transforms.original.json")
    path.write_text(json.dumps(content | {"theodolite_priors": 1}))
    after = read_views(nerfstudio)
    assert after.metric
    assert [view.depth for view in after.views] == [view.depth for view in before.views]
    (nerfstudio / "transforms.original.json").unlink()
    without = read_views(nerfstudio)
    assert not without.metric
    assert all(view.read_depth is None for view in without.views)


@pytest.fixture
def tum(tmp_path, poses):
    """Poses at 100 Hz, pictures at 30 Hz, depth 5 ms after them."""
    root = tmp_path / "rgbd_dataset_freiburg1_tiny"
    rgb, depth = [], []
    for number in range(5):
        time = 100 + number / 30
        picture(root / "rgb" / f"{time:.6f}.png", (640, 480))
        depth_picture(root / "depth" / f"{time + 0.005:.6f}.png", np.full((480, 640), 10000))
        rgb.append(f"{time:.6f} rgb/{time:.6f}.png")
        depth.append(f"{time + 0.005:.6f} depth/{time + 0.005:.6f}.png")
    (root / "rgb.txt").write_text("\n".join(["# color images", *rgb]))
    (root / "depth.txt").write_text("\n".join(["# depth maps", *depth]))
    times = 100 + np.arange(14) / 100  # ends 3 ms before the last picture
    path = np.broadcast_to(np.eye(4), (14, 4, 4)).copy()
    path[:, :3, :3] = from_vector((times - 100)[:, None] * (0, 1.0, 0))
    path[:, 0, 3] = 2 * (times - 100)
    write_tum(root / "groundtruth.txt", Trajectory(times, path))
    return root


def test_tum_s_poses_are_those_of_the_pictures_times(tum):
    views = read_views(tum)
    assert (views.form, views.metric, len(views.views)) == ("tum", True, 5)
    for number, view in enumerate(views.views[:4]):
        assert view.time == pytest.approx(100 + number / 30)
        assert view.world_from_camera[0, 3] == pytest.approx(2 * number / 30, abs=1e-5)
        assert np.allclose(view.world_from_camera[:3, :3], from_vector(np.array([0, number / 30, 0])), atol=1e-5)
    assert views.views[4].world_from_camera[0, 3] == pytest.approx(0.26)  # the nearest


def test_tum_s_depth_is_that_of_the_moment_and_the_camera_that_of_the_name(tum):
    view = read_views(tum).views[1]
    assert view.read_depth()[0, 0] == 2.0
    assert view.camera.camera.fx == 517.3
    assert view.camera.distortion is not None


def test_tum_pictures_without_a_pose_of_their_time_are_lines(tum):
    picture(tum / "rgb" / "101.png", (640, 480))
    listing = (tum / "rgb.txt").read_text()
    (tum / "rgb.txt").write_text(f"{listing}\n101.0 rgb/101.png\n")
    views = read_views(tum)
    assert len(views.views) == 5
    assert "no pose within 20 ms of its time, 101.000 s" in views.skipped[0]


def test_tum_folders_of_other_cameras_need_a_calibration(tum, tmp_path):
    other = tum.rename(tmp_path / "my_desk")
    with pytest.raises(DatasetError, match="no calibration"):
        read_views(other)
    given = read_views(other, calibration=Camera.from_focal(500, 640, 480))
    assert given.views[0].camera.camera.fx == 500


@pytest.fixture
def kitti(tmp_path, poses):
    for number in range(5):
        picture(tmp_path / "image_2" / f"{number:06}.png")
        picture(tmp_path / "image_0" / f"{number:06}.png")
    p2 = "30 0 16 -15 0 30 12 6 0 0 1 0"
    (tmp_path / "calib.txt").write_text(f"P0: 30 0 16 0 0 30 12 0 0 0 1 0\nP2: {p2}\nTr: 1 0 0 0 0 1 0 0 0 0 1 0\n")
    write_kitti(tmp_path / "poses.txt", Trajectory(np.arange(5.0), poses))
    (tmp_path / "times.txt").write_text("\n".join(f"{0.1 * number:e}" for number in range(5)))
    return tmp_path


def test_kitti_s_colour_camera_stands_beside_the_one_of_the_poses(kitti, poses):
    views = read_views(kitti)
    assert (views.form, views.metric) == ("kitti", True)
    assert [view.time for view in views.views] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    beside = np.eye(4)
    beside[:3, 3] = (0.5, -0.2, 0)
    assert same(views, poses @ beside)


def test_kitti_s_grey_camera_is_the_one_of_the_poses(kitti, poses):
    assert same(read_views(kitti, images=kitti / "image_0"), poses)


def test_kitti_s_benchmark_layout_has_the_poses_elsewhere(kitti, tmp_path, poses):
    root = tmp_path / "dataset" / "sequences" / "00"
    root.mkdir(parents=True)
    (tmp_path / "dataset" / "poses").mkdir()
    (kitti / "poses.txt").rename(tmp_path / "dataset" / "poses" / "00.txt")
    for name in ("image_0", "calib.txt"):
        (kitti / name).rename(root / name)
    assert same(read_views(root), poses)


def test_kitti_with_fewer_poses_than_pictures_is_refused(kitti):
    lines = (kitti / "poses.txt").read_text().splitlines()
    (kitti / "poses.txt").write_text("\n".join(lines[:-1]))
    with pytest.raises(DatasetError, match=r"has 4 poses, .* 5 pictures"):
        read_views(kitti)


@pytest.fixture
def scannet(tmp_path, poses):
    for number, pose in enumerate(poses):
        picture(tmp_path / "color" / f"{number}.jpg")
        depth_picture(tmp_path / "depth" / f"{number}.png", FLAT[:12, :16])
        (tmp_path / "pose").mkdir(exist_ok=True)
        (tmp_path / "pose" / f"{number}.txt").write_text(matrix_text(pose))
    (tmp_path / "intrinsic").mkdir()
    K = np.eye(4)
    K[:3, :3] = [[30, 0, 15.5], [0, 30, 11.5], [0, 0, 1]]
    (tmp_path / "intrinsic" / "intrinsic_color.txt").write_text(matrix_text(K))
    return tmp_path


def test_scannet_s_lost_frames_are_lines(scannet, poses):
    (scannet / "pose" / "2.txt").write_text("-inf -inf -inf -inf\n" * 4)
    views = read_views(scannet)
    assert views.form == "scannet"
    assert same(views, poses[[0, 1, 3, 4]])
    assert "2.txt: its pose is not finite" in views.skipped[0]
    assert views.views[0].read_depth().shape == (12, 16)
    assert views.views[0].camera.camera.cx == 15.5


def test_scannet_without_intrinsics_is_refused(scannet):
    (scannet / "intrinsic" / "intrinsic_color.txt").unlink()
    with pytest.raises(DatasetError, match=r"no calibration: looked for .*intrinsic_color.txt"):
        read_views(scannet)


@pytest.fixture
def seven_scenes(tmp_path, poses):
    for number, pose in enumerate(poses):
        picture(tmp_path / f"frame-{number:06}.color.png", (640, 480))
        (tmp_path / f"frame-{number:06}.pose.txt").write_text(matrix_text(pose))
    wide = np.full((480, 640), 2500)
    wide[:, 400:] = 65535
    depth_picture(tmp_path / "frame-000000.depth.png", wide)
    return tmp_path


def test_7scenes_depth_is_brought_onto_the_colour_camera_s_rays(seven_scenes, poses):
    views = read_views(seven_scenes)
    assert views.form == "7scenes"
    assert same(views, poses)
    depth = views.views[0].read_depth()
    # The boundary of the depth camera's pixel 400 is seen by the wider colour camera at 320 + 79.5 * 525 / 585.
    assert np.isfinite(depth[240, 391])
    assert np.isnan(depth[240, 392])
    assert np.isnan(depth[240, 2])  # beyond what the depth camera sees
    assert views.views[1].depth is None


def test_a_folder_of_sequences_says_which_to_take(seven_scenes, tmp_path):
    inside = tmp_path / "chess" / "seq-01"
    inside.mkdir(parents=True)
    for file in list(tmp_path.glob("frame-*")):
        file.rename(inside / file.name)
    with pytest.raises(DatasetError, match=r"1 sequences \(seq-01\)"):
        read_views(tmp_path / "chess")


@pytest.fixture
def frames(tmp_path, poses):
    entries = []
    for number, pose in enumerate(poses):
        picture(tmp_path / "rgb" / f"{number}.png")
        depth_picture(tmp_path / "depth" / f"{number}.png", FLAT)
        entry = {"rgb": f"rgb/{number}.png", "depth": f"depth/{number}.png", "cam_in": [30, 30, 15.5, 11.5]}
        w, x, y, z = to_quaternion(pose[:3, :3])
        (tmp_path / f"{number}.txt").write_text(matrix_text(pose))
        forms = [
            {"pose": f"{number}.txt"},
            {"pose_world_from_camera": pose.tolist()},
            {"pose_t_xyz_q_xyzw": [*pose[:3, 3], x, y, z, w]},
        ]
        entries.append(entry | forms[number % 3])
    (tmp_path / "frames.json").write_text(json.dumps({"files": entries}))
    return tmp_path


def test_frames_have_their_pose_in_one_of_three_forms(frames, poses):
    views = read_views(frames)
    assert (views.form, views.metric) == ("frames", True)
    assert same(views, poses)


def test_a_calibration_for_the_pictures_leaves_the_depth_its_own_camera(frames):
    wide = np.full((24, 32), 2500)
    wide[:, 24:] = 0
    depth_picture(frames / "depth" / "0.png", wide)
    view = read_views(frames, calibration=Camera.from_focal(15, 32, 24)).views[0]
    assert view.camera.camera.fx == 15
    depth = view.read_depth()
    assert np.isfinite(depth[12, 19])  # 15.5 + 8 / 2
    assert np.isnan(depth[12, 20])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rgb": None}, "rgb, the picture, is missing"),
        ({"cam_in": [1, 2]}, "cam_in is to be 4 numbers"),
        ({"pose": "absent.txt"}, "cannot be read"),
        ({"rgb": "rgb/absent.png"}, "is not there"),
        ({"cam_in": [-3, 30, 15, 11]}, "positive fx"),
    ],
)
def test_a_bad_frame_is_a_line_and_the_rest_is_read(frames, change, reason):
    content = json.loads((frames / "frames.json").read_text())
    content["files"][0] |= change
    (frames / "frames.json").write_text(json.dumps(content))
    views = read_views(frames)
    assert len(views.views) == 4
    assert reason in views.skipped[0]


@pytest.mark.parametrize("matrix", [np.diag([2.0, 2, 2, 1]), np.diag([1.0, 1, -1, 1]), np.diag([1.0, 1, 1, 2])])
def test_poses_that_are_not_rigid_are_refused(frames, matrix):
    content = json.loads((frames / "frames.json").read_text())
    for entry in content["files"]:
        entry.pop("pose", None)
        entry["pose_world_from_camera"] = matrix.tolist()
    (frames / "frames.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="no rigid motion"):
        read_views(frames)


def test_the_rounding_of_a_pose_s_file_is_undone(frames, poses):
    content = json.loads((frames / "frames.json").read_text())
    content["files"][1]["pose_world_from_camera"] = np.round(poses[1], 4).tolist()
    (frames / "frames.json").write_text(json.dumps(content))
    turn = read_views(frames).views[1].world_from_camera[:3, :3]
    assert np.allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.allclose(inverse(read_views(frames).views[1].world_from_camera) @ poses[1], np.eye(4), atol=1e-3)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 3}', '{"files": [3]}'])
def test_a_damaged_list_is_one_clear_line(tmp_path, text):
    (tmp_path / "frames.json").write_text(text)
    with pytest.raises(DatasetError, match="list of files is needed"):
        read_views(tmp_path)
