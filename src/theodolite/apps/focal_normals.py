"""Focal length at which the normals of a predicted depth map agree with the predicted normals.

The network is never told the focal length, and its canonical depth times f / f_c is the depth for any f. A longer f
stretches the scene along the optical axis and nothing else, so that a surface's normal (a, b, c) becomes (a, b, c / s)
when f grows by s. The ratio of the tangents of two slants, that of the network's normal over that of the depth's own,
is therefore the factor by which f has to grow for the two to agree at that pixel; no search is needed. How far an error
of the slant t moves it goes with 1 / (sin t cos t): surfaces seen frontally or along their face tell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.geometry.edges import depth_edges
from theodolite.geometry.normals import normals_from_depth
from theodolite.inference.prediction import Prediction
from theodolite.types import Bool, Float

# Maps are thinned to about this many pixels along the longer side: neighbouring pixels say the same.
SIDE = 320
# Pixels whose two normals differ in direction across the view by more than this, degrees, do not see one plane.
TURN = 25.0
# Slants whose sin t cos t is below this count nothing.
SLANTED = 0.15
# Blocks across and down that are resampled, how often, and how many have to hold something.
BLOCKS, RESAMPLED, FEWEST = 6, 60, 5


@dataclass(frozen=True)
class NormalFocal:
    """The factor on the prediction's focal length that normals ask for, and how sure that is.

    Args:
        log_factor: natural logarithm of the factor.
        log_sigma: its standard deviation, from resampling blocks of the picture.
        share: of the picture's pixels that tell something.
    """

    log_factor: float
    log_sigma: float
    share: float


def compare_normals(prediction: Prediction, seed: int = 0) -> NormalFocal | None:
    """The factor for a prediction; None without predicted normals, or where too little of it is slanted and flat."""
    if prediction.normals is None:
        return None
    step = max(1, max(prediction.size) // SIDE)
    normals, good = sure_normals(prediction, step)
    depth = prediction.depth[::step, ::step]
    own = normals_from_depth(depth, prediction.camera.resized(depth.shape[1], depth.shape[0]))
    log_ratio, weight = _ratios(normals, own)
    good &= weight > 0
    if good.sum() < 50:
        return None
    block = _blocks(good.shape)[good]
    return _resampled(log_ratio[good], weight[good], block, float(good.mean()), np.random.default_rng(seed))


def sure_normals(prediction: Prediction, step: int) -> tuple[Float[np.ndarray, "h w 3"], Bool[np.ndarray, "h w"]]:
    """Every `step`-th predicted normal, and where to believe it: inside surfaces, among the surer half by kappa."""
    if prediction.normals is None:
        raise ValueError("This prediction has no normals.")
    normals, depth = prediction.normals[::step, ::step], prediction.depth[::step, ::step]
    camera = prediction.camera.resized(depth.shape[1], depth.shape[0])
    good = prediction.valid[::step, ::step] & np.isfinite(normals).all(axis=-1)
    edges = depth_edges(depth, camera)
    grown = np.pad(edges, 1)
    for dv in range(3):
        for du in range(3):
            good &= ~grown[dv : dv + edges.shape[0], du : du + edges.shape[1]]
    if prediction.kappa is not None and good.any():
        kappa = prediction.kappa[::step, ::step]
        good &= kappa >= np.median(kappa[good])
    return normals, good


def _ratios(
    normals: Float[np.ndarray, "h w 3"], own: Float[np.ndarray, "h w 3"]
) -> tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """ln of the factor each pixel asks for, and what it counts: by the lesser lever of the two slants."""
    with np.errstate(invalid="ignore", divide="ignore"):
        across = [np.hypot(n[..., 0], n[..., 1]) for n in (normals, own)]
        log_ratio = np.log(across[0] / np.abs(normals[..., 2])) - np.log(across[1] / np.abs(own[..., 2]))
        lever = np.minimum(*(a * np.abs(n[..., 2]) for a, n in zip(across, (normals, own), strict=True)))
        turn = (normals[..., :2] * own[..., :2]).sum(axis=-1) / (across[0] * across[1])
        counts = (turn > np.cos(np.radians(TURN))) & (lever > SLANTED) & (normals[..., 2] * own[..., 2] > 0)
    counts &= np.isfinite(log_ratio)
    return np.where(counts, log_ratio, 0), np.where(counts, lever, 0)


def _blocks(shape: tuple[int, int]) -> np.ndarray:
    row, column = (np.arange(size) * BLOCKS // size for size in shape)
    return row[:, None] * BLOCKS + column


def _resampled(
    log_ratio: np.ndarray, weight: np.ndarray, block: np.ndarray, share: float, rng: np.random.Generator
) -> NormalFocal | None:
    present = np.unique(block)
    if len(present) < FEWEST:
        return None
    order = np.argsort(log_ratio)
    log_ratio, weight, block = log_ratio[order], weight[order], block[order]

    def median(weights: np.ndarray) -> float:
        total = np.cumsum(weights)
        return float(log_ratio[np.searchsorted(total, total[-1] / 2)])

    found = [
        median(weight * np.bincount(rng.choice(present, len(present)), minlength=BLOCKS**2)[block])
        for _ in range(RESAMPLED)
    ]
    return NormalFocal(median(weight), float(np.std(found)), share)
