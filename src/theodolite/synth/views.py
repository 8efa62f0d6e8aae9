"""Where a photographer stands: camera poses, and a coarse look through them that refuses walls and blocked views."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from theodolite.synth.builder import Solids
from theodolite.synth.scene import Triple, View
from theodolite.synth.textures import Rng

_ROWS, _COLUMNS = 9, 12
_MOST = 500  # solids looked at; the smallest of a larger scene are left out


def looking(eye: Triple, target: Triple, roll: float = 0.0) -> np.ndarray:
    """`world_from_camera` of a camera at `eye` towards `target`; z is up in the world; `roll` in radians."""
    forward = np.subtract(target, eye).astype(float)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    c, s = math.cos(roll), math.sin(roll)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = c * right + s * down, c * down - s * right, forward, eye
    return pose


def focal_length(rng: Rng) -> float:
    """In image widths: phones and RGB-D cameras mostly, now and then a wide angle or a tele lens."""
    if rng.random() < 0.75:
        return float(rng.uniform(0.65, 1.2))
    return float(np.exp(rng.uniform(math.log(0.5), math.log(2.2))))


@dataclass(frozen=True)
class Glance:
    """What a coarse grid of rays meets: z-depth (infinite in the sky) and solid number (-1 there)."""

    depth: np.ndarray
    solid: np.ndarray


def glance(solids: Solids, view: View, aspect: float = 4 / 3) -> Glance:
    """Depth on 9 x 12 rays, every solid taken as its box: rough, but it needs no compiled code and a millisecond."""
    x = (np.arange(_COLUMNS) + 0.5) / _COLUMNS - 0.5
    y = ((np.arange(_ROWS) + 0.5) / _ROWS - 0.5) / aspect
    grid = np.stack(np.broadcast_arrays(x[None] / view.focal, y[:, None] / view.focal, 1.0), -1).reshape(-1, 3)
    direction = (grid @ view.world_from_camera[:3, :3].T).astype(np.float32)
    origin = view.world_from_camera[:3, 3].astype(np.float32)
    size = solids.half.max(1)
    biggest = np.sort(np.argpartition(-size, _MOST)[:_MOST]) if len(size) > _MOST else np.arange(len(size))
    matrix = solids.local_from_world[biggest]
    d = np.moveaxis(direction @ matrix.transpose(0, 2, 1), 0, 1)
    o = np.einsum("nij,nj->ni", matrix, origin - solids.centre[biggest])
    d = np.where(np.abs(d) < 1e-9, 1e-9, d)
    middle, half = -o / d, 1 / np.abs(d)
    near, far = (middle - half).max(-1), (middle + half).min(-1)
    t = np.where((near <= far) & (far > 0), np.maximum(near, 0), np.inf)
    solid = t.argmin(1)
    depth = t[np.arange(len(t)), solid]
    return Glance(depth, np.where(np.isfinite(depth), biggest[solid], -1))


@dataclass(frozen=True)
class Wish:
    """What a view has to show.

    Args:
        nearest: least depth anywhere, metres.
        median: range of the median depth, metres.
        biggest: most of the picture that one solid may cover.
        variety: least number of solids seen.
        foreground: least share of the picture that is more than floor and walls.
    """

    nearest: float
    median: tuple[float, float]
    biggest: float = 0.5
    variety: int = 8
    foreground: float = 0.3
    most_sky: float = 0.6


def _score(found: Glance, wish: Wish, background: int) -> float:
    """Larger is better; positive when the wish is met."""
    seen = found.solid[found.solid >= 0]
    if len(seen) == 0 or found.depth.min() < wish.nearest:
        return -10.0
    counts = np.bincount(seen)
    middle = np.median(found.depth)
    score = 0.0
    if not wish.median[0] <= middle <= wish.median[1]:
        score -= 2
    score -= max(0.0, counts.max() / len(found.solid) - wish.biggest) * 4
    score -= max(0.0, (found.solid < 0).mean() - wish.most_sky) * 4
    foreground = (seen >= background).mean()
    score -= max(0.0, wish.foreground - foreground) * 4
    score -= max(0, wish.variety - (counts > 0).sum()) * 0.2
    return score + 0.5 * foreground + 1e-3


def best_view(solids: Solids, candidates: Iterable[View], wish: Wish, background: int) -> View:
    """The first view that meets the wish, or the best of all.

    Args:
        background: solids with lower numbers are floor, walls and the like, which should not fill the picture.
    """
    best, best_score = None, -math.inf
    for view in candidates:
        score = _score(glance(solids, view), wish, background)
        if score > best_score:
            best, best_score = view, score
        if score > 0:
            break
    assert best is not None
    return best
