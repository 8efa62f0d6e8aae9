"""Virtual KITTI 2: centimetres, a camera for each frame, the sky by its colour or its depth."""

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)
SKY = (90, 200, 255)


@pytest.fixture
def variation(plane, tmp_path):
    """Both cameras, two frames; the top two rows are sky."""
    scene, variation = plane(CAMERA), tmp_path / "Scene01" / "15-deg-left"
    lines = ["frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]"]
    stored = np.rint(scene.depth * 100).astype(np.uint16)
    stored[:2] = 65535
    for frame in range(2):
        for eye in range(2):
            scene.save_image(variation / f"frames/rgb/Camera_{eye}/rgb_{frame:05}.jpg")
            path = variation / f"frames/depth/Camera_{eye}/depth_{frame:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(stored).save(path)
            lines.append(f"{frame} {eye} 24.0 23.9 {13.2 + eye} 9.6")
    (variation / "intrinsic.txt").write_text("\n".join(lines) + "\n")
    (variation / "colors.txt").write_text("Category r g b\nTerrain 210 0 200\nSky 90 200 255\n")
    return variation


def write_classes(variation) -> None:
    """Sky in the top three rows: one more than depth says."""
    classes = np.full((20, 27, 3), (210, 0, 200), np.uint8)
    classes[:3] = SKY
    for eye in range(2):
        for frame in range(2):
            path = variation / f"frames/classSegmentation/Camera_{eye}/classgt_{frame:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(classes).save(path)


@pytest.mark.parametrize("mapped", [False, True], ids=["sky by depth", "sky by colour"])
def test_depth_camera_and_sky_are_as_rendered(variation, plane, mapped, samples_of, tmp_path):
    if mapped:
        write_classes(variation)
    samples = samples_of("vkitti2", tmp_path)
    assert [sample.camera.cx for sample in samples] == [13.2, 13.2, 14.2, 14.2]
    for sample in samples:
        assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.SYNTHETIC, "vkitti2", False)
        rows = 3 if mapped else 2
        assert sample.sky[:rows].all()
        assert not sample.sky[rows:].any()
        assert np.isnan(sample.depth[:rows]).all()
        np.testing.assert_allclose(sample.depth[rows:], plane(CAMERA).depth[rows:], atol=0.0051)


def test_a_missing_calibration_is_named(variation, tmp_path):
    (variation / "intrinsic.txt").unlink()
    with pytest.raises(DatasetError, match=r"15-deg-left/intrinsic\.txt: No such file"):
        list(find_builder("vkitti2").records(tmp_path, tmp_path / "out"))


@pytest.mark.parametrize(
    ("line", "words"), [("0 0 24.0 23.9 13.2", "line 2: six numbers"), ("5 0 24 23.9 13.2 9.6", "frame 0 of Camera_0")]
)
def test_a_calibration_that_does_not_fit_is_named(variation, line, words, tmp_path):
    (variation / "intrinsic.txt").write_text(f"frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]\n{line}\n")
    with pytest.raises(DatasetError, match=rf"intrinsic\.txt.*{words}"):
        list(find_builder("vkitti2").records(tmp_path, tmp_path / "out"))


def test_missing_depth_is_named_when_it_is_loaded(variation, samples_of, tmp_path):
    (variation / "frames/depth/Camera_0/depth_00001.png").unlink()
    with pytest.raises(DatasetError, match=r"depth_00001\.png"):
        samples_of("vkitti2", tmp_path)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no frames/rgb"):
        list(find_builder("vkitti2").records(tmp_path, tmp_path / "out"))
