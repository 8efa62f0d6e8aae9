"""Pseudo-LiDAR: a picture's points in the axes of a vehicle's scanner, in the files that detectors read.

Source: Y. Wang et al., Pseudo-LiDAR from Visual Depth Estimation, CVPR 2019. It departs from that in leaving out points
at depth edges, which hang in the air between two things, and in giving the picture's brightness as intensity.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError
from theodolite.geometry.edges import depth_edges
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import project, unproject
from theodolite.types import Float, UInt8
from theodolite.weights.atomic import writing

_LUMA = np.array([0.299, 0.587, 0.114]) / 255
# Metres: beyond, a scanner gives hardly an echo, and a network guesses.
REACH = 80.0
# Metres of distance at which errors are told apart.
BANDS = (0.0, 10.0, 20.0, 30.0, 40.0, 60.0, 80.0)


def pseudo_lidar(
    depth: Float[np.ndarray, "h w"],
    camera: Camera,
    body_from_camera: Float[np.ndarray, "4 4"],
    image: UInt8[np.ndarray, "h w 3"] | None = None,
    reach: float = REACH,
) -> Float[np.ndarray, "n 4"]:
    """x, y, z in the body's axes, metres, and intensity: the picture's brightness from 0 to 1, or 1 without a picture.

    Args:
        depth: metres along z; NaN is left out, and so are depth edges.
        reach: farther points are left out, metres.
    """
    points = transform_points(body_from_camera, unproject(depth.astype(float), camera))
    distance = np.linalg.norm(points - body_from_camera[:3, 3], axis=-1)
    with np.errstate(invalid="ignore"):
        keep = np.isfinite(depth) & (distance <= reach) & ~depth_edges(depth, camera)
    bright = np.ones(depth.shape) if image is None else image @ _LUMA
    return np.column_stack([points[keep], bright[keep]]).astype(np.float32)


def write_sweep(path: str | Path, points: Float[np.ndarray, "n 4"]) -> None:
    """As KITTI has it: rows of little-endian float32 x, y, z, intensity. Raises: OutputError."""
    with writing(Path(path)) as temporary:
        np.ascontiguousarray(points, "<f4").tofile(temporary)


def read_sweep(path: str | Path, columns: int = 4) -> Float[np.ndarray, "n columns"]:
    """Rows of float32: 4 columns for KITTI, 5 for nuScenes, whose last is the ring.

    Raises: DatasetError, naming the file, also when it ends within a row.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}.") from error
    if len(data) % (4 * columns):
        raise DatasetError(f"{path}: rows of {columns} float32 are needed, found {len(data)} bytes; is it cut short?")
    return np.frombuffer(data, "<f4").reshape(-1, columns).astype(np.float32)


@dataclass(frozen=True)
class BandError:
    """How far off depth is where a sweep's points lie between two distances.

    Args:
        near, far: of the band, metres.
        points: how many of the sweep's were compared.
        ratio: median of depth over the sweep's.
        relative: median of the relative error's size.
    """

    near: float
    far: float
    points: int
    ratio: float
    relative: float


def sweep_errors(
    depth: Float[np.ndarray, "h w"],
    camera: Camera,
    body_from_camera: Float[np.ndarray, "4 4"],
    sweep: Float[np.ndarray, "n c"],
) -> list[BandError]:
    """A depth map against the points of a sweep, which are in the body's axes; first all, then each of `BANDS`.

    Of several points that fall on a pixel, the nearest: the scanner sees over things that hide the rest.
    """
    u, v, truth = _seen(camera, body_from_camera, sweep)
    ratio = depth[v, u] / truth
    known = np.isfinite(ratio) & (truth <= BANDS[-1])
    truth, ratio = truth[known], ratio[known]
    found = []
    for near, far in ((BANDS[0], BANDS[-1]), *pairwise(BANDS)):
        own = ratio[(truth >= near) & (truth < far)]
        if len(own):
            found.append(BandError(near, far, len(own), float(np.median(own)), float(np.median(np.abs(own - 1)))))
    return found


def _seen(
    camera: Camera, body_from_camera: Float[np.ndarray, "4 4"], sweep: Float[np.ndarray, "n c"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels and depths of the sweep's points, the nearest on each pixel."""
    points = transform_points(inverse(body_from_camera), sweep[:, :3].astype(float))
    pixels, depth = project(points, camera), points[:, 2]
    with np.errstate(invalid="ignore"):
        inside = (depth > 1.0) & ((pixels > -0.5) & (pixels < (camera.width - 0.5, camera.height - 0.5))).all(axis=-1)
    pixels, depth = pixels[inside], depth[inside]
    order = np.argsort(depth, kind="stable")
    u, v = np.rint(pixels[order]).astype(int).T
    _, first = np.unique(v * camera.width + u, return_index=True)
    return u[first], v[first], depth[order][first]
