"""MPI Sintel: frames of an animated film, rendered again with depth and cameras.

    training/depth/alley_1/frame_0001.dpt            a check number, width, height, float32 in rows
    training/camdata_left/alley_1/frame_0001.cam     a check number, float32; intrinsics, 3x3 float64; extrinsics, 3x4
    training/final/alley_1/frame_0001.png            1024x436; clean: without blur, fog and other effects

Depth and cameras come in an archive of their own, whose `training` may lie beside that of the pictures, in a folder
MPI-Sintel-depth-training-..., or be one with it.

Source: sintel_io.py of the authors' depth archive. Not verified on the data: the unit of depth, of which no statement
of the authors was found (numbers are taken for metres); that depth is along z; what is stored for the sky, which is
kept if it is finite; that (0, 0) is the centre of the top-left pixel, for which a principal point of (511.5, 217.5) in
1024x436 px speaks.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.source_files import folders_with, need
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import About, reading
from theodolite.datasets.readers.recorded import assembled
from theodolite.errors import CameraError, DatasetError
from theodolite.types import Float

_DEPTH = DepthEncoding("dpt")
_CHECK = np.float32(202021.25)
_CAM_BYTES = 4 + 8 * (9 + 12)

ABOUT = About(
    title="MPI Sintel: frames of an animated film, with rendered depth",
    source="http://sintel.is.tue.mpg.de: MPI-Sintel-complete.zip or MPI-Sintel-training_images.zip from /downloads, "
    "MPI-Sintel-depth-training-20150305.zip from /depth",
    licence="no licence of the data was found; the film is CC BY 3.0, (c) Blender Foundation, durian.blender.org",
    layout="""
training/final/alley_1/frame_0001.png           clean, for that split
MPI-Sintel-depth-training-20150305/             or its content beside the pictures
  training/depth/alley_1/frame_0001.dpt
  training/camdata_left/alley_1/frame_0001.cam""",
    paper="Butler, Wulff, Stanley, Black, A Naturalistic Open Source Movie for Optical Flow Evaluation, ECCV 2012",
    splits={
        "final": "training sequences as in the film, with motion blur, depth of field and fog",
        "clean": "the same without these effects",
    },
    truths={"rendered": "depth as rendered"},
    notes=(
        "The authors are not known to state a unit of depth: metric errors tell little, aligned ones are usual.",
        "Others (MonST3R) leave out what is farther than 70.",
        "The test sequences have no public depth.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when depth or pictures are not there."""
    truths = _training(root, "depth")
    pictures = _training(root, split)
    listed = []
    for depth in need(truths.glob("depth/*/frame_*.dpt"), truths, "depth/<sequence>/frame_0001.dpt"):
        sequence, frame = depth.parent.name, depth.stem
        picture = pictures / split / sequence / f"{frame}.png"
        camera = truths / "camdata_left" / sequence / f"{frame}.cam"
        listed.append(Listed(f"{sequence}/{frame}", sequence, partial(_load, picture, depth, camera)))
    return listed


def _training(root: Path, what: str) -> Path:
    """The folder `training` that holds this; `root` may be the folder itself. Raises: DatasetError."""
    if (root / what).is_dir():
        return root
    return folders_with(root, f"training/{what}", levels=1)[0] / "training"


def _load(picture: Path, depth: Path, camera: Path) -> Example:
    image = reading.picture(picture)
    height, width = image.shape[:2]
    own = read_camera(camera, width, height)
    # Not `reading.depth`, which refuses what cannot be metres: a sky may fill most of a frame.
    with reading.naming(depth):
        return assembled(image, own, _DEPTH.read(depth, own))


def read_camera(path: Path, width: int, height: int) -> Camera:
    """The intrinsics of a .cam file. Raises: DatasetError, naming the file."""
    with reading.naming(path):
        K = _intrinsics(path.read_bytes())
        try:
            return Camera.from_K(K, width, height, detail=path.name)
        except CameraError as error:
            raise DatasetError(str(error)) from error


def _intrinsics(data: bytes) -> Float[np.ndarray, "3 3"]:
    if len(data) != _CAM_BYTES:
        raise DatasetError(f"a .cam file has {_CAM_BYTES} bytes, found {len(data)}")
    if np.frombuffer(data, "<f4", 1)[0] != _CHECK:
        raise DatasetError("is no .cam file: its check number is missing")
    return np.frombuffer(data, "<f8", 9, offset=4).reshape(3, 3)
