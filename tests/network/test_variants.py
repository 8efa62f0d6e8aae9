import json

import pytest

from theodolite.errors import UnknownModel
from theodolite.network import VARIANTS, Variant
from theodolite.network.variants import DPT, TRIALS, Bins, ConvNeXt, Hourglass, ViT, find

VIT = ViT(dim=32, depth=4, heads=2, ffn=64)
JOINT = DPT(features=(8, 16, 32, 32), hidden=4)


def test_a_variant_survives_json(name, small):
    for variant in (VARIANTS[name], small):
        assert Variant.from_dict(json.loads(json.dumps(variant.to_dict()))) == variant


def test_underscores_pass_for_dashes():
    assert find("vit_small") is VARIANTS["vit-small"]


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(UnknownModel, match=r"'vit-tiny'.*vit-small.*pocket"):
        find("vit-tiny")


@pytest.mark.parametrize(
    "change",
    [{"encoder": {"kind": "Mamba"}}, {"encoder": {"kind": "ViT", "colour": 3}}, {"steps": None}, {"steps": -1}],
)
def test_a_description_of_something_else_is_refused(change):
    with pytest.raises(UnknownModel, match="newer theodolite"):
        Variant.from_dict(VARIANTS["vit-small"].to_dict() | change)


def test_sides_are_multiples_of_28_for_transformers_and_of_32_for_pyramids():
    assert {name: variant.multiple for name, variant in VARIANTS.items()} == {
        "vit-small": 28,
        "vit-large": 28,
        "vit-giant2": 28,
        "convnext-tiny": 32,
        "convnext-large": 32,
        "pocket": 28,
    }
    assert {variant.multiple for variant in TRIALS.values()} == {32}


@pytest.mark.parametrize(
    "nonsense",
    [
        lambda: ViT(dim=32, depth=4, heads=3, ffn=64),
        lambda: ViT(dim=32, depth=4, heads=2, ffn=64, taps=(1, 2, 3)),
        lambda: ViT(dim=32, depth=4, heads=2, ffn=64, taps=(1, 2, 3, 5)),
        lambda: Bins(1, 0.1, 200.0),
        lambda: Bins(64, 3.0, 2.0),
        lambda: Variant(VIT, Hourglass(fusion=(8, 8, 8))),
        lambda: Variant(VIT, JOINT, steps=-1),
        lambda: Variant(ConvNeXt((8, 8, 8, 8), (1, 1, 1, 1)), Hourglass(fusion=(8, 8, 8)), steps=2),
    ],
)
def test_nonsense_is_refused_when_it_is_written_down(nonsense):
    with pytest.raises(ValueError):
        nonsense()


def test_listing_variants_needs_no_torch():
    import subprocess
    import sys

    code = "import sys; from theodolite.network import VARIANTS, RawMaps; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
