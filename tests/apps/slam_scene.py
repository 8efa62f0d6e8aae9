"""A camera that moves through the room of `room.py`, papered with little squares that can be followed."""

from functools import lru_cache

import numpy as np
from PIL import Image
from tests.apps.room import CAMERA, WORLD_FROM_ROOM, look, view

from theodolite.apps.frames import Frame
from theodolite.apps.trajectory import Trajectory
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import unproject

COUNT = 24
_CELL = 0.11  # metres


def poses(count: int = COUNT) -> np.ndarray:
    """Some three metres through the room, looking aside and turning a little."""
    t = np.linspace(0, 1, count)
    places = np.stack([-1.3 + 2.4 * t, 0.15 * np.sin(5 * t), -0.8 + 0.4 * np.sin(4 * t)], axis=1)
    targets = np.stack([-0.7 + 2.1 * t, 0.1 + 0 * t, 1.6 + 0 * t], axis=1)
    return np.stack([look(place, target) for place, target in zip(places, targets, strict=True)])


def truth(count: int = COUNT) -> Trajectory:
    return Trajectory(np.arange(count) / 10, poses(count))


@lru_cache(maxsize=64)
def frame(number: int, count: int = COUNT) -> Frame:
    """Rendered with four samples a pixel."""
    camera = CAMERA.resized(2 * CAMERA.width, 2 * CAMERA.height)
    pose = poses(count)[number]
    points = transform_points(
        inverse(WORLD_FROM_ROOM) @ pose, unproject(view(pose, camera).depth.astype(float), camera)
    )
    cells = np.floor(points / _CELL + 0.37).astype(np.int64)
    noise = np.sin(cells @ [12.9898, 78.233, 37.719]) * 43758.5453
    image = np.repeat((40 + 180 * (noise - np.floor(noise)))[..., None], 3, axis=-1).astype(np.uint8)
    small = np.asarray(Image.fromarray(image).resize((CAMERA.width, CAMERA.height), Image.Resampling.BOX))
    return Frame(number, number / 10, f"{number:04d}.png", small, CAMERA)


def depth(shown: Frame, count: int = COUNT) -> np.ndarray:
    """Exact."""
    return view(poses(count)[shown.number]).depth


class Scene:
    """The frames, as `open_frames` gives those of a folder."""

    def __init__(self, count: int = COUNT, lacking: tuple[int, ...] = ()) -> None:
        self.count, self.lacking = count, lacking

    def __len__(self) -> int:
        return self.count

    def read(self, start: int = 0):
        yield from (frame(number) for number in range(start, self.count) if number not in self.lacking)
