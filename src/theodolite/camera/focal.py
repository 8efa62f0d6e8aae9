"""Focal length in pixels from EXIF clues: the 35 mm tag, the sensor's pixel pitch, the sensor's width.

The 35 mm tag comes first, because the camera's own maker wrote the field of view into it. It can be read in two ways,
though: the standard means the same diagonal as 35 mm film (43.27 mm), some makers mean the same width (36 mm). On 3:2
pictures both agree, on 4:3 they are 4 % apart. Where a second clue is at hand it decides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from theodolite.camera.exif import Exif
from theodolite.camera.frame import Frame
from theodolite.camera.sensors import sensor_width
from theodolite.errors import CameraError

_FILM_WIDTH, _FILM_DIAGONAL = 36.0, math.hypot(36, 24)  # mm

# Diagonal field of view of a believable photo, degrees. 1 degree is a 2500 mm lens on film, which hardly exists;
# 150 is beyond the widest lenses that still draw straight lines.
_FOV_RANGE = (1.0, 150.0)

# Relative standard uncertainties.
# Engraved against true focal length: names are rounded, and lenses breathe as they focus.
_NOMINAL = 0.02
# The tag is a whole number of millimetres: an error of up to half a millimetre, evenly spread.
_TAG_ROUNDING_MM = 0.5 / math.sqrt(3)
# Pixel pitch, when the table confirms it. Canon's describe the sensor's full width, dark border included, 3 % too much.
_PITCH = 0.03
# Nothing shows whether the picture was resized by a program that rewrote its size, but not its resolution.
_PITCH_ALONE = 0.10
# Table: makers state the sensors of cameras with interchangeable lenses. Of compact cameras they state a "type" only:
# of the twelve among the test photos that give a second clue nine are within 3 %, the others 5, 15 and 24 % off.
_TABLE_LARGE, _TABLE_SMALL, _LARGE_MM = 0.03, 0.08, 12.0
# How far two clues may lie apart and still mean the same.
_SAME = 0.25
# When a second clue may choose between the readings of the tag: it is within 3 % of one, and 1 % closer to it.
_CLOSE, _CLOSER = 0.03, 0.01
# No clue is worse than the guess that is made without any.
WORST = 0.3


@dataclass(frozen=True)
class Focal:
    """A focal length, px, with its relative standard uncertainty and how it was found."""

    pixels: float
    rel_sigma: float
    detail: str


def focal_from_exif(exif: Exif, width: int, height: int) -> tuple[Focal | None, tuple[str, ...]]:
    """The focal length of a picture of this size, and what speaks against clues that were not used.

    Returns: None without a believable clue. The notes are ends of sentences that begin with the picture's name.
    """
    frame, notes = Frame.of(exif, width, height)
    reasons: list[str] = []
    physical = _physical(exif, frame, reasons)
    for focal in (_from_tag(exif, frame, physical, reasons), physical):
        if focal is not None:
            sigma = min(WORST, math.hypot(focal.rel_sigma, frame.rel_sigma))
            return Focal(focal.pixels * frame.scale, sigma, focal.detail), (*notes, *reasons)
    if exif.focal_mm is not None and not reasons:
        camera = exif.camera or "an unnamed camera"
        reasons.append(
            f"gives a focal length of {exif.focal_mm:.4g} mm, but not the sensor size, and {camera} is unknown"
        )
    return None, tuple(reasons)


def focal_from_equivalent(millimetres: float, width: int, height: int) -> Focal:
    """The focal length in pixels of a 35 mm equivalent that somebody gave.

    Raises: CameraError, when it is not positive or no lens for photos is that wide or long.
    """
    if not (isinstance(millimetres, (int, float)) and math.isfinite(millimetres) and millimetres > 0):
        raise CameraError(f"A 35 mm equivalent focal length is positive, in millimetres, got {millimetres!r}.")
    focal, reasons = focal_from_exif(Exif(focal_35mm=millimetres), width, height)
    if focal is None:
        raise CameraError(f"The 35 mm equivalent {'; it '.join(reasons)}.")
    return focal


def _from_tag(exif: Exif, frame: Frame, physical: Focal | None, reasons: list[str]) -> Focal | None:
    tag = exif.focal_35mm
    if tag is None:
        return None
    readings = {
        "diagonal": tag / _FILM_DIAGONAL * math.hypot(frame.longer, frame.shorter),
        "width": tag / _FILM_WIDTH * frame.longer,
    }
    if not _believable(readings["diagonal"], frame, f"a 35 mm equivalent of {tag:g} mm", reasons):
        return None
    apart = abs(readings["width"] / readings["diagonal"] - 1)
    rule, why = _choose_rule(readings, frame, physical)
    # Undecided, the truth is one of the two: half their distance is the standard deviation of a fair coin. A second
    # clue is itself uncertain, so it removes half of that and not all.
    sigma = math.hypot(_NOMINAL, _TAG_ROUNDING_MM / tag, apart / (4 if why.startswith("agreeing") else 2))
    detail = f"35 mm equivalent {tag:g} mm: " + _compared(readings, frame.scale, rule, why)
    focal = readings[rule]
    if exif.digital_zoom > 1.05 and (physical is None or not _same(focal, physical.pixels)):
        focal, detail, sigma = _with_zoom(exif.digital_zoom, focal, physical, detail, sigma)
    if physical is not None and not _same(focal, physical.pixels):
        reasons.append(
            f"has EXIF data that contradict each other: the 35 mm tag means {focal * frame.scale:.0f} px, "
            f"but {physical.detail} means {physical.pixels * frame.scale:.0f} px"
        )
        # Two witnesses, one of them wrong, and the one believed is right three times out of four.
        sigma = math.hypot(sigma, abs(math.log(physical.pixels / focal)) * math.sqrt(0.25 * 0.75))
    return Focal(focal, sigma, detail)


def _compared(readings: dict[str, float], scale: float, rule: str, why: str) -> str:
    diagonal, width = (f"{readings[name] * scale:.0f} px" for name in ("diagonal", "width"))
    if diagonal == width:
        return f"{diagonal} by the diagonal and the width rule alike"
    return f"{diagonal} by the diagonal rule, {width} by the width rule; {rule} taken, {why}"


def _choose_rule(readings: dict[str, float], frame: Frame, physical: Focal | None) -> tuple[str, str]:
    distances = {}
    if physical is not None:
        distances = {rule: abs(math.log(pixels / physical.pixels)) for rule, pixels in readings.items()}
        best = min(distances, key=distances.__getitem__)
        if distances[best] < _CLOSE and max(distances.values()) - distances[best] > _CLOSER:
            return best, f"agreeing with {physical.detail}"
    if frame.longer / frame.shorter > 1.6:
        # The sensor's own frame was 4:3 or 3:2, and most makers leave its tag on a 16:9 crop. Between the diagonal of
        # the crop and the diagonal of the sensor, 9 % apart, the width rule lies in the middle.
        return "width", "the middle way for a crop of a taller sensor"
    return "diagonal", "as the EXIF standard defines the tag"


def _with_zoom(
    zoom: float, focal: float, physical: Focal | None, detail: str, sigma: float
) -> tuple[float, str, float]:
    """Makers differ on whether the 35 mm tag includes the digital zoom."""
    if physical is not None and _same(focal * zoom, physical.pixels):
        return focal * zoom, f"{detail}; times digital zoom {zoom:g}, as {physical.detail} shows", sigma
    if physical is not None:
        return focal, detail, sigma
    # Phones include it, and most digitally zoomed pictures are from phones; it may be wrong one time in four.
    return focal, f"{detail}; digital zoom {zoom:g} taken as included", math.hypot(sigma, math.log(zoom) * 0.43)


def _physical(exif: Exif, frame: Frame, reasons: list[str]) -> Focal | None:
    """From the true focal length and the size of the sensor or of its pixels."""
    if exif.focal_mm is None:
        return None
    plane, table = _from_plane(exif, exif.focal_mm, frame, reasons), _from_table(exif, exif.focal_mm, frame, reasons)
    if plane is None or table is None:
        return plane or table
    for zoom in (1.0, exif.digital_zoom):  # Canon divides the pixel pitch by the zoom, others do not
        if _same(plane.pixels * zoom, table.pixels):
            confirmed = f"{plane.detail}, close to what is known for {exif.camera}"
            return Focal(plane.pixels * zoom, math.hypot(_NOMINAL, _PITCH), confirmed)
    reasons.append(
        f"has a focal plane resolution that means a sensor {exif.focal_mm * frame.longer / plane.pixels:.1f} mm wide, "
        f"against {table.detail}; programs that resize pictures leave such a resolution behind"
    )
    return table


def _from_plane(exif: Exif, focal_mm: float, frame: Frame, reasons: list[str]) -> Focal | None:
    if exif.plane_resolution is None:
        return None
    # The longer side is along x in every camera; where pixels are not square the two rates differ a little.
    pixels = focal_mm * exif.plane_resolution[0]
    if not _believable(pixels, frame, f"{focal_mm:.4g} mm with its focal plane resolution", reasons):
        return None
    sigma = math.hypot(_NOMINAL, _PITCH_ALONE)
    sensor = frame.longer / exif.plane_resolution[0]
    return Focal(pixels, sigma, f"{focal_mm:.4g} mm with {sensor:.2f} mm of sensor, from the focal plane resolution")


def _from_table(exif: Exif, focal_mm: float, frame: Frame, reasons: list[str]) -> Focal | None:
    width = sensor_width(exif.make, exif.model)
    if width is None:
        return None
    pixels = focal_mm / width * frame.longer * exif.digital_zoom
    what = f"{focal_mm:.4g} mm with {width:g} mm of sensor, known for {exif.camera}"
    if not _believable(pixels, frame, what, reasons):
        return None
    table = _TABLE_LARGE if width >= _LARGE_MM else _TABLE_SMALL
    zoom = f", digital zoom {exif.digital_zoom:.2g}" if exif.digital_zoom > 1.05 else ""
    return Focal(pixels, math.hypot(_NOMINAL, table), what + zoom)


def _believable(focal: float, frame: Frame, what: str, reasons: list[str]) -> bool:
    fov = math.degrees(2 * math.atan2(math.hypot(frame.longer, frame.shorter) / 2, focal))
    if _FOV_RANGE[0] <= fov <= _FOV_RANGE[1]:
        return True
    reasons.append(f"claims {what}, a field of view of {fov:.3g} degrees, which is not believable")
    return False


def _same(first: float, second: float) -> bool:
    return abs(math.log(first / second)) < math.log1p(_SAME)
