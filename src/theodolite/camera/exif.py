"""What a photo's EXIF block says about its camera: read with suspicion, not yet interpreted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

_EXIF_IFD = 0x8769
_MAKE, _MODEL, _ORIENTATION = 0x010F, 0x0110, 0x0112
_FOCAL_LENGTH, _FOCAL_LENGTH_35MM = 0x920A, 0xA405
_PLANE_X, _PLANE_Y, _PLANE_UNIT = 0xA20E, 0xA20F, 0xA210
_PIXELS_X, _PIXELS_Y = 0xA002, 0xA003
_DIGITAL_ZOOM = 0xA404
# Millimetres in the unit of the focal plane resolution. 1 ("none") is out of the standard's range but means inches in
# the few files that have it, as 2 does.
_UNIT_MM = {1: 25.4, 2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}


@dataclass(frozen=True)
class Exif:
    """The tags that bear on the focal length; None where absent or meaningless.

    Args:
        orientation: 1 to 8; how the stored picture has to be turned.
        focal_mm: true focal length, millimetres.
        focal_35mm: focal length of the 35 mm camera with the same view, millimetres.
        plane_resolution: (x, y) sensor pixels per millimetre.
        pixels: (x, y) size of the picture the camera wrote, which a later copy may not have.
        digital_zoom: factor by which the camera cropped.
        notes: what was wrong with the block, in words for people.
    """

    make: str = ""
    model: str = ""
    orientation: int = 1
    focal_mm: float | None = None
    focal_35mm: float | None = None
    plane_resolution: tuple[float, float] | None = None
    pixels: tuple[int, int] | None = None
    digital_zoom: float = 1.0
    notes: tuple[str, ...] = ()

    @property
    def camera(self) -> str:
        """Make and model as people say it: "Canon EOS D60", not "Canon Canon EOS D60"."""
        named = self.model and self.model.lower().split()[0] in self.make.lower().split()
        return self.model if named else f"{self.make} {self.model}".strip()

    @classmethod
    def read(cls, picture: Image) -> Exif:
        """From an opened picture. Never fails: what cannot be read is left out, and noted."""
        notes: list[str] = []
        tags = _tags(picture, notes)

        def number(tag: int, what: str) -> float | None:
            return _positive(tags.get(tag), what, notes)

        orientation = tags.get(_ORIENTATION, 1)
        if orientation not in range(1, 9):
            if orientation != 0:  # common, and means the same as absent
                notes.append(f"has an orientation of {orientation!r} in its EXIF data, which is ignored")
            orientation = 1
        width, height = number(_PIXELS_X, "pixel width"), number(_PIXELS_Y, "pixel height")
        return cls(
            make=_text(tags.get(_MAKE)),
            model=_text(tags.get(_MODEL)),
            orientation=int(orientation),
            focal_mm=number(_FOCAL_LENGTH, "focal length"),
            focal_35mm=number(_FOCAL_LENGTH_35MM, "35 mm equivalent focal length"),
            plane_resolution=_plane_resolution(tags, number),
            pixels=(int(width), int(height)) if width and height and min(width, height) >= 1 else None,
            digital_zoom=_zoom(number(_DIGITAL_ZOOM, "digital zoom"), notes),
            notes=tuple(notes),
        )


def _tags(picture: Image, notes: list[str]) -> Mapping[int, Any]:
    try:
        block = picture.getexif()
        tags = dict(block)
    except Exception as error:  # Pillow's parser fails in many ways on broken blocks
        notes.append(f"has a broken EXIF block ({type(error).__name__}), which is ignored")
        return {}
    try:
        tags.update(block.get_ifd(_EXIF_IFD))
    except Exception as error:
        notes.append(f"has a broken EXIF sub-block ({type(error).__name__}); only its outer part is used")
    return tags


def _positive(value: Any, what: str, notes: list[str]) -> float | None:
    """A usable number, or None. Zero is EXIF's own word for unknown, so nothing is said about it."""
    if value is None:
        return None
    try:
        number = math.nan if isinstance(value, (str, bytes, bool)) else float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        number = math.nan
    if number == 0:
        return None
    if not math.isfinite(number) or number < 0:
        shown = repr(value) if len(repr(value)) <= 40 else f"{type(value).__name__} value"
        notes.append(f"has a {what} of {shown} in its EXIF data, which is ignored")
        return None
    return number


def _plane_resolution(tags: Mapping[int, Any], number: Any) -> tuple[float, float] | None:
    x = number(_PLANE_X, "focal plane resolution")
    y = number(_PLANE_Y, "focal plane resolution") or x
    # Inches is the standard's default. A unit that is no number at all leaves the resolution without meaning.
    unit = tags.get(_PLANE_UNIT, 2)
    if x is None or y is None or not isinstance(unit, int) or unit not in _UNIT_MM:
        return None
    return x / _UNIT_MM[unit], y / _UNIT_MM[unit]


def _zoom(value: float | None, notes: list[str]) -> float:
    # Below 1 it would not be a zoom. Phones go to about 100.
    if value is None or 1 <= value <= 100:
        return value or 1.0
    notes.append(f"has a digital zoom of {value:g} in its EXIF data, which is ignored")
    return 1.0


def _text(value: Any) -> str:
    """Make and model as written, up to the first NUL: some cameras leave rubbish behind it, or pad with spaces."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return " ".join(value.split("\0")[0].split()) if isinstance(value, str) else ""
