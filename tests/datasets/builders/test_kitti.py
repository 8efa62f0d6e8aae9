"""KITTI raw: annotated depth, single sweeps, and lists of frames."""

import shutil

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.builders.kitti import listed_frames
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

CAMERA = Camera(24, 24, 13.2, 9.6, 27, 20)
DATE = "2011_09_26"
DRIVE = f"{DATE}_drive_0002_sync"
# Metres from the first, grey camera to each colour camera, along x; and a little off the other axes, as in reality.
SHIFTS = {"02": (0.06, -0.001, 0.003), "03": (-0.47, 0.002, 0.003)}


def line(name: str, values) -> str:
    return f"{name}: {' '.join(f'{value:.12e}' for value in np.ravel(values))}\n"


@pytest.fixture
def kitti(plane, pose, points_of, tmp_path):
    """Both colour cameras, frames 5 and 6; annotations and a sweep of frame 5, which differ between the cameras."""
    scene, raw = plane(CAMERA), tmp_path / DATE
    rectified, velodyne = pose((0.5, -0.4, 0.2), (0, 0, 0)), pose((88, -3, 91), (-0.004, -0.07, -0.27))
    raw.mkdir()
    text = line("S_rect_00", [27, 20]) + line("R_rect_00", rectified.matrix[:3, :3])
    for eye, shift in SHIFTS.items():
        projection = CAMERA.K @ np.c_[np.eye(3), shift]
        text += line(f"S_rect_{eye}", [27, 20]) + line(f"R_rect_{eye}", np.eye(3)) + line(f"P_rect_{eye}", projection)
    (raw / "calib_cam_to_cam.txt").write_text("calib_time: 09-Jan-2012 13:57:47\n" + text)
    mount = line("R", velodyne.matrix[:3, :3]) + line("T", velodyne.place)
    (raw / "calib_velo_to_cam.txt").write_text("calib_time: 15-Mar-2012 11:37:16\n" + mount)
    for eye in SHIFTS:
        for number in (5, 6):
            scene.save_image(raw / DRIVE / f"image_{eye}/data/{number:010}.png")
        annotated = tmp_path / "train" / DRIVE / f"proj_depth/groundtruth/image_{eye}"
        scene.save_depth(annotated / "0000000005.png", 256)
    # Points on the plane as the left colour camera sees it.
    shift = np.eye(4)
    shift[:3, 3] = SHIFTS["02"]
    points = points_of(scene, shift @ rectified.matrix @ velodyne.matrix)
    (raw / DRIVE / "velodyne_points/data").mkdir(parents=True)
    np.c_[points, np.zeros(len(points))].astype("<f4").tofile(raw / DRIVE / "velodyne_points/data/0000000005.bin")
    return raw


def test_annotated_depth_is_of_the_picture_of_its_name(kitti, plane, samples_of, tmp_path):
    for sample in samples_of("kitti", tmp_path):
        assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.LIDAR, "kitti", True)
        plane(CAMERA).check(sample, millimetres=2.1)


def test_frames_without_annotation_are_left_out(kitti, manifest_of, tmp_path):
    images = [record.image for record in manifest_of("kitti", tmp_path)]
    assert [(image.parts[-3], image.stem) for image in images] == [
        ("image_02", "0000000005"),
        ("image_03", "0000000005"),
    ]


def test_a_sweep_meets_the_left_picture_and_is_shifted_in_the_right_one(kitti, plane, samples_of, tmp_path):
    left, right = samples_of("kitti-sweeps", tmp_path)
    assert (left.kind, left.domain, left.sparse) == (LabelKind.LIDAR, "kitti-sweeps", True)
    plane(CAMERA).check(left, millimetres=2.6)
    # 0.53 m to the right, things are seen 24 * 0.53 / z px further left: nothing is left at the right border.
    assert np.isnan(right.depth[:, -2:]).all()
    assert np.isfinite(right.depth[:, :15]).sum() > 100


@pytest.mark.parametrize(
    "line",
    [
        f"{DATE}/{DRIVE} 5 r",
        f"{DATE}/{DRIVE} 0000000005 3",
        f"{DATE}/{DRIVE}/image_03/data/0000000005.png {DRIVE}/proj_depth/groundtruth/image_03/0000000005.png 721.5377",
        f"{DATE}/{DRIVE}/image_03/data/0000000005.jpg",
    ],
)
@pytest.mark.parametrize("name", ["kitti", "kitti-sweeps"])
def test_a_list_in_any_usual_form_limits_the_frames(kitti, name, line, manifest_of, tmp_path):
    (tmp_path / "split.txt").write_text(f"\n{line}\n{DATE}/{DRIVE} 9 l\n")
    assert [record.image.parts[-3] for record in manifest_of(name, tmp_path)] == ["image_03"]


def test_a_line_that_is_no_frame_is_named(tmp_path):
    (tmp_path / "split.txt").write_text(f"{DATE}/{DRIVE} 5 l\nnonsense\n")
    with pytest.raises(DatasetError, match=r"split\.txt, line 2: a frame such as"):
        listed_frames(tmp_path)


def test_the_archives_may_lie_in_folders_of_their_own(kitti, samples_of, tmp_path):
    apart = tmp_path / "apart"
    for name, folder in ((DATE, "raw"), ("train", "data_depth_annotated")):
        (apart / folder).mkdir(parents=True)
        shutil.move(tmp_path / name, apart / folder / name)
    assert len(samples_of("kitti", apart)) == 2


@pytest.mark.parametrize(
    ("name", "file"), [("kitti", "calib_cam_to_cam.txt"), ("kitti-sweeps", "calib_velo_to_cam.txt")]
)
def test_a_missing_calibration_is_named(kitti, name, file, tmp_path):
    (kitti / file).unlink()
    with pytest.raises(DatasetError, match=file):
        list(find_builder(name).records(tmp_path, tmp_path / "out"))


def test_a_calibration_without_the_camera_is_named(kitti, tmp_path):
    path = kitti / "calib_cam_to_cam.txt"
    path.write_text(path.read_text().replace("P_rect_03", "P_rect_04"))
    with pytest.raises(DatasetError, match=r"calib_cam_to_cam\.txt.*P_rect_03"):
        list(find_builder("kitti").records(tmp_path, tmp_path / "out"))


def test_a_missing_picture_is_named_when_it_is_loaded(kitti, samples_of, tmp_path):
    (kitti / DRIVE / "image_02/data/0000000005.png").unlink()
    with pytest.raises(DatasetError, match=r"image_02/data/0000000005\.png"):
        samples_of("kitti", tmp_path)


def test_a_damaged_sweep_is_named(kitti, tmp_path):
    (kitti / DRIVE / "velodyne_points/data/0000000005.bin").write_bytes(b"\0" * 13)
    with pytest.raises(DatasetError, match=r"0000000005\.bin"):
        list(find_builder("kitti-sweeps").records(tmp_path, tmp_path / "out"))
