"""Learning a camera's scale profile from witnesses: a robust fit, judged by what it was not shown.

The log ratio of true to predicted lengths is taken to be one number for a camera, plus, where that is clearly better
at witnesses left out, a slope over the logarithm of depth. A photo with measured depth counts as one witness, however
many pixels it has: the errors of one photo are alike, and only other photos show how far the factor can be trusted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from theodolite.apps.scale_witnesses import Witness
from theodolite.camera.exif import Exif
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError
from theodolite.geometry.align import DEVIATIONS, HUBER
from theodolite.inference.scale_profile import ScaleProfile
from theodolite.types import Float

FEWEST, FEWEST_PHOTOS = 3, 2
# Robust standard deviation of the witnesses' log ratios about the fit from which on they contradict each other.
CONTRADICTION = 0.3
# A slope needs so many witnesses, such a range of ln depth, and has to lower the error of witnesses left out this much.
SLOPE_FEWEST, SLOPE_RANGE, SLOPE_GAIN = 5, 0.7, 0.85
STEEPEST = 0.5
# Above this number witnesses are left out in so many groups, not one by one.
FOLDS = 10
ROUNDS = 30


@dataclass(frozen=True)
class Fit:
    """ln(true / predicted) = log_factor + slope · (ln depth - middle)."""

    log_factor: float
    slope: float
    middle: float

    def off(self, witness: Witness) -> float:
        """The typical size of what is left of a witness's log ratios."""
        left = witness.log_ratio - self.log_factor - self.slope * (witness.log_depth - self.middle)
        return float(np.abs(left).mean())


def learn_profile(witnesses: Sequence[Witness], camera: Camera, network: str, exif: Exif | None = None) -> ScaleProfile:
    """The profile that witnesses ask for.

    Args:
        camera: of the photos; its focal length over its longer side is what later photos are matched by.
        network: whose depth it was.
        exif: whose make, model and true focal length they are matched by, too; without, it has to be named.
    Raises: DatasetError, when there are too few witnesses, they contradict each other, or a profile would not help.
    """
    exif = exif or Exif()
    if len(witnesses) < FEWEST:
        raise DatasetError(
            f"{len(witnesses)} known lengths or photos with measured depth are too few for a scale profile: "
            f"{FEWEST} are needed."
        )
    if len({witness.photo for witness in witnesses}) < FEWEST_PHOTOS:
        raise DatasetError(
            "All known lengths are in one photo, and how that one is off says little of others: "
            f"{FEWEST_PHOTOS} photos are needed."
        )
    fit = _fit(witnesses, sloped=False)
    middles = np.array([witness.middle for witness in witnesses])
    spread = float(DEVIATIONS * np.median(np.abs(middles - np.median(middles))))
    if spread > CONTRADICTION:
        low, high = np.exp(np.quantile(middles, [0.1, 0.9]))
        raise DatasetError(
            f"The known lengths contradict each other: they ask for factors from {low:.2f} to {high:.2f}. "
            "Check pixels and metres, and that all photos are of one camera at one focal length."
        )
    before, after = _mean_off(witnesses, Fit(0, 0, 0)), left_out_error(witnesses, sloped=False)
    if _tells_slope(witnesses):
        sloped, slope_after = _fit(witnesses, sloped=True), left_out_error(witnesses, sloped=True)
        if slope_after < SLOPE_GAIN * after and abs(sloped.slope) < STEEPEST:
            fit, after = sloped, slope_after
    if after > CONTRADICTION:
        raise DatasetError(
            f"With the best factor the error is still {_percent(after):.0f} %: predictions and what was measured do "
            "not show the same. Check pixels, metres, the scale of depth files and that they are upright."
        )
    if after >= before:
        raise DatasetError(
            f"A scale profile would not help: at witnesses left out of the fit the error is {_percent(before):.1f} % "
            f"without it and {_percent(after):.1f} % with it."
        )
    depths = np.concatenate([witness.log_depth for witness in witnesses])
    return ScaleProfile(
        make=exif.make,
        camera=exif.model,
        focal_mm=exif.focal_mm,
        view=camera.focal / max(camera.width, camera.height),
        network=network,
        log_factor=fit.log_factor,
        slope=fit.slope,
        middle=fit.middle,
        reach=(float(depths.min()), float(depths.max())),
        sigma=_sigma(witnesses, fit),
        witnesses=len(witnesses),
        before=math.expm1(before),
        after=math.expm1(after),
    )


