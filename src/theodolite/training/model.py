"""The network of a run: as it begins, and as the run leaves it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from theodolite.errors import TheodoliteError
from theodolite.network import Metric3D, build
from theodolite.training.config import Recipe
from theodolite.training.data import Stream
from theodolite.training.lora import add_low_rank, merge_low_rank
from theodolite.training.optim import choose_what_learns
from theodolite.training.pretrained import PRETRAINED, origin
from theodolite.training.resume import Position
from theodolite.training.start import Start
from theodolite.weights import checkpoint


def new_network(recipe: Recipe, start: Start | None = None) -> Metric3D:
    """A network as a run begins with it: its weights, and which of them learn.

    Raises: TheodoliteError, when the recipe wants weights that are not given.
    """
    torch.manual_seed(recipe.seed)
    net = build(recipe.variant)
    if start is not None:
        net.load_state_dict({**net.state_dict(), **start.state})
    elif recipe.start in PRETRAINED:
        PRETRAINED[recipe.start](net)
    elif recipe.start == "given":
        raise TheodoliteError(f"The recipe {recipe.name} goes on from weights, and none were given.")
    choose_what_learns(net, recipe)
    if recipe.lora:
        add_low_rank(net.encoder, recipe.lora)
        for name, parameter in net.encoder.named_parameters():
            parameter.requires_grad_("parametrizations.weight.0." in name)
    # Evaluation mode throughout: batch-norm statistics stay those the encoder came with, and nothing else differs.
    return net.eval()


def merged(recipe: Recipe, averaged: Mapping[str, Tensor]) -> Metric3D:
    """A network of averaged weights, as everybody else takes it: its low-rank updates in their places."""
    net = new_network(replace(recipe, start="random"))
    net.load_state_dict(averaged)
    merge_low_rank(net)
    return net


def model_path(run: Path, position: Position) -> Path:
    return run / f"model-{position.step:06d}.safetensors"


def write_model(
    run: Path, net: Metric3D, stream: Stream, position: Position, start: Start | None, scores: Mapping[str, Any]
) -> None:
    """A finished network as a file of its own, with all that is worth knowing of it.

    Args:
        start: the weights that the run went on from, whose licence is this model's, too.
        scores: of its validation.
    """
    recipe = stream.recipe
    facts = {
        "licence": start.licence if start else "Apache-2.0",
        "release": recipe.name,
        "canvas_pixels": str(recipe.canvas_pixels),
        "recipe": json.dumps(recipe.to_dict()),
        "training": json.dumps({**asdict(position), "samples": position.step * recipe.batch}),
        "data": json.dumps(stream.described),
        "scores": json.dumps(scores),
        "encoder": start.origin if start else origin(recipe.start, net.variant.encoder),
    }
    checkpoint.write(model_path(run, position), net.state_dict(), net.variant, recipe.canonical_focal, facts)
