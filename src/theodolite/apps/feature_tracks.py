"""Corners of a picture, and where they are in the next: followed there and back, so that most errors are noticed."""

from __future__ import annotations

import numpy as np

from theodolite.extras import require
from theodolite.types import Bool, Float, Int, UInt8

WHY = "Following points through pictures"
_WINDOW, _LEVELS = 21, 4  # px, halvings: shifts of some hundred pixels are found
_BACK = 0.7  # px off the start, after there and back
_SPACING = 55  # corners along the longer side, at most


def to_grey(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w"]:
    cv2 = require("cv2", "slam", WHY)
    return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)


def corners(
    grey: UInt8[np.ndarray, "h w"], count: int, taken: Float[np.ndarray, "m 2"] | None = None
) -> Float[np.ndarray, "n 2"]:
    """New corners, spread over the picture, away from those taken."""
    cv2 = require("cv2", "slam", WHY)
    if count < 1:
        return np.empty((0, 2), np.float32)
    spacing = max(3.0, max(grey.shape) / _SPACING)
    free = np.full(grey.shape, 255, np.uint8)
    for u, v in np.rint(np.empty((0, 2)) if taken is None else taken).astype(int).tolist():
        cv2.circle(free, (u, v), round(spacing), 0, -1)
    found = cv2.goodFeaturesToTrack(grey, count, 0.003, spacing, mask=free, blockSize=5)
    return np.empty((0, 2), np.float32) if found is None else found.reshape(-1, 2)


def follow(
    before: UInt8[np.ndarray, "h w"],
    after: UInt8[np.ndarray, "h w"],
    uv: Float[np.ndarray, "n 2"],
    guess: Float[np.ndarray, "n 2"] | None = None,
) -> tuple[Float[np.ndarray, "n 2"], Bool[np.ndarray, " n"]]:
    """Where points are in the next picture, and whether they were found.

    Args:
        guess: where they may be; NaN where nothing is expected.
    Source: Lucas and Kanade 1981, over a pyramid (Bouguet 2000), as OpenCV has it.
    """
    cv2 = require("cv2", "slam", WHY)
    if not len(uv):
        return uv, np.zeros(0, bool)
    uv = np.ascontiguousarray(uv, np.float32)
    start = uv if guess is None else np.where(np.isfinite(guess), guess, uv).astype(np.float32)
    settings = {
        "winSize": (_WINDOW, _WINDOW),
        "maxLevel": _LEVELS,
        "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01),
        "flags": cv2.OPTFLOW_USE_INITIAL_FLOW,
    }
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, uv, start.copy(), **settings)
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(after, before, there, uv.copy(), **settings)
    height, width = after.shape
    inside = ((there >= 0) & (there <= (width - 1, height - 1))).all(1)
    returned = np.linalg.norm(back - uv, axis=1) < _BACK
    return there, (found[:, 0] == 1) & (found_back[:, 0] == 1) & inside & returned


def matches(
    one: UInt8[np.ndarray, "h w"], other: UInt8[np.ndarray, "h w"]
) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"]]:
    """Points that look alike in both pictures, however far apart: SIFT, mutual, clearly better than the second best.

    Source: Lowe, Distinctive Image Features from Scale-Invariant Keypoints, IJCV 60(2), 2004.
    """
    cv2 = require("cv2", "slam", WHY)
    sift = cv2.SIFT_create(2000)
    (points, words), (others, other_words) = (sift.detectAndCompute(grey, None) for grey in (one, other))
    if words is None or other_words is None or min(len(words), len(other_words)) < 2:
        return np.empty((0, 2)), np.empty((0, 2))
    there, back = (_best(cv2, *pair) for pair in ((words, other_words), (other_words, words)))
    chosen: list[Int] = [i for i, j in enumerate(there) if j >= 0 and back[j] == i]
    return (
        np.array([points[i].pt for i in chosen]).reshape(-1, 2),
        np.array([others[there[i]].pt for i in chosen]).reshape(-1, 2),
    )


def _best(cv2, words: Float[np.ndarray, "n d"], others: Float[np.ndarray, "m d"]) -> Int[np.ndarray, " n"]:
    """Number of the likeliest of the others; -1 where the second is nearly as like."""
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(words, others, k=2)
    return np.array([a.trainIdx if a.distance < 0.8 * b.distance else -1 for a, b in pairs])
