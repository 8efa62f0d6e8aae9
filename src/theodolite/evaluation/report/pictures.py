"""Pictures of one image for a report: photo, depth, truth, error and normals, small, as data URIs."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np

from theodolite.camera.resample import nearest_index, resize_picture
from theodolite.datasets.example import Listed
from theodolite.errors import DatasetError
from theodolite.evaluation.estimate import Estimate
from theodolite.evaluation.judging import Judge, at_size_of
from theodolite.evaluation.models import Evaluated
from theodolite.evaluation.protocols import Protocol
from theodolite.evaluation.runner import Task
from theodolite.evaluation.truth import DENSE, Truth, prepare
from theodolite.geometry.normals import normals_from_depth
from theodolite.types import Float, Int, UInt8
from theodolite.viz import (
    colourise_depth,
    colourise_error,
    colourise_normals,
    depth_range,
    points_drawn,
    take_points,
)

# Longer side of a picture, px: three beside each other fill a page, and one fills a phone.
SIDE = 480
# Sparse truth is drawn as points of so many px, over the darkened photo.
POINT = 3
DARKENED = 0.35
QUALITY = 82  # WebP: an image's pictures stay below a hundred kilobytes
# The error's colours end at this many times too far, or too near.
FARTHEST = 1.5
_ERROR_ENDS = ("too near", "too far")
_TRUE_NORMALS = {
    "distributed": "true normals",
    "sensor": "normals of the sensor",
    "window": "normals of the true depth",
}


@dataclass(frozen=True)
class Picture:
    """A picture in a report.

    Args:
        caption: what it shows.
        uri: its bytes as a data URI.
        width, height: px.
        legend: "depth" or "error", of whose colours a scale is to stand beneath; empty for none.
        ends: what the first and the last colour of that scale mean.
    """

    caption: str
    uri: str
    width: int
    height: int
    legend: str = ""
    ends: tuple[str, str] = ("", "")


def pictures_of(task: Task, model: Evaluated, listed: Listed, alignment: str) -> list[Picture]:
    """Photo, aligned depth, true depth and error; normals, and true ones where they were judged.

    The image is predicted again: pictures of all images, of which few are shown, would fill the memory.

    Raises: TheodoliteError, when the image has become unusable since it was scored.
    """
    protocol = task.protocol
    truth, judge = prepare(listed.load(), protocol), Judge(protocol, task.unknown_is_far)
    estimate = model.estimate(listed.name, truth.example.image, truth.example.camera)
    estimate = judge.filled(truth, at_size_of(truth, estimate, aligned_corners=protocol.parity))
    aligned, words = _aligned(judge, estimate, truth, alignment)
    canvas = _Canvas.of(truth)
    return [*_depths(canvas, truth, aligned, words), *_normals(canvas, truth, estimate, protocol)]


@dataclass(frozen=True, eq=False)
class _Canvas:
    """The pixels of a small picture of a truth.

    Args:
        photo: at that size.
        everywhere: for each of them, the nearest place in the flattened maps.
        measured: the same where there is truth, which sparse points are widened for; -1 elsewhere.
        sparse: whether truth is drawn as points over the photo.
    """

    photo: UInt8[np.ndarray, "h w 3"]
    everywhere: Int[np.ndarray, "h w"]
    measured: Int[np.ndarray, "h w"]
    sparse: bool

    @classmethod
    def of(cls, truth: Truth) -> _Canvas:
        shape = truth.example.depth.shape
        factor = min(1.0, SIDE / max(shape))
        h, w = (max(1, round(side * factor)) for side in shape)
        everywhere = nearest_index(shape[0], h)[:, None] * shape[1] + nearest_index(shape[1], w)
        sparse = truth.dense < DENSE
        measured = points_drawn(truth.example.depth, h, w, POINT) if sparse else everywhere
        return cls(resize_picture(truth.example.image, w, h), everywhere, measured, sparse)

    def over_photo(
        self, colours: UInt8[np.ndarray, "h w 3"], known: Float[np.ndarray, "h w"]
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Colours where values are known; where truth is sparse, the photo between them."""
        if not self.sparse:
            return colours
        return np.where(np.isfinite(known)[..., None], colours, (self.photo * DARKENED).astype(np.uint8))


def _aligned(judge: Judge, estimate: Estimate, truth: Truth, alignment: str) -> tuple[Float[np.ndarray, "h w"], str]:
    """Depth in metres as it was judged, and what it took, for a caption. Raises: DatasetError."""
    found = judge.aligned(alignment, estimate, truth, judge.protocol.regions[0])
    scale, shift = found.line
    if not np.isfinite(found.depth).any():
        raise DatasetError("nothing was predicted where truth counts")
    if alignment == "metric":
        words = ""
    elif alignment == "affine-inverse":
        words = ", aligned in 1/m"
    else:
        words = f" × {scale:.2f} {shift:+.2f} m" if alignment == "affine" else f" × {scale:.2f}"
    return np.asarray(found.depth, np.float32), words


def _depths(canvas: _Canvas, truth: Truth, aligned: Float[np.ndarray, "h w"], words: str) -> list[Picture]:
    measured = truth.example.depth
    near, far = depth_range(measured) or (1.0, 2.0)
    ends = (f"{near:.3g} m", f"{far:.3g} m")
    depth, true = take_points(aligned, canvas.everywhere), take_points(measured, canvas.measured)
    error = colourise_error(take_points(aligned, canvas.measured), true, FARTHEST)
    predicted, true_colours = colourise_depth(depth, near, far), colourise_depth(true, near, far)
    return [
        _picture("photo", canvas.photo),
        _picture(f"predicted depth{words}", predicted, "depth", ends),
        _picture("true depth", canvas.over_photo(true_colours, true), "depth", ends),
        _picture(f"error{' after alignment' if words else ''}", canvas.over_photo(error, true), "error", _ERROR_ENDS),
    ]


def _normals(canvas: _Canvas, truth: Truth, estimate: Estimate, protocol: Protocol) -> list[Picture]:
    """Predicted ones, or else those of the predicted depth, where that has a shape; and true ones."""

    def picture(caption: str, normals: Float[np.ndarray, "h w 3"]) -> Picture:
        return _picture(caption, colourise_normals(take_points(normals, canvas.everywhere)))

    pictures = []
    if estimate.normals is not None:
        pictures.append(picture("normals", estimate.normals))
    elif estimate.kind != "affine_invariant":
        own = normals_from_depth(estimate.depth.astype(np.float64), truth.example.truth_camera)
        pictures.append(picture("normals of the depth", own))
    if truth.normals is not None:
        pictures.append(picture(_TRUE_NORMALS[protocol.normals], truth.normals))
    return pictures


def _picture(
    caption: str, pixels: UInt8[np.ndarray, "h w 3"], legend: str = "", ends: tuple[str, str] = ("", "")
) -> Picture:
    from PIL import Image

    coded = io.BytesIO()
    Image.fromarray(pixels).save(coded, "WEBP", quality=QUALITY)
    uri = "data:image/webp;base64," + base64.b64encode(coded.getvalue()).decode()
    return Picture(caption, uri, pixels.shape[1], pixels.shape[0], legend, ends)
