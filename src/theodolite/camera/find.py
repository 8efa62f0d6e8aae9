"""The camera of a photo: from a file beside it, its EXIF data, or, announced, an assumption."""

from __future__ import annotations

from pathlib import Path

from theodolite.camera.exif import Exif
from theodolite.camera.focal import WORST, focal_from_exif
from theodolite.camera.pinhole import Camera
from theodolite.camera.sidecar import find_sidecar, read_sidecar
from theodolite.errors import UnknownCamera


def find_camera(
    exif: Exif, width: int, height: int, path: Path | None, name: str, *, strict: bool, assume_fov: float
) -> tuple[Camera, tuple[str, ...]]:
    """The camera of an upright picture of this size, and what is worth telling about how it was found.

    Args:
        path: of the photo, beside which a camera file may lie.
        name: how messages call the photo.
        strict: refuse to assume.
        assume_fov: field of view along the longer side, degrees, where nothing is known.
    Raises: UnknownCamera, when `strict` and nothing tells the focal length; CalibrationError, on a damaged camera file.
    """
    sidecar = find_sidecar(path) if path else None
    if sidecar is not None:
        return read_sidecar(sidecar, width, height), ()
    focal, reasons = focal_from_exif(exif, width, height)
    if focal is not None:
        camera = Camera.from_focal(
            focal.pixels, width, height, source="exif", rel_sigma=focal.rel_sigma, detail=focal.detail
        )
        return camera, reasons
    if strict:
        causes = (*exif.notes, *reasons) or ("has no focal length in its EXIF data",)
        raise UnknownCamera(
            f"{name} {'; it '.join(causes)}. So depth cannot be in metres. "
            "Give --focal-px or --fov, or accept a guess with --assume-fov 60 and without --strict-camera."
        )
    # Main cameras of phones have 65 to 70 degrees, standard zooms 20 to 75: a factor of 1.3 each way covers most.
    detail = f"assumed {assume_fov:g} degrees along the longer side"
    camera = Camera.from_fov(assume_fov, width, height, source="assumed", rel_sigma=WORST, detail=detail)
    # First, and with what it means: nobody may take these metres for measured ones.
    guess = f"has no usable focal length; {detail}, so every length is uncertain by about {100 * WORST:.0f} %. "
    return camera, (guess + "Give the focal length or the field of view to do better.", *reasons)
