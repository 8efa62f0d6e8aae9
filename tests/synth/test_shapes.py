"""Hits against the solids' own equations, and culling against brute force."""

import numpy as np
import pytest
import torch

from theodolite.synth.builder import Builder
from theodolite.synth.shapes import ARCH, BOX, ELLIPSOID, FRUSTUM, HITS, RARE, TAPER, TERRAIN, TORUS, local_normal
from theodolite.synth.terrain import height
from theodolite.synth.trace import chunk_of, make_jobs, view_overlaps

from .conftest import GREY

CLOSED = [kind for kind in HITS if kind != TERRAIN]  # with an inside


def _beyond(kind: int, p: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Signed distance-like value: negative inside (below the terrain), zero on the surface."""
    x, y, z = p.unbind(-1)
    box = p.abs().amax(-1) - 1
    if kind == BOX:
        return box
    if kind == ELLIPSOID:
        return p.norm(dim=-1) - 1
    if kind == FRUSTUM:
        return torch.maximum((x * x + y * y).sqrt() - (1 - a * (1 + z) / 2), z.abs() - 1)
    if kind == TORUS:
        return torch.hypot((x.hypot(y) - (1 - a)) / a, z) - 1
    if kind == ARCH:
        return torch.maximum(box, 1 - torch.hypot(x / a, (z + 1) / b))
    if kind == TERRAIN:
        return z - height(x, y, a, b)
    sides = torch.stack([x.abs() - (1 - a * (1 + z) / 2), y.abs() - (1 - b * (1 + z) / 2), z.abs() - 1])
    return sides.amax(0)


def _shape(kind: int, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers from 0 to 1 as shape parameters that the kind of solid can have."""
    if kind == FRUSTUM:
        return a, torch.zeros_like(b)
    if kind == TORUS:
        return 0.02 + 0.48 * a, b
    if kind == ARCH:
        return 0.2 + 0.75 * a, 0.2 + 1.7 * b
    if kind == TERRAIN:
        return 50 * a, 0.5 + 3 * b
    return a, b


def _rays(kind: int, count: int, seed: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    origin = torch.nn.functional.normalize(torch.randn(count, 3, generator=generator, dtype=torch.float64), dim=-1) * 4
    target = torch.rand(count, 3, generator=generator, dtype=torch.float64) * 1.6 - 0.8
    shape = torch.rand(2, count, generator=generator, dtype=torch.float64)
    return origin, target - origin, *_shape(kind, *shape)


@pytest.mark.parametrize("kind", HITS)
def test_a_hit_is_the_first_point_of_the_ray_on_the_surface(kind):
    o, d, a, b = _rays(kind, 3000, kind)
    t = HITS[kind](o.unbind(-1), d.unbind(-1), a, b, 1e-3)
    hit = t.isfinite()
    assert hit.float().mean() > 0.4
    point = o + t[:, None] * d
    assert _beyond(kind, point, a, b)[hit].abs().max() < (2e-5 if kind in RARE else 1e-6)
    # March along each ray: it stays on its side until the hit, and a miss never comes inside.
    if kind == TERRAIN:  # there is a surface between the patch's own borders only
        entry = HITS[BOX](o.unbind(-1), d.unbind(-1), a, b, 1e-3)
        leaves = HITS[BOX](o.unbind(-1), d.unbind(-1), a, b, entry + 1e-9)
        first, last = torch.where(entry.isfinite(), entry, 0.0), torch.where(hit, t, leaves)
        last = torch.where(last.isfinite(), last, 0.0)
        side = _beyond(kind, o + first[:, None] * d, a, b).sign()
    else:
        first, last, side = torch.zeros_like(t), torch.where(hit, t, 2.0), torch.ones_like(t)
    clear = torch.ones_like(hit)
    for step in torch.linspace(0.005, 0.995, 400, dtype=torch.float64):
        before = o + (first + (last - first) * step)[:, None] * d
        clear &= _beyond(kind, before, a, b) * side > -1e-5
    assert clear[hit].all()
    # Steps over the ground are counted: one ray in thousands runs out of them, close above it, and goes on.
    assert clear.float().mean() > 0.999 if kind == TERRAIN else clear.all()


@pytest.mark.parametrize("kind", RARE)
def test_single_precision_finds_the_same_hits(kind):
    o, d, a, b = _rays(kind, 20000, 60 + kind)
    exact = HITS[kind](o.unbind(-1), d.unbind(-1), a, b, 1e-3)
    o, d, a, b = (x.float() for x in (o, d, a, b))
    t = HITS[kind](o.unbind(-1), d.unbind(-1), a, b, 1e-3)
    assert (t.isfinite() == exact.isfinite()).float().mean() > 0.999
    both = t.isfinite() & exact.isfinite()
    close = (t - exact)[both].abs() * d[both].norm(dim=-1) < 1e-4
    assert close.float().mean() > 0.995  # all but rays that graze, to which a rounding makes a difference


@pytest.mark.parametrize("kind", [kind for kind in CLOSED if kind not in RARE])
def test_a_ray_from_inside_meets_the_way_out(kind):
    o, d, a, b = _rays(kind, 500, 7 + kind)
    start = torch.zeros_like(o) + torch.tensor([0.05, -0.08, -0.7], dtype=torch.float64)
    t = HITS[kind](start.unbind(-1), d.unbind(-1), a, b, 1e-3)
    assert t.isfinite().all()
    assert _beyond(kind, start + t[:, None] * d, a, b).abs().max() < 1e-6


@pytest.mark.parametrize("kind", [TORUS, ARCH])
def test_rays_cross_hollow_shapes_border_by_border(kind):
    o, d, a, b = _rays(kind, 3000, 80 + kind)
    crossings = torch.zeros(len(o))
    t = torch.full((len(o),), 1e-3, dtype=torch.float64)
    for _ in range(5):
        after = HITS[kind](o.unbind(-1), d.unbind(-1), a, b, t + 1e-4)
        hit = after.isfinite()
        middle = o + ((t + after) / 2)[:, None] * d  # between two crossings
        inside = _beyond(kind, middle, a, b) < 0
        surely = hit & ((after - t) > 1e-2)
        assert (~surely | (inside == (crossings % 2 == 1))).float().mean() > 0.999
        crossings += hit
        t = torch.where(hit, after, t)
    assert (crossings % 2 == 0).float().mean() > 0.995  # as often in as out
    assert crossings.max() == 4


def test_a_ray_from_under_the_ground_meets_it_from_below():
    a, b = torch.tensor([3.0]), torch.tensor([2.0])
    zero, one = torch.zeros(1), torch.ones(1)
    t = HITS[TERRAIN]((zero + 0.2, zero + 0.1, -one * 3), (zero, zero, one), a, b, 1e-3)
    assert t.item() - 3 == pytest.approx(height(zero + 0.2, zero + 0.1, a, b).item(), abs=1e-5)


def test_things_can_be_stood_on_the_ground():
    frame = Builder().at(3, -2, 1, 0.7)
    ground = frame.terrain((1, 2, 0.5), (30, 20, 4), GREY, seed=7.0, cycles=2.5)
    solids = frame.solids()
    heights = []
    for x, y in ((-4.0, 3.0), (0.0, 0.0), (9.0, -5.0)):
        place = np.array(frame.place((x, y, ground(x, y))), np.float32)
        local = torch.from_numpy(solids.local_from_world[0] @ (place - solids.centre[0]))
        shape = torch.from_numpy(solids.shape[0])
        assert local[2].item() == pytest.approx(height(local[0], local[1], *shape).item(), abs=1e-4)
        heights.append(ground(x, y))
    assert np.ptp(heights) > 0.3
    assert np.abs(np.array(heights) - 0.5).max() < 2


@pytest.mark.parametrize("kind", HITS)
def test_normals_are_the_gradient_of_the_surface(kind):
    o, d, a, b = _rays(kind, 2000, 20 + kind)
    t = HITS[kind](o.unbind(-1), d.unbind(-1), a, b, 1e-3)
    hit = t.isfinite()
    point = (o + t[:, None] * d)[hit].requires_grad_(True)
    (slope,) = torch.autograd.grad(_beyond(kind, point, a[hit], b[hit]).sum(), point)
    kinds = torch.full((int(hit.sum()),), kind)
    components, face = local_normal(kinds, tuple(point.detach().unbind(-1)), a[hit], b[hit])
    normal = torch.stack(components, -1)
    cosine = torch.nn.functional.cosine_similarity(normal, slope, dim=-1)
    assert (cosine > 0.99999).float().mean() > 0.995  # all but hits on an edge
    if kind != TERRAIN:
        assert ((normal * d[hit]).sum(-1) < 1e-6).float().mean() > 0.995
    assert (face >= 0).any() == (kind in (BOX, FRUSTUM, TAPER, ARCH))


@pytest.mark.parametrize("kind", [BOX, FRUSTUM, TAPER])
def test_kernels_without_the_rare_kinds_give_the_same_normals(kind):
    o, d, a, b = _rays(kind, 500, 30 + kind)
    t = HITS[kind](o.unbind(-1), d.unbind(-1), a, b, 1e-3)
    point = tuple((o + t[:, None] * d)[t.isfinite()].unbind(-1))
    arguments = (torch.full_like(point[0], kind), point, a[t.isfinite()], b[t.isfinite()])
    (with_rare, faces), (without, same) = (local_normal(*arguments, rare=rare) for rare in (True, False))
    assert all(torch.equal(one, other) for one, other in zip(with_rare, without, strict=True))
    assert torch.equal(faces, same)


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
    o, d, _, _ = _rays(TAPER, 1000, 40)
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
    kept = view_overlaps(corners, borders[None], borders[None])
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


@pytest.mark.parametrize("kind", [BOX, TERRAIN])
def test_jobs_hold_every_pair_and_no_other(kind):
    chunk = chunk_of(kind)
    tile = torch.tensor([0] * (chunk + 3) + [2] * 2 + [5] * chunk)
    solid = torch.arange(len(tile))
    jobs = make_jobs(tile, solid, 6, chunk)
    pairs = {(t, s) for t, row in zip(jobs.tile.tolist(), jobs.solid.tolist(), strict=True) for s in row}
    assert pairs == set(zip(tile.tolist(), solid.tolist(), strict=True))
    assert len(jobs.tile) == sum(-(-n // chunk) for n in (chunk + 3, 2, chunk))
