"""What is asked of priors: for which trainers, how depth is aligned, what is trusted, how many points."""

from __future__ import annotations

from dataclasses import dataclass

TARGETS = ("nerfstudio", "gaussian-splatting", "dn-splatter", "sdfstudio")
# auto: one scale, unless scale and shift predict points that were left out clearly better.
ALIGNMENTS = ("auto", "scale", "scale-shift", "scale-shift-inverse", "none")
DEPTH_FORMATS = ("auto", "png", "npy")


@dataclass(frozen=True)
class Settings:
    """What is asked for.

    Args:
        targets: names in `TARGETS`; none: by the form of the folder, see `files.targets_of`.
        align: one of `ALIGNMENTS`; "scale-shift" shifts depth, "scale-shift-inverse" inverse depth.
        pose_scale: metres for each unit of the poses, for views that see too few sparse points; None: found.
        points: at most so many in the initial cloud; 0 makes none.
        least_confidence: pixels of less are not trusted; 0.5 claims a depth error of 50 %.
        max_side: longer side of the pictures fed to the network, px.
        use_masks: let nerfstudio leave untrusted pixels out of training altogether, colours included.
        keep_untrusted: give depth to nerfstudio and dn-splatter at untrusted pixels as well.
        depth_format: of nerfstudio's depth: "png" in thousandths of the unit, "npy" in the same as floats, or "auto".
    Raises: ValueError, for a name that does not exist or a number out of range.
    """

    targets: tuple[str, ...] = ()
    align: str = "auto"
    pose_scale: float | None = None
    points: int = 500_000
    least_confidence: float = 0.5
    max_side: int = 1024
    use_masks: bool = False
    keep_untrusted: bool = False
    depth_format: str = "auto"

    def __post_init__(self) -> None:
        for name in self.targets:
            _one_of("Priors are made for", name, TARGETS)
        _one_of("Depth is aligned by", self.align, ALIGNMENTS)
        _one_of("Depth is written as", self.depth_format, DEPTH_FORMATS)
        if self.pose_scale is not None and not 0 < self.pose_scale < float("inf"):
            raise ValueError(f"A scale of poses is a positive number, got {self.pose_scale:g}.")
        if self.points < 0:
            raise ValueError(f"A cloud has 0 points or more, got {self.points}.")
        if self.max_side < 64:
            raise ValueError(f"Pictures are reduced to 64 px or more, got {self.max_side}.")
        if not self.least_confidence < 1:
            raise ValueError(f"A least confidence is below 1, got {self.least_confidence:g}.")


def _one_of(what: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise ValueError(f"{what} {', '.join(names)}; not {name!r}.")
