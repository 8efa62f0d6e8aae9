"""What a photo's prediction holds: metric maps with their camera, measured, saved and read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.errors import SizeMismatch
from theodolite.geometry.normals import normals_from_depth
from theodolite.geometry.unproject import unproject
from theodolite.types import Bool, Float, UInt8

if TYPE_CHECKING:
    from theodolite.inference.files import SaveOptions
    from theodolite.inference.length import Length

# Name, type and last axis of every map.
MAPS: tuple[tuple[str, Any, tuple[int, ...]], ...] = (
    ("depth", np.float32, ()),
    ("normals", np.float32, (3,)),
    ("confidence", np.float32, ()),
    ("kappa", np.float32, ()),
    ("valid", np.bool_, ()),
    ("image", np.uint8, (3,)),
)


@dataclass(frozen=True, eq=False)
class Prediction:
    """Metric maps of one photo; every map, the image and the camera have the same size.

    Args:
        depth: metres along z; NaN where unknown.
        normals: unit length, OpenCV axes, facing the camera; NaN where unknown. None from a depth-only network.
        confidence: larger is surer; trained towards 1 - relative depth error, unbounded.
        kappa: concentration of the normals' distribution, larger is surer. None without normals.
        valid: True = usable; never where depth is unknown.
        camera: of the maps.
        image: RGB, at the maps' size.
        name: file name of the photo.
        model: release name of the network.
        photo_size: (width, height) of the upright photo, px, which pixel coordinates of `measure` refer to;
            the maps' size when absent.
        warnings: what a user has to know about this result, one sentence each.
        provenance: how it was made: plain values that JSON can hold.
    Raises: SizeMismatch, when map, image and camera differ in size; ValueError, for a usable pixel of unknown depth.
    """

    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"] | None
    confidence: Float[np.ndarray, "h w"]
    kappa: Float[np.ndarray, "h w"] | None
    valid: Bool[np.ndarray, "h w"]
    camera: Camera
    image: UInt8[np.ndarray, "h w 3"]
    name: str = "photo"
    model: str = ""
    photo_size: tuple[int, int] = (0, 0)
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        size = (self.camera.height, self.camera.width)
        for name, dtype, channels in MAPS:
            values = getattr(self, name)
            if values is None and name in ("normals", "kappa"):
                continue
            expected = size + channels
            if np.shape(values) != expected:
                raise SizeMismatch(
                    f"A prediction of {size[1]}x{size[0]} px needs {name} of shape {expected}, got {np.shape(values)}."
                )
            object.__setattr__(self, name, np.asarray(values, dtype=dtype))
        if np.any(self.valid & ~np.isfinite(self.depth)):
            raise ValueError("A pixel of unknown depth cannot be valid: clear `valid` where depth is NaN.")
        width, height = self.photo_size if any(self.photo_size) else (size[1], size[0])
        object.__setattr__(self, "photo_size", (int(width), int(height)))
        object.__setattr__(self, "warnings", tuple(self.warnings))

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the maps, px."""
        return self.camera.width, self.camera.height

    @property
    def stem(self) -> str:
        """The photo's name without its ending, as results are named after it."""
        return Path(self.name).stem or "photo"

    def points(self) -> Float[np.ndarray, "h w 3"]:
        """Points in camera coordinates, metres; NaN where depth is unknown."""
        return unproject(self.depth, self.camera)

    def normals_from_depth(self, method: str = "plane", window: int = 5) -> Float[np.ndarray, "h w 3"]:
        """Normals of the depth map itself, for networks without normals, or to check the two against each other."""
        return normals_from_depth(self.depth, self.camera, method, window)

    def normals_or_depths(self, method: str = "plane") -> Float[np.ndarray, "h w 3"]:
        """The network's normals, or those of its depth, by this method, where it has none."""
        return self.normals if self.normals is not None else self.normals_from_depth(method)

    def measure(self, start: tuple[float, float], end: tuple[float, float]) -> Length:
        """Straight distance between the surface points seen at two pixels (u, v) of the upright photo.

        Of a photo whose lens distortion was removed, the pixels are those of the straightened picture, as in the maps.
        Raises: TheodoliteError, for a pixel outside the photo, or where no usable depth is known.
        """
        from theodolite.inference.length import measure

        return measure(self, start, end)

    def save(
        self,
        folder: str | Path,
        formats: Iterable[str] | None = None,
        overwrite: bool = False,
        stem: str | None = None,
        options: SaveOptions | None = None,
    ) -> list[Path]:
        """Write the prediction in each of the formats (`inference.files.FORMATS`); all of them, or none.

        Args:
            formats: names; the default ones when absent.
            stem: start of the file names; that of the photo when absent.
        Returns: the files written.
        Raises: OutputError, when a file is there already and may not be replaced, or cannot be written.
        """
        from theodolite.inference import files

        return files.save(self, folder, formats, overwrite, stem, options)

    @classmethod
    def load(cls, path: str | Path) -> Prediction:
        """A prediction from the NPZ file that `save` wrote.

        Raises: OutputError, when the file is no such thing.
        """
        from theodolite.inference.files.npz import read_npz

        return read_npz(path)
