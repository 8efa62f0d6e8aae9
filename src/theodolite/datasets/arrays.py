"""Numbers out of label files: 16-bit PNG, NumPy, HDF5, PFM, raw floats, Sintel's .dpt, OpenEXR."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from theodolite.errors import DatasetError, MissingExtra, OutputError
from theodolite.extras import require
from theodolite.types import Array

NO_FILE = "there is no such file"
Shape = tuple[int, int]
Reader = Callable[[Path, str | None, Shape | None], Array]


def read(kind: str, path: Path, key: str | None = None, shape: Shape | None = None) -> Array:
    """The array of a file, as it is stored; pictures are RGB.

    Args:
        kind: one of `READERS`.
        key: of a .npz, HDF5 or EXR file; it may be left out where there is one array, or channel, only.
        shape: (h, w) of a raw file.
    Raises: DatasetError, without the name of the file; MissingExtra.
    """
    try:
        if path.stat().st_size == 0:
            raise DatasetError("is empty (0 bytes)")
        return READERS[kind](path, key, shape)
    except (DatasetError, MissingExtra):
        raise
    except FileNotFoundError as error:
        raise DatasetError(NO_FILE) from error
    except OutputError as error:  # of our own PNG reader, which names the file
        raise DatasetError(str(error).removeprefix(f"{path} ").rstrip(".")) from error
    except Exception as error:  # decoders fail in every way there is
        reason = " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())
        raise DatasetError(f"cannot be read as {kind}: {reason[:160]}") from error


def read_by_ending(path: Path) -> Array:
    """As `read`, of a file whose name tells its kind. Of several arrays in a file none is chosen."""
    kind = _ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise DatasetError(f"has an ending that is none of {', '.join(_ENDINGS)}")
    return read(kind, path)


def write_png16(path: Path, values: Array) -> None:
    """A 16-bit grey PNG, whole or absent; its folder is made. Raises: OutputError."""
    from theodolite.inference.files import png
    from theodolite.weights.atomic import writing

    assert values.ndim == 2
    assert values.dtype == np.uint16
    with writing(path) as temporary, temporary.open("wb") as file:
        png.write(file, values)


def _picture(path: Path, key: str | None, shape: Shape | None) -> Array:
    """Grey of any depth, RGB of 8 or 16 bits, RGBA; a palette's numbers rather than its colours."""
    from PIL import Image

    with path.open("rb") as file:
        start = file.read(26)
    # Pillow would bring 16-bit RGB to 8 bits without a word.
    if start[:8] == b"\x89PNG\r\n\x1a\n" and start[24:26] == b"\x10\x02":
        from theodolite.inference.files import png

        return png.read(path)[0]
    with Image.open(path) as picture:
        if picture.mode == "1":
            return np.asarray(picture).astype(np.uint8)
        return np.asarray(picture)


def _rotated_png16(path: Path, key: str | None, shape: Shape | None) -> Array:
    """SUN RGB-D's PNG, whose 16 bits are turned left by three, so that they look well in a viewer."""
    turned = _picture(path, key, shape)
    if turned.dtype.kind not in "iu" or turned.dtype.itemsize < 2:
        raise DatasetError(f"16-bit grey is needed, found {turned.dtype}")
    wide = turned.astype(np.uint32)
    return ((wide >> 3) | (wide << 13)).astype(np.uint16)


def _npy(path: Path, key: str | None, shape: Shape | None) -> Array:
    found = np.load(path, allow_pickle=False)
    if not isinstance(found, np.ndarray):
        found.close()
        raise DatasetError("is a .npz archive; its kind is 'npz'")
    return found


def _npz(path: Path, key: str | None, shape: Shape | None) -> Array:
    # NumPy leaves a file that it opened itself open where the archive turns out to be damaged.
    with path.open("rb") as file:
        found = np.load(file, allow_pickle=False)
        if isinstance(found, np.ndarray):
            raise DatasetError("is a single array; its kind is 'npy'")
        with found as arrays:
            return arrays[_only(arrays.files, key)]


