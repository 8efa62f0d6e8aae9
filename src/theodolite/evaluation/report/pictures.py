"""Pictures of one frame for a report: photo, depth, truth, error and normals, small, as data URIs."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np

from theodolite.camera.resample import nearest_index, resize_picture
from theodolite.evaluation.real_frames import DENSE, ListedFrame, predict_frame
from theodolite.evaluation.scores import FrameScore
from theodolite.geometry.sensor_normals import sensor_normals
from theodolite.inference.predictor import Predictor
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
QUALITY = 82  # WebP: a frame's pictures stay below a hundred kilobytes
# The error's colours end at this many times too far, or too near.
FARTHEST = 1.5


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


def frame_pictures(
    predictor: Predictor, listed: ListedFrame, score: FrameScore, metres: tuple[float, float]
) -> list[Picture]:
    """Photo, aligned depth, true depth and error; normals, and those of the sensor where they were judged.

    The frame is predicted again: pictures of all frames, of which few are shown, would fill the memory.

    Args:
        metres: between which ground truth counts.
    Raises: TheodoliteError, when a file has become unusable since it was scored.
    """
    prediction, truth = predict_frame(predictor, listed.frame, metres)
    factor = min(1.0, SIDE / max(truth.shape))
    h, w = (max(1, round(side * factor)) for side in truth.shape)
    photo = resize_picture(prediction.image, w, h)
    everywhere = _grid(truth.shape, h, w)
    sparse = score.dense < DENSE
    measured = points_drawn(truth, h, w, POINT) if sparse else everywhere
    scale = score.scale if np.isfinite(score.scale) else 1.0
    aligned = prediction.depth * np.float32(scale)
    near, far = depth_range(truth) or (1.0, 2.0)
    ends = (f"{near:.3g} m", f"{far:.3g} m")

    def over_photo(colours: UInt8[np.ndarray, "h w 3"], known: np.ndarray) -> UInt8[np.ndarray, "h w 3"]:
        return np.where(known[..., None], colours, (photo * DARKENED).astype(np.uint8)) if sparse else colours

    depth, true = take_points(aligned, everywhere), take_points(truth, measured)
    error = colourise_error(take_points(aligned, measured), true, FARTHEST)
    known = np.isfinite(true)
    pictures = [
        _picture("photo", photo),
        _picture(f"predicted depth × {scale:.2f}", colourise_depth(depth, near, far), "depth", ends),
        _picture("true depth", over_photo(colourise_depth(true, near, far), known), "depth", ends),
        _picture(
            "error after alignment",
            over_photo(error, known),
            "error",
            ("too near", "too far"),
        ),
    ]
    own = prediction.normals is not None
    normals = prediction.normals if prediction.normals is not None else prediction.normals_from_depth()
    pictures.append(_picture("normals" if own else "normals of the depth", _normals(normals, everywhere)))
    if score.normals is not None:
        measured_normals = sensor_normals(truth, prediction.camera)
        pictures.append(_picture("normals of the sensor", _normals(measured_normals, everywhere)))
    return pictures


def _grid(shape: tuple[int, int], height: int, width: int) -> Int[np.ndarray, "height width"]:
    """The places, in a flattened map, of the pixels nearest to those of a smaller picture."""
    return nearest_index(shape[0], height)[:, None] * shape[1] + nearest_index(shape[1], width)


def _normals(
    normals: Float[np.ndarray, "h w 3"], places: Int[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "_ _ 3"]:
    return colourise_normals(take_points(normals, places))


def _picture(
    caption: str, pixels: UInt8[np.ndarray, "h w 3"], legend: str = "", ends: tuple[str, str] = ("", "")
) -> Picture:
    from PIL import Image

    coded = io.BytesIO()
    Image.fromarray(pixels).save(coded, "WEBP", quality=QUALITY)
    uri = "data:image/webp;base64," + base64.b64encode(coded.getvalue()).decode()
    return Picture(caption, uri, pixels.shape[1], pixels.shape[0], legend, ends)
