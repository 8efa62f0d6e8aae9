from collections import Counter

import numpy as np
import pytest

from theodolite.geometry.bisection import Bisection

WIDTH, HEIGHT = 17, 9


@pytest.fixture
def halves() -> Bisection:
    """Unevenly spaced, as grids are that pass over a pixel now and then."""
    x = np.cumsum(np.random.default_rng(0).uniform(0.6, 1.6, WIDTH))
    y = np.cumsum(np.random.default_rng(1).uniform(0.6, 1.6, HEIGHT))
    return Bisection(x, y, 8)


def some(halves: Bisection, share: float, seed: int) -> np.ndarray:
    return halves.closed(np.random.default_rng(seed).random((HEIGHT, WIDTH)) < share)


def corners(halves: Bisection, faces: np.ndarray) -> np.ndarray:
    return np.stack([halves.x[faces % WIDTH], halves.y[faces // WIDTH]], axis=-1)


@pytest.mark.parametrize("share", [0, 0.02, 0.1, 0.5, 1])
def test_triangles_cover_the_grid_once_and_without_a_crack(halves, share):
    used = some(halves, share, 2)
    faces = np.concatenate(halves.triangles(used, np.ones_like(used)))
    a, b, c = np.moveaxis(corners(halves, faces), 1, 0)
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    area = uy * vx - ux * vy
    assert (area > 0).all()  # down, then right
    assert area.sum() / 2 == pytest.approx(np.ptp(halves.x) * np.ptp(halves.y))
    sides = Counter(frozenset(pair) for p, q, r in faces.tolist() for pair in ((p, q), (q, r), (r, p)))
    for (one, other), times in ((sorted(side), times) for side, times in sides.items()):
        rows, columns = {one // WIDTH, other // WIDTH}, {one % WIDTH, other % WIDTH}
        border = rows in ({0}, {HEIGHT - 1}) or columns in ({0}, {WIDTH - 1})
        assert times == (1 if border else 2)


def test_only_the_vertices_in_use_and_the_corners_of_blocks_are_vertices(halves):
    used = some(halves, 0.05, 3)
    faces = np.concatenate(halves.triangles(used, np.ones_like(used)))
    blocks = np.zeros_like(used)
    blocks[::8, ::8] = True
    np.testing.assert_array_equal(np.unique(faces), np.flatnonzero(used | blocks))


def test_on_a_plane_no_vertex_is_needed_however_unevenly_they_are_spaced(halves):
    plane = 0.3 * halves.x + 0.7 * halves.y[:, None] + 2
    np.testing.assert_allclose(halves.deviation(plane), 0, atol=1e-12)
    np.testing.assert_allclose(halves.without(plane, np.zeros(plane.shape, bool)), plane)


def test_the_surface_over_some_vertices_is_that_of_its_triangles(halves):
    values = np.random.default_rng(4).random((HEIGHT, WIDTH))
    used = some(halves, 0.1, 5)
    faces = np.concatenate(halves.triangles(used, np.ones_like(used)))
    surface = halves.without(values, used)
    assert (surface[used] == values[used]).all()
    places = np.stack(np.meshgrid(halves.x, halves.y), axis=-1).reshape(-1, 1, 2)
    a, b, c = np.moveaxis(corners(halves, faces), 1, 0)
    turn = np.linalg.inv(np.stack([b - a, c - a], axis=-1))
    second = np.einsum("nij,mnj->mni", turn, places - a)
    weights = np.concatenate([1 - second.sum(-1, keepdims=True), second], axis=-1)
    inside = (weights > -1e-9).all(axis=-1)
    assert inside.any(axis=1).all()
    expected = (weights * values.ravel()[faces]).sum(-1)[np.arange(len(places)), inside.argmax(axis=1)]
    off = np.abs(surface.ravel() - expected)
    # A place beside a long side, on which it would lie were the grid even, may be taken for one of the other triangle.
    assert np.median(off) < 1e-12
    assert (off < 1e-9).mean() > 0.9


def test_a_vertex_without_which_others_cannot_be_has_at_least_their_value(halves):
    values = np.zeros((HEIGHT, WIDTH))
    values[1, 2] = 5.0  # the middle of a side of the smallest squares, in the first block
    closed = halves.closed(values)
    assert closed[1, 2] == closed[4, 4] == 5  # the block's own middle comes first
    assert closed[6, 2] == 0  # the middle of a square that nothing in it needs
