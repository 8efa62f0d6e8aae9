import torch

from theodolite.network.neck import PyramidNeck, Readout, TokenNeck
from theodolite.network.vit import Tokens


def tokens(rows, columns, dim=8):
    return Tokens(torch.randn(2, 5, dim), torch.randn(2, rows, columns, dim))


def test_maps_of_tokens_are_at_a_quarter_a_seventh_and_a_fourteenth():
    maps = TokenNeck(8, 5, (2, 4, 8, 8))([tokens(21, 23)] * 4)
    assert [tuple(m.shape) for m in maps] == [(2, 2, 73, 80), (2, 4, 42, 46), (2, 8, 21, 23), (2, 8, 21, 23)]


def test_widths_other_than_the_encoders_are_projected():
    maps = TokenNeck(8, 5, (2, 3, 4, 5))([tokens(4, 6)] * 4)
    assert [m.shape[1] for m in maps] == [2, 3, 4, 5]


def test_pixel_i_of_the_finest_map_copies_token_two_sevenths_of_i():
    neck = TokenNeck(8, 5, (2, 4, 8, 8))
    tap = tokens(5, 9)
    finest = neck([tap] * 4)[0]
    small = neck.to_finest(neck.readouts[0](tap))
    rows, columns = torch.arange(17) * 2 // 7, torch.arange(31) * 2 // 7
    torch.testing.assert_close(finest, small[:, :, rows][:, :, :, columns])


def test_special_tokens_inform_every_patch_alike():
    readout, tap = Readout(8, 5), tokens(2, 3)
    moved = readout(Tokens(tap.special + 1, tap.patches)) - readout(tap)
    assert moved.abs().sum() > 0
    flat = Tokens(tap.special, torch.zeros_like(tap.patches))
    torch.testing.assert_close(readout(flat), readout(flat)[:, :, :1, :1].expand(-1, -1, 2, 3))


def test_maps_of_a_pyramid_keep_their_sizes():
    taps = [torch.randn(1, c, 32 // s, 64 // s) for c, s in zip((3, 5, 7, 9), (4, 8, 16, 32), strict=True)]
    maps = PyramidNeck((3, 5, 7, 9), (2, 4, 6, 8))(taps)
    assert [tuple(m.shape) for m in maps] == [(1, 2, 8, 16), (1, 4, 4, 8), (1, 6, 2, 4), (1, 8, 1, 2)]
