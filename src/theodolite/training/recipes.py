"""The recipes: functions that return a run's numbers; a variation calls one and changes what differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from theodolite.training.config import Recipe


def pocket() -> Recipe:
    """The embedded model: ImageNet encoder, joint decoder, rendered scenes, one hour on two processor cores."""
    return Recipe(
        name="pocket",
        variant="pocket",
        # The focal length that photos have at the size this network sees, so that canonical metres are about metres.
        canonical_focal=300.0,
        near=0.1,
        far=200.0,
        canvas_pixels=224 * 304,
        canvases=((192, 256), (256, 192), (224, 224)),
        canvas_shares=(0.7, 0.15, 0.15),
        batch=8,
        steps=6000,
        real_share=0.125,
        frozen=0.6,
        thawed=3,
        rate_decoder=1e-3,
        rate_encoder=1e-4,
    )


def smoke() -> Recipe:
    """A minute of the same on thumbnails, from random weights: does everything run, and does the loss fall?"""
    return replace(
        pocket(),
        name="smoke",
        imagenet=False,
        canvases=((64, 96),),
        canvas_shares=(1.0,),
        canvas_pixels=64 * 96,
        batch=4,
        steps=60,
        warmup=5,
        average=0.9,
        validate_every=1.0,
        save_every=1.0,
    )


RECIPES: dict[str, Callable[[], Recipe]] = {"pocket": pocket, "smoke": smoke}
