"""The options that say which camera took a photo, shared by all commands that take photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from theodolite.camera.photo import CameraGiven

_PANEL = "Camera"

FocalPx = Annotated[
    float | None,
    typer.Option(help="Focal length, pixels of the photo at its full size.", rich_help_panel=_PANEL),
]
Focal35mm = Annotated[
    float | None, typer.Option("--focal-35mm", help="35 mm equivalent focal length, mm.", rich_help_panel=_PANEL)
]
Fov = Annotated[
    float | None,
    typer.Option(help="Field of view along the photo's longer side, degrees.", rich_help_panel=_PANEL),
]
Calibration = Annotated[
    Path | None,
    typer.Option(
        help="Calibration: 3x3 matrix, COLMAP, OpenCV, ROS, nerfstudio, KITTI. FILE#NAME picks one of several.",
        rich_help_panel=_PANEL,
    ),
]
StrictCamera = Annotated[
    bool,
    typer.Option("--strict-camera", help="Refuse photos whose focal length is not known.", rich_help_panel=_PANEL),
]
NoProfile = Annotated[
    bool, typer.Option("--no-profile", help="Leave the camera's scale profile out.", rich_help_panel=_PANEL)
]
Profile = Annotated[
    Path | None,
    typer.Option(help="Use this scale profile, whatever camera the photo names.", rich_help_panel=_PANEL),
]


def profile_setting(no_profile: bool, profile: Path | None) -> str | None:
    """What both options mean for `Predictor.predict`."""
    if no_profile and profile is not None:
        raise typer.BadParameter("it names a profile, and --no-profile leaves it out.", param_hint="--profile")
    return None if no_profile else "auto" if profile is None else str(profile)


def _check_fov(degrees: float) -> float:
    if not 0 < degrees < 180:
        raise typer.BadParameter(f"it lies between 0 and 180 degrees, got {degrees:g}.")
    return degrees


AssumeFov = Annotated[
    float,
    typer.Option(
        help="Field of view assumed where nothing is known, degrees.", callback=_check_fov, rich_help_panel=_PANEL
    ),
]


def resolve_camera_option(
    focal_px: float | None = None,
    focal_35mm: float | None = None,
    fov: float | None = None,
    calibration: Path | None = None,
) -> CameraGiven | None:
    """What `Photo.open` takes as `camera`, from the options; None when none was used.

    Raises: typer.BadParameter, when more than one was used or a number makes no sense; CalibrationError.
    """
    given = {"--focal-px": focal_px, "--focal-35mm": focal_35mm, "--fov": fov, "--calibration": calibration}
    used = [name for name, value in given.items() if value is not None]
    if len(used) > 1:
        raise typer.BadParameter(f"{' and '.join(used)} say the same thing twice; give one of them.")
    if focal_px is not None:
        return _from_focal_px(focal_px)
    if focal_35mm is not None:
        return _from_focal_35mm(focal_35mm)
    if fov is not None:
        return _from_fov(fov)
    return None if calibration is None else _from_calibration(calibration)


def _from_focal_px(focal: float) -> CameraGiven:
    from theodolite.camera.pinhole import Camera

    if not 0 < focal < float("inf"):
        raise typer.BadParameter(f"a focal length is positive, in pixels, got {focal:g}.", param_hint="--focal-px")
    return lambda width, height: Camera.from_focal(focal, width, height, detail="--focal-px")


def _from_focal_35mm(millimetres: float) -> CameraGiven:
    from theodolite.camera.focal import focal_from_equivalent
    from theodolite.camera.pinhole import Camera

    if not 0 < millimetres < float("inf"):
        raise typer.BadParameter(f"it is positive, in millimetres, got {millimetres:g}.", param_hint="--focal-35mm")

    def camera(width: int, height: int) -> Camera:
        focal = focal_from_equivalent(millimetres, width, height)
        return Camera.from_focal(focal.pixels, width, height, rel_sigma=focal.rel_sigma, detail=focal.detail)

    return camera


def _from_fov(degrees: float) -> CameraGiven:
    from theodolite.camera.pinhole import Camera

    if not 0 < degrees < 180:
        raise typer.BadParameter(f"it lies between 0 and 180 degrees, got {degrees:g}.", param_hint="--fov")
    return lambda width, height: Camera.from_fov(
        degrees, width, height, detail=f"--fov: {degrees:g} degrees along the longer side"
    )


def _from_calibration(calibration: Path) -> CameraGiven:
    from theodolite.camera.calibrated import CalibratedCamera
    from theodolite.camera.readers import read_camera

    path, _, name = str(calibration).partition("#")
    if Path(calibration).exists():  # a # in the file's own name
        path, name = str(calibration), ""

    def camera(width: int, height: int) -> CalibratedCamera:
        return read_camera(path, (width, height), name=name or None)

    return camera
