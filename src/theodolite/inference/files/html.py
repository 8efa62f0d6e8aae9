"""The HTML file: one page that shows the scene in 3D and measures in it, without network access."""

from __future__ import annotations

import base64
import html
import io
import json
from importlib import resources
from typing import BinaryIO

import numpy as np

from theodolite import viz
from theodolite.errors import OutputError
from theodolite.geometry.mesh import stride_for, whole_triangles
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.length import LEAST_DEPTH_SIGMA, OWN_DEPTH_SIGMA, PIXEL_SIGMA
from theodolite.inference.prediction import Prediction
from theodolite.types import Array, Float

# Longer side of the photo in the page, px.
TEXTURE = 1600
STEPS = 65534  # of the depth code; with 0 for unknown it fills 16 bits


def write_html(prediction: Prediction, options: SaveOptions, file: BinaryIO) -> None:
    """The page, with a scene thinned to `options.vertices`.

    Raises: OutputError, when no depth is usable.
    """
    parts = resources.files(__package__).joinpath("viewer")
    page = parts.joinpath("viewer.html").read_text(encoding="utf-8")
    # Escaped, so that nothing a photo is called can end the script element that holds the data.
    data = json.dumps(viewer_scene(prediction, options)).replace("<", "\\u003c")
    for mark, text in (
        ("%TITLE%", html.escape(prediction.name)),
        ("%STYLE%", parts.joinpath("viewer.css").read_text(encoding="utf-8")),
        ("%SCRIPT%", parts.joinpath("viewer.js").read_text(encoding="utf-8")),
        ("%SCENE%", data),
    ):
        page = page.replace(mark, text, 1)
    file.write(page.encode(errors="replace"))  # file names may hold what is no Unicode


def viewer_scene(prediction: Prediction, options: SaveOptions) -> dict:
    """What the page draws: a grid of every so many pixels, its maps in base64, and the facts beside them."""
    if not prediction.valid.any():
        raise OutputError(f"{prediction.name} has no pixel of usable depth, so there is nothing to view.")
    height, width = prediction.valid.shape
    stride = stride_for(height, width, options.vertices)
    if not prediction.valid[::stride, ::stride].any():
        stride = 1  # a few lonely pixels, between the samples
    grid = np.s_[::stride, ::stride]
    valid = prediction.valid[grid]
    depth = np.where(valid, prediction.depth[grid], np.nan)
    normals = prediction.normals_or_depths("cross")
    upper, lower = whole_triangles(prediction.points()[grid], valid, options.edge_degrees)
    uncertain = np.nan_to_num(1 - prediction.confidence[grid], nan=1.0)
    near, far = float(np.nanmin(depth)), float(np.nanmax(depth))
    colours = viz.depth_range(depth) or (near, far)
    camera = prediction.camera
    return {
        "name": prediction.name,
        "model": prediction.model,
        "photoSize": prediction.photo_size,
        "mapSize": prediction.size,
        "grid": {"width": valid.shape[1], "height": valid.shape[0], "stride": stride},
        "camera": {
            **{name: getattr(camera, name) for name in ("fx", "fy", "cx", "cy", "source", "detail")},
            "relSigma": camera.rel_sigma,
            "fov": camera.fov,
        },
        "warnings": prediction.warnings,
        "range": {"near": near, "far": far, "colourNear": colours[0], "colourFar": colours[1]},
        "sigmas": {"pixel": PIXEL_SIGMA, "leastDepth": LEAST_DEPTH_SIGMA, "ownDepth": OWN_DEPTH_SIGMA},
        "spectral": _base64(viz.spectral(256)),
        "depth": _base64(_depth_code(depth, near, far)),
        "normals": _base64(np.round(np.nan_to_num(normals[grid]) * 127).astype(np.int8)),
        "uncertain": _base64(np.round(np.clip(uncertain, 0, 1) * 65535).astype("<u2")),
        "cells": _base64(upper.astype(np.uint8) | lower.astype(np.uint8) << 1),
        "photo": _photo(prediction),
    }


def _depth_code(depth: Float[np.ndarray, "h w"], near: float, far: float) -> Array:
    """Little-endian uint16, even steps of log depth from near (1) to far: the same relative precision everywhere."""
    span = max(np.log(far / near), 1e-9)
    with np.errstate(invalid="ignore"):
        code = 1 + np.round(np.log(depth / near) * (STEPS / span))
    return np.nan_to_num(np.clip(code, 1, STEPS + 1)).astype("<u2")


def _photo(prediction: Prediction) -> str:
    from PIL import Image

    picture = Image.fromarray(prediction.image)
    picture.thumbnail((TEXTURE, TEXTURE), reducing_gap=2.0)
    coded = io.BytesIO()
    picture.save(coded, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(coded.getvalue()).decode()


def _base64(values: Array) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
