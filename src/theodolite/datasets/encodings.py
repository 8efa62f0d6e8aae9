"""How depth and sky are written in a file: what turns stored numbers into metres, and into a mask."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets import arrays
from theodolite.errors import DatasetError
from theodolite.types import Bool, Float

MEASURES = ("z", "ray", "disparity")


class _Encoding:
    """What the encodings share: plain data in a manifest, checked word for word."""

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Raises: DatasetError, naming the entry that is wrong."""
        if not isinstance(data, Mapping):
            raise DatasetError(f"an object such as {cls.EXAMPLE} is needed, got {data!r}")  # type: ignore[attr-defined]
        known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
        if unknown := [str(name) for name in data if name not in known]:
            raise DatasetError(f"has no entry {unknown[0]!r}; it knows {', '.join(known)}")
        required = [name for name, field in known.items() if field.default is MISSING]
        if missing := [name for name in required if name not in data]:
            raise DatasetError(f"lacks its entry {missing[0]!r}")
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
        try:
            return cls(**values)
        except TypeError as error:  # a comparison of a text with a number, say
            raise DatasetError(f"holds an entry of a wrong type: {error}") from error

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the usual."""
        usual = {field.name: field.default for field in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, default in usual.items() if (value := getattr(self, name)) != default}


@dataclass(frozen=True)
class DepthEncoding(_Encoding):
    """Metres out of a stored number: (value - offset) / scale, then what `measures` says.

    Args:
        kind: form of the file, one of `arrays.READERS`.
        scale: stored units in a metre (in a pixel, for disparity).
        offset: taken from every stored value first.
        invalid_from: stored values from here on are unknown. NaN, infinity, and what is not positive after offset and
            scale, always are.
        key: name of the array in a .npz or HDF5 file, or of the channel of an EXR; all but HDF5 may leave it out where
            there is one only.
        shape: (h, w) of a raw file.
        measures: "z" along the optical axis, "ray" from the camera's centre, "disparity" in pixels of the label.
        baseline_focal: for disparity, baseline in metres times focal length in pixels of the label.
        edge_rows: rows at the top, and as many at the bottom, whose depth is not to be believed.
    """

    kind: str
    scale: float = 1.0
    offset: float = 0.0
    invalid_from: float | None = None
    key: str | None = None
    shape: tuple[int, int] | None = None
    measures: str = "z"
    baseline_focal: float | None = None
    edge_rows: int = 0

    EXAMPLE = '{"kind": "png16", "scale": 1000}'

    def __post_init__(self) -> None:
        if self.kind not in arrays.READERS:
            raise DatasetError(f"kind is one of {', '.join(arrays.READERS)}, got {self.kind!r}")
        if self.measures not in MEASURES:
            raise DatasetError(f"measures is one of {', '.join(MEASURES)}, got {self.measures!r}")
        _need_positive("scale", self.scale)
        _need_finite("offset", self.offset)
        if self.invalid_from is not None:
            _need_finite("invalid_from", self.invalid_from)
        if (self.measures == "disparity") != (self.baseline_focal is not None):
            raise DatasetError("baseline_focal goes with measures 'disparity', and with nothing else")
        if self.baseline_focal is not None:
            _need_positive("baseline_focal", self.baseline_focal)
        if (self.kind == "raw") != (self.shape is not None):
            raise DatasetError("shape, (h, w), goes with kind 'raw', and with nothing else")
        if self.shape is not None and not _is_shape(self.shape):
            raise DatasetError(f"shape is two positive whole numbers, (h, w), got {self.shape!r}")
        if self.key is not None and (self.kind not in arrays.KEYED or not isinstance(self.key, str)):
            raise DatasetError(f"key, a text, goes with kind {' and '.join(arrays.KEYED)}, got {self.key!r}")
        if not _is_list((self.edge_rows,)) or self.edge_rows < 0:
            raise DatasetError(f"edge_rows is a whole number of rows, got {self.edge_rows!r}")
        if self.kind == "hdf5" and self.key is None:
            raise DatasetError("kind 'hdf5' needs a key, the name of the array in the file")

    def read(self, path: Path, camera: Camera) -> Float[np.ndarray, "h w"]:
        """Metres along z; NaN where unknown.

        Args:
            camera: of the image at any size; it is brought to the label's.
        Raises: DatasetError, without the name of the file.
        """
        return self.metres(self.stored(path), camera)

    def stored(self, path: Path) -> np.ndarray:
        """The numbers of the file as they are. Raises: DatasetError, without the name of the file."""
        values = arrays.read(self.kind, path, self.key, self.shape)
        if values.ndim == 3 and 1 in (values.shape[0], values.shape[2]):
            values = values.squeeze(0 if values.shape[0] == 1 else 2)
        if values.ndim != 2 or values.dtype.kind not in "iuf" or values.size == 0:
            raise DatasetError(f"one channel of numbers is needed, found {values.dtype} of shape {values.shape}")
        if self.kind == "png16" and values.dtype.itemsize < 2:
            raise DatasetError(f"16-bit grey is needed, found {values.dtype} of shape {values.shape}")
        return values

    def metres(self, stored: np.ndarray, camera: Camera) -> Float[np.ndarray, "h w"]:
        """Stored numbers as metres along z; NaN where unknown."""
        values = self.scaled(stored)
        with np.errstate(invalid="ignore"):
            known = np.isfinite(values) & (values > 0)
            if self.invalid_from is not None:
                known &= stored < self.invalid_from
        if self.edge_rows:
            known[: self.edge_rows] = known[-self.edge_rows :] = False
        values = np.where(known, values, np.float32(np.nan))
        if self.measures == "disparity":
            assert self.baseline_focal is not None
            return np.float32(self.baseline_focal) / values
        return values * _cosine(camera, *values.shape) if self.measures == "ray" else values

    def scaled(self, stored: np.ndarray) -> Float[np.ndarray, "h w"]:
        """(value - offset) / scale, of unknown values, too."""
        return ((stored.astype(np.float64) - self.offset) / self.scale).astype(np.float32)


@dataclass(frozen=True)
class SkyEncoding(_Encoding):
    """Where the sky is in a map of classes, or, without one, in the depth.

    Args:
        kind: "nonzero": a mask; "class": numbers of classes, with `sky` the list of those that are sky; "colour": RGB,
            with `sky` the sky's colour; "beyond": no map, but depth of at least `sky` metres.
        sky: numbers of classes, a colour, or a distance in metres.
        unknown: class numbers that say nothing. Where a map says nothing else, nothing is known of the sky.
    """

    kind: str
    sky: tuple[int, ...] | float | None = None
    unknown: tuple[int, ...] = ()

    EXAMPLE = '{"kind": "class", "sky": [142], "unknown": [255]}'

    def __post_init__(self) -> None:
        problem = {
            "nonzero": None if self.sky is None else "kind 'nonzero' takes no sky",
            "class": None if _is_list(self.sky) else "kind 'class' needs sky, a list of class numbers",
            "colour": None if _is_list(self.sky, 3) else "kind 'colour' needs sky, three numbers from 0 to 255",
            "beyond": None if _is_positive(self.sky) else "kind 'beyond' needs sky, a positive number of metres",
        }
        if self.kind not in problem:
            raise DatasetError(f"kind is one of {', '.join(problem)}, got {self.kind!r}")
        if told := problem[self.kind]:
            raise DatasetError(f"{told}, got {self.sky!r}")
        if self.unknown and not (self.kind == "class" and _is_list(self.unknown)):
            raise DatasetError(f"unknown is a list of class numbers, for kind 'class' only, got {self.unknown!r}")

    def read(self, path: Path) -> Bool[np.ndarray, "h w"] | None:
        """True where there is sky; None when the map knows nothing. Raises: DatasetError, without the file's name."""
        values = arrays.read_by_ending(path)
        channels = 3 if self.kind == "colour" else 1
        if values.ndim == 3 and self.kind == "colour" and values.shape[2] == 4:
            values = values[..., :3]
        if values.size == 0 or (1 if values.ndim == 2 else values.shape[-1]) != channels:
            raise DatasetError(f"{channels} channel(s) are needed for {self.kind!r}, found shape {values.shape}")
        if self.kind == "colour":
            return (values == np.array(self.sky)).all(axis=-1)
        values = values.reshape(values.shape[:2])
        if self.kind == "nonzero":
            return values != 0
        if self.unknown and np.isin(values, self.unknown).all():
            return None
        return np.isin(values, self.sky)  # type: ignore[arg-type]

    def in_depth(self, scaled: Float[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
        """For kind "beyond": True where `DepthEncoding.scaled` metres are as far as the sky, or infinite."""
        assert isinstance(self.sky, (int, float))  # by its kind
        # A hair nearer counts, too: 655.35 is not exact in floats.
        return scaled >= np.float32(self.sky) * np.float32(1 - 1e-6)


def _cosine(camera: Camera, height: int, width: int) -> Float[np.ndarray, "h w"]:
    """z of a point at distance 1 along each pixel's ray."""
    own = camera.resized(width, height)
    x = (np.arange(width) - own.cx) / own.fx
    y = (np.arange(height) - own.cy) / own.fy
    return (1 / np.sqrt(1 + x[None, :] ** 2 + y[:, None] ** 2)).astype(np.float32)


def is_number(value: object) -> bool:
    """A finite number; true and false are none, whatever Python says."""
    try:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond what floats hold
        return False


def _is_positive(value: object) -> bool:
    return is_number(value) and value > 0  # type: ignore[operator]


def _is_list(value: object, length: int | None = None) -> bool:
    if not isinstance(value, tuple) or not value or (length is not None and len(value) != length):
        return False
    return all(isinstance(item, int) and not isinstance(item, bool) for item in value)


def _is_shape(value: object) -> bool:
    return isinstance(value, tuple) and _is_list(value, 2) and min(value) > 0


def _need_finite(name: str, value: object) -> None:
    if not is_number(value):
        raise DatasetError(f"{name} must be a finite number, got {value!r}")


def _need_positive(name: str, value: object) -> None:
    if not _is_positive(value):
        raise DatasetError(f"{name} must be a positive number, got {value!r}")
