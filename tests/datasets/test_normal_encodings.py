"""Conventions of normals: the same wall stored in each comes back as the same unit vectors."""

import numpy as np
import pytest
from PIL import Image

from theodolite.datasets.normal_encodings import CONVENTIONS
from theodolite.errors import DatasetError
from theodolite.inference.files import png
from theodolite.inference.files.normal_png import encode_normals

EIGHT_BITS = 1 / 127


def bytes_of(vectors):
    return np.rint((vectors + 1) * 127.5).astype(np.uint8)


def write_rgb(folder, values):
    Image.fromarray(values).save(folder / "n.png")
    return [folder / "n.png"]


def write_matterport(folder, plane):
    stored = np.rint((plane.normals * (1, -1, -1) + 1) * 32768).astype(np.uint16)
    for axis in range(3):
        Image.fromarray(stored[..., axis]).save(folder / f"{axis}.png")
    return [folder / f"{axis}.png" for axis in range(3)]


def write_npy(folder, values):
    np.save(folder / "n.npy", values)
    return [folder / "n.npy"]


# The signs are written out once more, so that a slip in the table does not go unseen.
WRITERS = {
    "opencv": lambda folder, plane: write_rgb(folder, bytes_of(plane.normals)),
    "opengl": lambda folder, plane: write_rgb(folder, bytes_of(plane.normals * (1, -1, -1))),
    "directx": lambda folder, plane: write_rgb(folder, bytes_of(plane.normals * (1, 1, -1))),
    "omnidata": lambda folder, plane: write_rgb(folder, bytes_of(plane.normals)),
    "framenet": lambda folder, plane: write_rgb(folder, bytes_of(plane.normals)),
    "geonet": lambda folder, plane: write_rgb(folder, bytes_of(-plane.normals)),
    "matterport": write_matterport,
    "diode": lambda folder, plane: write_npy(folder, plane.normals * (1, -1, -1)),
    "hypersim": lambda folder, plane: write_npy(folder, (plane.normals * (1, -1, -1)).astype(np.float16)),
}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_wall_comes_back_from_every_convention(tmp_path, plane, convention):
    found = CONVENTIONS[convention].read(WRITERS[convention](tmp_path, plane), plane.camera)
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, atol=1e-6)
    np.testing.assert_allclose(found, plane.normals, atol=EIGHT_BITS)


@pytest.mark.parametrize("convention", ["opencv", "opengl", "directx"])
@pytest.mark.parametrize("bits", [8, 16])
def test_files_that_theodolite_writes_are_read_back(tmp_path, plane, convention, bits):
    normals = plane.normals.copy()
    normals[:10] = np.nan
    path = tmp_path / "n.png"
    with path.open("wb") as file:
        png.write(file, encode_normals(normals, convention, bits))
    found = CONVENTIONS[convention].read([path], plane.camera)
    np.testing.assert_allclose(found, normals, atol=2 / 2**bits)


def test_hypersim_normals_may_point_either_way(tmp_path, plane):
    stored = plane.normals * (1, -1, -1)
    stored[::2] *= -1
    found = CONVENTIONS["hypersim"].read(write_npy(tmp_path, stored), plane.camera)
    np.testing.assert_allclose(found, plane.normals, atol=1e-6)


def test_mid_grey_black_and_nan_are_unknown(tmp_path, plane):
    stored = bytes_of(plane.normals)
    stored[0] = 128
    stored[1] = 0
    found = CONVENTIONS["opencv"].read(write_rgb(tmp_path, stored), plane.camera)
    assert np.isnan(found[:2]).all()
    assert np.isfinite(found[2:]).all()
    floats = plane.normals.copy()
    floats[0] = np.nan
    floats[1] = 0
    found = CONVENTIONS["opencv"].read(write_npy(tmp_path, floats), plane.camera)
    assert np.isnan(found[:2]).all()
    assert np.isfinite(found[2:]).all()


def test_a_few_normals_that_face_away_are_dropped(tmp_path, plane):
    stored = plane.normals.copy()
    stored[:4] *= -1
    found = CONVENTIONS["opencv"].read(write_npy(tmp_path, stored), plane.camera)
    assert np.isnan(found[:4]).all()
    np.testing.assert_allclose(found[4:], plane.normals[4:], atol=1e-6)


def test_a_wrong_convention_is_noticed(tmp_path, plane):
    paths = WRITERS["opengl"](tmp_path, plane)
    with pytest.raises(DatasetError, match=r"100% of its normals face away .* normal_convention"):
        CONVENTIONS["opencv"].read(paths, plane.camera)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.full((4, 4, 3), 2.0), "length 3.46"),
        (np.zeros((4, 4, 3)), "no known normal"),
        (np.ones((4, 4)), "three channels"),
    ],
)
def test_what_cannot_be_normals_is_refused(tmp_path, plane, values, words):
    with pytest.raises(DatasetError, match=words):
        CONVENTIONS["opencv"].read(write_npy(tmp_path, values), plane.camera)


def test_three_files_are_needed_where_three_are_usual(tmp_path, plane):
    with pytest.raises(DatasetError, match="3 file"):
        CONVENTIONS["matterport"].read(write_rgb(tmp_path, bytes_of(plane.normals)), plane.camera)
