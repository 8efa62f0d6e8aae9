"""What odometry knows: points, key pictures and what they see, and every picture's place beside one of these."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from theodolite.apps.bundle import Bundle, Trust, refine
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import inverse
from theodolite.types import Float, Int

WINDOW = 8  # key pictures refined together, of which two stay
_WRONG = 4.0  # px, of a picture 640 wide


@dataclass(eq=False)
class Keyframe:
    """A picture whose depth was predicted.

    Args:
        number: of the frame.
        ids, uv, log_depth: of the points it sees; logarithm of predicted depth, NaN where unknown.
        log_factor: its points' depth over predicted depth, by refinement.
    """

    number: int
    world_from_camera: Float[np.ndarray, "4 4"]
    ids: Int[np.ndarray, " n"]
    uv: Float[np.ndarray, "n 2"]
    log_depth: Float[np.ndarray, " n"]
    log_factor: float = 0.0


@dataclass(frozen=True, eq=False)
class Placed:
    """A frame of the path: its motion to the camera of a key picture, which may still move."""

    number: int
    time: float
    name: str
    keyframe: int
    keyframe_from_camera: Float[np.ndarray, "4 4"]


@dataclass(eq=False)
class Map:
    """Places of points by id; all key pictures, the last `WINDOW` of which are refined; the path."""

    points: dict[int, Float[np.ndarray, " 3"]] = field(default_factory=dict)
    keyframes: list[Keyframe] = field(default_factory=list)
    path: list[Placed] = field(default_factory=list)
    next_id: int = 0

    def place(self, number: int, time: float, name: str, world_from_camera: Float[np.ndarray, "4 4"]) -> None:
        last = self.keyframes[-1]
        relative = inverse(last.world_from_camera) @ world_from_camera
        # In one order in memory: what is saved and read back then goes on to the same bits.
        relative = np.ascontiguousarray(relative)
        self.path.append(Placed(number, time, name, len(self.keyframes) - 1, relative))

    def pose(self, placed: Placed) -> Float[np.ndarray, "4 4"]:
        """world_from_camera."""
        return self.keyframes[placed.keyframe].world_from_camera @ placed.keyframe_from_camera

    def known(self, ids: Int[np.ndarray, " n"]) -> tuple[np.ndarray, Float[np.ndarray, "m 3"]]:
        """Which of the ids have a place, and these."""
        have = np.array([int(i) in self.points for i in ids], dtype=bool)
        return have, np.array([self.points[int(i)] for i in ids[have]]).reshape(-1, 3)

    def refine(self, camera: Camera, trust: Trust) -> None:
        """The last key pictures and their points; points that do not fit are forgotten."""
        window = self.keyframes[-WINDOW:]
        bundle, ids = self._bundle(window)
        if len(window) < 2 or not len(ids):
            return
        fixed = 1 if len(window) == len(self.keyframes) and len(window) < WINDOW else 2
        found = refine(bundle, camera, fixed, trust)
        poses = np.ascontiguousarray(inverse(found.camera_from_world))
        for keyframe, pose, factor in zip(window, poses, found.log_factor, strict=True):
            keyframe.world_from_camera, keyframe.log_factor = pose, float(factor)
        self.points.update(zip(ids.tolist(), found.points, strict=True))
        errors = np.linalg.norm(found.pixel_errors(camera), axis=1)
        wrong = (errors > _WRONG * max(1.0, camera.width / 640)) | (found.seen()[:, 2] <= 0)
        for point in np.unique(found.point[wrong]):
            self.points.pop(int(ids[point]), None)

    def _bundle(self, window: list[Keyframe]) -> tuple[Bundle, Int[np.ndarray, " m"]]:
        """Observations of points that two of the window see."""
        every = np.concatenate([keyframe.ids for keyframe in window])
        ids, count = np.unique(every, return_counts=True)
        ids = ids[(count > 1) & np.array([int(i) in self.points for i in ids], dtype=bool)]
        used = np.isin(every, ids)
        picture = np.repeat(np.arange(len(window)), [len(keyframe.ids) for keyframe in window])
        bundle = Bundle(
            inverse(np.stack([keyframe.world_from_camera for keyframe in window])),
            np.array([self.points[int(i)] for i in ids]).reshape(-1, 3),
            picture[used],
            np.searchsorted(ids, every[used]),
            np.concatenate([keyframe.uv for keyframe in window])[used].astype(float),
            np.concatenate([keyframe.log_depth for keyframe in window])[used],
            np.array([keyframe.log_factor for keyframe in window]),
        )
        return bundle, ids

    def forget(self, ids: Int[np.ndarray, " n"]) -> None:
        """Keep the points that are followed or seen by the window."""
        seen = np.concatenate([ids, *(keyframe.ids for keyframe in self.keyframes[-WINDOW:])])
        self.points = {int(i): self.points[int(i)] for i in np.unique(seen) if int(i) in self.points}
