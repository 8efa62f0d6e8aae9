"""The alignment of one view's predicted depth to the sparse points it sees, and whether a shift is worth it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from theodolite.apps.frame_scale import LEAST_POINTS
from theodolite.apps.priors.robust_fit import fit_affine, fit_scale, inliers, log_error
from theodolite.camera.pinhole import Camera
from theodolite.geometry.align import Alignment
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import in_view, project
from theodolite.types import Float

# A shift has to be worth it: so many points, and the error of points left out less than this share of one scale's.
_SHIFT_POINTS = 40
_BETTER = 0.9
_FOLDS, _FOLDS_WON = 5, 4
_MOST = np.log(2)  # that a shift may change the nearest and the farthest depth of the view
_CELLS = 4  # each way; points of a cell are left out together, as neighbours tell each other's depth
_SPACES = {"scale-shift": "depth", "scale-shift-inverse": "inverse_depth"}


@dataclass(frozen=True)
class Aligned:
    """How a view's depth was brought to the unit of the poses.

    Args:
        alignment: of predicted metres; aligned depth is in the unit of the poses.
        by: "points", "pictures" (parallax), "set" (the median of the others), or "none".
        points: sparse points with a predicted depth.
        outliers: of them.
        residual: median relative error at the points after alignment; NaN without.
        gain: error of left-out points with a shift over that without; NaN where it was not tried.
    """

    alignment: Alignment
    by: str
    points: int = 0
    outliers: int = 0
    residual: float = float("nan")
    gain: float = float("nan")

    @property
    def kind(self) -> str:
        """In the words of `settings.ALIGNMENTS`."""
        if self.alignment.kind == "affine_invariant":
            return next(name for name, space in _SPACES.items() if space == self.alignment.space)
        return "none" if self.alignment.kind == "metric" else "scale"


@dataclass(frozen=True, eq=False)
class Pairs:
    """Predicted depth, metres, and triangulated depth, units of the poses, at the pixels of sparse points.

    Args:
        size: width and height of the maps.
        reach: nearest and farthest predicted depth of the whole view, but for a per cent on either side.
    """

    predicted: Float[np.ndarray, " n"]
    true: Float[np.ndarray, " n"]
    uv: Float[np.ndarray, "n 2"]
    size: tuple[int, int]
    reach: tuple[float, float] = (float("nan"), float("nan"))

    @classmethod
    def of(
        cls,
        depth: Float[np.ndarray, "h w"],
        camera: Camera,
        world_from_camera: Float[np.ndarray, "4 4"],
        points: Float[np.ndarray, "n 3"] | None,
    ) -> Pairs:
        """Of the points that are in view and have a predicted depth.

        Args:
            points: world.
        """
        seen = np.empty((0, 3)) if points is None else transform_points(inverse(world_from_camera), points)
        uv = project(seen, camera)
        inside = in_view(uv, camera)
        seen, uv = seen[inside], uv[inside]
        u, v = np.rint(uv).astype(int).T
        predicted = depth[v, u].astype(float)
        known = np.isfinite(predicted) & (predicted > 0)
        every = depth[::4, ::4]
        every = every[np.isfinite(every)]
        low, high = np.percentile(every, [1, 99]).tolist() if len(every) else (float("nan"), float("nan"))
        return cls(predicted[known], seen[known, 2], uv[known], (camera.width, camera.height), (low, high))

    def __len__(self) -> int:
        return len(self.true)

    def where(self, chosen: np.ndarray) -> Pairs:
        return replace(self, predicted=self.predicted[chosen], true=self.true[chosen], uv=self.uv[chosen])

    def folds(self) -> Float[np.ndarray, " n"]:
        """Which part each belongs to, by where in the picture it is."""
        column, row = (np.clip(self.uv / self.size * _CELLS, 0, _CELLS - 1).astype(int)).T
        # Steps of 2 and 1 put neighbours, also diagonal ones, into different parts.
        return (column + 2 * row) % _FOLDS


def align(pairs: Pairs, how: str) -> Aligned | None:
    """The best alignment of the kind asked for; None with fewer than `LEAST_POINTS` points.

    Args:
        how: one of `settings.ALIGNMENTS`. A shift that cannot be found is left out.
    """
    if len(pairs) < LEAST_POINTS:
        return None
    found, gain = _fit(pairs, "scale"), float("nan")
    assert found is not None
    if how in _SPACES:
        found = _fit(pairs, how) or found
    elif how == "auto" and len(pairs) >= _SHIFT_POINTS:
        shifted, gain = _worth_a_shift(pairs)
        found = shifted or found
    error = log_error(found, pairs.predicted, pairs.true)
    good = inliers(error)
    residual = float(np.median(np.abs(np.expm1(error[good]))))
    return Aligned(found, "points", len(pairs), int((~good).sum()), residual, gain)


def _fit(pairs: Pairs, how: str) -> Alignment | None:
    if how == "scale":
        return fit_scale(pairs.predicted, pairs.true)
    found = fit_affine(pairs.predicted, pairs.true, _SPACES[how])
    if found is None or not np.isfinite(log_error(found, pairs.predicted, pairs.true)).all():
        return None
    return found


def _worth_a_shift(pairs: Pairs) -> tuple[Alignment | None, float]:
    """The better of both shifts, if left-out points say that it is better than one scale; and its gain."""
    plain = _left_out(pairs, "scale")
    best: tuple[float, str, np.ndarray] | None = None
    for how in _SPACES:
        errors = _left_out(pairs, how)
        if best is None or errors.mean() < best[0]:
            best = float(errors.mean()), how, errors
    assert best is not None
    gain = best[0] / max(float(plain.mean()), 1e-12)
    won = int((best[2] < plain).sum())
    if gain < _BETTER and won >= min(_FOLDS_WON, len(plain)):
        found = _fit(pairs, best[1])
        return (found if found is not None and _bounded(found, pairs) else None), gain
    return None, gain


def _bounded(shifted: Alignment, pairs: Pairs) -> bool:
    """Whether a shift changes depth nowhere in the view much more than one scale would; points are not everywhere."""
    reach = np.array([each for each in pairs.reach if np.isfinite(each)])
    change = log_error(shifted, reach, fit_scale(pairs.predicted, pairs.true).scale * reach)
    return bool((np.abs(change) < _MOST).all())


def _left_out(pairs: Pairs, how: str) -> Float[np.ndarray, " folds"]:
    """Median error of each part under the fit to the others; medians, as outliers are left out as well."""
    folds = pairs.folds()
    errors = []
    for part in np.unique(folds):
        rest = pairs.where(folds != part)
        if len(rest) < LEAST_POINTS:
            continue
        found, test = _fit(rest, how), pairs.where(folds == part)
        error = np.inf if found is None else float(np.median(np.abs(log_error(found, test.predicted, test.true))))
        errors.append(min(error, 10.0))
    return np.array(errors or [10.0])
