"""Examples out of records, which the builders of training data make: one reading of a layout serves both."""

from __future__ import annotations

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.example import Example
from theodolite.datasets.readers import reading
from theodolite.datasets.record import Record
from theodolite.errors import DatasetError, SizeMismatch
from theodolite.types import Float, UInt8


def example_of(record: Record) -> Example:
    """Picture, depth and normals of a record.

    What a record says for training only has no effect: its range, and where there is sky beyond what depth says.
    Raises: DatasetError, naming the file; MissingExtra.
    """
    (picture,), (depth,), normals = (record.files(name) for name in ("image", "depth", "normals"))
    image = reading.picture(picture)
    height, width = image.shape[:2]
    if record.size is not None and record.size != (width, height):
        raise DatasetError(
            f"{picture}: the camera is of {record.size[0]}x{record.size[1]} px, the picture {width}x{height}."
        )
    # How a camera was come by is told with every result that rests on it.
    camera = Camera(*record.camera, width, height, detail=str(record.extra.get("camera", "")))
    assert record.depth_encoding is not None
    found = reading.depth(depth, record.depth_encoding, camera)
    seen = reading.normals(normals, record.normal_convention or "", camera) if normals else None
    with reading.naming(depth):
        return assembled(image, camera, found, seen)


def assembled(
    image: UInt8[np.ndarray, "height width 3"],
    camera: Camera,
    depth: Float[np.ndarray, "h w"],
    normals: Float[np.ndarray, "h w 3"] | None = None,
) -> Example:
    """The example. Raises: DatasetError, without the name of a file, when maps are not of one view."""
    try:
        return Example(image, camera, depth, normals)
    except SizeMismatch as error:
        raise DatasetError(str(error)) from error
