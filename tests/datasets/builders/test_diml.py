"""DIML outdoor: pairs of folders, and one nominal camera for all."""

import numpy as np
import pytest
from PIL import Image

from theodolite.datasets.builders import find_builder
from theodolite.datasets.builders.diml import NOMINAL
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

SMALL = NOMINAL.resized(32, 18)


@pytest.fixture
def diml(plane, tmp_path):
    scene, folder = plane(SMALL), tmp_path / "train" / "HR" / "A_20170801"
    for name in ("a", "b", "c"):
        scene.save_image(folder / f"outleft/{name}.png")
    for name in ("a", "b"):
        scene.save_depth(folder / f"depthmap/{name}.png", 1000)
    return folder


def test_depth_is_of_the_picture_of_its_name_seen_by_the_nominal_camera(diml, plane, samples_of, manifest_of, tmp_path):
    samples = samples_of("diml", tmp_path)
    assert len(samples) == 2
    for sample in samples:
        assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.STEREO, "diml", False)
        plane(SMALL).check(sample, millimetres=0.6)
    assert all(record.extra == {"camera": "nominal"} for record in manifest_of("diml", tmp_path))


def test_a_damaged_picture_is_named(diml, tmp_path):
    (diml / "outleft/a.png").write_bytes(b"nothing")
    with pytest.raises(DatasetError, match=r"outleft/a\.png"):
        list(find_builder("diml").records(tmp_path, tmp_path / "out"))


def test_depth_in_eight_bits_is_refused_when_it_is_loaded(diml, samples_of, tmp_path):
    Image.fromarray(np.full((18, 32), 9, np.uint8)).save(diml / "depthmap/a.png")
    with pytest.raises(DatasetError, match=r"depthmap/a\.png.*16-bit"):
        samples_of("diml", tmp_path)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no outleft"):
        list(find_builder("diml").records(tmp_path, tmp_path / "out"))
