"""A training recipe: every number of a run, with its unit, refused when it makes no sense."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Framing:
    """How a window of a picture becomes a canvas. Probabilities and amounts; see `augment.frame`.

    Args:
        zoom: smallest window, as a share of the largest one of the canvas' shape that the picture holds.
        flip: probability of mirroring left to right.
        border: probability of hiding the edges, which teaches what the padding of a canvas looks like.
        border_width: largest hidden edge, share of the side.
    """

    zoom: float = 0.6
    flip: float = 0.5
    border: float = 0.1
    border_width: float = 0.15

    def __post_init__(self) -> None:
        _check_probabilities(self, "flip", "border")
        _check(0 < self.zoom <= 1, "zoom is a share in (0, 1]", self.zoom)
        _check(0 <= self.border_width < 0.5, "border_width is a share below one half", self.border_width)


@dataclass(frozen=True)
class Jitter:
    """Photometric changes, each with its probability; see `augment.jitter`.

    Args:
        tone: brightness, contrast, saturation, hue and gamma together.
        brightness, contrast, saturation: largest relative change.
        hue: largest turn, share of the circle.
        gamma: largest exponent, and its inverse the smallest.
        balance: largest relative gain of a single colour, for lamps and white balance.
        blur_radius: largest standard deviation, px of the canvas.
        noise_level: largest standard deviation, levels of 255.
        jpeg_quality: lowest and highest.
    """

    tone: float = 0.8
    brightness: float = 0.3
    contrast: float = 0.35
    saturation: float = 0.4
    hue: float = 0.05
    gamma: float = 1.6
    balance: float = 0.15
    grey: float = 0.1
    blur: float = 0.25
    blur_radius: float = 1.5
    noise: float = 0.35
    noise_level: float = 10.0
    jpeg: float = 0.35
    jpeg_quality: tuple[int, int] = (30, 95)

    def __post_init__(self) -> None:
        _check_probabilities(self, "tone", "grey", "blur", "noise", "jpeg")
        for name in ("brightness", "contrast", "saturation", "balance"):
            _check(0 <= getattr(self, name) < 1, f"{name} is a relative change in [0, 1)", getattr(self, name))
        _check(0 <= self.hue <= 0.5, "hue turns at most half the circle", self.hue)
        _check(self.gamma >= 1, "gamma is at least 1", self.gamma)
        low, high = self.jpeg_quality
        _check(1 <= low <= high <= 95, "jpeg_quality lies in 1..95, low first", self.jpeg_quality)


@dataclass(frozen=True)
class LossWeights:
    """What each term counts; 0 leaves it out. The terms are described in `losses/`."""

    depth: float = 1.0  # log-L1, every estimate
    silog: float = 0.5  # final depth
    confidence: float = 0.1  # every estimate
    gradient: float = 1.0  # final depth
    sky: float = 0.2  # every estimate
    angle: float = 0.7  # normals, every estimate
    likelihood: float = 0.15  # normals and kappa, every estimate

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            _check(value >= 0, f"the weight of {name} is not negative", value)


@dataclass(frozen=True)
class Recipe:
    """One training run.

    Args:
        variant: row of `network.variants.VARIANTS`.
        canonical_focal: of the camera the network will believe in, px.
        imagenet: start the encoder from ImageNet weights; from random ones otherwise.
        near, far: canonical metres; labels outside are not used.
        canvas_pixels: input area for prediction, px; goes into the checkpoint.
        canvases: (rows, columns) px, each batch having one of them; shares in the same order.
        batch: samples in a step.
        steps: steps of the whole run; replaced by wall-clock time when the run is given minutes.
        real_share: part of each batch drawn from measured frames, when there are any.
        frozen: part of the run, from its start, in which the encoder does not learn.
        thawed: encoder stages, counted from the last, that learn afterwards; the earlier ones never do.
        rate_decoder, rate_encoder, rate_end: AdamW learning rates; `rate_end` is reached by both at the end.
        decay_decoder, decay_encoder: weight decay, not applied to biases and norms.
        warmup: steps of linear warm-up.
        clip: largest norm of the whole gradient.
        average: decay of the exponential moving average of the weights, which is what is kept.
        precision: "bf16" (automatic casting) or "fp32".
        validate_every, save_every: minutes of training between them.
    """

    name: str
    variant: str
    canonical_focal: float
    near: float
    far: float
    imagenet: bool = True
    canvas_pixels: int = 192 * 256
    seed: int = 0
    canvases: tuple[tuple[int, int], ...] = ((192, 256),)
    canvas_shares: tuple[float, ...] = (1.0,)
    batch: int = 8
    steps: int = 10_000
    real_share: float = 0.0
    frozen: float = 1.0
    thawed: int = 0
    rate_decoder: float = 1e-3
    rate_encoder: float = 1e-4
    rate_end: float = 1e-6
    decay_decoder: float = 1e-2
    decay_encoder: float = 1e-3
    warmup: int = 200
    clip: float = 2.5
    average: float = 0.999
    precision: str = "bf16"
    validate_every: float = 10.0
    save_every: float = 2.0
    framing: Framing = field(default_factory=Framing)
    jitter: Jitter = field(default_factory=Jitter)
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        for name in (
            "canonical_focal",
            "near",
            "batch",
            "steps",
            "rate_decoder",
            "clip",
            "save_every",
            "validate_every",
        ):
            _check(getattr(self, name) > 0, f"{name} is positive", getattr(self, name))
        for name in ("rate_encoder", "rate_end", "decay_decoder", "decay_encoder", "warmup", "thawed", "seed"):
            _check(getattr(self, name) >= 0, f"{name} is not negative", getattr(self, name))
        _check(self.near < self.far, "near lies before far", (self.near, self.far))
        _check(0 <= self.real_share <= 1, "real_share lies in [0, 1]", self.real_share)
        _check(0 <= self.frozen <= 1, "frozen lies in [0, 1]", self.frozen)
        _check(0 <= self.average < 1, "average lies in [0, 1)", self.average)
        _check(self.precision in ("bf16", "fp32"), "precision is bf16 or fp32", self.precision)
        _check(
            len(self.canvases) == len(self.canvas_shares) > 0 and min(self.canvas_shares) > 0,
            "each canvas has a positive share",
            (self.canvases, self.canvas_shares),
        )
        sides = [side for canvas in self.canvases for side in canvas]
        _check(all(side > 0 and side % 32 == 0 for side in sides), "canvas sides are multiples of 32", self.canvases)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and lists, for JSON."""
        return asdict(self)


def _check(holds: bool, rule: str, found: object) -> None:
    if not holds:
        raise ValueError(f"In a recipe {rule}; got {found!r}.")


def _check_probabilities(owner: object, *names: str) -> None:
    for name in names:
        _check(0 <= getattr(owner, name) <= 1, f"{name} is a probability", getattr(owner, name))
