"""One example, one estimate, one protocol: the image's score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.camera.resample import resize_bilinear, resize_bilinear_finite
from theodolite.errors import SizeMismatch
from theodolite.evaluation.alignment import align, align_values, granted
from theodolite.evaluation.depth_metrics import DepthSums
from theodolite.evaluation.distance import DistanceSums
from theodolite.evaluation.estimate import Estimate, EstimateError
from theodolite.evaluation.measures import certainty_of, measures_of
from theodolite.evaluation.normal_metrics import NormalSums, lower_median, normal_sums
from theodolite.evaluation.protocols import Protocol
from theodolite.evaluation.scores import ImageScore
from theodolite.evaluation.truth import Truth
from theodolite.geometry.normals import normals_from_depth
from theodolite.types import Bool, Float

# Ratio of aspects that is still the same view.
_SAME_SHAPE = 1.02


@dataclass(frozen=True)
class Judge:
    """Scores estimates by a protocol.

    Args:
        unknown_is_far: depth that a model does not know is taken to be as far as can be, as of models that mask the
            sky; otherwise it makes the image's errors NaN. As far as can be is the far end of the range, or the
            farthest truth where that is open.
    """

    protocol: Protocol
    unknown_is_far: bool = False

    def score(self, name: str, group: str, truth: Truth, estimate: Estimate, seconds: float = 0.0) -> ImageScore:
        """Raises: SizeMismatch, when the estimate cannot be of that picture; EstimateError, when no alignment suits."""
        protocol, true = self.protocol, truth.example.depth
        resized = at_size_of(truth, estimate, aligned_corners=protocol.parity)
        alignments = alignments_of(protocol, resized)
        estimate, headline = self.filled(truth, resized), truth.headline
        aligned = {
            region: {name: self.aligned(name, estimate, truth, region) for name in alignments}
            for region in truth.counts
        }
        of_headline = aligned[protocol.regions[0]]
        first = of_headline[alignments[0]].depth
        measured = true[headline]
        return ImageScore(
            name=name,
            group=group,
            camera=truth.example.camera,
            pixels=measured.size,
            dense=truth.dense,
            unknown=float(np.isnan(resized.depth[headline]).mean()),
            depth={
                region: _sums({name: each.depth for name, each in aligned[region].items()}, true, counts)
                for region, counts in truth.counts.items()
            },
            scales={name: each.line for name, each in of_headline.items()},
            constant=DepthSums.of(np.full_like(measured, lower_median(measured)), measured),
            distance=DistanceSums.of(first[headline], measured),
            normals=_normals(estimate.normals, truth),
            normals_from_depth=_normals_of_depth(estimate, truth),
            measures=measures_of(protocol.measures, first, truth),
            certainty=certainty_of(estimate, first, truth, alignments[0] == "metric"),
            seconds=seconds,
            told_focal=_told_focal(estimate.camera, truth.example.camera),
        )

    def filled(self, truth: Truth, estimate: Estimate) -> Estimate:
        """An estimate of the truth's size, its unknown depth filled where that is asked for. Raises: EstimateError."""
        if not self.unknown_is_far:
            return estimate
        if estimate.kind != "metric":
            raise EstimateError("Only a model of metric depth can have its unknown depth taken to be far.")
        far = np.float32(self._farthest(truth.example.depth))
        return replace(estimate, depth=np.where(np.isnan(estimate.depth), far, estimate.depth))

    def aligned(self, name: str, estimate: Estimate, truth: Truth, region: str) -> Aligned:
        """Depth of an estimate of the truth's size, aligned by the pixels that count in a region.

        It is clipped where the protocol clips; else its sign is no matter, as in the release. Infinity is as far as
        can be. NaN stays, and is everywhere where nothing can be aligned.
        """
        true, counts, side = truth.example.depth, truth.counts[region], self.protocol.fit_side
        depth, line = None, (float("nan"), float("nan"))
        if estimate.space == "inverse_depth":
            depth = align_values(estimate.depth, true, counts, side)
        elif (found := align(name, estimate.depth, true, counts, side)) is not None:
            line = (found.scale, found.shift)
            depth = estimate.depth
            if name != "metric":
                # A flat line takes no number to infinity, which stays what it was; inverse depth takes it to the shift.
                finite = np.isfinite(depth) if found.space == "depth" else True
                depth = np.where(finite, found.apply(np.where(finite, depth, 0), float(true[counts].max())), depth)
        if depth is None:
            return Aligned(np.full_like(true, np.nan), line)
        depth = np.clip(depth, *self.protocol.clip) if self.protocol.clip is not None else np.abs(depth)
        if (endless := np.isinf(depth)).any():
            depth = np.where(endless, np.float32(self._farthest(true)), depth)
        return Aligned(depth, line)

    def _farthest(self, true: Float[np.ndarray, "h w"]) -> float:
        far = self.protocol.range[1]
        return far if np.isfinite(far) else float(np.nanmax(true))


