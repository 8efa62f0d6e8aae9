"""Pictures in the order of time, with their camera: of a folder or a video, read one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from theodolite.camera.photo import CameraGiven, Photo
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError, PhotoError, TheodoliteError
from theodolite.extras import require
from theodolite.inference.bulk import expand
from theodolite.types import UInt8

FPS = 30.0  # of pictures whose names are no times
MAX_SIDE = 1280
# Where the pictures of a sequence lie, if not in the folder itself.
_FOLDERS = ("rgb", "image_2", "image_0", "image_l", "images", "color", "mav0/cam0/data")


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a sequence, without lens distortion.

    Args:
        number: its place in the sequence, from 0.
        time: seconds.
        name: file name; of a video, the number.
        notes: what is worth knowing about picture and camera, each the end of a sentence that starts with its name.
    """

    number: int
    time: float
    name: str
    image: UInt8[np.ndarray, "h w 3"]
    camera: Camera
    notes: tuple[str, ...] = ()


class Frames(Protocol):
    """A sequence; what cannot be read gives the reason in its place."""

    def __len__(self) -> int: ...

    def read(self, start: int = 0) -> Iterator[Frame | TheodoliteError]:
        """From a number on."""


@dataclass(frozen=True)
class Opening:
    """How pictures become frames.

    Args:
        camera: of the upright picture; without one, what the pictures say.
        max_side: pictures are reduced to this longer side, px.
        assume_fov: degrees along the longer side, where nothing tells the camera.
        strict: refuse to assume.
    """

    camera: CameraGiven | None = None
    max_side: int = MAX_SIDE
    assume_fov: float = 60.0
    strict: bool = False

    def photo(self, source: Path | UInt8[np.ndarray, "h w 3"]) -> Photo:
        return Photo.open(
            source, self.camera, strict=self.strict, assume_fov=self.assume_fov, max_side=self.max_side or None
        )


@dataclass(frozen=True, eq=False)
class Pictures:
    """A folder's.

    Args:
        times: seconds.
        timed: whether they are known, and not made of a rate.
    """

    files: Sequence[Path]
    times: Sequence[float]
    opening: Opening = field(default_factory=Opening)
    timed: bool = False

    def __len__(self) -> int:
        return len(self.files)

    def read(self, start: int = 0) -> Iterator[Frame | TheodoliteError]:
        for number in range(start, len(self.files)):
            file = self.files[number]
            try:
                photo = self.opening.photo(file)
            except PhotoError as error:
                yield PhotoError(f"{file}: {error}")
                continue
            yield Frame(number, float(self.times[number]), file.name, photo.image, photo.camera, photo.notes)


@dataclass(frozen=True, eq=False)
class Video:
    """A file's, by OpenCV: every so many of its pictures."""

    file: Path
    every: int = 1
    opening: Opening = field(default_factory=Opening)

    def __len__(self) -> int:
        capture = self._open()
        stated = int(capture.get(require("cv2", "slam", "Video").CAP_PROP_FRAME_COUNT))
        capture.release()
        return -(-stated // self.every)

    def read(self, start: int = 0) -> Iterator[Frame | TheodoliteError]:
        cv2 = require("cv2", "slam", "Video")
        capture = self._open()
        fps, stated = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        fps = fps if 0 < fps < 1e4 else FPS
        number = 0
        try:
            while capture.grab():
                wanted = number % self.every == 0 and number // self.every >= start
                # Seeking is not exact in every format; passing over is.
                whole, picture = capture.retrieve() if wanted else (True, None)
                if not whole:
                    break
                if picture is not None:
                    photo = self.opening.photo(np.ascontiguousarray(picture[..., ::-1]))
                    frame = number // self.every
                    yield Frame(frame, number / fps, str(number), photo.image, photo.camera, photo.notes)
                number += 1
        finally:
            capture.release()
        if number < stated - 1:  # some formats count one too many
            yield DatasetError(f"{self.file} breaks off after {number} of {stated} pictures.")

    def _open(self):
        cv2 = require("cv2", "slam", "Video")
        capture = cv2.VideoCapture(str(self.file))
        if not capture.isOpened():
            raise DatasetError(f"{self.file} cannot be read as a video.")
        return capture


def open_frames(
    path: str | Path, opening: Opening | None = None, fps: float | None = None, every: int = 1
) -> Pictures | Video:
    """The sequence in a folder of pictures, in the order of their numbers, or in a video.

    Times are those of rgb.txt or times.txt beside the pictures, or the pictures' names where these are seconds since
    1970 or have a decimal point; else they follow from `fps`.

    Raises: DatasetError, when there is none.
    """
    path, opening = Path(path), opening or Opening()
    if not path.exists():
        raise DatasetError(f"{path} is not there; a video or a folder of pictures is needed.")
    if not path.is_dir():
        return Video(path, every, opening)
    files, times = _listed(path) or _found(path)
    timed = fps is None and times is not None
    if fps is not None or times is None:
        times = [number / (fps or FPS) for number in range(len(files))]
    chosen = slice(None, None, every)
    return Pictures(list(islice(files, None, None, every)), times[chosen], opening, timed)


def _listed(root: Path) -> tuple[list[Path], list[float]] | None:
    """Of TUM's rgb.txt."""
    if not (root / "rgb.txt").is_file():
        return None
    from theodolite.apps.view_readers.tum import read_listing

    listing = read_listing(root / "rgb.txt")
    times = sorted(listing)
    return [root / listing[time] for time in times], times


def _found(root: Path) -> tuple[list[Path], list[float] | None]:
    from theodolite.apps.view_readers.source import natural

    for folder in (root, *(root / name for name in _FOLDERS)):
        files = sorted(expand([folder]), key=natural) if folder.is_dir() else []
        if files:
            return files, _times(root, files)
    raise DatasetError(f"{root} holds no picture; looked in it and in {', '.join(_FOLDERS)}.")


def _times(root: Path, files: Sequence[Path]) -> list[float] | None:
    if (root / "times.txt").is_file():
        words = (root / "times.txt").read_text().split()
        if len(words) != len(files):
            raise DatasetError(f"{root / 'times.txt'} has {len(words)} times for {len(files)} pictures.")
    else:
        words = [file.stem for file in files]
        if not all(re.fullmatch(r"\d+\.\d+|\d{10,}", word) for word in words):
            return None
    try:
        times = [float(word) for word in words]
    except ValueError:
        return None
    # Nanoseconds and microseconds have no point.
    unit = next((unit for unit in (1e9, 1e6, 1e3) if times[0] / unit > 1e8), 1.0) if "." not in words[0] else 1.0
    times = [time / unit for time in times]
    return times if all(b > a for a, b in pairwise(times)) else None
