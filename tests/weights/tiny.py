"""Networks of every kind, small enough to build in milliseconds, and weights for them under published names."""

import torch

from theodolite.network import Variant, build
from theodolite.network.variants import DPT, Bins, ConvNeXt, Hourglass, ViT, find
from theodolite.weights.official import to_official

BINS = Bins(8, 0.1, 200.0)
DECODER = DPT(features=(8, 16, 32, 32), hidden=4, depth_head=8, normal_head=8, bins=BINS)
TINY = {
    "vit-small": Variant(ViT(dim=32, depth=2, heads=2, ffn=64, positions=5), DECODER, steps=2),
    "vit-giant2": Variant(
        ViT(dim=48, depth=4, heads=2, ffn=32, gated=True, taps=(1, 2, 3, 4), positions=5),
        DPT(features=(12, 24, 48, 48), hidden=6, depth_head=8, normal_head=8, bins=BINS),
        steps=1,
    ),
    "convnext-tiny": Variant(
        ConvNeXt(widths=(8, 16, 24, 32), depths=(1, 1, 1, 1)),
        Hourglass(fusion=(8, 16, 24), widths=(8, 6, 4, 2), features=16, bins=BINS),
    ),
    "pocket": Variant(ConvNeXt(widths=(4, 8, 12, 16), depths=(1, 1, 1, 1)), find("pocket-lite0").decoder, steps=1),
}


def network(name: str) -> torch.nn.Module:
    """A tiny network with weights that depend on nothing but its name."""
    torch.manual_seed(len(name))
    return build(TINY[name]).eval()


def published(name: str) -> dict[str, torch.Tensor]:
    """Its weights under the published names."""
    return to_official(network(name).state_dict(), TINY[name])