@dataclass(frozen=True, eq=False)
class Aligned:
    """A depth map, metres, and the factor and shift that it took; NaN where there is no such line."""

    depth: Float[np.ndarray, "h w"]
    line: tuple[float, float]


def _sums(
    depth: Mapping[str, Float[np.ndarray, "h w"]], true: Float[np.ndarray, "h w"], counts: Bool[np.ndarray, "h w"]
) -> dict[str, DepthSums]:
    measured = true[counts]
    return {name: DepthSums.of(each[counts], measured) for name, each in depth.items()}


def _told_focal(told: Camera | None, camera: Camera) -> float:
    """What the model was told, in true focal lengths; both as shares of their pictures' widths."""
    return 1.0 if told is None else told.fx / told.width * camera.width / camera.fx


def alignments_of(protocol: Protocol, estimate: Estimate) -> tuple[str, ...]:
    """Those of the protocol that suit what the model knows. Raises: EstimateError, when none does."""
    possible = granted(estimate)
    found = tuple(name for name in protocol.alignments if name in possible)
    if not found:
        raise EstimateError(
            f"Depth that is {estimate.kind}, in {estimate.space.replace('_', ' ')}, has to be aligned by "
            f"{' or '.join(possible)}, which {protocol.benchmark}'s {protocol.name} protocol does not have."
        )
    return found


def at_size_of(truth: Truth, estimate: Estimate, aligned_corners: bool = False) -> Estimate:
    """An estimate's maps on the truth's pixels, as depth where that can be had.

    Args:
        aligned_corners: of normals, the corner pixels' centres stay where they are, as in the release.
    Raises: SizeMismatch.
    """
    height, width = truth.example.depth.shape
    h, w = estimate.depth.shape
    ratio = (w / h) / (width / height)
    if max(ratio, 1 / ratio) > _SAME_SHAPE:
        raise SizeMismatch(f"A prediction of {w}x{h} px is of another shape than the truth's {width}x{height} px.")
    depth = np.asarray(estimate.depth, np.float32)
    if estimate.space == "inverse_depth" and estimate.kind != "affine_invariant":
        with np.errstate(divide="ignore"):
            depth = np.where(depth > 0, 1 / np.where(depth > 0, depth, 1), np.where(np.isnan(depth), np.nan, np.inf))
        estimate = replace(estimate, space="depth")
        depth = depth.astype(np.float32)
    depth = np.where(np.isneginf(depth), np.float32(np.nan), depth)
    if (h, w) == (height, width):
        return replace(estimate, depth=depth)
    return replace(
        estimate,
        depth=_resized_depth(depth, height, width),
        normals=_resized_vectors(estimate.normals, height, width, aligned_corners),
        confidence=_resized(estimate.confidence, height, width),
        kappa=_resized(estimate.kappa, height, width),
    )


def _resized_depth(depth: Float[np.ndarray, "h w"], height: int, width: int) -> Float[np.ndarray, "_ _"]:
    """Infinity does not mix with numbers: a pixel has whichever makes up at least half of it."""
    endless = np.isinf(depth)
    if not endless.any():
        return resize_bilinear_finite(depth, height, width)
    nan = np.float32(np.nan)
    share = resize_bilinear_finite(np.where(np.isnan(depth), nan, endless.astype(np.float32)), height, width)
    numbers = resize_bilinear_finite(np.where(endless, nan, depth), height, width)
    return np.where(share >= 0.5, np.float32(np.inf), numbers)


def _resized(values: Float[np.ndarray, "h w"] | None, height: int, width: int) -> Float[np.ndarray, "_ _"] | None:
    return None if values is None else resize_bilinear_finite(values, height, width)


def _resized_vectors(
    normals: Float[np.ndarray, "h w 3"] | None, height: int, width: int, aligned_corners: bool
) -> Float[np.ndarray, "_ _ 3"] | None:
    """Not made unit again: an angle does not ask for length."""
    if normals is None:
        return None
    resized = resize_bilinear(np.moveaxis(normals, -1, 0), height, width, align_corners=aligned_corners)
    return np.moveaxis(resized, 0, -1)


def _normals(normals: Float[np.ndarray, "h w 3"] | None, truth: Truth) -> NormalSums | None:
    return None if normals is None or truth.normals is None else normal_sums(normals, truth.normals)


def _normals_of_depth(estimate: Estimate, truth: Truth) -> NormalSums | None:
    """None where true normals, or the model's own depth in metres up to a factor, are wanting."""
    if truth.normals is None or estimate.kind == "affine_invariant":
        return None
    # In single precision, a window in which depth runs far along the line of sight looks like a line, without a plane.
    own = normals_from_depth(estimate.depth.astype(np.float64), truth.example.truth_camera)
    return _normals(own, truth)
