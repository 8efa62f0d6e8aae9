"""Where a photographer stands: camera poses, and a coarse look through them that refuses walls and blocked views."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from theodolite.synth.builder import Solids
from theodolite.synth.scene import Triple, View
from theodolite.synth.shapes import BOX, ELLIPSOID, FRUSTUM, KINDS, TAPER
from theodolite.synth.textures import Rng

_ROWS, _COLUMNS = 9, 12
_MOST = 240  # solids looked at; what appears smallest is left out
# Kinds that their box stands for; a vault or a hill is no box, and a camera may well stand inside its box.
_BOXY = np.array([kind in (BOX, ELLIPSOID, FRUSTUM, TAPER) for kind in KINDS])


def looking(eye: Triple, target: Triple, roll: float = 0.0) -> np.ndarray:
    """`world_from_camera` of a camera at `eye` towards `target`; z is up in the world; `roll` in radians."""
    # Plain numbers: for one vector NumPy's cross product takes fifty times as long.
    x, y, z = (float(b) - float(a) for a, b in zip(eye, target, strict=True))
    flat = math.hypot(x, y)
    length = math.hypot(flat, z)
    forward = np.array((x, y, z)) / length
    right = np.array((y, -x, 0.0)) / flat
    down = np.array((x * z, y * z, -flat * flat)) / (flat * length)
    c, s = math.cos(roll), math.sin(roll)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = c * right + s * down, c * down - s * right, forward, eye
    return pose


def focal_length(rng: Rng) -> float:
    """In image widths: phones and RGB-D cameras mostly, now and then a very wide angle (0.4) or a tele lens (3)."""
    if rng.random() < 0.78:
        return float(rng.uniform(0.6, 1.2))
    return float(np.exp(rng.uniform(math.log(0.4), math.log(3.0))))


def off_centre(rng: Rng) -> tuple[float, float]:
    """A principal point as far off the middle as real cameras have it, in image widths."""
    return (float(rng.normal(0, 0.012)), float(rng.normal(0, 0.012)))


def tilted(rng: Rng, usual: float = 0.03) -> float:
    """Roll of a camera, radians: nearly level, one time in twelve held askew."""
    return float(rng.normal(0, usual if rng.random() < 11 / 12 else 0.2))


@dataclass(frozen=True)
class Glance:
    """What a coarse grid of rays meets.

    Args:
        depth: along the optical axis, metres; infinite in the sky.
        solid: its number; -1 in the sky.
        plane: 4 numbers that are alike for rays that meet the same plane; NaN in the sky.
    """

    depth: np.ndarray
    solid: np.ndarray
    plane: np.ndarray

    @property
    def flattest(self) -> float:
        """The largest share of the rays that meet one plane, however many solids make it up."""
        known = self.plane[self.solid >= 0]
        if len(known) == 0:
            return 0.0
        key = np.sort(known @ (977.0, 331.0, 97.0, 13.0))
        ends = np.flatnonzero(np.diff(key) > 0.5)
        runs = np.diff(np.concatenate([[-1], ends, [len(key) - 1]]))
        return float(runs.max() / len(self.solid))


def _in_sight(solids: Solids, view: View, offset: np.ndarray, aspect: float) -> np.ndarray:
    """Numbers of the solids whose spheres reach into the picture, at most `_MOST`."""
    x, y, z = (offset @ view.world_from_camera[:3, :3].astype(np.float32)).T
    radius = np.sqrt((solids.half * solids.half).sum(1))
    seen = (z > -radius) & _BOXY[solids.kind]
    for across, slope in ((np.abs(x), 0.5 / view.focal), (np.abs(y), 0.5 / view.focal / aspect)):
        seen &= across - slope * z <= radius * math.sqrt(1 + slope * slope)
    found = np.flatnonzero(seen)
    if len(found) <= _MOST:
        return found
    size = radius[found] / np.sqrt((offset[found] ** 2).sum(1) + 1e-6)
    return found[np.argpartition(-size, _MOST)[:_MOST]]


def _rays(view: View, aspect: float) -> np.ndarray:
    x = ((np.arange(_COLUMNS) + 0.5) / _COLUMNS - 0.5) / view.focal
    y = ((np.arange(_ROWS) + 0.5) / _ROWS - 0.5) / aspect / view.focal
    grid = np.stack(np.broadcast_arrays(x[None], y[:, None], 1.0), -1).reshape(-1, 3)
    return (grid @ view.world_from_camera[:3, :3].T).astype(np.float32)


def glance(solids: Solids, view: View, aspect: float = 4 / 3) -> Glance:
    """What 9 x 12 rays meet, every solid taken as its box: rough, but it needs no compiled code and no millisecond."""
    direction = _rays(view, aspect)
    offset = solids.centre - view.world_from_camera[:3, 3].astype(np.float32)
    number = _in_sight(solids, view, offset, aspect)
    nothing = np.full(len(direction), -1)
    if len(number) == 0:
        return Glance(np.full(len(direction), np.inf), nothing, np.full((len(direction), 4), np.nan))
    matrix = solids.local_from_world[number]
    slope = (matrix.reshape(-1, 3) @ direction.T).reshape(len(number), 3, -1)
    slope[np.abs(slope) < 1e-9] = 1e-9
    inverse = np.reciprocal(slope)
    middle = np.einsum("nij,nj->ni", matrix, offset[number])[:, :, None] * inverse
    np.abs(inverse, out=inverse)
    enter, leave = middle - inverse, middle + inverse
    near = np.maximum(np.maximum(enter[:, 0], enter[:, 1]), enter[:, 2])
    far = np.minimum(np.minimum(leave[:, 0], leave[:, 1]), leave[:, 2])
    t = np.where((near <= far) & (far > 0), np.maximum(near, 0), np.inf)
    first, ray = t.argmin(0), np.arange(len(direction))
    depth = t[first, ray]
    hit = np.isfinite(depth)
    row = matrix[first, enter[first, :, ray].argmax(1)]
    row = row / np.sqrt((row * row).sum(1, keepdims=True))
    at = view.world_from_camera[:3, 3] + direction * np.where(hit, depth, 0)[:, None]
    plane = np.rint(np.concatenate([row, (row * at).sum(1, keepdims=True)], 1) * (20, 20, 20, 10))
    return Glance(depth, np.where(hit, number[first], -1), np.where(hit[:, None], plane, np.nan))


@dataclass(frozen=True)
class Wish:
    """What a view has to show.

    Args:
        nearest: least depth anywhere, metres.
        median: range of the median depth, metres.
        biggest: most of the picture that one plane may cover.
        variety: least number of solids seen.
        foreground: least share of the picture that is more than floor and walls.
        relief: least ratio of far to near depth, between the 95th and the 5th percentile.
    """

    nearest: float
    median: tuple[float, float]
    biggest: float = 0.5
    variety: int = 8
    foreground: float = 0.3
    most_sky: float = 0.6
    relief: float = 1.5


def _score(found: Glance, wish: Wish, background: int) -> float:
    """Larger is better; positive when the wish is met."""
    seen = found.solid[found.solid >= 0]
    depth = np.sort(found.depth)
    if len(seen) == 0 or depth[0] < wish.nearest:
        return -10.0
    counts = np.bincount(seen)
    score = 0.0
    if not wish.median[0] <= depth[len(depth) // 2] <= wish.median[1]:
        score -= 2
    score -= max(0.0, max(int(counts.max()) / len(depth), found.flattest) - wish.biggest) * 4
    score -= max(0.0, 1 - len(seen) / len(depth) - wish.most_sky) * 4
    foreground = float((seen >= background).mean())
    score -= max(0.0, wish.foreground - foreground) * 4
    score -= max(0, wish.variety - int((counts > 0).sum())) * 0.2
    score -= max(0.0, wish.relief - float(depth[int(0.95 * len(seen))] / depth[int(0.05 * len(seen))])) * 2
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
