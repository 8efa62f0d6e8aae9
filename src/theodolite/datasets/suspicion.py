"""What is allowed in a data set and yet looks wrong: a scale, camera, kind or convention that the data contradict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from theodolite.datasets.sample import LabelKind, Sample
from theodolite.geometry.normals import normals_from_depth
from theodolite.types import Bool

# Metres between which the median of a data set of that kind lies; a slip of the scale is a factor of ten or more.
_USUAL = {
    LabelKind.LIDAR: (0.5, 150),
    LabelKind.SENSOR: (0.2, 60),
    LabelKind.STEREO: (0.3, 300),
    LabelKind.SYNTHETIC: (0.1, 600),
}


@dataclass(frozen=True)
class Facts:
    """What suspicion needs to know of one sample.

    Args:
        focal: px.
        off_centre: how far the principal point is from the middle, as a share of the side.
        stretched: the larger of fx and fy divided by the smaller.
        view: diagonal field of view, degrees.
        labelled: share of pixels with depth.
        alone: share of these that have no neighbour with depth.
        sparse: whether depth is said to be points.
        disagreement: middle angle between the labelled normals and those of the depth, degrees; NaN without both.
    """

    focal: float
    off_centre: float
    stretched: float
    view: float
    labelled: float
    alone: float
    sparse: bool
    disagreement: float

    @classmethod
    def of(cls, sample: Sample, known: Bool[np.ndarray, "h w"]) -> Facts:
        """Args: known: where there is depth."""
        camera = sample.camera
        across, down = (camera.cx + 0.5) / camera.width - 0.5, (camera.cy + 0.5) / camera.height - 0.5
        return cls(
            focal=camera.focal,
            off_centre=max(abs(across), abs(down)),
            stretched=max(camera.fx / camera.fy, camera.fy / camera.fx),
            view=camera.fov[2],
            labelled=float(known.mean()),
            alone=_alone(known),
            sparse=bool(sample.sparse),
            disagreement=_disagreement(sample, known),
        )


def suspicions(
    kind: LabelKind,
    declared: tuple[float, float] | None,
    depth: tuple[float, float, float] | None,
    facts: Sequence[Facts],
) -> list[str]:
    """What looks wrong with samples of one data set and kind, a line each.

    Args:
        declared: smallest near and largest far of their ranges, metres.
        depth: 1st, 50th and 99th percentile.
    """
    found = []
    if depth is not None and kind in _USUAL:
        low, high = _USUAL[kind]
        if not low <= depth[1] <= high:
            found.append(f"a median depth of {depth[1]:.3g} m is unusual for this kind; check the scale")
    if depth is not None and declared is not None and depth[2] < declared[1] / 20:
        found.append(
            f"99 % of depth is within {depth[2]:.3g} m, far below the range's {declared[1]:g} m; check the scale"
        )
    for doubt, texts in _DOUBTS:
        count = sum(map(doubt, facts))
        if count > len(facts) / 4:
            found.append(f"{count} of {len(facts)} samples {texts}")
    return found


_DOUBTS = (
    (
        lambda f: f.off_centre > 0.15,
        "have their principal point far from the middle; is the camera of the image as it is stored?",
    ),
    (lambda f: f.stretched > 1.1, "have fx and fy more than 10 % apart"),
    (lambda f: not 5 <= f.view <= 150, "see less than 5 or more than 150 degrees; is the focal length in pixels?"),
    (lambda f: f.alone > 0.5 and not f.sparse, "have depth at single points, but are not said to be sparse"),
    (lambda f: f.sparse and f.labelled > 0.9, "have depth nearly everywhere, but are said to be sparse"),
    (
        lambda f: f.disagreement > 45,
        "have normals more than 45 degrees from those of their depth; check normal_convention and camera",
    ),
)


def _alone(known: Bool[np.ndarray, "h w"]) -> float:
    """Share of known pixels without a known one above, below, left or right."""
    if not known.any():
        return 0.0
    beside = np.zeros_like(known)
    beside[1:] |= known[:-1]
    beside[:-1] |= known[1:]
    beside[:, 1:] |= known[:, :-1]
    beside[:, :-1] |= known[:, 1:]
    return float((known & ~beside).sum() / known.sum())


def _disagreement(sample: Sample, known: Bool[np.ndarray, "h w"]) -> float:
    if sample.normals is None or sample.sparse or known.mean() < 0.2:
        return math.nan
    # Two-sided differences are rough at edges and on noise; the median over the picture is not.
    own = normals_from_depth(sample.depth, sample.camera, method="cross")
    cosine = (own * sample.normals).sum(axis=-1)
    usable = np.isfinite(cosine)
    if usable.sum() < 100:
        return math.nan
    return float(np.degrees(np.arccos(np.clip(np.median(cosine[usable]), -1, 1))))
