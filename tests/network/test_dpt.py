import torch

from theodolite.network.dpt import Fusion, FusionTrunk, ResidualUnit
from theodolite.network.layers import resize_to


def test_a_residual_unit_passes_on_the_rectified_map():
    unit = ResidualUnit(4)
    for parameter in unit.conv2.parameters():
        torch.nn.init.zeros_(parameter)
    x = torch.randn(1, 4, 3, 3)
    torch.testing.assert_close(unit(x), x.relu())
    assert (x < 0).any(), "the argument itself stays as it is"


def test_the_narrowing_convolution_may_come_before_the_resize():
    fusion, finer = Fusion(6, 4), torch.empty(1, 1, 7, 9)
    x = torch.randn(1, 6, 4, 5)
    torch.testing.assert_close(resize_to(fusion.out(x), finer), fusion.out(resize_to(x, finer)), rtol=1e-4, atol=1e-5)


def test_the_trunk_takes_four_sizes_and_gives_the_finest():
    maps = [torch.randn(1, c, h, w) for c, h, w in ((2, 17, 31), (3, 10, 18), (4, 5, 9), (5, 3, 5))]
    assert FusionTrunk((2, 3, 4, 5), 7)(tuple(maps)).shape == (1, 7, 17, 31)


def test_the_finest_map_gives_its_size_only():
    trunk = FusionTrunk((2, 3, 4, 4), 7)
    finest, *rest = (torch.randn(1, c, h, h) for c, h in ((2, 14), (3, 8), (4, 4), (4, 4)))
    torch.testing.assert_close(trunk((finest, *rest)), trunk((finest + 1, *rest)))
