"""Trained weights by name: which network, which file, whose licence. Facts only, no file is touched."""

import difflib
import re
from dataclasses import dataclass

from theodolite.errors import UnknownModel
from theodolite.network.variants import VARIANTS

PUBLISHER = "JUGGHM/Metric3D"
NONE_STATED = "none stated by the publisher"


@dataclass(frozen=True)
class Release:
    """One set of trained weights.

    Args:
        name: `arch.tag`; the tag says who trained it. Our own bear no tag.
        variant: the network it fits, a key of `theodolite.network.variants.VARIANTS`.
        canonical_focal: focal length of the camera the network believes in, px.
        file: file name at the publisher, and in the cache.
        licence: SPDX identifier, or what stands in its place.
        parameters: count of the network's parameters; None where the embedded facts tell it.
        canvas: rows and columns the network was published with, px; None: any budget.
        repo: Hugging Face repository; None for weights inside the package.
        sha256: of the file. None: the Hub's own figure is taken when the file is fetched, and remembered.
    """

    name: str
    variant: str
    canonical_focal: float
    file: str
    licence: str
    parameters: int | None = None
    canvas: tuple[int, int] | None = None
    repo: str | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        if not self.canonical_focal > 0:
            raise ValueError(f"{self.name}: a canonical focal length is positive, got {self.canonical_focal!r}")
        if self.variant not in VARIANTS:
            raise ValueError(f"{self.name}: there is no variant {self.variant!r}")
        if self.canvas is not None and any(side % self.stride for side in self.canvas):
            raise ValueError(f"{self.name}: canvas {self.canvas} is no multiple of its stride {self.stride}")
        if self.sha256 is not None and not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError(f"{self.name}: sha256 is 64 hexadecimal digits, got {self.sha256!r}")

    @property
    def stride(self) -> int:
        """Sides of a canvas are multiples of it, px."""
        return VARIANTS[self.variant].multiple

    @property
    def embedded(self) -> bool:
        """Inside the package, nothing to fetch."""
        return self.repo is None

    @property
    def needs_acceptance(self) -> bool:
        """Fetched only after its licence situation was accepted."""
        return self.licence == NONE_STATED


def _official(variant: str, file: str, parameters: int, canvas: tuple[int, int]) -> Release:
    return Release(
        name=f"{variant}.official",
        variant=variant,
        canonical_focal=1000.0,
        file=file,
        licence=NONE_STATED,
        parameters=parameters,
        canvas=canvas,
        repo=PUBLISHER,
    )


_TABLE = (
    Release("pocket", "pocket", 300.0, "pocket.onnx", "Apache-2.0"),
    _official("vit-small", "metric_depth_vit_small_800k.pth", 37_495_051, (616, 1064)),
    _official("vit-large", "metric_depth_vit_large_800k.pth", 411_941_915, (616, 1064)),
    _official("vit-giant2", "metric_depth_vit_giant2_800k.pth", 1_377_675_099, (616, 1064)),
    _official("convnext-tiny", "convtiny_hourglass_v1.pth", 30_931_634, (544, 1216)),
    _official("convnext-large", "convlarge_hourglass_0.3_150_step750k_v1.1.pth", 203_243_090, (544, 1216)),
)

RELEASES: dict[str, Release] = {release.name: release for release in _TABLE}


def resolve(name: str) -> Release:
    """The release called `name`; a variant's name alone, as "vit-large", means its published weights.

    Raises: UnknownModel, with the names that come close.
    """
    for candidate in (name, f"{name}.official"):
        if candidate in RELEASES:
            return RELEASES[candidate]
    close = difflib.get_close_matches(name.lower(), [*RELEASES, *(r.variant for r in _TABLE)], n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    raise UnknownModel(f"There is no model {name!r}. {hint}Known: {', '.join(RELEASES)}. A file is given by its path.")
