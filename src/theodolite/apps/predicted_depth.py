"""Depth of a sequence's pictures, for what follows a camera: a network's, or a sensor's from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from theodolite.apps.frames import Frame
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.errors import DatasetError
from theodolite.geometry.edges import depth_edges
from theodolite.inference.predictor import Predictor
from theodolite.types import Float

# Metres along z on the frame's pixels; NaN where unknown. A network's, a sensor's, or any other's.
DepthOf = Callable[[Frame], Float[np.ndarray, "h w"]]


def predicted_depth(predictor: Predictor) -> DepthOf:
    """What a network says; NaN for the sky and on both sides of depth edges, where a corner may belong to either."""

    def of(frame: Frame) -> Float[np.ndarray, "h w"]:
        prediction = predictor.predict(frame.image, frame.camera)
        usable = prediction.valid & ~depth_edges(prediction.depth, prediction.camera)
        return np.where(usable, prediction.depth, np.float32(np.nan))

    return of


def measured_depth(folder: str | Path, steps: float) -> DepthOf:
    """What a sensor measured, on the pictures' pixels: 16-bit PNGs with the pictures' names, or else in their order.

    Args:
        steps: of a metre.
    Raises: DatasetError, when there is none; by the function, when that of a picture is missing.
    """
    from theodolite.apps.view_readers.depth import read_depth_steps, resampled
    from theodolite.apps.view_readers.source import natural

    folder = Path(folder)
    files = sorted(folder.glob("*.png"), key=natural) if folder.is_dir() else []
    if not files:
        raise DatasetError(f"{folder} holds no depth picture (16-bit PNG).")
    named = {file.stem: file for file in files}

    def of(frame: Frame) -> Float[np.ndarray, "h w"]:
        file = named.get(Path(frame.name).stem) or (files[frame.number] if frame.number < len(files) else None)
        if file is None:
            raise DatasetError(f"{folder} has no depth for {frame.name}.")
        depth = read_depth_steps(file, steps)
        height, width = depth.shape
        return resampled(depth, CalibratedCamera(frame.camera.resized(width, height)), frame.camera)

    return of
