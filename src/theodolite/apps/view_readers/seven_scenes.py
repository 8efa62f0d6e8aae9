"""7-Scenes sequences: frame-000000.color.png, .depth.png and .pose.txt, a camera-to-world matrix in metres.

The published focal length, 585 px about (320, 240), is the depth camera's. The colour camera beside it was not
calibrated by the authors; its usual 525 px are taken, as in `datasets.readers.seven_scenes`. Depth is brought onto its
rays as if both stood in one place, which they do to a few centimetres. Poses are the depth camera's.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from theodolite.apps.view_readers.depth import depth_reader
from theodolite.apps.view_readers.source import Source, gathered, natural, read_pose
from theodolite.apps.views import View, Views
from theodolite.camera.pinhole import Camera

_STEPS = 1000
_COLOUR = Camera(525, 525, 320, 240, 640, 480, detail="7-Scenes, usual colour camera of a Kinect")
_DEPTH = Camera(585, 585, 320, 240, 640, 480, detail="7-Scenes, depth camera")
_ENDINGS = (".color.png", ".color.jpg")


def recognise(root: Path) -> bool:
    return next(root.glob("*.pose.txt"), None) is not None


def read(source: Source) -> Views:
    """Raises: DatasetError, when there is no picture with a usable pose."""
    root = source.root
    cameras = source.calibrated(_COLOUR, "")
    folder = source.images or root
    pictures = sorted((path for ending in _ENDINGS for path in folder.glob(f"*{ending}")), key=natural)

    def view(number: int, picture: Path) -> View:
        name = picture.name.rsplit(".", 2)[0]
        camera = cameras.of(picture)
        depth = root / f"{name}.depth.png"
        there = depth.is_file()
        return View(
            name,
            picture,
            camera,
            read_pose(root / f"{name}.pose.txt"),
            time=float(number),
            depth=depth if there else None,
            read_depth=depth_reader(depth, _STEPS, _DEPTH, camera.camera) if there else None,
        )

    return gathered("7scenes", True, (partial(view, i, picture) for i, picture in enumerate(pictures)))
