"""BlendedMVG: float maps of unknown scale, cameras in MVSNet's text form."""

from pathlib import Path

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.load import load
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError


@pytest.fixture
def scene(plane):
    return plane(Camera(14, 14.2, 8.1, 5.3, 16, 12))


def write(scene, source: Path) -> Path:
    folder = source / "5a3ca9cb270f0e3f14d0eddb"
    for name in ("cams", "rendered_depth_maps"):
        (folder / name).mkdir(parents=True)
    for number in range(2):
        scene.save_image(folder / "blended_images" / f"{number:08d}.jpg")
        scene.save_image(folder / "blended_images" / f"{number:08d}_masked.jpg")
        depth = scene.depth.astype("<f4")
        depth[0, 0] = 0
        header = f"Pf\n{depth.shape[1]} {depth.shape[0]}\n-1.0\n".encode()
        (folder / "rendered_depth_maps" / f"{number:08d}.pfm").write_bytes(header + depth[::-1].tobytes())
        rows = "\n".join(" ".join(str(value) for value in row) for row in scene.camera.K)
        (folder / "cams" / f"{number:08d}_cam.txt").write_text(
            f"extrinsic\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n\nintrinsic\n{rows}\n\n1.0 0.01 128 3.0\n"
        )
    return folder


def test_depth_and_camera_are_found_and_the_scale_is_not_trusted(scene, samples_of, tmp_path):
    write(scene, tmp_path)
    samples = samples_of("blendedmvg", tmp_path)
    assert len(samples) == 2
    for sample in samples:
        assert (sample.kind, sample.domain) == (LabelKind.RELATIVE, "blendedmvg")
        assert np.isnan(sample.depth[0, 0])
        scene.check(sample, millimetres=0.01)


def test_a_missing_depth_file_is_named(scene, manifest_of, tmp_path):
    (write(scene, tmp_path) / "rendered_depth_maps" / "00000001.pfm").unlink()
    with pytest.raises(DatasetError, match=r"00000001\.pfm: there is no such file"):
        load(manifest_of("blendedmvg", tmp_path)[1])


def test_a_camera_file_of_something_else_is_named(scene, manifest_of, tmp_path):
    (write(scene, tmp_path) / "cams" / "00000000_cam.txt").write_text("extrinsic\n1 0 0\n")
    with pytest.raises(DatasetError, match=r"00000000_cam\.txt"):
        manifest_of("blendedmvg", tmp_path)


def test_a_folder_of_something_else_is_refused(manifest_of, tmp_path):
    with pytest.raises(DatasetError, match="rendered_depth_maps"):
        manifest_of("blendedmvg", tmp_path)
