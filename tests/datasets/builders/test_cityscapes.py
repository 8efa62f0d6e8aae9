"""Cityscapes: disparity with an offset of one, and cameras of labelled frames only."""

import json

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)
BASELINE = 3.2


@pytest.fixture
def cityscapes(plane, tmp_path):
    """Frames 0, 19 and 29 around labelled frame 19, and frame 19 of the labelled set itself."""
    scene = plane(CAMERA)
    stored = np.rint(CAMERA.fx * BASELINE / scene.depth * 256 + 1).astype(np.uint16)
    stored[0, 0] = 0
    for suffix, frames in (("", (19,)), ("_sequence", (0, 19, 29))):
        for frame in frames:
            stem = f"train/aachen/aachen_000004_{frame:06}"
            scene.save_image(tmp_path / f"leftImg8bit{suffix}" / f"{stem}_leftImg8bit.png")
            path = tmp_path / f"disparity{suffix}" / f"{stem}_disparity.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(stored).save(path)
    camera = {
        "extrinsic": {"baseline": BASELINE, "pitch": 0.03, "roll": 0, "x": 1.7, "y": 0.1, "yaw": 0, "z": 1.22},
        "intrinsic": {"fx": 24.0, "fy": 23.9, "u0": 13.2, "v0": 9.6},
    }
    path = tmp_path / "camera/train/aachen/aachen_000004_000019_camera.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(camera))
    return path


def test_disparity_becomes_depth_by_the_camera_of_the_snippet(cityscapes, plane, samples_of, tmp_path):
    samples = samples_of("cityscapes", tmp_path)
    assert len(samples) == 4
    for sample in samples:
        assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.STEREO, "cityscapes", False)
        plane(CAMERA).check(sample, millimetres=1)


def test_a_frame_far_from_any_labelled_one_is_refused_by_name(cityscapes, plane, tmp_path):
    cityscapes.rename(cityscapes.with_name("aachen_000004_000055_camera.json"))
    with pytest.raises(DatasetError, match=r"aachen_000004_000019_camera\.json: absent"):
        list(find_builder("cityscapes").records(tmp_path, tmp_path / "out"))


@pytest.mark.parametrize("baseline", [0, -0.2, "wide"])
def test_a_baseline_that_is_none_is_refused_by_name(cityscapes, baseline, tmp_path):
    content = json.loads(cityscapes.read_text())
    content["extrinsic"]["baseline"] = baseline
    cityscapes.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=r"000019_camera\.json.*baseline"):
        list(find_builder("cityscapes").records(tmp_path, tmp_path / "out"))


def test_a_picture_without_disparity_is_left_out(cityscapes, manifest_of, tmp_path):
    (tmp_path / "disparity/train/aachen/aachen_000004_000019_disparity.png").unlink()
    assert len(manifest_of("cityscapes", tmp_path)) == 3


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no leftImg8bit"):
        list(find_builder("cityscapes").records(tmp_path, tmp_path / "out"))
