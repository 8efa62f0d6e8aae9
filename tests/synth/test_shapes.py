"""Hits against the solids' own equations, and culling against brute force."""

import pytest
import torch

from theodolite.synth.shapes import BOX, ELLIPSOID, FRUSTUM, HITS, TAPER, local_normal
from theodolite.synth.trace import CHUNK, make_jobs, view_overlaps


def _beyond(kind: int, p: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Signed distance-like value: negative inside, zero on the surface."""
    x, y, z = p.unbind(-1)
    if kind == BOX:
        return p.abs().amax(-1) - 1
    if kind == ELLIPSOID:
        return p.norm(dim=-1) - 1
    if kind == FRUSTUM:
        return torch.maximum((x * x + y * y).sqrt() - (1 - a * (1 + z) / 2), z.abs() - 1)
    sides = torch.stack([x.abs() - (1 - a * (1 + z) / 2), y.abs() - (1 - b * (1 + z) / 2), z.abs() - 1])
    return sides.amax(0)


def _rays(count: int, seed: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    origin = torch.nn.functional.normalize(torch.randn(count, 3, generator=generator, dtype=torch.float64), dim=-1) * 4
    target = torch.rand(count, 3, generator=generator, dtype=torch.float64) * 1.6 - 0.8
    shape = torch.rand(2, count, generator=generator, dtype=torch.float64)
    return origin, target - origin, shape[0], shape[1]


@pytest.mark.parametrize("kind", HITS)
def test_a_hit_is_the_first_point_of_the_ray_on_the_surface(kind):
    o, d, a, b = _rays(3000, kind)
    if kind == FRUSTUM:
        b = torch.zeros_like(b)
    t = HITS[kind](o.unbind(-1), d.unbind(-1), a, b, 1e-3)
    hit = t.isfinite()
    assert hit.float().mean() > 0.4
    point = o + t[:, None] * d
    assert _beyond(kind, point, a, b)[hit].abs().max() < 1e-6
    # March along each ray: it is outside until the hit, and a miss never comes inside.
    for step in torch.linspace(0.005, 0.995, 100, dtype=torch.float64):
        before = o + (torch.where(hit, t, 2.0) * step)[:, None] * d
        assert (_beyond(kind, before, a, b) > -1e-6).all()


@pytest.mark.parametrize("kind", HITS)
def test_a_ray_from_inside_meets_the_way_out(kind):
    o, d, a, b = _rays(500, 7 + kind)
    b = torch.zeros_like(b) if kind == FRUSTUM else b
    start = torch.zeros_like(o) + torch.tensor([0.05, -0.08, -0.7], dtype=torch.float64)
    t = HITS[kind](start.unbind(-1), d.unbind(-1), a, b, 1e-3)
    assert t.isfinite().all()
    assert _beyond(kind, start + t[:, None] * d, a, b).abs().max() < 1e-6


@pytest.mark.parametrize("kind", HITS)
def test_normals_are_the_gradient_of_the_surface(kind):
    o, d, a, b = _rays(2000, 20 + kind)
    b = torch.zeros_like(b) if kind == FRUSTUM else b
    t = HITS[kind](o.unbind(-1), d.unbind(-1), a, b, 1e-3)
    hit = t.isfinite()
    point = (o + t[:, None] * d)[hit].requires_grad_(True)
    (slope,) = torch.autograd.grad(_beyond(kind, point, a[hit], b[hit]).sum(), point)
    kinds = torch.full((int(hit.sum()),), kind)
    normal = torch.stack(local_normal(kinds, tuple(point.detach().unbind(-1)), a[hit], b[hit]), -1)
    cosine = torch.nn.functional.cosine_similarity(normal, slope, dim=-1)
    assert (cosine > 0.99999).float().mean() > 0.995  # all but hits on an edge
    assert ((normal * d[hit]).sum(-1) < 1e-6).float().mean() > 0.995


def test_open_frusta_let_rays_in_at_one_end_only():
    down = (torch.zeros(1), torch.zeros(1), torch.full((1,), -1.0))
    above, below = (
        (torch.full((1,), 0.1), torch.zeros(1), torch.full((1,), 3.0)),
        (torch.zeros(1), torch.zeros(1), torch.full((1,), -3.0)),
    )
    up = (torch.zeros(1), torch.zeros(1), torch.ones(1))
    straight = torch.zeros(1)
    for open_end, from_above, from_below in ((0.0, 2.0, 2.0), (1.0, 4.0, 2.0), (2.0, 2.0, 4.0)):
        ends = torch.full((1,), open_end)
        assert HITS[FRUSTUM](above, down, straight, ends, 1e-3).item() == pytest.approx(from_above)
        assert HITS[FRUSTUM](below, up, straight, ends, 1e-3).item() == pytest.approx(from_below)


def test_a_taper_without_narrowing_is_a_box():
    o, d, _, _ = _rays(1000, 40)
    zero = torch.zeros(1000, dtype=torch.float64)
    arguments = (o.unbind(-1), d.unbind(-1), zero, zero, 1e-3)
    torch.testing.assert_close(HITS[TAPER](*arguments), HITS[BOX](*arguments))


def test_culling_keeps_every_tile_that_a_corner_box_reaches():
    generator = torch.Generator().manual_seed(0)
    centre = torch.randn(60, 1, 3, generator=generator) * torch.tensor([2.0, 2.0, 3.0])
    corners = centre + (
        torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3) * torch.rand(60, 1, 3, generator=generator)
    )
    borders = torch.linspace(-1, 1, 9)
    kept = view_overlaps(corners, borders, borders)
    # Sample the boxes densely and see where the points ahead of the camera fall.
    share = torch.rand(60, 4000, 3, generator=generator)
    points = corners.amin(1, keepdim=True) + share * (corners.amax(1, keepdim=True) - corners.amin(1, keepdim=True))
    ahead = points[..., 2] > 1e-3
    column = torch.floor((points[..., 0] / points[..., 2] + 1) * 4).long()
    row = torch.floor((points[..., 1] / points[..., 2] + 1) * 4).long()
    inside = ahead & (column >= 0) & (column < 8) & (row >= 0) & (row < 8)
    box, _ = inside.nonzero(as_tuple=True)
    assert kept[box, row[inside], column[inside]].all()
    assert kept.float().mean() < 0.7  # and it does cull


def test_jobs_hold_every_pair_and_no_other():
    tile = torch.tensor([0] * (CHUNK + 3) + [2] * 2 + [5] * CHUNK)
    solid = torch.arange(len(tile))
    jobs = make_jobs(tile, solid, 6)
    pairs = {(t, s) for t, row in zip(jobs.tile.tolist(), jobs.solid.tolist(), strict=True) for s in row}
    assert pairs == set(zip(tile.tolist(), solid.tolist(), strict=True))
    assert len(jobs.tile) == 4
