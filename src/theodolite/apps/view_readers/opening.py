"""A view's picture as a photo, and its measured depth on the same pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from theodolite.apps.view_readers.depth import resampled
from theodolite.apps.view_readers.source import picture_sizes
from theodolite.apps.views import View
from theodolite.camera.photo import Photo
from theodolite.camera.pinhole import Camera
from theodolite.errors import PhotoError
from theodolite.types import Float


def open_photo(view: View, max_side: int | None = None) -> Photo:
    """The picture without lens distortion, reduced to a longer side of `max_side` px.

    It is turned upright only where the view's camera is that of the upright picture: poses mostly belong to the picture
    as stored, whatever its EXIF data say.

    Raises: PhotoError.
    """
    from PIL import Image

    from theodolite.camera.decode import read_header

    sizes = picture_sizes(view.image)
    size = (view.camera.camera.width, view.camera.camera.height)
    if size not in sizes:
        raise PhotoError(f"{view.image} has {sizes[0][0]}x{sizes[0][1]} px, not the {size[0]}x{size[1]} of its camera.")
    turned = read_header(view.image, str(view.image)).exif.orientation
    if turned == 1 or (len(sizes) > 1 and size == sizes[-1]):
        return Photo.open(view.image, view.camera, max_side=max_side)
    with Image.open(view.image) as picture:
        stored = np.asarray(picture.convert("RGB"))
    return replace(Photo.open(stored, view.camera, max_side=max_side), name=view.image.name, path=view.image)


def measured_depth(view: View, camera: Camera) -> Float[np.ndarray, "h w"] | None:
    """Measured depth on the pixels of the view's photo, whose camera this is; None without.

    Returns: metres; NaN where unknown.
    Raises: DatasetError.
    """
    return None if view.read_depth is None else resampled(view.read_depth(), view.camera, camera)
