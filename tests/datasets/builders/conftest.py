"""A known scene, an inclined plane, to be written in the layout of any data set and found again by its builder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.load import load
from theodolite.datasets.manifest import Manifest, write_manifest
from theodolite.datasets.sample import Sample
from theodolite.geometry.normals import normals_from_depth
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import rays, unproject

# No two components alike, in size or in sign: a swapped or turned axis cannot go unseen.
NORMAL = np.array([0.3, -0.5, -0.8]) / np.linalg.norm([0.3, -0.5, -0.8])


@dataclass(frozen=True)
class Plane:
    """What a camera sees of a plane two metres away: z, vectors to it and its normals, in OpenCV axes."""

    camera: Camera

    @property
    def depth(self) -> np.ndarray:
        return -2 / (rays(self.camera, np.zeros((self.camera.height, self.camera.width))) @ NORMAL)

    @property
    def normals(self) -> np.ndarray:
        return np.broadcast_to(NORMAL, (self.camera.height, self.camera.width, 3))

    def save_image(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (self.camera.width, self.camera.height), (90, 120, 150)).save(path)

    def save_depth(self, path: Path, scale: float) -> None:
        """16 bit, metres times `scale`; the top-left pixel is unknown."""
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = np.rint(self.depth * scale)
        stored[0, 0] = 0
        Image.fromarray(stored.astype(np.uint16)).save(path)

    def save_normals(self, path: Path, unknown: tuple[int, int, int]) -> None:
        """8 bit, OpenCV axes; the top-left pixel is unknown."""
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = np.rint((self.normals + 1) * 127.5).astype(np.uint8)
        stored[0, 0] = unknown
        Image.fromarray(stored).save(path)

    def check(self, sample: Sample, *, millimetres: float = 2) -> None:
        """The sample is of this plane: camera, depth, normals, and these two agree with one another."""
        for name in ("fx", "fy", "cx", "cy", "width", "height"):
            assert getattr(sample.camera, name) == pytest.approx(getattr(self.camera, name), abs=1e-6), name
        assert np.isfinite(sample.depth).sum() >= sample.depth.size - 1
        np.testing.assert_allclose(
            np.where(np.isnan(sample.depth), self.depth, sample.depth), self.depth, atol=millimetres / 1e3
        )
        if sample.normals is not None:
            assert np.isfinite(sample.normals).all(axis=-1).sum() >= sample.depth.size - 1
            assert degrees_between(sample.normals, self.normals) < 0.6
            assert (
                degrees_between(sample.normals, normals_from_depth(sample.depth.astype(np.float64), sample.camera))
                < 1.5
            )


def degrees_between(first: np.ndarray, second: np.ndarray) -> float:
    """The largest angle, where both are known."""
    cosine = (first * second).sum(axis=-1)
    return float(np.degrees(np.nanmax(np.arccos(np.clip(cosine, -1, 1)))))


@pytest.fixture
def plane() -> Callable[[Camera], Plane]:
    return Plane


@pytest.fixture
def manifest_of(tmp_path: Path) -> Callable[[str, Path], Manifest]:
    """Builds the manifest of a source folder by a builder's name, and reads it back."""

    def build(name: str, source: Path) -> Manifest:
        path = tmp_path / "manifests" / f"{name}.jsonl"
        write_manifest(path, find_builder(name).records(source, tmp_path / "manifests" / f"{name}_labels"))
        return Manifest.read(path)

    return build


@pytest.fixture
def samples_of(manifest_of) -> Callable[[str, Path], list[Sample]]:
    return lambda name, source: [load(record) for record in manifest_of(name, source)]


@dataclass(frozen=True)
class Pose:
    """Where a sensor is in something larger, written as data sets do; SciPy, not the code under test, makes the matrix.

    Args:
        turn: rotation vector, degrees.
        place: metres.
    """

    turn: tuple[float, float, float]
    place: tuple[float, float, float]

    @property
    def quaternion(self) -> list[float]:
        """w, x, y, z."""
        x, y, z, w = Rotation.from_rotvec(self.turn, degrees=True).as_quat()
        return [w, x, y, z]

    @property
    def matrix(self) -> np.ndarray:
        matrix = np.eye(4)
        matrix[:3, :3] = Rotation.from_rotvec(self.turn, degrees=True).as_matrix()
        matrix[:3, 3] = self.place
        return matrix


@pytest.fixture
def pose() -> Callable[..., Pose]:
    return Pose


@pytest.fixture
def points_of() -> Callable[[Plane, np.ndarray], np.ndarray]:
    """One point of a plane for each pixel of its camera, in the axes that `camera_from_points` comes from."""

    def make(scene: Plane, camera_from_points: np.ndarray) -> np.ndarray:
        seen = unproject(scene.depth, scene.camera).reshape(-1, 3)
        return transform_points(inverse(camera_from_points), seen)

    return make
