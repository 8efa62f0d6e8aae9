"""Poses and pictures that every form of folder is written from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.geometry.pose import rigid
from theodolite.geometry.rotation import from_vector

SIZE = (32, 24)


def picture(path: Path, size: tuple[int, int] = SIZE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 120, 60)).save(path)
    return path


def depth_picture(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(np.uint16)).save(path)
    return path


def matrix_text(matrix: np.ndarray) -> str:
    return "\n".join(" ".join(f"{value:.9f}" for value in row) for row in matrix) + "\n"


@pytest.fixture
def poses() -> np.ndarray:
    """Five world_from_camera that turn and move."""
    turns = np.linspace(0, 1, 5)[:, None] * (0.1, -0.4, 0.2)
    places = np.linspace(0, 1, 5)[:, None] * (1.0, -0.5, 2.0) + (0.3, 0.2, -1.0)
    return rigid(from_vector(turns), places)


def same(views, poses: np.ndarray, tolerance: float = 1e-6) -> bool:
    return np.allclose([view.world_from_camera for view in views.views], poses, rtol=0, atol=tolerance)
