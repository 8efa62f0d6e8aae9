"""From a record to a sample: files are opened, decoded and checked here, and wrong ones go no further."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from theodolite.camera.canonical_labels import resize_labels, scatter
from theodolite.camera.decode import decode
from theodolite.camera.pinhole import Camera
from theodolite.datasets import arrays
from theodolite.datasets.normal_encodings import CONVENTIONS
from theodolite.datasets.record import FILES, Record, RecordError
from theodolite.datasets.sample import LabelKind, Sample
from theodolite.errors import CameraError, DatasetError, PhotoError
from theodolite.types import Bool, Float, UInt8

FEWEST_LABELS = 16  # a depth map with fewer teaches nothing, and is more likely broken
# Share of labels that a range has to hold. A wrong scale moves nearly all of them out of it.
_LEAST_IN_RANGE = 0.05
# Metres between which the median of any metric scene lies; millimetres taken for metres do not.
_PLAUSIBLE = (0.02, 1000.0)
# Ratio of aspects that is still the same view: 640x480 depth belongs to 1296x968 colour.
_SAME_SHAPE = 1.02


def load(record: Record) -> Sample:
    """The sample of a record, checked.

    Labels stored at another size are brought to the image's: points one by one, all else from the nearest pixel.
    Raises: RecordError; MissingExtra, when no file of this kind can be read here.
    """
    image, camera = _image(record)
    size = (camera.height, camera.width)
    sky = _sky(record, camera)
    depth = _depth(record, camera)
    normals = _normals(record, camera)
    planes = _planes(record, size)
    if (counts := _mask(record, "mask", size)) is not None:
        depth[~counts] = np.nan
        normals = None if normals is None else np.where(counts[..., None], normals, np.float32(np.nan))
        planes = None if planes is None else np.where(counts, planes, 0)
        sky = None if sky is None else sky & counts
    if sky is not None:
        depth, sky = _settle_sky(record.kind, depth, sky)
    if record.depth is not None:
        depth = _in_range(record, depth)
    return Sample(
        image=image,
        camera=camera,
        depth=depth,
        normals=normals,
        sky=sky,
        planes=planes,
        kind=record.kind,
        sparse=record.sparse,
        domain=record.domain,
    )


class Samples:
    """The samples of a list of records, each loaded when it is asked for, and never kept.

    Indexing raises RecordError where there is no sample; others are unharmed.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> Sample:
        return load(self.records[index])


@contextmanager
def _naming(record: Record, field: str) -> Iterator[None]:
    """Errors of the block as a RecordError."""
    try:
        yield
    except (DatasetError, PhotoError, CameraError, OSError) as error:
        file = next(iter(record.files(field)), None) if field in FILES else None
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else ""
        raise RecordError(field, reason or str(error), file=file, origin=record.origin) from error


def _image(record: Record) -> tuple[UInt8[np.ndarray, "h w 3"], Camera]:
    (path,) = record.files("image")
    with _naming(record, "image"):
        if not path.is_file():
            raise DatasetError(arrays.NO_FILE)
        decoded = decode(path, "it")
        if decoded.exif.orientation != 1:
            # Some readers turn such a picture and some do not, so nobody can say which its labels follow.
            raise DatasetError("its EXIF data ask for it to be turned; store it, its labels and its camera upright")
    height, width = decoded.image.shape[:2]
    with _naming(record, "size"):
        if record.size is not None and tuple(record.size) != (width, height):
            raise DatasetError(f"the camera is of {record.size[0]}x{record.size[1]} px, the image {width}x{height}")
    with _naming(record, "camera"):
        camera = Camera(*record.camera, width, height, detail=record.origin)
        if not (-width / 2 <= camera.cx <= 1.5 * width and -height / 2 <= camera.cy <= 1.5 * height):
            point = f"({camera.cx:g}, {camera.cy:g})"
            raise DatasetError(f"its principal point {point} is far outside the image's {width}x{height} px")
    return decoded.image, camera


def _depth(record: Record, camera: Camera) -> Float[np.ndarray, "h w"]:
    size = (camera.height, camera.width)
    if record.depth is None:
        return np.full(size, np.nan, np.float32)
    assert record.depth_encoding is not None
    (path,) = record.files("depth")
    with _naming(record, "depth"):
        depth = record.depth_encoding.read(path, camera)
        known = int(np.isfinite(depth).sum())
        if known == 0:
            raise DatasetError("holds no known depth: all is zero, negative, NaN or marked unknown")
        if known < FEWEST_LABELS:
            raise DatasetError(f"holds {known} known depth(s); at least {FEWEST_LABELS} are needed")
        return _to_size(depth, size, points=_is_sparse(record))


