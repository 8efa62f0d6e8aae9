"""TUM RGB-D: pictures and depth paired by time, the camera by the sequence's name."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.tum_rgbd import pairs
from theodolite.datasets.load import load
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError
from theodolite.geometry.normals import normals_from_depth

NAME = "rgbd_dataset_freiburg3_long_office_household"


@pytest.fixture
def scene(plane):
    return plane(Camera(535.4, 539.2, 320.1, 247.6, 640, 480))


def write(scene, source: Path, name: str = NAME) -> Path:
    sequence = source / name
    for kind, times in (("rgb", ("1.000000", "1.033000")), ("depth", ("1.004000", "1.031000"))):
        lines = ["# timestamp filename"]
        for time in times:
            file = f"{kind}/{time}.png"
            scene.save_image(sequence / file) if kind == "rgb" else scene.save_depth(sequence / file, 5000)
            lines.append(f"{time} {file}")
        (sequence / f"{kind}.txt").write_text("\n".join(lines) + "\n")
    return sequence


def test_pairs_have_depth_and_the_camera_of_the_sequence(scene, samples_of, tmp_path):
    write(scene, tmp_path)
    samples = samples_of("tum-rgbd", tmp_path)
    assert len(samples) == 2
    for sample in samples:
        assert (sample.kind, sample.domain, sample.normals) == (LabelKind.SENSOR, "tum-rgbd", None)
        scene.check(sample, millimetres=0.2)


def test_normals_of_the_depth_are_the_planes(scene, samples_of, tmp_path):
    sample = samples_of("tum-rgbd", write(scene, tmp_path))[0]
    normals = normals_from_depth(sample.depth.astype(np.float64), sample.camera, window=9)[100:-100, 100:-100]
    assert np.degrees(np.arccos((normals * scene.normals[0, 0]).sum(-1).clip(-1, 1))).mean() < 1


def test_each_file_is_paired_once_with_the_nearest():
    rgb = {1.000: "a", 1.015: "b", 2.0: "c"}
    depth = {1.012: "x", 2.021: "y"}
    assert pairs(rgb, depth) == [("b", "x")]
    assert pairs({1.0: "a", 1.01: "b"}, {1.006: "x", 1.012: "y"}) == [("a", "x"), ("b", "y")]


def test_a_missing_depth_file_is_named(scene, manifest_of, tmp_path):
    sequence = write(scene, tmp_path)
    (sequence / "depth" / "1.031000.png").unlink()
    with pytest.raises(DatasetError, match=r"depth/1\.031000\.png: there is no such file"):
        load(manifest_of("tum-rgbd", tmp_path)[1])


def test_a_missing_listing_is_named(scene, manifest_of, tmp_path):
    (write(scene, tmp_path) / "depth.txt").unlink()
    with pytest.raises(DatasetError, match=r"depth\.txt"):
        manifest_of("tum-rgbd", tmp_path)


def test_a_line_that_is_none_is_named(scene, manifest_of, tmp_path):
    (write(scene, tmp_path) / "rgb.txt").write_text("# time\n1.0 rgb/1.0.png\nnonsense\n")
    with pytest.raises(DatasetError, match=r"rgb\.txt, line 3"):
        manifest_of("tum-rgbd", tmp_path)


def test_a_sequence_of_an_unknown_camera_is_refused(scene, manifest_of, tmp_path):
    write(scene, tmp_path, name="my_office")
    with pytest.raises(DatasetError, match=r"my_office.*freiburg1, freiburg2, freiburg3"):
        manifest_of("tum-rgbd", tmp_path)


def test_a_folder_of_something_else_is_refused(manifest_of, tmp_path):
    with pytest.raises(DatasetError, match=r"rgb\.txt"):
        manifest_of("tum-rgbd", tmp_path)


def test_real_frames_of_freiburg1_load(shared, samples_of, tmp_path):
    sequence = tmp_path / "rgbd_dataset_freiburg1_desk"
    sequence.mkdir()
    for number in (1, 2):
        for name in (f"{number}.png", f"{number}_depth.png"):
            shutil.copy(shared / "data/tum_fr1_desk_pair" / name, sequence)
    (sequence / "rgb.txt").write_text("1.0 1.png\n1.1 2.png\n")
    (sequence / "depth.txt").write_text("1.01 1_depth.png\n1.09 2_depth.png\n")
    samples = samples_of("tum-rgbd", tmp_path)
    assert len(samples) == 2
    for sample in samples:
        assert 0.5 < np.nanmedian(sample.depth) < 4