def _hdf5(path: Path, key: str | None, shape: Shape | None) -> Array:
    h5py = require("h5py", "datasets", "Reading HDF5 labels")
    with h5py.File(path, "r") as file:
        if key is not None and key not in file:
            raise DatasetError(f"has no array {key!r}, but {', '.join(map(str, file))}")
        return np.asarray(file[key or _only(list(file), None)])


def _only(names: list[str], key: str | None) -> str:
    if key is not None:
        if key not in names:
            raise DatasetError(f"has no array {key!r}, but {', '.join(names)}")
        return key
    if len(names) != 1:
        raise DatasetError(f"holds {len(names)} arrays ({', '.join(names)}); say which by key")
    return names[0]


def _pfm(path: Path, key: str | None, shape: Shape | None) -> Array:
    """Portable float map: rows from the bottom up, a negative scale for little endian."""
    with path.open("rb") as file:
        form = file.readline().strip()
        if form not in (b"Pf", b"PF"):
            raise DatasetError("is no PFM file")
        width, height = (int(side) for side in file.readline().split())
        order = "<f4" if float(file.readline()) < 0 else ">f4"
        channels = 3 if form == b"PF" else 1
        values = np.frombuffer(file.read(), order)
    if values.size != height * width * channels:
        raise DatasetError(f"holds {values.size} numbers, not the {height * width * channels} of {width}x{height} px")
    return values.reshape((height, width, channels)[: 2 + (channels > 1)])[::-1].astype(np.float32)


def _raw(path: Path, key: str | None, shape: Shape | None) -> Array:
    """Little-endian float32 in rows, without any header."""
    assert shape is not None
    height, width = shape
    size = path.stat().st_size
    if size != 4 * height * width:
        raise DatasetError(f"has {size} bytes, not the {4 * height * width} of {width}x{height} floats")
    return np.fromfile(path, "<f4").reshape(shape)


def _dpt(path: Path, key: str | None, shape: Shape | None) -> Array:
    """MPI Sintel's depth: a check number, width, height, floats."""
    data = path.read_bytes()
    if len(data) < 12 or np.frombuffer(data, "<f4", 1)[0] != np.float32(202021.25):
        raise DatasetError("is no .dpt file: its check number is missing")
    width, height = np.frombuffer(data, "<i4", 2, offset=4).tolist()
    values = np.frombuffer(data, "<f4", offset=12)
    if values.size != width * height:
        raise DatasetError(f"holds {values.size} numbers, not the {height * width} of {width}x{height} px")
    return values.reshape(height, width)


def _exr(path: Path, key: str | None, shape: Shape | None) -> Array:
    """One channel, or red, green and blue; of grey written as three equal channels, one."""
    openexr = require("OpenEXR", "datasets", "Reading EXR labels")
    with openexr.File(str(path), separate_channels=True) as file:
        channels = {name: np.array(channel.pixels) for name, channel in file.channels().items()}
    channels.pop("A", None)
    if key is None and set("RGB") == set(channels):
        red, green, blue = (channels[name] for name in "RGB")
        # A renderer's depth pass often comes like this.
        grey = np.array_equal(red, green, equal_nan=True) and np.array_equal(red, blue, equal_nan=True)
        return red if grey else np.stack([red, green, blue], axis=-1)
    return channels[_only(list(channels), key)]


READERS: dict[str, Reader] = {
    "png16": _picture,
    "png16-rotated": _rotated_png16,
    "npy": _npy,
    "npz": _npz,
    "hdf5": _hdf5,
    "pfm": _pfm,
    "raw": _raw,
    "dpt": _dpt,
    "exr": _exr,
}
KEYED = ("npz", "hdf5", "exr")

_ENDINGS = {
    ".png": "png16",
    ".npy": "npy",
    ".npz": "npz",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".pfm": "pfm",
    ".exr": "exr",
    ".tif": "png16",
    ".tiff": "png16",
    ".bmp": "png16",
}
