"""Recipes and hardware: nonsense is refused where it is written."""

from dataclasses import replace

import pytest

from theodolite.training.config import Framing, Hardware, Jitter, LossWeights
from theodolite.training.recipes import RECIPES, pocket_lite


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_sound_and_bears_its_name(name):
    recipe = RECIPES[name]()
    assert recipe.name == name
    assert recipe.to_dict()["framing"]["flip"] == recipe.framing.flip


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"canonical_focal": 0}, "canonical_focal is positive"),
        ({"near": 0}, "near is positive"),
        ({"near": 5, "far": 2}, "near lies before far"),
        ({"batch": 0}, "batch is positive"),
        ({"steps": 0}, "steps is positive"),
        ({"rate_decoder": 0}, "rate_decoder is positive"),
        ({"rate_encoder": -1e-5}, "rate_encoder is not negative"),
        ({"decay_decoder": -1}, "decay_decoder is not negative"),
        ({"warmup": -1}, "warmup is not negative"),
        ({"clip": 0}, "clip is positive"),
        ({"save_every": 0}, "save_every is positive"),
        ({"seed": -1}, "seed is not negative"),
        ({"lora": -2}, "lora is not negative"),
        ({"thawed": -1}, "thawed is a number of stages"),
        ({"frozen": 1.5}, "frozen lies in"),
        ({"depth_learns": -0.1}, "depth_learns lies in"),
        ({"precision": "fp8"}, "precision is bf16 or fp32"),
        ({"start": "elsewhere"}, "start is one of imagenet, dinov2, random, given"),
        ({"views": 0}, "views is a positive number"),
        ({"first_estimate": 1.5}, "first_estimate lies in"),
        ({"canvases": ((192, 250),)}, "each canvas has a positive share"),
        ({"canvases": (), "canvas_shares": ()}, "each canvas has a positive share"),
        ({"canvas_shares": (1.0, 0.0, 1.0)}, "each canvas has a positive share"),
        ({"canvases": ((192, 250),), "canvas_shares": (1.0,)}, "multiples of 32"),
        ({"canvases": ((0, 64),), "canvas_shares": (1.0,)}, "multiples of 32"),
        ({"variant": "vit-small"}, "multiples of 28"),
        ({"average": 1.0}, "average lies in"),
        ({"weights": LossWeights(**dict.fromkeys(LossWeights.__dataclass_fields__, 0.0))}, "some loss has a weight"),
    ],
)
def test_nonsense_is_refused(changes, rule):
    with pytest.raises(ValueError, match=rule):
        replace(pocket_lite(), **changes)


@pytest.mark.parametrize("field", ["canonical_focal", "far", "rate_decoder", "clip", "decay_encoder", "average"])
def test_what_is_no_number_is_refused(field):
    with pytest.raises(ValueError, match="In a recipe"):
        replace(pocket_lite(), **{field: float("nan")})


def test_nonsense_in_the_parts_is_refused_too():
    with pytest.raises(ValueError, match="flip is a probability"):
        Framing(flip=2)
    with pytest.raises(ValueError, match="gamma is at least 1"):
        Jitter(gamma=0.5)
    with pytest.raises(ValueError, match="weight of sky"):
        LossWeights(sky=-1)


@pytest.mark.parametrize(
    "changes", [{"micro_batch": 0}, {"workers": -1}, {"threads": 0}, {"shard_mib": 0}, {"shard_mib": -15.0}]
)
def test_impossible_hardware_is_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        Hardware(**changes)


@pytest.mark.parametrize(
    ("size", "share", "portions"),
    [
        (None, 5, [range(5)]),
        (2, 5, [range(2), range(2, 4), range(4, 5)]),
        (8, 5, [range(5)]),
        (1, 2, [range(1), range(1, 2)]),
    ],
)
def test_a_share_is_cut_into_micro_batches(size, share, portions):
    assert Hardware(micro_batch=size).micro_batches(share) == portions


def test_labels_have_a_canonical_focal_unless_they_stay_in_metres():
    assert pocket_lite().focal_of_labels == 300
    assert replace(pocket_lite(), canonical=False).focal_of_labels is None
