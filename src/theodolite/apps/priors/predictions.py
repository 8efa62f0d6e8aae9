"""Predictions of all views on disk, while priors are made: memory stays bounded, and interrupted work is taken up."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.apps.view_readers.opening import open_photo
from theodolite.apps.views import View
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError
from theodolite.geometry.edges import depth_edges
from theodolite.geometry.normals import normals_from_depth
from theodolite.inference.predictor import Predictor
from theodolite.types import Bool, Float
from theodolite.weights.atomic import writing

FOLDER = ".priors"


@dataclass(frozen=True, eq=False)
class Maps:
    """Of one view, without lens distortion; all of a size.

    Args:
        depth: predicted metres along z; NaN where unknown, also in the sky.
        normals: camera coordinates, facing the camera; NaN where unknown.
        confidence: of depth, as the network states it.
        edges: on both sides of depth edges.
    """

    depth: Float[np.ndarray, "h w"]
    normals: Float[np.ndarray, "h w 3"]
    confidence: Float[np.ndarray, "h w"]
    edges: Bool[np.ndarray, "h w"]
    camera: Camera


def predict(view: View, predictor: Predictor, max_side: int) -> Maps:
    """What the network says of a view. Raises: PhotoError."""
    photo = open_photo(view, max_side)
    found = predictor.predict(photo.image, photo.camera)
    depth = np.where(found.valid, found.depth, np.float32(np.nan))
    normals = found.normals if found.normals is not None else normals_from_depth(depth, found.camera)
    return Maps(depth, normals, found.confidence, depth_edges(depth, found.camera), found.camera)


class Predictions:
    """Maps by the number of their view, in a folder of their own below the results.

    Args:
        identity: what they depend on; those of another identity are not used.
    """

    def __init__(self, out: Path, identity: dict[str, object]) -> None:
        self.folder = out / FOLDER
        self._identity = json.dumps(identity, sort_keys=True)

    @property
    def unfinished(self) -> bool:
        """Whether an earlier run left its predictions, as it does until all is written."""
        return self.folder.is_dir()

    def get(self, number: int, view: View) -> Maps | None:
        """None where it was not predicted yet, or of another picture, camera or network."""
        path = self._path(number)
        if not path.is_file():
            return None
        try:
            with path.open("rb") as file, np.load(file) as stored:  # NumPy leaves a damaged file open
                if str(stored["about"]) != self._about(view):
                    return None
                fx, fy, cx, cy = stored["camera"]
                height, width = stored["depth"].shape
                return Maps(
                    stored["depth"],
                    stored["normals"].astype(np.float32),
                    stored["confidence"].astype(np.float32),
                    stored["edges"],
                    Camera(fx, fy, cx, cy, width, height),
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None  # cut off by a full disk or power cut; predicted anew

    def put(self, number: int, view: View, maps: Maps) -> None:
        """Raises: OutputError."""
        camera = maps.camera
        with writing(self._path(number)) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                about=self._about(view),
                depth=maps.depth.astype(np.float32),
                normals=maps.normals.astype(np.float16),
                confidence=maps.confidence.astype(np.float16),
                edges=maps.edges,
                camera=np.array([camera.fx, camera.fy, camera.cx, camera.cy]),
            )

    def load(self, number: int, view: View) -> Maps:
        """Raises: DatasetError, when it is gone."""
        found = self.get(number, view)
        if found is None:
            raise DatasetError(f"The prediction of {view.name} in {self.folder} is gone; run again.")
        return found

    def clear(self) -> None:
        """Once all is written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}.npz"

    def _about(self, view: View) -> str:
        state = view.image.stat()
        lens = view.camera
        camera = (lens.camera.K.ravel().tolist(), lens.camera.width, lens.camera.height, repr(lens.distortion))
        return json.dumps([self._identity, str(view.image.resolve()), state.st_size, state.st_mtime_ns, camera])
