"""The recipes: functions that return a run's numbers; a variation calls one and changes what differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from theodolite.training.augment import Framing, Jitter
from theodolite.training.config import LossWeights, Recipe

# Weights of the released training code, by term. SILog is in the paper only, gradient matching in neither.
_PUBLISHED = LossWeights(
    depth=0.5,
    silog=0.0,
    confidence=0.5,
    gradient=0.0,
    virtual_normal=1.0,
    proposals=0.5,
    ranges=0.5,
    planes=1.0,
    sky=0.001,
    angle=0.0,
    likelihood=1.0,
    consistency=0.01,
)


# Its photometric changes. There each colour change comes by itself, once in ten pictures; here all of them together.
_PUBLISHED_LIGHT = Jitter(
    tone=0.1,
    brightness=0.125,
    contrast=0.5,
    saturation=0.5,
    hue=0.1,
    gamma=1.0,
    balance=0.0,
    blur=0.05,
    blur_radius=3.0,
    resample=0.0,
    noise=0.0,
    jpeg=0.1,
    jpeg_quality=(60, 95),
)


def pocket() -> Recipe:
    """The embedded model: DINOv2's features, later ones learning along, on rendered scenes and a few real frames.

    Ten minutes on a data-centre GPU with scenes rendered meanwhile (`--stock`); or hours on two processor cores, with
    `--batch 8` and what the frozen blocks make of two views of each sample kept on disk (`--features`). Refinement
    joins in half-way.
    """
    return Recipe(
        name="pocket",
        variant="pocket",
        # The focal length that photos have at the size this network sees, so that canonical metres are about metres.
        canonical_focal=300.0,
        near=0.1,
        far=200.0,
        start="dinov2",
        # A little more than in training: on measured frames that is nearer the truth in metres.
        canvas_pixels=240 * 336,
        canvases=((224, 280), (196, 336), (140, 420), (280, 224)),
        canvas_shares=(0.5, 0.2, 0.12, 0.18),
        views=2,
        batch=64,
        steps=5000,
        warmup=200,
        frozen=0.0,
        thawed=6,
        rate_decoder=1e-3,
        rate_encoder=5e-5,
        average=0.998,
        first_estimate=0.5,
        validate_every=4.0,
    )


def pocket_lite() -> Recipe:
    """A smaller network yet, for machines on which `pocket` is too slow: EfficientNet-Lite0, whose end learns, too."""
    return Recipe(
        name="pocket_lite",
        variant="pocket-lite0",
        canonical_focal=300.0,
        near=0.1,
        far=200.0,
        canvas_pixels=224 * 304,
        canvases=((192, 256), (256, 192), (224, 224)),
        canvas_shares=(0.7, 0.15, 0.15),
        batch=8,
        steps=6000,
        frozen=0.6,
        thawed=3,
        rate_decoder=1e-3,
        rate_encoder=1e-4,
    )


def smoke() -> Recipe:
    """A minute of the same on thumbnails, from random weights: does everything run, and does the loss fall?"""
    return replace(
        pocket_lite(),
        name="smoke",
        start="random",
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


def vit_large() -> Recipe:
    """ViT-L as published: 192 pictures of 616x1064 px a step, 800 010 steps; from a DINOv2 checkpoint with registers.

    Source: Metric3D v2 (2024) and its released configuration. Departs from it in the sampling of data sets (given
    shares) and in slips of the code that are not repeated, see `losses/total.py` and `Framing.published`.
    """
    return Recipe(
        name="vit_large",
        variant="vit-large",
        canonical_focal=1000.0,
        near=0.1,
        far=200.0,
        start="given",
        canvas_pixels=616 * 1064,
        canvases=((616, 1064),),
        batch=192,
        steps=800_010,
        frozen=0.0,
        thawed=None,
        rate_decoder=1e-4,
        rate_encoder=1e-5,
        rate_end=1e-6,
        decay_decoder=1e-2,
        decay_encoder=1e-3,
        warmup=500,
        average=0.0,
        full_estimates=True,
        published_losses=True,
        validate_every=240.0,
        save_every=30.0,
        framing=Framing.published(),
        jitter=_PUBLISHED_LIGHT,
        weights=_PUBLISHED,
    )


def vit_small() -> Recipe:
    """ViT-S as published: 288 pictures a step, otherwise as `vit_large`."""
    return replace(vit_large(), name="vit_small", variant="vit-small", batch=288)


def vit_giant2() -> Recipe:
    """ViT-g as published: 144 pictures a step, slower for the encoder, normals weighing more."""
    return replace(
        vit_large(),
        name="vit_giant2",
        variant="vit-giant2",
        batch=144,
        rate_encoder=8e-6,
        warmup=1000,
        weights=replace(_PUBLISHED, likelihood=1.5),
    )


def _fine_tune() -> Recipe:
    """What the published fine-tunes have in common: 16 pictures a step, 20 010 steps, tiny rates, no weight decay."""
    return replace(
        vit_large(),
        batch=16,
        steps=20_010,
        rate_decoder=1e-5,
        rate_encoder=5e-7,
        rate_end=1e-8,
        decay_decoder=0.0,
        decay_encoder=0.0,
        epsilon=1e-10,
        warmup=20,
        depth_learns=0.0,
        save_every=10.0,
        validate_every=60.0,
    )


def kitti() -> Recipe:
    """The published fine-tune for KITTI, of the network given: the pictures' lower part, labels in Eigen's crop."""
    nothing = LossWeights(**dict.fromkeys(LossWeights.__dataclass_fields__, 0.0))
    weights = replace(nothing, depth=1.0, confidence=1.0, virtual_normal=0.1, consistency=0.001)
    framing = replace(Framing.published(), bottom=(352, 1216), labelled=(0.3324324, 0.91351351, 0.0359477, 0.96405229))
    return replace(_fine_tune(), name="kitti", weights=weights, framing=framing)


def nyu() -> Recipe:
    """The published fine-tune for NYU, of the network given: without the white rim, labels in Eigen's crop."""
    weights = replace(_PUBLISHED, depth=1.0, confidence=1.0, sky=0.0, likelihood=1.5, consistency=0.001)
    framing = replace(Framing.published(), rim=6, labelled=(45 / 480, 471 / 480, 41 / 640, 601 / 640))
    return replace(_fine_tune(), name="nyu", weights=weights, framing=framing)


def finetune() -> Recipe:
    """Any network on one's own frames: an hour or two on one GPU, log-depth losses, rates that keep what it knows."""
    return replace(
        vit_large(),
        name="finetune",
        batch=8,
        steps=4000,
        rate_decoder=2e-5,
        rate_encoder=2e-6,
        rate_end=1e-7,
        warmup=100,
        average=0.999,
        full_estimates=False,
        published_losses=False,
        depth_learns=0.5,
        save_every=5.0,
        validate_every=15.0,
        framing=Framing(),
        jitter=Jitter(),
        weights=LossWeights(),
    )


# What `theodolite train` takes by name; the fine-tunes go on from a checkpoint.
RECIPES: dict[str, Callable[[], Recipe]] = {
    recipe.__name__: recipe
    for recipe in (pocket, pocket_lite, smoke, vit_small, vit_large, vit_giant2, kitti, nyu, finetune)
}
