"""KITTI as test data: the Eigen list, annotated depth wherever its archive lies, single sweeps."""

import pickle
import re
import shutil
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from theodolite.camera.pinhole import Camera
from theodolite.datasets.readers import list_examples
from theodolite.datasets.readers.kitti import listed
from theodolite.errors import DatasetError
from theodolite.geometry.pose import inverse, rigid, transform_points
from theodolite.geometry.unproject import rays, unproject

CAMERA = Camera(24, 24, 13.2, 9.6, 27, 20)
SHADE = np.arange(20 * 27 * 3, dtype=np.uint16).astype(np.uint8).reshape(20, 27, 3)
NORMAL = np.array([0.3, -0.5, -0.8]) / np.linalg.norm([0.3, -0.5, -0.8])
# A plane four metres away, so that all of it is farther than a sweep's nearest points.
DEPTH = -4 / (rays(CAMERA, np.zeros((20, 27))) @ NORMAL)
# The first frame of the list, of the part val, and one of another day, of the part train.
FIRST, OTHER = ("2011_09_26_drive_0002_sync", 69), ("2011_10_03_drive_0047_sync", 96)
RECTIFIED = rigid(Rotation.from_rotvec((0.5, -0.4, 0.2), degrees=True).as_matrix(), np.zeros(3))
VELODYNE = rigid(Rotation.from_rotvec((88, -3, 91), degrees=True).as_matrix(), np.array((-0.004, -0.07, -0.27)))
SHIFT = rigid(np.eye(3), np.array((0.06, -0.001, 0.003)))


def name_of(frame: tuple[str, int]) -> str:
    return f"{frame[0]}/{frame[1]:010}"


def line(name: str, values) -> str:
    return f"{name}: {' '.join(f'{value:.12e}' for value in np.ravel(values))}\n"


def save(path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


@pytest.fixture
def root(tmp_path):
    """Two frames of the list, on two days, with pictures, sweeps and annotated depth; its top-left pixel is unknown."""
    projection = CAMERA.K @ SHIFT[:3]
    cameras = line("S_rect_02", [27, 20]) + line("R_rect_00", RECTIFIED[:3, :3]) + line("P_rect_02", projection)
    annotated = np.rint(DEPTH * 256).astype(np.uint16)
    annotated[0, 0] = 0
    seen = unproject(DEPTH, CAMERA).reshape(-1, 3)
    points = transform_points(inverse(SHIFT @ RECTIFIED @ VELODYNE), seen)
    for (drive, number), part in ((FIRST, "val"), (OTHER, "train")):
        day = tmp_path / drive[:10]
        day.mkdir()
        (day / "calib_cam_to_cam.txt").write_text("calib_time: 09-Jan-2012 13:57:47\n" + cameras)
        mount = line("R", VELODYNE[:3, :3]) + line("T", VELODYNE[:3, 3])
        (day / "calib_velo_to_cam.txt").write_text("calib_time: 15-Mar-2012 11:37:16\n" + mount)
        save(day / drive / f"image_02/data/{number:010}.png", SHADE)
        save(tmp_path / part / drive / f"proj_depth/groundtruth/image_02/{number:010}.png", annotated)
        sweep = day / drive / f"velodyne_points/data/{number:010}.bin"
        sweep.parent.mkdir(parents=True)
        np.c_[points, np.zeros(len(points))].astype("<f4").tofile(sweep)
    return tmp_path


def one(root, frame=FIRST, split="", truth=""):
    return next(found for found in list_examples("kitti", root, split, truth) if found.name == name_of(frame))


def test_the_list_has_697_frames_of_28_drives_652_of_them_annotated():
    frames = list(listed())
    assert len(frames) == len({frame for frame, _ in frames}) == 697
    assert len({frame.drive for frame, _ in frames}) == 28
    # Of days by their focal lengths, as counted by others.
    annotated = Counter(frame.date for frame, has_annotation in frames if has_annotation)
    assert annotated == {"2011_09_26": 487, "2011_09_28": 23, "2011_09_29": 23, "2011_09_30": 71, "2011_10_03": 48}


def test_annotated_frames_begin_five_after_their_drives():
    annotated = [frame.number for frame, has_annotation in listed() if has_annotation]
    assert min(annotated) == 5
    assert not any(has_annotation for frame, has_annotation in listed() if frame.number < 5)


def test_the_usual_split_is_the_annotated_ones_in_the_lists_order(root):
    found = list_examples("kitti", root)
    assert (len(found), len(list_examples("kitti", root, "eigen-697", "sweep"))) == (652, 697)
    assert [one.name for one in found[:2]] == [name_of(FIRST), "2011_09_26_drive_0002_sync/0000000054"]
    assert found[0].group == "2011_09_26"
    assert {one.name for one in found} < {one.name for one in list_examples("kitti", root, "eigen-697")}


@pytest.mark.parametrize("frame", [FIRST, OTHER])
def test_annotated_depth_is_read_from_both_parts(root, frame):
    example = one(root, frame).load()
    np.testing.assert_array_equal(example.image, SHADE)
    camera = example.camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx((24, 24, 13.2, 9.6))
    assert np.isnan(example.depth[0, 0])
    np.testing.assert_allclose(example.depth.flat[1:], DEPTH.flat[1:], atol=0.5001 / 256)


def test_a_sweep_meets_the_picture(root):
    example = one(root, truth="sweep").load()
    np.testing.assert_allclose(example.depth, DEPTH, rtol=1e-5)


def test_a_sweep_needs_no_annotated_depth(root):
    shutil.rmtree(root / "val")
    shutil.rmtree(root / "train")
    assert np.isfinite(one(root, truth="sweep").load().depth).all()
    with pytest.raises(DatasetError, match=r"proj_depth.*data_depth_annotated\.zip.*'sweep'"):
        list_examples("kitti", root)


def test_the_archives_may_lie_in_folders_of_their_own(root, tmp_path_factory):
    apart = tmp_path_factory.mktemp("apart")
    for part in root.iterdir():
        folder = apart / ("data_depth_annotated" if part.name in ("train", "val") else "raw")
        folder.mkdir(exist_ok=True)
        shutil.move(part, folder / part.name)
    assert one(apart, OTHER).load().depth.shape == (20, 27)


def test_annotated_depth_may_be_merged_into_the_raw_drives(root):
    for (drive, _), part in ((FIRST, "val"), (OTHER, "train")):
        shutil.move(root / part / drive / "proj_depth", root / drive[:10] / drive / "proj_depth")
    assert one(root).load().depth.shape == one(root, OTHER).load().depth.shape == (20, 27)


def test_another_process_can_load(root):
    for truth in ("annotated", "sweep"):
        found = one(root, truth=truth)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).load().depth, found.load().depth)