def left_out_error(witnesses: Sequence[Witness], sloped: bool) -> float:
    """Mean absolute log error at witnesses that the fit was not shown, each left out once, with all of its photo."""
    errors = []
    for left_out in _parts(witnesses):
        fit = _fit([w for number, w in enumerate(witnesses) if number not in left_out], sloped)
        errors += [fit.off(witnesses[number]) for number in left_out]
    return float(np.mean(errors))


def _parts(witnesses: Sequence[Witness]) -> list[list[int]]:
    """Photo by photo, or runs of neighbours: pictures that follow each other are off alike."""
    of_photo: dict[str, list[int]] = {}
    for number, witness in enumerate(witnesses):
        of_photo.setdefault(witness.photo, []).append(number)
    photos = list(of_photo.values())
    parts = np.array_split(np.arange(len(photos)), min(len(photos), FOLDS))
    return [[number for photo in part.tolist() for number in photos[photo]] for part in parts]


def _fit(witnesses: Sequence[Witness], sloped: bool) -> Fit:
    """Huber's estimate about a start at the medians; each witness counts once, less where it is unsure of itself."""
    ratio = np.concatenate([w.log_ratio for w in witnesses])
    depth = np.concatenate([w.log_depth for w in witnesses])
    own = np.concatenate([np.full(len(w.log_ratio), 1 / len(w.log_ratio)) for w in witnesses])
    spread = max(float(DEVIATIONS * np.median(np.abs(ratio - np.median(ratio)))), 1e-9)
    # What witnesses differ by is more than each one's own error: added, so that no single one decides.
    unsure = np.concatenate([np.full(len(w.log_ratio), w.sigma) for w in witnesses])
    own = own / (spread**2 + unsure**2)
    fit = Fit(float(np.median([w.middle for w in witnesses])), 0.0, float(np.average(depth, weights=own)))
    for _ in range(ROUNDS):
        left = ratio - fit.log_factor - fit.slope * (depth - fit.middle)
        bend = HUBER * max(float(DEVIATIONS * np.median(np.abs(left))), 1e-9)
        weight = own * np.minimum(1, bend / np.maximum(np.abs(left), 1e-12))
        middle = float(np.average(depth, weights=weight))
        slope = 0.0
        if sloped:
            around = depth - middle
            slope = float((weight * around * ratio).sum() / max((weight * around**2).sum(), 1e-12))
        fit = Fit(float(np.average(ratio, weights=weight)), slope, middle)
    return fit


def _sigma(witnesses: Sequence[Witness], fit: Fit) -> float:
    """Of the log factor, standard: what parts of the witnesses differ by, or more if they say so of themselves."""
    each = np.array([np.mean(w.log_ratio - fit.log_factor - fit.slope * (w.log_depth - fit.middle)) for w in witnesses])
    left = np.array([each[part].mean() for part in _parts(witnesses)])
    spread = float(DEVIATIONS * np.median(np.abs(left)))
    clipped = np.clip(left, -2.5 * spread, 2.5 * spread)
    among = math.sqrt(float(np.square(clipped).sum()) / (len(left) - 1) / len(left))
    stated = 1 / math.sqrt(sum(1 / max(w.sigma, 1e-6) ** 2 for w in witnesses))
    return max(among, stated)


def _mean_off(witnesses: Sequence[Witness], fit: Fit) -> float:
    return float(np.mean([fit.off(witness) for witness in witnesses]))


def _tells_slope(witnesses: Sequence[Witness]) -> bool:
    depths: Float[np.ndarray, " n"] = np.concatenate([w.log_depth for w in witnesses])
    return len(witnesses) >= SLOPE_FEWEST and float(np.ptp(depths)) > SLOPE_RANGE


def _percent(log_error: float) -> float:
    return 100 * math.expm1(log_error)
