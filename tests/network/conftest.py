"""Small networks, of every kind of part."""

from dataclasses import replace

import pytest

from theodolite.network import VARIANTS, Variant
from theodolite.network.depth_state import LogDepthState
from theodolite.network.variants import DPT, Bins, ConvNeXt, EfficientNetLite, Hourglass, ViT

# An eighth of the depth, or less, of what they are named after; forward and backward take a fraction of a second.
SMALL_DPT = DPT(features=(8, 12, 16, 20), hidden=8, depth_head=16, normal_head=16, bins=Bins(32, 0.2, 80.0))
PUBLISHED_RULE = DPT(features=(8, 16, 32, 32), hidden=4)
SMALL = {
    "vit": Variant(ViT(dim=32, depth=2, heads=2, ffn=128), PUBLISHED_RULE, steps=2),
    "tapped vit": Variant(ViT(dim=32, depth=4, heads=2, ffn=64, gated=True, taps=(1, 2, 3, 4)), SMALL_DPT, steps=2),
    "detailed vit": Variant(
        ViT(dim=32, depth=4, heads=2, ffn=64, taps=(1, 2, 3, 4), registers=0, level_taps=True),
        replace(SMALL_DPT, detail=8),
        steps=1,
    ),
    "convnext, joint": Variant(ConvNeXt((8, 16, 24, 32), (1, 1, 1, 1)), SMALL_DPT, steps=2),
    "efficientnet, joint": Variant(
        EfficientNetLite(widths=(8, 8, 16, 16, 24, 24, 32), depths=(1,) * 7, stem=8),
        DPT(features=(8, 12, 16, 20), hidden=8, depth=LogDepthState(0.1, 50.0)),
        steps=1,
    ),
    "convnext, hourglass": Variant(
        ConvNeXt((8, 16, 24, 32), (1, 1, 1, 1)), Hourglass(fusion=(8, 12, 16), widths=(16, 8, 8, 4), features=16)
    ),
}


@pytest.fixture(autouse=True)
def one_thread():
    """Maps of a few pixels take longer to hand out than to compute, the more so on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=SMALL)
def small(request) -> Variant:
    return SMALL[request.param]


@pytest.fixture(params=[name for name, variant in SMALL.items() if variant.refines])
def refining(request) -> Variant:
    return SMALL[request.param]


@pytest.fixture(params=VARIANTS)
def name(request) -> str:
    return request.param
