"""The recipes of the paper have the paper's numbers."""

from dataclasses import asdict

import pytest

from theodolite.network.variants import find
from theodolite.training.recipes import RECIPES, kitti, nyu, vit_giant2, vit_large, vit_small

# Source: the optimisation table and the loss table of the released training code.
SHARED = {
    "canonical_focal": 1000.0,
    "canvases": ((616, 1064),),
    "steps": 800_010,
    "frozen": 0.0,
    "thawed": None,
    "rate_decoder": 1e-4,
    "rate_end": 1e-6,
    "decay_decoder": 1e-2,
    "decay_encoder": 1e-3,
    "epsilon": 1e-6,
    "clip": 2.5,
    "precision": "bf16",
    "average": 0.0,
    "start": "given",
    "depth_learns": 1.0,
}
TABLE = {
    vit_small: {"batch": 288, "rate_encoder": 1e-5, "warmup": 500, "variant": "vit-small"},
    vit_large: {"batch": 192, "rate_encoder": 1e-5, "warmup": 500, "variant": "vit-large"},
    vit_giant2: {"batch": 144, "rate_encoder": 8e-6, "warmup": 1000, "variant": "vit-giant2"},
}
FINE_TUNE = {
    "batch": 16,
    "steps": 20_010,
    "rate_encoder": 5e-7,
    "rate_decoder": 1e-5,
    "rate_end": 1e-8,
    "decay_encoder": 0,
    "decay_decoder": 0,
    "epsilon": 1e-10,
    "warmup": 20,
    "thawed": None,
    "depth_learns": 0.0,
}
WEIGHTS = {
    "depth": 0.5,
    "confidence": 0.5,
    "virtual_normal": 1.0,
    "proposals": 0.5,
    "ranges": 0.5,
    "planes": 1.0,
    "sky": 0.001,
    "likelihood": 1.0,
    "consistency": 0.01,
}


def weights_of(recipe) -> dict[str, float]:
    return {name: value for name, value in asdict(recipe.weights).items() if value}


@pytest.mark.parametrize("recipe", TABLE)
def test_the_published_optimisation_is_taken_over(recipe):
    numbers = vars(recipe())
    wanted = SHARED | TABLE[recipe]
    assert {name: numbers[name] for name in wanted} == wanted
    assert numbers["published_losses"]
    assert numbers["full_estimates"]


def test_the_published_weights_are_taken_over():
    assert weights_of(vit_large()) == weights_of(vit_small()) == WEIGHTS
    assert weights_of(vit_giant2()) == WEIGHTS | {"likelihood": 1.5}


@pytest.mark.parametrize("recipe", [kitti, nyu])
def test_the_published_fine_tunes_are_taken_over(recipe):
    numbers = vars(recipe())
    assert {name: numbers[name] for name in FINE_TUNE} == FINE_TUNE


def test_fine_tunes_have_weights_of_their_own():
    assert weights_of(kitti()) == {"depth": 1.0, "confidence": 1.0, "virtual_normal": 0.1, "consistency": 0.001}
    changed = {"depth": 1.0, "confidence": 1.0, "likelihood": 1.5, "consistency": 0.001}
    wanted = WEIGHTS | changed
    del wanted["sky"]
    assert weights_of(nyu()) == wanted


@pytest.mark.parametrize("name", RECIPES)
def test_the_sky_lies_where_the_network_can_put_it(name):
    recipe = RECIPES[name]()
    far = find(recipe.variant).far
    assert far is None or recipe.far <= far
