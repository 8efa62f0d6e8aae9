"""A training recipe: every number of a run, with its unit, refused when it makes no sense."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from theodolite.network.variants import find
from theodolite.training.augment import Framing, Jitter
from theodolite.training.checks import check

__all__ = ["Framing", "Hardware", "Jitter", "LossWeights", "Recipe"]

STARTS = ("imagenet", "dinov2", "random", "given")


@dataclass(frozen=True)
class LossWeights:
    """What each term counts; 0 leaves it out. `losses/total.py` says what each needs and which estimates it judges."""

    depth: float = 1.0  # absolute error, every estimate
    silog: float = 0.5  # final depth
    confidence: float = 0.1  # every estimate
    gradient: float = 1.0  # final depth, rendered labels only
    virtual_normal: float = 0.5  # final depth
    proposals: float = 0.25  # RPNL, final depth
    ranges: float = 0.0  # HDN, final depth
    planes: float = 0.1  # PWN, final depth
    sky: float = 0.2  # every estimate
    angle: float = 0.7  # normals, every estimate
    likelihood: float = 0.15  # normals and kappa, every estimate
    consistency: float = 0.2  # normals of the final estimate against those of its depth

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            check(value >= 0, f"the weight of {name} is not negative", value)


@dataclass(frozen=True)
class Recipe:
    """One training run, free of the machines that carry it out: those are `Hardware`.

    Args:
        variant: row of `network.variants.VARIANTS`.
        canonical_focal: of the camera the network will believe in, px.
        canonical: labels go into the canonical camera; False leaves them in metres, for single steps
            that show what that costs; a run refuses it.
        start: where weights come from: "imagenet" or "dinov2" (the encoder's), "random", or "given" (a checkpoint to go
            on from).
        near, far: canonical metres; labels outside are not used.
        canvas_pixels: input area for prediction, px; goes into the checkpoint.
        canvases: (rows, columns) px, each batch having one of them; shares in the same order.
        views: of each sample on each canvas, fixed ones that come in turn; None draws a new one each time. What a
            frozen encoder makes of fixed views can be kept, see `features.py`.
        batch: samples in a step, over all processes together.
        steps: steps of the whole run; replaced by wall-clock time when the run is given minutes.
        frozen: part of the run, from its start, in which the encoder does not learn.
        thawed: encoder stages, counted from the last, that learn afterwards; the earlier ones never do. None: all.
        lora: rank of the low-rank updates by which frozen encoder matrices learn; 0 for none.
        rate_decoder, rate_encoder, rate_end: AdamW learning rates; `rate_end` is reached by both at the end.
        decay_decoder, decay_encoder: weight decay, not applied to biases and norms.
        epsilon: AdamW's.
        warmup: steps of linear warm-up.
        clip: largest norm of the whole gradient.
        average: decay of the exponential moving average of the weights, which is what is kept; 0 keeps the last.
        precision: "bf16" (automatic casting, where the device has it) or "fp32".
        first_estimate: part of the run, from its start, in which only the estimate before refinement learns, where it
            lives: a step takes half as long, and what refinement starts from is good when it begins.
        full_estimates: judge every estimate at full resolution, as published; else the earlier ones where they live.
        published_losses: the forms of the released code: metres instead of logarithms, see `losses/total.py`.
        depth_learns: part of the run after which depth learns from normals too, not only normals from depth. 1: never.
        validate_every, save_every: minutes of training between them.
    """

    name: str
    variant: str
    canonical_focal: float
    near: float
    far: float
    canonical: bool = True
    start: str = "imagenet"
    canvas_pixels: int = 192 * 256
    seed: int = 0
    canvases: tuple[tuple[int, int], ...] = ((192, 256),)
    canvas_shares: tuple[float, ...] = (1.0,)
    views: int | None = None
    batch: int = 8
    steps: int = 10_000
    frozen: float = 1.0
    thawed: int | None = 0
    lora: int = 0
    rate_decoder: float = 1e-3
    rate_encoder: float = 1e-4
    rate_end: float = 1e-6
    decay_decoder: float = 1e-2
    decay_encoder: float = 1e-3
    epsilon: float = 1e-6
    warmup: int = 200
    clip: float = 2.5
    average: float = 0.999
    precision: str = "bf16"
    first_estimate: float = 0.0
    full_estimates: bool = False
    published_losses: bool = False
    depth_learns: float = 1.0
    validate_every: float = 10.0
    save_every: float = 2.0
    framing: Framing = field(default_factory=Framing)
    jitter: Jitter = field(default_factory=Jitter)
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        positive = ("canonical_focal", "near", "batch", "steps", "rate_decoder", "epsilon", "clip")
        for name in (*positive, "save_every", "validate_every"):
            check(getattr(self, name) > 0, f"{name} is positive", getattr(self, name))
        for name in ("rate_encoder", "rate_end", "decay_decoder", "decay_encoder", "warmup", "seed", "lora"):
            check(getattr(self, name) >= 0, f"{name} is not negative", getattr(self, name))
        check(self.thawed is None or self.thawed >= 0, "thawed is a number of stages, or None for all", self.thawed)
        check(any(asdict(self.weights).values()), "some loss has a weight", self.weights)
        check(self.near < self.far, "near lies before far", (self.near, self.far))
        for name in ("frozen", "depth_learns", "first_estimate"):
            check(0 <= getattr(self, name) <= 1, f"{name} lies in [0, 1]", getattr(self, name))
        check(0 <= self.average < 1, "average lies in [0, 1)", self.average)
        check(self.precision in ("bf16", "fp32"), "precision is bf16 or fp32", self.precision)
        check(self.start in STARTS, f"start is one of {', '.join(STARTS)}", self.start)
        check(self.views is None or self.views > 0, "views is a positive number, or None", self.views)
        check(
            len(self.canvases) == len(self.canvas_shares) > 0 and min(self.canvas_shares) > 0,
            "each canvas has a positive share",
            (self.canvases, self.canvas_shares),
        )
        multiple = find(self.variant).multiple
        sides = [side for canvas in self.canvases for side in canvas]
        check(
            all(side > 0 and side % multiple == 0 for side in sides),
            f"canvas sides are multiples of {multiple}",
            self.canvases,
        )

    @property
    def focal_of_labels(self) -> float | None:
        """The canonical focal length that labels are brought to; None when they stay in metres."""
        return self.canonical_focal if self.canonical else None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and lists, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Hardware:
    """The means a run has; none of it changes what is learnt, but for the rounding of sums.

    Args:
        device: "cpu", "cuda" or "mps", without a number; "" takes the best there is.
        micro_batch: samples a process takes through the network at once; the rest of its share follows, its gradient
            added. None: its whole share.
        workers: processes that read and augment samples for each process that trains; 0 reads in the latter.
        threads: of the processor; None: PyTorch's choice.
        compile: fuse the network with torch.compile, which takes minutes and pays on long runs.
        fsdp: divide weights and optimiser state among the processes (FSDP2), not only batches (DDP).
        shard_mib: size of the files that hold a run's state, MiB.
        features: folder for what an encoder's frozen part makes of fixed views, see `features.py`; None keeps nothing.
        stock: GiB on the device for views that are learnt from several times while workers make more, see `stock.py`;
            None makes every view of every batch anew. The one choice here that changes what is learnt.
    """

    device: str = ""
    micro_batch: int | None = None
    workers: int = 0
    threads: int | None = None
    compile: bool = False
    fsdp: bool = False
    shard_mib: float = 15.0
    features: Path | None = None
    stock: float | None = None

    def __post_init__(self) -> None:
        check(self.micro_batch is None or self.micro_batch > 0, "micro_batch is positive", self.micro_batch)
        check(self.workers >= 0, "workers is not negative", self.workers)
        check(self.threads is None or self.threads > 0, "threads is positive", self.threads)
        check(self.shard_mib > 0, "shard_mib is positive", self.shard_mib)
        check(self.stock is None or self.stock > 0, "stock is positive", self.stock)
        check(self.stock is None or self.workers > 0, "a stock is filled by workers", self.workers)
        check(
            self.stock is None or self.features is None, "kept features are of fixed views, a stock is not", self.stock
        )

    def micro_batches(self, share: int) -> list[range]:
        """A process's share of a batch, in portions that go through the network at once."""
        size = self.micro_batch or share
        return [range(start, min(start + size, share)) for start in range(0, share, size)]
