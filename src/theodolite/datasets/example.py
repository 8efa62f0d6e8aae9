"""One picture to be judged by: its camera, and the truth as it was distributed, at its own size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.errors import SizeMismatch
from theodolite.types import Bool, Float, UInt8

# Ratio of aspects that is still the same view: 640x480 depth belongs to 1296x968 colour.
_SAME_SHAPE = 1.02


@dataclass(frozen=True)
class Plane:
    """A region of the truth that is known to be flat.

    Args:
        kind: "wall", "table" or "floor".
        region: True on the plane.
        normal: of the true plane, unit, camera coordinates, facing the camera.
        distance: of the plane from the camera, metres.
    """

    kind: str
    region: Bool[np.ndarray, "h w"]
    normal: tuple[float, float, float]
    distance: float


@dataclass(frozen=True)
class Example:
    """A picture, its camera, and the truth.

    The truth stays at the size it was distributed in: resizing it would change what is judged. All its maps have one
    size, and show what the image shows, in more or fewer pixels.

    Args:
        image: RGB.
        camera: of the image, pinhole; distortion that the data set did not undo stays.
        depth: true metres along z; NaN where there is none.
        normals: true unit vectors, camera coordinates, facing the camera; NaN where there are none.
        masks: by name, as the data set distributes them, True where the truth may be used.
        edges: True at depth edges that somebody annotated.
        planes: regions known to be flat.
    """

    image: UInt8[np.ndarray, "height width 3"]
    camera: Camera
    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"] | None = None
    masks: Mapping[str, Bool[np.ndarray, "h w"]] = field(default_factory=dict)
    edges: Bool[np.ndarray, "h w"] | None = None
    planes: tuple[Plane, ...] = ()

    def __post_init__(self) -> None:
        if self.image.shape[:2] != (self.camera.height, self.camera.width):
            raise SizeMismatch(
                f"The picture has {self.image.shape[1]}x{self.image.shape[0]} px, "
                f"its camera {self.camera.width}x{self.camera.height}."
            )
        maps = {"normals": self.normals, "edges": self.edges, **self.masks}
        maps |= {f"region of a {plane.kind}": plane.region for plane in self.planes}
        height, width = self.depth.shape
        for name, values in maps.items():
            if values is not None and values.shape[:2] != (height, width):
                raise SizeMismatch(
                    f"The true depth has {width}x{height} px, the {name} {values.shape[1]}x{values.shape[0]}."
                )
        ratio = (width / height) / (self.camera.width / self.camera.height)
        if max(ratio, 1 / ratio) > _SAME_SHAPE:
            raise SizeMismatch(
                f"The true depth's {width}x{height} px are of another shape than the picture's "
                f"{self.camera.width}x{self.camera.height}."
            )

    @property
    def truth_camera(self) -> Camera:
        """The camera on the pixels of the truth."""
        height, width = self.depth.shape
        return self.camera.resized(width, height)


@dataclass(frozen=True)
class Listed:
    """An example that a data set lists; nothing is opened before it is loaded.

    Args:
        name: unique in the data set, the same wherever that is unpacked; "/" between its parts.
        group: part of the data set whose results are told on their own, too, such as a scene; empty without parts.
        load: reads it; a function and its arguments that another process can be given (`functools.partial`).
            Raises DatasetError, naming the file; MissingExtra.
    """

    name: str
    group: str
    load: Callable[[], Example]
