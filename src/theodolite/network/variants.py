"""The table of variants: each a row of numbers, from which a network is built without weights."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from theodolite.errors import UnknownModel
from theodolite.network.depth_state import DepthState, LogDepthState

# This file imports no torch: listing models, and reading what a checkpoint says it is, must work without it.


@dataclass(frozen=True)
class ViT:
    """DINOv2 vision transformer, with registers or without.

    Args:
        taps: blocks, counted from 1, whose raw outputs go to the decoder; empty: the normalised last one, four times.
        gated: SwiGLU feed-forward of width `ffn` in place of a GELU one.
        positions: side of the square grid on which the position embedding is stored.
        level_taps: bring each token of a tap to mean 0 and deviation 1. Early blocks' raw outputs are so small that a
            new decoder hardly sees them.
    """

    dim: int
    depth: int
    heads: int
    ffn: int
    gated: bool = False
    taps: tuple[int, ...] = ()
    patch: int = 14
    registers: int = 4
    positions: int = 37
    level_taps: bool = False

    # A side of 14 is enough for the encoder; only 28 makes the decoder's output as large as its input.
    multiple = 28

    def __post_init__(self) -> None:
        if self.dim % self.heads:
            raise ValueError(f"{self.heads} heads do not share a width of {self.dim}")
        if self.taps and (len(set(self.taps)) != 4 or max(self.taps) > self.depth or min(self.taps) < 1):
            raise ValueError(f"a ViT of depth {self.depth} gives taps of four of its blocks; asked for {self.taps}")


@dataclass(frozen=True)
class ConvNeXt:
    """ConvNeXt pyramid of strides 4, 8, 16, 32."""

    widths: tuple[int, int, int, int]
    depths: tuple[int, int, int, int]

    multiple = 32


@dataclass(frozen=True)
class EfficientNetLite:
    """EfficientNet-Lite pyramid of strides 4, 8, 16, 32, taken from stages 2, 3, 5 and 7."""

    stem: int = 32
    widths: tuple[int, ...] = (16, 24, 40, 80, 112, 192, 320)
    depths: tuple[int, ...] = (1, 2, 2, 3, 3, 4, 1)

    multiple = 32


@dataclass(frozen=True)
class Bins:
    """Depth hypotheses, evenly spaced in log depth, canonical metres.

    Args:
        geometric: the estimate is their geometric mean, not their mean: a slight suspicion of sky moves it slightly.
    """

    count: int
    near: float
    far: float
    geometric: bool = False

    def __post_init__(self) -> None:
        if self.count < 2 or not 0 < self.near < self.far:
            raise ValueError(f"bins need a count of 2 or more and 0 < near < far; they are {self}")


@dataclass(frozen=True)
class DPT:
    """Joint depth-normal decoder: fusion trunk, initial heads, recurrent refinement.

    Args:
        features: widths of the four maps it starts from, finest first; they are the trunk's widths too.
        hidden: width of the recurrent states and of their context.
        depth_head, normal_head: widths inside the heads of the initial estimate.
        detail: width of a few convolutions over the picture itself, whose map joins the finest one; 0 for none. The
            patches of a transformer are too coarse to show where things end.
    """

    features: tuple[int, int, int, int]
    hidden: int
    depth_head: int = 256
    normal_head: int = 128
    bins: Bins = Bins(256, 0.1, 200.0)
    depth: DepthState | LogDepthState = field(default_factory=DepthState)
    detail: int = 0


@dataclass(frozen=True)
class Hourglass:
    """Depth-only decoder.

    Args:
        fusion: widths of the fused maps at strides 4, 8, 16.
        widths: of the hourglass, outermost first.
        features: channels that the depth head and the residual read.
    """

    fusion: tuple[int, int, int]
    widths: tuple[int, int, int, int] = (128, 64, 32, 16)
    features: int = 256
    bins: Bins = Bins(512, 0.3, 150.0)


Encoder = ViT | ConvNeXt | EfficientNetLite
Decoder = DPT | Hourglass


@dataclass(frozen=True)
class Variant:
    """An encoder, a decoder, and how often the decoder refines its estimate unless told otherwise."""

    encoder: Encoder
    decoder: Decoder
    steps: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.encoder, ViT) and isinstance(self.decoder, Hourglass):
            raise ValueError("the hourglass decoder halves and doubles maps, so it needs a pyramid encoder, not a ViT")
        if self.steps < 0 or (self.steps and not self.refines):
            raise ValueError(f"a {type(self.decoder).__name__} decoder cannot take {self.steps} refinement steps")

    @property
    def multiple(self) -> int:
        """Sides of the input that are multiples of it need no resizing, and the output has the same."""
        return self.encoder.multiple

    @property
    def far(self) -> float | None:
        """The largest depth that can be expressed, canonical metres; None where the output has no bound."""
        return self.decoder.depth.far if isinstance(self.decoder, DPT) else None

    @property
    def refines(self) -> bool:
        """Whether the estimate can be refined step by step; only such networks give normals."""
        return isinstance(self.decoder, DPT)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, strings and numbers, for JSON."""
        return {"encoder": _to_dict(self.encoder), "decoder": _to_dict(self.decoder), "steps": self.steps}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Variant:
        """The inverse of `to_dict`.

        Raises: UnknownModel, when a part is of a kind, or has a number, that this version does not know.
        """
        try:
            return cls(_from_dict(plain["encoder"]), _from_dict(plain["decoder"]), int(plain["steps"]))
        except (KeyError, TypeError, ValueError) as error:
            raise UnknownModel(
                f"this description of a network cannot be built ({error}); a newer theodolite may have written it"
            ) from error


