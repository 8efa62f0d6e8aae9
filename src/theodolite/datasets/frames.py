"""A folder of RGB-D frames listed in `frames.json`: picture, 16-bit depth, scale, intrinsics."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.errors import CameraError, DatasetError
from theodolite.types import Float


@dataclass(frozen=True)
class Frame:
    """One listed frame; nothing is read before it is asked for.

    Args:
        rgb, depth: files.
        depth_scale: metres = stored value / depth_scale; a stored 0 is no measurement.
        intrinsics: fx, fy, cx, cy in pixels of the stored picture, centre of the top-left pixel at (0, 0).
        invalid_from: stored values from here on are no measurement either.
    """

    rgb: Path
    depth: Path
    depth_scale: float
    intrinsics: tuple[float, float, float, float]
    invalid_from: float = math.inf

    @property
    def name(self) -> str:
        return self.rgb.stem

    def camera(self, width: int, height: int) -> Camera:
        """The camera of the picture, whose size is only known once it is opened."""
        fx, fy, cx, cy = self.intrinsics
        return Camera(fx, fy, cx, cy, width, height, source="given", detail="cam_in of frames.json")

    def read_depth(self) -> Float[np.ndarray, "h w"]:
        """Metres; NaN where there is no measurement. Raises: DatasetError."""
        from PIL import Image

        try:
            with Image.open(self.depth) as file:
                stored = np.asarray(file)
        except Exception as error:
            raise DatasetError(
                f"{self.depth}: a depth picture was expected, {type(error).__name__}: {error}."
            ) from error
        if stored.ndim != 2 or stored.dtype == np.uint8:
            raise DatasetError(f"{self.depth}: 16-bit grey is needed, found {stored.dtype} of shape {stored.shape}.")
        depth = stored.astype(np.float32) / np.float32(self.depth_scale)
        return np.where((stored > 0) & (stored < self.invalid_from), depth, np.float32(np.nan))


def read_frames(folder: Path) -> list[Frame]:
    """The frames of a folder's `frames.json` that have depth.

    Raises: DatasetError, naming the file and the field that is wrong.
    """
    listing = Path(folder) / "frames.json"
    try:
        entries = json.loads(listing.read_text("utf-8"))["files"]
    except FileNotFoundError:
        raise DatasetError(f"{folder} has no frames.json.") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DatasetError(f"{listing}: a JSON object with a list 'files' is needed ({error}).") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DatasetError(f"{listing}: 'files' is to be a list of objects, one for each frame.")
    return [_frame(listing, number, entry) for number, entry in enumerate(entries) if entry.get("depth")]


def _frame(listing: Path, number: int, entry: dict) -> Frame:
    where = f"{listing}, frame {number}"
    try:
        scale = float(entry["depth_scale"])
        intrinsics = tuple(float(value) for value in entry["cam_in"])
        unknown = min((float(value) for value in entry.get("depth_invalid") or () if value > 0), default=math.inf)
        frame = Frame(listing.parent / entry["rgb"], listing.parent / entry["depth"], scale, intrinsics, unknown)  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{where}: needs rgb, depth, depth_scale and cam_in ({error!r}).") from error
    if not (math.isfinite(scale) and scale > 0):
        raise DatasetError(f"{where}: depth_scale must be positive, got {scale}.")
    if len(intrinsics) != 4:
        raise DatasetError(f"{where}: cam_in is [fx, fy, cx, cy], got {len(intrinsics)} numbers.")
    try:
        frame.camera(1, 1)
    except CameraError as error:
        raise DatasetError(f"{where}: {error}") from error
    return frame


def find_frame_folders(root: Path) -> list[Path]:
    """`root` itself, or the folders directly in it, that hold a frames.json; sorted."""
    root = Path(root)
    if (root / "frames.json").is_file():
        return [root]
    return sorted(path.parent for path in root.glob("*/frames.json"))


def need_frame_folders(root: Path) -> list[Path]:
    """As `find_frame_folders`. Raises: DatasetError, when there is none."""
    folders = find_frame_folders(root)
    if not folders:
        raise DatasetError(f"{root}: no frames.json there, nor in a folder below it.")
    return folders
