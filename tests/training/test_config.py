"""Recipes: nonsense is refused where it is written."""

from dataclasses import replace

import pytest

from theodolite.training.config import Framing, Jitter, LossWeights
from theodolite.training.recipes import RECIPES, pocket


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_sound_and_bears_its_name(name):
    recipe = RECIPES[name]()
    assert recipe.name == name
    assert recipe.to_dict()["framing"]["flip"] == recipe.framing.flip


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"canonical_focal": 0}, "canonical_focal is positive"),
        ({"near": 5, "far": 2}, "near lies before far"),
        ({"batch": 0}, "batch is positive"),
        ({"precision": "fp8"}, "precision is bf16 or fp32"),
        ({"canvases": ((192, 250),)}, "each canvas has a positive share"),
        ({"canvases": ((192, 250),), "canvas_shares": (1.0,)}, "multiples of 32"),
        ({"average": 1.0}, "average lies in"),
        ({"real_share": 1.5}, "real_share lies in"),
    ],
)
def test_nonsense_is_refused(changes, rule):
    with pytest.raises(ValueError, match=rule):
        replace(pocket(), **changes)


def test_nonsense_in_the_parts_is_refused_too():
    with pytest.raises(ValueError, match="flip is a probability"):
        Framing(flip=2)
    with pytest.raises(ValueError, match="gamma is at least 1"):
        Jitter(gamma=0.5)
    with pytest.raises(ValueError, match="weight of sky"):
        LossWeights(sky=-1)