@pytest.mark.parametrize(
    ("truth", "name"),
    [
        ("annotated", "image_02/data/0000000069.png"),
        ("annotated", "groundtruth/image_02/0000000069.png"),
        ("sweep", "image_02/data/0000000069.png"),
        ("sweep", "velodyne_points/data/0000000069.bin"),
    ],
)
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_file_that_is_gone_or_cut_short_is_named(root, truth, name, damage):
    found = one(root, truth=truth)
    (path,) = root.rglob(name)
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(DatasetError, match=re.escape(name)):
        found.load()


def test_a_listed_frame_without_annotated_depth_is_listed_and_fails(root):
    (frame,) = (found for found in list_examples("kitti", root, "eigen-697") if found.name == name_of((FIRST[0], 75)))
    with pytest.raises(DatasetError, match=r"drive_0002_sync/proj_depth/groundtruth/image_02/0000000075\.png"):
        frame.load()


def test_a_sweep_that_meets_nothing_is_named(root):
    found = one(root, truth="sweep")
    (path,) = root.rglob("velodyne_points/data/0000000069.bin")
    np.full((5, 4), -50, "<f4").tofile(path)
    with pytest.raises(DatasetError, match=r"0000000069\.bin: holds no known depth"):
        found.load()


@pytest.mark.parametrize("truth", ["annotated", "sweep"])
def test_a_picture_of_another_size_than_its_calibration_is_named(root, truth):
    save(root / f"2011_09_26/{FIRST[0]}/image_02/data/0000000069.png", SHADE[:, :-1])
    with pytest.raises(DatasetError, match=r"image_02/data/0000000069\.png: .*26x20"):
        one(root, truth=truth).load()


def test_a_missing_calibration_is_named(root):
    found = one(root)
    (root / "2011_09_26/calib_cam_to_cam.txt").unlink()
    with pytest.raises(DatasetError, match=r"2011_09_26/calib_cam_to_cam\.txt"):
        found.load()


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"holds no <date>/calib_cam_to_cam\.txt"):
        list_examples("kitti", tmp_path)
