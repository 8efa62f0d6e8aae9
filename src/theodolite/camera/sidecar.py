"""A camera in a JSON file beside its photo: ``desk.jpg.camera.json`` or ``desk.camera.json``."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from theodolite.camera.pinhole import Camera
from theodolite.errors import CalibrationError, CameraError


def sidecar_paths(photo: Path) -> tuple[Path, Path]:
    """Where a photo's camera may lie, best first; the first is where `write_sidecar` puts it."""
    return photo.with_name(f"{photo.name}.camera.json"), photo.with_name(f"{photo.stem}.camera.json")


def write_sidecar(photo: Path, camera: Camera) -> Path:
    """Write the camera of the upright photo beside it. Whatever opens the photo later will use it."""
    path = sidecar_paths(photo)[0]
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_text(json.dumps(asdict(camera), indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise CameraError(f"The camera cannot be written to {path}: {error.strerror or error}.") from error
    finally:
        # There may be none, and a folder that refuses to be written refuses this too; the reason is told already.
        with suppress(OSError):
            temporary.unlink()
    return path


def find_sidecar(photo: Path) -> Path | None:
    """The file with the photo's camera, if there is one."""
    # Path.is_file fails where the photo's name leaves no room for the longer one.
    return next((path for path in sidecar_paths(photo) if os.path.isfile(path)), None)


def read_sidecar(path: Path, width: int, height: int) -> Camera:
    """The camera in a sidecar, for a photo of this size.

    `fx` and `fy` are needed; the principal point is the middle and the size the photo's where they are missing. A
    camera of the same photo at another size is converted.
    Raises: CalibrationError, when the file is damaged or describes a picture of another shape.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        own = {"width": content.get("width", width), "height": content.get("height", height)}
        # Built without a principal point first: that checks the size, of which the middle is taken.
        camera = Camera(content["fx"], content["fy"], 0, 0, **own, rel_sigma=content.get("rel_sigma", 0.0))
        middle = {"cx": (camera.width - 1) / 2, "cy": (camera.height - 1) / 2}
        camera = replace(camera, source="sidecar", **{name: content.get(name, middle[name]) for name in middle})
    except KeyError as error:
        raise CalibrationError(f"{path} gives no {error.args[0]}; a camera needs fx and fy, in pixels.") from error
    except CameraError as error:
        raise CalibrationError(f"{path}: {error}") from error
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CalibrationError(
            f"{path} is no camera file: {error}. It is a JSON object with fx, fy, cx, cy."
        ) from error
    if abs(camera.width * height - camera.height * width) > max(width, height, camera.width, camera.height):
        raise CalibrationError(
            f"{path} describes a picture of {camera.width}x{camera.height}, the photo has {width}x{height} upright."
        )
    told = content.get("detail") or content.get("source") or ""
    detail = f"{path.name} beside the photo" + (f" ({told})" if isinstance(told, str) and told else "")
    return replace(camera.resized(width, height), detail=detail)
