"""Metric depth and surface normals from one photograph and a focal length.

A photo's way: `camera` (what took it, into the canonical camera and back) → `network` (tensors only) → `inference`
(photo in, metres out), with `geometry` for what metres are good for and `weights` for the numbers. `synth` makes
scenes with exact truth, `training` learns from them, `evaluation` measures, `cli` is the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from theodolite.camera.photo import Photo
    from theodolite.camera.pinhole import Camera
    from theodolite.errors import TheodoliteError
    from theodolite.inference.prediction import Prediction
    from theodolite.inference.predictor import Predictor, load

__version__ = "0.1.0"

__all__ = ["Camera", "Photo", "Prediction", "Predictor", "TheodoliteError", "__version__", "load"]

_HOME = {
    "Camera": "theodolite.camera.pinhole",
    "Photo": "theodolite.camera.photo",
    "Prediction": "theodolite.inference.prediction",
    "Predictor": "theodolite.inference.predictor",
    "TheodoliteError": "theodolite.errors",
    "load": "theodolite.inference.predictor",
}


def __getattr__(name: str) -> Any:
    # Lazy, so that `import theodolite` stays under a fifth of a second and loads no runtime.
    if name not in _HOME:
        raise AttributeError(f"module 'theodolite' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
