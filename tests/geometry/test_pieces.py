import numpy as np
import pytest

from theodolite.geometry.mesh import Mesh, grid_mesh
from theodolite.geometry.pieces import pieces, without_crumbs


def spiral(turns: int) -> np.ndarray:
    """A strip of triangles whose vertices are numbered at random, so that it is long in every sense."""
    count = 40 * turns
    strip = np.stack([np.arange(count), np.arange(count) + 1, np.arange(count) + 2], axis=-1)
    return np.random.default_rng(0).permutation(count + 2)[strip]


def test_pieces_are_found_however_long_and_winding():
    one, other = spiral(50), spiral(3) + 3000
    label = pieces(np.concatenate([other, one]), 4000)
    assert (label[one] == 0).all()
    assert (label[other] == 3000).all()
    assert (label[2500:3000] == np.arange(2500, 3000)).all()  # vertices of no triangle


def mesh() -> Mesh:
    """A plane with a hole around a small island."""
    v, u = np.mgrid[:20, :30].astype(float)
    valid = np.ones((20, 30), bool)
    valid[5:12, 5:12] = False
    valid[7:10, 7:10] = True
    points = np.stack([u, v, np.full_like(u, 500.0)], axis=-1)
    return grid_mesh(points, valid, np.broadcast_to([0.0, 0.0, -1.0], points.shape))


def test_only_what_covers_too_little_of_the_picture_is_left_out():
    whole = mesh()
    assert len(without_crumbs(whole, 3.9 / 600).faces) == len(whole.faces)  # the island has 2x2 cells
    rest = without_crumbs(whole, 4.1 / 600)
    assert len(rest.faces) == len(whole.faces) - 8
    assert len(rest.vertices) == len(rest.uv) == len(rest.normals) == len(whole.vertices) - 9
    assert len(np.unique(rest.faces)) == len(rest.vertices)
    inside = (rest.vertices[:, :2] > 6).all(axis=1) & (rest.vertices[:, :2] < 10).all(axis=1)
    assert not inside.any()


@pytest.mark.parametrize("least", [0, 2])
def test_all_or_nothing(least):
    assert len(without_crumbs(mesh(), least).faces) == (0 if least else len(mesh().faces))
