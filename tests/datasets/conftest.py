"""A small scene whose every label is known by formula, written the way a test asks for."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind

HEIGHT, WIDTH = 48, 64


CAMERA = Camera(60, 60, 31.5, 23.5, WIDTH, HEIGHT)


@dataclass(frozen=True)
class Plane:
    """A slanted wall, seen whole, two metres from the camera along its normal."""

    folder: Path
    camera: Camera = CAMERA
    normal: tuple[float, float, float] = (0.28, 0, -0.96)

    @property
    def ray(self) -> np.ndarray:
        u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
        camera = self.camera
        return np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones_like(u)], axis=-1)

    @property
    def depth(self) -> np.ndarray:
        return -2 / (self.ray @ np.array(self.normal))

    @property
    def normals(self) -> np.ndarray:
        return np.broadcast_to(np.array(self.normal, np.float32), (HEIGHT, WIDTH, 3))

    def write_image(self, name: str = "image.png") -> Path:
        shade = np.arange(HEIGHT * WIDTH * 3, dtype=np.uint8).reshape(HEIGHT, WIDTH, 3)
        Image.fromarray(shade).save(self.folder / name)
        return Path(name)

    def write_grey(self, name: str, values: np.ndarray) -> Path:
        Image.fromarray(values).save(self.folder / name)
        return Path(name)

    def write_depth(self, depth: np.ndarray | None = None, name: str = "depth.png", scale: float = 1000) -> Path:
        metres = self.depth if depth is None else depth
        return self.write_grey(name, np.rint(np.nan_to_num(metres) * scale).astype(np.uint16))

    def record(self, **changes) -> Record:
        """Image and 16-bit depth in millimetres, and whatever else is given; files are written first."""
        given = {
            "image": self.write_image(),
            "camera": (self.camera.fx, self.camera.fy, self.camera.cx, self.camera.cy),
            "kind": LabelKind.SENSOR,
            "root": self.folder,
        }
        if "depth" not in changes:
            given |= {"depth": self.write_depth(), "depth_encoding": DepthEncoding("png16", scale=1000)}
        return Record(**{**given, **changes})


@pytest.fixture
def plane(tmp_path) -> Plane:
    return Plane(tmp_path)
