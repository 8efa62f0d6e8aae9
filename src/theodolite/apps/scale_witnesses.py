"""What tells the scale of a camera's photos: known lengths in them, or measured depth of the same views."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.apps.evidence import Pixel
from theodolite.apps.measure_requests import parse_pair
from theodolite.apps.metrology import distance
from theodolite.apps.polygon import thinned
from theodolite.camera.photo import CameraGiven
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError, TheodoliteError
from theodolite.inference.files import read_depth_png
from theodolite.inference.length import depth_sigma
from theodolite.inference.prediction import Prediction
from theodolite.types import Float

# Pixels compared in a photo with measured depth, and equal parts of them, by depth, whose medians count.
MOST, PARTS, FEWEST = 20000, 8, 100
# Ratio of aspects, in logarithms, that is still the same view.
SAME_SHAPE = 0.02
# Metres: nearer, sensors measure nothing.
NEAREST = 0.1
_KNOWN = re.compile(r"(?P<photo>.+):(?P<start>[^:=]+):(?P<end>[^:=]+)=(?P<metres>[^:=]+)")


@dataclass(frozen=True, eq=False)
class Witness:
    """What one known length, or one photo with measured depth, says.

    Args:
        photo: where it lies, which tells witnesses of one photo.
        log_ratio: ln of the true over the predicted length or depth; several of one photo's depth.
        log_depth: ln of the predicted depth they are at, metres.
        sigma: of the log ratio, apart from the scale that all have in common.
    """

    photo: str
    log_ratio: Float[np.ndarray, " n"]
    log_depth: Float[np.ndarray, " n"]
    sigma: float

    @property
    def middle(self) -> float:
        return float(np.median(self.log_ratio))


@dataclass(frozen=True)
class KnownLength:
    """A straight length between two pixels of a photo, metres."""

    photo: Path
    start: Pixel
    end: Pixel
    metres: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.metres) and self.metres > 0):
            raise DatasetError(f"{self.photo.name}: a known length is positive, in metres, got {self.metres:g}.")

    def witness(self, prediction: Prediction) -> Witness:
        """Raises: TheodoliteError, for a pixel outside the photo, or where no usable depth is known."""
        found = distance(prediction, self.start, self.end)
        if not found.value > 0:
            raise DatasetError(f"{self.photo.name}: the two ends of a known length are one and the same point.")
        shared = {"scale", "focal length"}
        own = math.hypot(*(part for cause, part in found.quantities[0].causes.items() if cause not in shared))
        points = [_depth_at(prediction, pixel) for pixel in (self.start, self.end)]
        ratio = math.log(self.metres / found.value)
        return Witness(str(self.photo), np.array([ratio]), np.array([np.log(points).mean()]), own / found.value)


@dataclass(frozen=True)
class MeasuredPhoto:
    """A photo with a depth PNG of the same view, of any size.

    Args:
        scale: steps per metre; None takes what the file states.
        camera: fx, fy, cx, cy of the photo; None takes the photo's own.
    """

    photo: Path
    depth: Path
    scale: float | None = None
    camera: tuple[float, float, float, float] | None = None

    def given(self) -> CameraGiven | None:
        known = self.camera
        return None if known is None else lambda width, height: Camera(*known, width, height, detail="frames.json")

    def witness(self, prediction: Prediction) -> Witness:
        """Raises: TheodoliteError, when the depth cannot be read, or too little of it is known in both."""
        depth = read_depth_png(self.depth, self.scale)
        _check_same_view(self.depth, depth.shape, prediction)
        row, column = np.nonzero(np.nan_to_num(depth) > NEAREST)
        chosen = thinned(row, column, MOST)
        row, column = row[chosen], column[chosen]
        (height, width), (map_width, map_height) = depth.shape, prediction.size
        v = np.clip(np.rint((row + 0.5) * map_height / height - 0.5).astype(int), 0, map_height - 1)
        u = np.clip(np.rint((column + 0.5) * map_width / width - 0.5).astype(int), 0, map_width - 1)
        usable = prediction.valid[v, u] & (prediction.depth[v, u] > 0)
        if usable.sum() < FEWEST:
            raise DatasetError(
                f"{self.depth}: {int(usable.sum())} measured pixels have a predicted depth, {FEWEST} are needed."
            )
        predicted = prediction.depth[v, u][usable].astype(float)
        ratio = np.log(depth[row, column][usable] / predicted)
        parts = np.array_split(np.argsort(predicted), PARTS)
        medians = np.array([np.median(ratio[part]) for part in parts])
        depths = np.array([np.median(np.log(predicted[part])) for part in parts])
        stated = depth_sigma(float(np.median(prediction.confidence[v, u][usable])))
        return Witness(str(self.photo), medians, depths, stated / math.sqrt(PARTS))


def _check_same_view(path: Path, shape: tuple[int, ...], prediction: Prediction) -> None:
    (width, height), (height_of, width_of) = prediction.photo_size, shape
    if abs(math.log(width_of / height_of * height / width)) > SAME_SHAPE:
        raise DatasetError(
            f"{path} has {width_of}x{height_of} px, {prediction.name} {width}x{height} px: that is another view. "
            "Depth has to be upright as the photo is shown, after its EXIF orientation."
        )


Testimony = KnownLength | MeasuredPhoto


def parse_known(text: str) -> KnownLength:
    """Out of "photo.jpg:U,V:U,V=1.42". Raises: DatasetError."""
    found = _KNOWN.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        start, end = parse_pair(f"{found['start']},{found['end']}", "--known")
        return KnownLength(Path(found["photo"]), start, end, float(found["metres"]))
    except ValueError:
        raise DatasetError(f"A known length is PHOTO:U,V:U,V=METRES, got {text!r}.") from None


def read_known(path: Path) -> list[KnownLength]:
    """Known lengths of a CSV with the columns photo, u1, v1, u2, v2, metres; photos beside it. Raises: DatasetError."""
    names = ("u1", "v1", "u2", "v2", "metres")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        found = []
        for row in rows:
            u1, v1, u2, v2, metres = (float(row[name]) for name in names)
            found.append(KnownLength(path.parent / row["photo"], (u1, v1), (u2, v2), metres))
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise DatasetError(
            f"{path}: the columns photo, {', '.join(names)} are needed, all but the first numbers."
        ) from error
    return found


def read_frames(folder: Path) -> list[MeasuredPhoto]:
    """The pictures of a folder's frames.json that have measured depth.

    Each entry of its list "files" has `rgb`, `depth` (16-bit PNG, 0 unknown), `depth_scale` (steps per metre) and, but
    for pictures that tell it themselves, `cam_in` (fx, fy, cx, cy of the picture, px).
    Raises: DatasetError.
    """
    file = folder / "frames.json"
    try:
        found = []
        for entry in json.loads(file.read_text("utf-8"))["files"]:
            if entry.get("depth") is None:
                continue
            camera = None if entry.get("cam_in") is None else tuple(float(x) for x in entry["cam_in"])
            if camera is not None and len(camera) != 4:
                raise ValueError("cam_in is fx, fy, cx, cy")
            scale = float(entry["depth_scale"]) if "depth_scale" in entry else None
            found.append(MeasuredPhoto(folder / entry["rgb"], folder / entry["depth"], scale, camera))
    except OSError as error:
        raise DatasetError(f"{file} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DatasetError(f"{file} is no list of frames with rgb, depth, depth_scale and cam_in: {error}.") from error
    if not found:
        raise DatasetError(f"{file} lists no picture with measured depth.")
    return found


def read_sources(paths: Sequence[Path]) -> list[Testimony]:
    """Of folders with frames.json, and of CSV files. Raises: DatasetError."""
    found: list[Testimony] = []
    for path in paths:
        found += read_frames(path) if path.is_dir() else read_known(path)
    return found


def _depth_at(prediction: Prediction, pixel: Pixel) -> float:
    from theodolite.inference.length import look_up

    return float(look_up(prediction, pixel).point[2])


def check_testimony(found: Sequence[Testimony]) -> None:
    """Raises: TheodoliteError, when there is nothing."""
    if not found:
        raise TheodoliteError(
            "Nothing to learn the scale from: give --known PHOTO:U,V:U,V=METRES, --pair PHOTO=DEPTH.png, "
            "a CSV of known lengths, or a folder with frames.json."
        )
