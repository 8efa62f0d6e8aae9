"""LiDAR sweeps as sparse depth maps: points moved to the camera's moment, projected, the nearest kept.

A scanner above the camera sees over things that hide the ground behind them from the camera. Where such points fall on
a pixel of their own they stay, as in the labels that the published networks learnt from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.arrays import write_png16
from theodolite.datasets.builders.source_files import intrinsics
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.load import FEWEST_LABELS
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError
from theodolite.geometry.pose import inverse, rigid, transform_points
from theodolite.geometry.rotation import from_quaternion
from theodolite.geometry.unproject import project
from theodolite.inference.files.depth_png import encode_depth
from theodolite.types import Float

# Half a centimetre, finer than any scanner measures, and up to 327 m, farther than any of them reaches.
ENCODING = DepthEncoding("png16", scale=200)
# Nearer there is the car itself, farther hardly an echo.
REACH = (1.0, 250.0)


def pose_of(
    quaternion: Sequence[float] | Float[np.ndarray, "4"], translation: Sequence[float] | Float[np.ndarray, "3"]
) -> Float[np.ndarray, "4 4"]:
    """The rigid motion of a quaternion w, x, y, z and a translation, metres."""
    return rigid(from_quaternion(np.asarray(quaternion, dtype=float)), np.asarray(translation, dtype=float))


def camera_from_sweep(
    world_from_camera: Float[np.ndarray, "4 4"], world_from_sweep: Float[np.ndarray, "4 4"]
) -> Float[np.ndarray, "4 4"]:
    """From the sweep's axes to the camera's, each where it was at its own moment: the car has moved in between."""
    return inverse(world_from_camera) @ world_from_sweep


def read_points(path: Path, columns: int) -> Float[np.ndarray, "n 3"]:
    """Points of a file of float32 rows that begin with x, y and z, as KITTI and nuScenes have them.

    Raises: DatasetError, naming the file, also when it ends within a row.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}.") from error
    if len(data) % (4 * columns):
        raise DatasetError(f"{path}: rows of {columns} float32 are needed, found {len(data)} bytes; is it cut short?")
    return np.frombuffer(data, "<f4").reshape(-1, columns)[:, :3].astype(float)


def sweep_depth(
    points: Float[np.ndarray, "n 3"], camera_from_points: Float[np.ndarray, "4 4"], camera: Camera
) -> Float[np.ndarray, "h w"]:
    """Depth along z of the points a camera sees; NaN elsewhere.

    Args:
        points: metres, in their own axes; those that are not finite are no echoes.
        camera_from_points: into OpenCV's axes, x right, y down, z forward.
    """
    echoes = np.asarray(points, dtype=float)[np.isfinite(points).all(axis=-1)]
    seen = transform_points(camera_from_points, echoes)
    return nearest_depth(project(seen, camera), seen[:, 2], camera.height, camera.width)


def nearest_depth(
    pixels: Float[np.ndarray, "n 2"],
    depth: Float[np.ndarray, " n"],
    height: int,
    width: int,
    reach: tuple[float, float] = REACH,
) -> Float[np.ndarray, "h w"]:
    """Of all depths within reach that fall on a pixel, the smallest; NaN where none does."""
    near, far = reach
    with np.errstate(invalid="ignore"):
        inside = (depth >= near) & (depth <= far) & np.isfinite(pixels).all(axis=-1)
        inside &= ((pixels > -0.5) & (pixels < np.array([width - 0.5, height - 0.5]))).all(axis=-1)
    u, v = np.rint(pixels[inside]).astype(np.intp).T
    out = np.full((height, width), np.inf, dtype=np.float32)
    np.minimum.at(out, (v, u), depth[inside].astype(np.float32))
    return np.where(np.isfinite(out), out, np.float32(np.nan))


@dataclass(frozen=True)
class Shot:
    """A picture that waits for its depth.

    Args:
        label: file for the depth. One that is there already is whole, and is kept: days of building go on where they
            were interrupted.
    """

    image: Path
    camera: Camera
    label: Path
    domain: str

    def with_sweep(
        self, read_points: Callable[[], Float[np.ndarray, "n 3"]], camera_from_points: Float[np.ndarray, "4 4"]
    ) -> Iterator[Record]:
        """A record with the points projected, as `sweep_depth` does; none, when the camera sees hardly any of them."""
        return self.with_depth(lambda: sweep_depth(read_points(), camera_from_points, self.camera))

    def with_depth(self, make: Callable[[], Float[np.ndarray, "h w"]]) -> Iterator[Record]:
        """A record with this depth; none, when there is too little to be loaded."""
        if not self.label.is_file():
            depth = make()
            if np.isfinite(depth).sum() < FEWEST_LABELS:
                return
            write_png16(self.label, encode_depth(depth, ENCODING.scale))
        yield Record(
            image=self.image,
            camera=intrinsics(self.camera),
            size=(self.camera.width, self.camera.height),
            depth=self.label,
            depth_encoding=ENCODING,
            kind=LabelKind.LIDAR,
            range=REACH,
            domain=self.domain,
        )
