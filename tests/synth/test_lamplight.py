"""Light from lamps: which pixels ask for it, how the others get it, and which solids may stand in its way."""

import pytest
import torch

from theodolite.synth import light as lighting
from theodolite.synth.trace import TILE, Table


def test_every_block_of_four_by_four_pixels_asks_for_eight_different_parts_of_a_lamp_that_lie_evenly():
    some, part = lighting.parts_of_lamps(TILE, torch.device("cpu"))
    asks = torch.zeros(TILE * TILE, dtype=torch.bool)
    asks[some] = True
    asks, part = asks.view(TILE, TILE), part.view(TILE, TILE)
    for y in range(TILE - 3):
        for x in range(TILE - 3):
            block = (slice(y, y + 4), slice(x, x + 4))
            found = part[block][asks[block]]
            assert len(set(found.tolist())) == 8
            # Their mean is the lamp's middle, along both of its sides.
            assert (found % 4).float().mean() == 1.5
            assert (found // 4).float().mean() == 1.5


def chessboard(height: int, width: int) -> torch.Tensor:
    return ((torch.arange(height)[:, None] + torch.arange(width)) % 2 == 0).float()[None]


def test_pixels_that_did_not_ask_get_the_light_of_their_own_surface():
    asked = chessboard(16, 16)
    near = (torch.arange(16) < 8)[None, None].expand(1, 16, 16)
    depth = torch.where(near, 1.0, 3.0)
    normal = torch.tensor([0.0, 0.0, -1.0])[None, :, None, None].expand(1, 3, 16, 16)
    light = torch.where(near, 5.0, 1.0)[:, None] * asked[:, None]
    soft = lighting.soften(light, asked, depth, normal)[:, 0]
    torch.testing.assert_close(soft, torch.where(near, 5.0, 1.0), rtol=2e-3, atol=0)


def test_a_surface_with_no_pixel_that_asked_takes_its_neighbours_light_rather_than_none():
    asked = chessboard(16, 16)
    asked[0, :, 8] = 0
    depth = torch.ones(1, 16, 16)
    depth[0, :, 8] = 0.5
    normal = torch.tensor([0.0, 0.0, -1.0])[None, :, None, None].expand(1, 3, 16, 16)
    soft = lighting.soften(2.0 * asked[:, None], asked, depth, normal)
    torch.testing.assert_close(soft, torch.full_like(soft, 2.0))


@pytest.fixture
def table() -> Table:
    generator = torch.Generator().manual_seed(0)
    n = 60
    axes = torch.diag_embed(torch.rand(n, 3, generator=generator) * 0.2 + 0.05)
    return Table(
        kind=torch.zeros(n, dtype=torch.long),
        shape=torch.zeros(n, 2),
        centre=torch.randn(n, 3, generator=generator) * 2,
        half=axes.diagonal(dim1=1, dim2=2),
        local_from_world=axes.inverse(),
        world_from_local=axes,
        shadows=torch.arange(n) % 3,
        material=torch.zeros(n, 11),
        scene=torch.arange(n) // 40,
        starts=(0, 40, 60),
        has_rare=False,
        has_mirrors=False,
    )


def test_pairs_of_some_solids_are_those_of_all_solids_that_are_among_them(table):
    met = torch.rand(60, 5, generator=torch.Generator().manual_seed(1)) < 0.3
    some = torch.tensor([3, 7, 8, 39, 41, 59])
    chosen = torch.zeros(60, 1, dtype=torch.bool)
    chosen[some] = True
    expected = torch.stack(table.by_tile(met & chosen))
    assert torch.equal(torch.stack(table.by_tile(met[some], some)), expected)


def test_no_solid_that_shades_a_point_is_left_out(table):
    generator = torch.Generator().manual_seed(2)
    tiles, pixels = 2 * 7, 128
    point = torch.randn(tiles, 3, 1, generator=generator) * 2
    point = point + 0.1 * torch.randn(tiles, 3, pixels, generator=generator)
    lamp = torch.randn(2, 12, generator=generator) * torch.tensor([3.0] * 3 + [0.3] * 6 + [1.0] * 3)
    to = lamp[:, :3].repeat_interleave(7, 0)[:, :, None] - point
    distance = to.norm(dim=1)
    needs = torch.tensor([1, 2])
    wanted = torch.rand(tiles, pixels, generator=generator) < 0.8
    lit = lighting.visible(table, lamp, needs, (to / distance[:, None], distance), (point, 0 * point, wanted))

    scene = torch.arange(tiles) // 7
    hidden = torch.zeros(tiles, pixels, dtype=torch.bool)
    for solid in range(60):
        if table.shadows[solid] < needs[table.scene[solid]]:
            continue
        start = (point - table.centre[solid][:, None]) / table.half[solid][:, None]
        way = (to * ((distance - 0.02) / distance)[:, None]) / table.half[solid][:, None]
        one, two = (-1 - start) / way, (1 - start) / way
        enters, leaves = torch.minimum(one, two).amax(1), torch.maximum(one, two).amin(1)
        hidden |= (scene == table.scene[solid])[:, None] & (enters < leaves) & (leaves > 0) & (enters < 1)
    assert 0.05 < (hidden & wanted).float().mean() < 0.95
    assert ((lit > 0) == (wanted & ~hidden)).float().mean() > 0.999
