"""A slanted plane that any camera may look at, its picture and its depth, to be written in a data set's own layout."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.geometry.unproject import rays

# No two components alike, in size or in sign: a swapped or turned axis cannot go unseen.
NORMAL = np.array([0.3, -0.5, -0.8]) / np.linalg.norm([0.3, -0.5, -0.8])


@dataclass(frozen=True)
class Slope:
    """A plane whose distance from the camera is two metres."""

    camera: Camera
    distance: float = 2.0

    @property
    def normal(self) -> np.ndarray:
        return NORMAL

    @property
    def size(self) -> tuple[int, int]:
        return self.camera.height, self.camera.width

    @property
    def depth(self) -> np.ndarray:
        return -self.distance / (rays(self.camera, np.zeros(self.size)) @ NORMAL)

    @property
    def normals(self) -> np.ndarray:
        return np.broadcast_to(NORMAL, (*self.size, 3))

    @property
    def image(self) -> np.ndarray:
        """No two neighbours, and no two channels, alike."""
        height, width = self.size
        return (np.arange(height * width * 3).reshape(height, width, 3) * 7 % 251).astype(np.uint8)

    def save_image(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(self.image).save(path)


@pytest.fixture
def slope() -> Callable[[Camera], Slope]:
    return Slope


@pytest.fixture
def spoil() -> Callable[[Path, str], None]:
    """Does to a file what happens to files: it is gone, or empty, or cut in its middle, or another file."""

    def do(path: Path, damage: str) -> None:
        content = path.read_bytes()
        path.unlink()
        changed = {"empty": b"", "cut": content[: len(content) // 2], "else": b"\x01" * len(content)}
        if damage != "gone":
            path.write_bytes(changed[damage])

    return do
