"""A COLMAP model of posed pictures, as text: cameras.txt, images.txt, and a points3D.txt without points.

Source: colmap.github.io, "Output Format". Pinhole cameras; the middle of the first pixel is (0.5, 0.5) there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from theodolite.apps.view_readers.colmap import MADE
from theodolite.apps.views import View
from theodolite.geometry.pose import inverse
from theodolite.geometry.rotation import to_quaternion
from theodolite.weights.atomic import writing


def write_model(folder: Path, pictures: Sequence[tuple[View, str]]) -> None:
    """One camera for each different one among the views, numbered from 1.

    Args:
        pictures: views without lens distortion, and the names of their pictures.
    Raises: OutputError.
    """
    cameras: dict[str, int] = {}
    images = []
    for number, (view, name) in enumerate(pictures, 1):
        camera = view.camera.camera
        values = (camera.fx, camera.fy, camera.cx + 0.5, camera.cy + 0.5)
        line = f"PINHOLE {camera.width} {camera.height} " + " ".join(f"{value:.9g}" for value in values)
        identity = cameras.setdefault(line, len(cameras) + 1)
        motion = inverse(view.world_from_camera)
        numbers = [*to_quaternion(motion[:3, :3]), *motion[:3, 3]]
        images.append(f"{number} " + " ".join(f"{value:.12g}" for value in numbers) + f" {identity} {name}")
    files = {
        "cameras.txt": [f"{identity} {line}" for line, identity in cameras.items()],
        "images.txt": [part for line in images for part in (line, "")],  # the second line: what it observes
        "points3D.txt": [],
    }
    for name, lines in files.items():
        with writing(folder / name) as temporary:
            temporary.write_text("\n".join([f"# {name[:-4]}, {MADE}", *lines]) + "\n", "utf-8")
