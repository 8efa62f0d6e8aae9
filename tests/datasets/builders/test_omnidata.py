"""Taskonomy, Replica, Replica with objects and HM3D, in the one layout of Omnidata."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.load import load
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

# Name here, folder there, kind, what camera and mask files are called.
PARTS = [
    ("taskonomy", "taskonomy", LabelKind.SENSOR, "point_info", "depth_zbuffer"),
    ("replica", "replica", LabelKind.SYNTHETIC, "fixatedpose", "mask_valid"),
    ("replica-gso", "replica_gso", LabelKind.SYNTHETIC, "fixatedpose", "mask_valid"),
    ("hm3d", "hm3d", LabelKind.SENSOR, "fixatedpose", "mask_valid"),
]
ANGLE = 1.2


@pytest.fixture
def scene(plane):
    return plane(Camera.from_fov(math.degrees(ANGLE), 16, 16))


def write(scene, source: Path, folder: str, camera: str, mask: str, inside: str = "ackermanville") -> None:
    """Two views of one point."""
    for view in range(2):
        stem = f"{folder}/{inside}/point_7_view_{view}_domain_"
        scene.save_image(source / "rgb" / f"{stem}rgb.png")
        scene.save_depth(source / "depth_zbuffer" / f"{stem}depth_zbuffer.png", 512)
        scene.save_normals(source / "normal" / f"{stem}normal.png", (128, 128, 128))
        valid = np.full((16, 16), 255, np.uint8)
        valid[3, 4] = 0
        (source / "mask_valid" / stem).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(valid).save(source / "mask_valid" / f"{stem}{mask}.png")
        info = source / "point_info" / f"{stem}{camera}.json"
        info.parent.mkdir(parents=True, exist_ok=True)
        info.write_text(json.dumps({"field_of_view_rads": ANGLE, "resolution": 16, "camera_location": [1, 2, 3]}))


@pytest.mark.parametrize(("name", "folder", "kind", "camera", "mask"), PARTS)
def test_every_part_is_found_with_camera_depth_and_normals(
    scene, samples_of, tmp_path, name, folder, kind, camera, mask
):
    write(scene, tmp_path, folder, camera, mask)
    samples = samples_of(name, tmp_path)
    assert len(samples) == 2
    for sample in samples:
        assert (sample.kind, sample.domain, sample.sparse) == (kind, name, False)
        assert np.argwhere(np.isnan(sample.depth)).tolist() == [[0, 0], [3, 4]]
        assert np.argwhere(np.isnan(sample.normals[..., 0])).tolist() == [[0, 0], [3, 4]]
        sample.depth[3, 4] = scene.depth[3, 4]
        sample.normals[3, 4] = scene.normals[3, 4]
        scene.check(sample)


def test_the_largest_value_is_no_depth(scene, samples_of, tmp_path):
    write(scene, tmp_path, "hm3d", "fixatedpose", "mask_valid")
    path = next(tmp_path.glob("depth_zbuffer/**/*view_1*"))
    stored = np.array(Image.open(path))
    stored[5, 5] = 65535
    Image.fromarray(stored).save(path)
    assert np.isnan(samples_of("hm3d", tmp_path)[1].depth[5, 5])


def test_masks_and_normals_may_be_absent(scene, manifest_of, tmp_path):
    write(scene, tmp_path, "replica", "fixatedpose", "mask_valid")
    for task in ("mask_valid", "normal"):
        (tmp_path / task).rename(tmp_path / f"no_{task}")
    record = manifest_of("replica", tmp_path)[0]
    assert (record.mask, record.normals) == (None, None)


def test_a_scene_may_have_folders_of_its_own(scene, manifest_of, tmp_path):
    write(scene, tmp_path, "replica_gso", "fixatedpose", "mask_valid", inside="apartment_0/3")
    manifest = manifest_of("replica-gso", tmp_path)
    assert len(manifest) == 2
    assert manifest[0].extra == {"scene": "apartment_0"}


def test_a_picture_without_a_camera_file_is_left_out(scene, manifest_of, tmp_path):
    write(scene, tmp_path, "taskonomy", "point_info", "depth_zbuffer")
    next(tmp_path.glob("point_info/**/*view_0*")).unlink()
    assert [record.image.name for record in manifest_of("taskonomy", tmp_path)] == ["point_7_view_1_domain_rgb.png"]


def test_a_camera_file_without_its_angle_is_named(scene, manifest_of, tmp_path):
    write(scene, tmp_path, "hm3d", "fixatedpose", "mask_valid")
    next(tmp_path.glob("point_info/**/*view_0*")).write_text('{"resolution": 512}')
    with pytest.raises(DatasetError, match=r"view_0_domain_fixatedpose\.json.*field_of_view_rads"):
        manifest_of("hm3d", tmp_path)


def test_a_missing_depth_file_is_named(scene, manifest_of, tmp_path):
    write(scene, tmp_path, "hm3d", "fixatedpose", "mask_valid")
    next(tmp_path.glob("depth_zbuffer/**/*view_0*")).unlink()
    with pytest.raises(DatasetError, match=r"depth: .*point_7_view_0_domain_depth_zbuffer\.png: there is no such file"):
        load(manifest_of("hm3d", tmp_path)[0])


def test_a_folder_of_something_else_is_refused(manifest_of, tmp_path):
    with pytest.raises(DatasetError, match="rgb/taskonomy"):
        manifest_of("taskonomy", tmp_path)
