"""The JSON file: what the prediction is, in a few numbers."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

import numpy as np

from theodolite.inference.files.options import SaveOptions
from theodolite.inference.prediction import Prediction


def facts(prediction: Prediction) -> dict:
    """Size, camera, range of depth and warnings, as plain values. Depths are over valid pixels; null without any."""
    camera, depth = prediction.camera, prediction.depth[prediction.valid]
    width, height = prediction.size
    horizontal, vertical, diagonal = camera.fov
    return {
        "name": prediction.name,
        "model": prediction.model,
        "photo_size": list(prediction.photo_size),
        "map_size": [width, height],
        "camera": {
            "fx": camera.fx,
            "fy": camera.fy,
            "cx": camera.cx,
            "cy": camera.cy,
            "width": width,
            "height": height,
            "fov_degrees": {"horizontal": horizontal, "vertical": vertical, "diagonal": diagonal},
            "source": camera.source,
            "rel_sigma": camera.rel_sigma,
            "detail": camera.detail,
        },
        "depth_metres": {
            "nearest": float(depth.min()) if depth.size else None,
            "median": float(np.median(depth)) if depth.size else None,
            "farthest": float(depth.max()) if depth.size else None,
        },
        "valid_share": float(prediction.valid.mean()),
        "has_normals": prediction.normals is not None,
        "warnings": list(prediction.warnings),
        "provenance": dict(prediction.provenance),
    }


def write_facts(prediction: Prediction, options: SaveOptions, file: BinaryIO) -> None:
    write_json(facts(prediction), file)


def write_json(values: dict, file: BinaryIO) -> None:
    """Indented UTF-8 JSON, ending in a line break."""
    text = json.dumps(values, indent=2, ensure_ascii=False, default=plain)
    # Bytes of a file name that are no UTF-8 are half characters in Python; escaped so, JSON holds them.
    file.write(text.encode(errors="backslashreplace") + b"\n")


def plain(value: Any) -> Any:
    """What JSON can hold in place of what it cannot: numbers of NumPy as numbers, anything else as its text."""
    return value.item() if isinstance(value, np.generic) else str(value)