_KINDS = {
    kind.__name__: kind for kind in (ViT, ConvNeXt, EfficientNetLite, DPT, Hourglass, Bins, DepthState, LogDepthState)
}


def _to_dict(part: Any) -> dict[str, Any]:
    values = {f.name: getattr(part, f.name) for f in fields(part)}
    plain = {name: _to_dict(v) if type(v) in _KINDS.values() else v for name, v in values.items()}
    return {"kind": type(part).__name__, **{n: list(v) if isinstance(v, tuple) else v for n, v in plain.items()}}


def _from_dict(plain: dict[str, Any]) -> Any:
    values = {name: value for name, value in plain.items() if name != "kind"}
    for name, value in values.items():
        if isinstance(value, dict):
            values[name] = _from_dict(value)
        elif isinstance(value, list):
            values[name] = tuple(value)
    return _KINDS[plain["kind"]](**values)


def _published(width: int) -> DPT:
    """The joint decoder of the published models, whose widths all follow from the encoder's."""
    return DPT(features=(width // 4, width // 2, width, width), hidden=width // 8)


# The joint decoder of networks that run on laptops.
_SMALL = DPT(
    features=(48, 64, 96, 128),
    hidden=32,
    depth_head=64,
    normal_head=64,
    bins=Bins(64, 0.1, 200.0, geometric=True),
    depth=LogDepthState(),
)

# The members of the EfficientNet-Lite family with published ImageNet weights, by number.
LITE = {
    0: EfficientNetLite(),
    1: EfficientNetLite(depths=(1, 3, 3, 4, 4, 5, 1)),
    2: EfficientNetLite(widths=(16, 24, 48, 88, 120, 208, 352), depths=(1, 3, 3, 4, 4, 5, 1)),
}

VARIANTS: dict[str, Variant] = {
    "vit-small": Variant(ViT(dim=384, depth=12, heads=6, ffn=1536), _published(384), steps=4),
    "vit-large": Variant(ViT(dim=1024, depth=24, heads=16, ffn=4096), _published(1024), steps=8),
    "vit-giant2": Variant(
        ViT(dim=1536, depth=40, heads=24, ffn=4096, gated=True, taps=(10, 20, 30, 40)), _published(1536), steps=8
    ),
    "convnext-tiny": Variant(
        ConvNeXt(widths=(96, 192, 384, 768), depths=(3, 3, 9, 3)), Hourglass(fusion=(64, 128, 256))
    ),
    "convnext-large": Variant(
        ConvNeXt(widths=(192, 384, 768, 1536), depths=(3, 3, 27, 3)), Hourglass(fusion=(128, 256, 512))
    ),
    # The first nine blocks of DINOv2's ViT-S: what later ones add is of things' names more than of their shape.
    "pocket": Variant(
        ViT(dim=384, depth=9, heads=6, ffn=1536, taps=(3, 5, 7, 9), registers=0, level_taps=True),
        replace(_SMALL, detail=24),
        steps=2,
    ),
}

# Networks that no weights are released for: what `pocket` was chosen from.
TRIALS: dict[str, Variant] = {
    "pocket-lite0": Variant(LITE[0], _SMALL, steps=2),
    "pocket-lite1": Variant(LITE[1], _SMALL, steps=2),
    "pocket-lite2": Variant(LITE[2], _SMALL, steps=2),
    "pocket-convnext": Variant(ConvNeXt(widths=(40, 80, 160, 320), depths=(2, 2, 6, 2)), _SMALL, steps=2),
}


def find(name: str) -> Variant:
    """The row of that name; underscores pass for dashes.

    Raises: UnknownModel, listing the names there are.
    """
    try:
        return (VARIANTS | TRIALS)[name.replace("_", "-")]
    except KeyError:
        raise UnknownModel(
            f"there is no variant named {name!r}. Known: {', '.join(VARIANTS)}; and for trials {', '.join(TRIALS)}"
        ) from None


def name_of(variant: Variant | None) -> str:
    """The name that a network goes by, or "custom"."""
    return next((name for name, row in (VARIANTS | TRIALS).items() if row == variant), "custom")