def _in_range(record: Record, depth: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Depth without what is outside the record's range. Raises: DatasetError, when that is nearly everything."""
    with _naming(record, "depth"):
        known = np.isfinite(depth)
        count = int(known.sum())
        if count < FEWEST_LABELS:
            raise DatasetError(f"only {count} known depth(s) are left after masks and sky")
        median = float(np.median(depth[known]))
        if record.kind.metric and not _PLAUSIBLE[0] <= median <= _PLAUSIBLE[1]:
            raise DatasetError(f"its median of {median:.4g} m is implausible; is the scale of depth_encoding right?")
        if record.range is None:
            return depth
        near, far = record.range
        with np.errstate(invalid="ignore"):
            inside = (depth >= near) & (depth <= far)
        if inside.sum() < max(_LEAST_IN_RANGE * count, FEWEST_LABELS):
            raise DatasetError(
                f"{inside.sum() / count:.0%} of its depth is in the range of {near:g} to {far:g} m, the median is "
                f"{median:.4g} m; is the scale of depth_encoding right?"
            )
        return np.where(inside, depth, np.float32(np.nan))


def _normals(record: Record, camera: Camera) -> Float[np.ndarray, "h w 3"] | None:
    if record.normals is None:
        return None
    assert record.normal_convention is not None
    size = (camera.height, camera.width)
    with _naming(record, "normals"):
        normals = CONVENTIONS[record.normal_convention].read(record.files("normals"), camera)
        normals = _to_size(normals, size)
    counts = _mask(record, "normal_mask", size)
    return normals if counts is None else np.where(counts[..., None], normals, np.float32(np.nan))


def _sky(record: Record, camera: Camera) -> Bool[np.ndarray, "h w"] | None:
    size = (camera.height, camera.width)
    encoding = record.sky_encoding
    if encoding is None:
        return None
    if record.sky is None:
        assert record.depth_encoding is not None
        with _naming(record, "depth"):
            depth = record.depth_encoding
            return _to_size(encoding.in_depth(depth.scaled(depth.stored(record.files("depth")[0]))), size)
    with _naming(record, "sky"):
        found = encoding.read(record.files("sky")[0])
        return None if found is None else _to_size(found, size)


def _planes(record: Record, size: tuple[int, int]) -> np.ndarray | None:
    if record.planes is None:
        return None
    with _naming(record, "planes"):
        values = _one_channel(record.files("planes")[0])
        if values.dtype.kind not in "iu" or values.min() < 0:
            raise DatasetError("whole numbers from 0 are needed")
        return _to_size(values.astype(np.int32), size)


def _mask(record: Record, field: str, size: tuple[int, int]) -> Bool[np.ndarray, "h w"] | None:
    """Where labels count; None when there is no such mask."""
    if not record.files(field):
        return None
    with _naming(record, field):
        return _to_size(_one_channel(record.files(field)[0]) != 0, size)


def _one_channel(path: Path) -> np.ndarray:
    values = arrays.read_by_ending(path)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim != 2 or values.size == 0:
        raise DatasetError(f"one channel is needed, found shape {values.shape}")
    return values


def _settle_sky(
    kind: LabelKind, depth: Float[np.ndarray, "h w"], sky: Bool[np.ndarray, "h w"]
) -> tuple[np.ndarray, np.ndarray]:
    """No pixel is both sky and at some depth. What measured depth is believed; matching and rendering are not.

    Source: the way Metric3D v2 joins its sky masks with depth of each kind.
    """
    if kind in (LabelKind.LIDAR, LabelKind.SFM, LabelKind.SENSOR):
        return depth, sky & ~np.isfinite(depth)
    return np.where(sky, np.float32(np.nan), depth), sky


def _is_sparse(record: Record) -> bool:
    return record.kind.sparse if record.sparse is None else record.sparse


def _to_size(values: np.ndarray, size: tuple[int, int], *, points: bool = False) -> np.ndarray:
    """A label map on the pixels of its image. Raises: DatasetError, when it cannot be of the same view."""
    (h, w), (height, width) = values.shape[:2], size
    if (h, w) == size:
        return values
    ratio = (w / h) / (width / height)
    if max(ratio, 1 / ratio) > _SAME_SHAPE:
        raise DatasetError(f"its {w}x{h} px are of another shape than the image's {width}x{height}")
    return scatter(values, height, width) if points else resize_labels(values, height, width)
