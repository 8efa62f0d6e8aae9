"""The path of one moving camera in metres: points followed from picture to picture, their depth predicted.

Each picture is located by points whose places are known. Where too few are left, or they have moved far, it becomes a
key picture: its depth is predicted, new points get their places from it, and the last few key pictures are refined
together (`apps.bundle`). At the end the whole path takes the scale that all its predictions agree on
(`apps.odometry_path`), rather than that of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from theodolite.apps.bundle import Trust
from theodolite.apps.feature_tracks import corners, follow, matches, to_grey
from theodolite.apps.frames import Frame, Frames
from theodolite.apps.odometry_map import Keyframe, Map
from theodolite.apps.predicted_depth import DepthOf
from theodolite.apps.resection import LEAST, Located, locate
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError, SizeMismatch, TheodoliteError
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import project
from theodolite.types import Float, Int, UInt8


@dataclass(frozen=True)
class Settings:
    """How a path is followed.

    Args:
        points: followed at a time.
        left: a share of a key picture's points; below it, the next key picture.
        moved: by how much they may move till then, of the picture's width.
        patience: pictures in a row without a place, after which the path ends.
        trust: in pixels and in depth.
    """

    points: int = 350
    left: float = 0.5
    moved: float = 0.06
    patience: int = 5
    trust: Trust = field(default_factory=Trust)


class Lost(DatasetError):
    """A camera whose place could not be found for too long."""


class Tracker:
    """Takes one picture after the other.

    Args:
        depth: asked for at key pictures.
    """

    def __init__(self, depth: DepthOf, settings: Settings | None = None, known: Map | None = None) -> None:
        self.depth, self.settings, self.map = depth, settings or Settings(), known or Map()
        self._ids: Int[np.ndarray, " n"] = np.empty(0, int)
        self._uv: Float[np.ndarray, "n 2"] = np.empty((0, 2), np.float32)
        self._grey: UInt8[np.ndarray, "h w"] | None = None
        self._key: tuple[UInt8[np.ndarray, "h w"], Float[np.ndarray, "h w"]] | None = None
        self._camera: Camera | None = None
        self._lost = 0
        self.warnings: tuple[str, ...] = ()

    def resume(self, key: Frame) -> None:
        """Go on after a map that was saved when this was its last key picture."""
        last = self.map.keyframes[-1]
        self._camera, self._grey = key.camera, to_grey(key.image)
        have, _ = self.map.known(last.ids)
        self._ids, self._uv = last.ids[have], last.uv[have]
        self._key = self._grey, self._depth_of(key)

    def take(self, frame: Frame) -> bool:
        """Place a picture; False when it could not be.

        Raises: Lost, after several of these; SizeMismatch, for a picture of another size or camera than the first.
        """
        grey = to_grey(frame.image)
        if self._grey is None:
            self._camera = frame.camera
            self.warnings = tuple(f"{frame.name} {note}" for note in frame.notes)
            self._add_keyframe(frame, grey, np.eye(4))
            return True
        assert self._camera is not None
        if (frame.camera.width, frame.camera.height) != (self._camera.width, self._camera.height):
            raise SizeMismatch(
                f"{frame.name} has {frame.camera.width}x{frame.camera.height} px, the pictures before it "
                f"{self._camera.width}x{self._camera.height}: one sequence is of one camera."
            )
        pose = self._locate(grey)
        if pose is None:
            self._count_lost(frame)
            return False
        rescued, self._lost = self._lost > 0 or len(self._ids) == 0, 0
        if rescued or self._wants_keyframe():
            self._add_keyframe(frame, grey, pose)
        else:
            self.map.place(frame.number, frame.time, frame.name, pose)
        return True

    def _locate(self, grey: UInt8[np.ndarray, "h w"]) -> Float[np.ndarray, "4 4"] | None:
        """world_from_camera, by the points followed, or else by likeness with the last key picture."""
        assert self._grey is not None
        assert self._camera is not None
        uv, found = follow(self._grey, grey, self._uv, self._expected())
        ids, uv = self._ids[found], uv[found]
        have, points = self.map.known(ids)
        located = locate(points, uv[have], self._camera)
        if located is not None:
            kept = np.ones(len(ids), bool)
            kept[np.flatnonzero(have)[~located.agree]] = False
            self._ids, self._uv, self._grey = ids[kept], uv[kept], grey
            return inverse(located.camera_from_world)
        found_again = self._recognise(grey)
        if found_again is None:
            return None
        self._ids, self._uv, self._grey = np.empty(0, int), np.empty((0, 2), np.float32), grey
        return inverse(found_again.camera_from_world)

    def _expected(self) -> Float[np.ndarray, "n 2"] | None:
        """Where the points are if the camera goes on as before."""
        if len(self.map.path) < 2 or self._lost:
            return None
        before, last = (self.map.pose(placed) for placed in self.map.path[-2:])
        have, points = self.map.known(self._ids)
        guess = np.full((len(self._ids), 2), np.nan)
        assert self._camera is not None
        guess[have] = project(transform_points(inverse(last @ inverse(before) @ last), points), self._camera)
        side = max(self._camera.width, self._camera.height)
        near = np.linalg.norm(guess - self._uv, axis=1) < side / 4
        return np.where(near[:, None], guess, np.nan)

    def _recognise(self, grey: UInt8[np.ndarray, "h w"]) -> Located | None:
        assert self._key is not None
        assert self._camera is not None
        key_grey, depth = self._key
        uv, seen = matches(key_grey, grey)
        last = self.map.keyframes[-1]
        z = np.exp(last.log_factor) * sample(depth, uv)
        known = np.isfinite(z)
        points = transform_points(last.world_from_camera, placed(uv[known], z[known], self._camera))
        return locate(points, seen[known], self._camera)

    def _count_lost(self, frame: Frame) -> None:
        self._lost += 1
        if self._lost >= self.settings.patience:
            last = self.map.path[-1]
            raise Lost(
                f"The camera was lost after {last.name}: fewer than {LEAST} points of it agree on a place in the "
                f"{self._lost} pictures up to {frame.name}. The path up to {last.name} is kept."
            )

    def _wants_keyframe(self) -> bool:
        last = self.map.keyframes[-1]
        assert self._camera is not None
        common, here, there = np.intersect1d(self._ids, last.ids, return_indices=True)
        if len(common) < self.settings.left * max(len(last.ids), 1) or len(common) < 3 * LEAST:
            return True
        shift = np.median(np.linalg.norm(self._uv[here] - last.uv[there], axis=1))
        return bool(shift > self.settings.moved * self._camera.width)

    def _add_keyframe(self, frame: Frame, grey: UInt8[np.ndarray, "h w"], pose: Float[np.ndarray, "4 4"]) -> None:
        camera, depth, pose = frame.camera, self._depth_of(frame), np.ascontiguousarray(pose)
        have, points = self.map.known(self._ids)
        z = transform_points(inverse(pose), points)[:, 2]
        with np.errstate(invalid="ignore"):
            ratios = np.log(z) - np.log(sample(depth, self._uv[have]))
        ratios = ratios[np.isfinite(ratios)]
        before = self.map.keyframes[-1].log_factor if self.map.keyframes else 0.0
        factor = float(np.median(ratios)) if len(ratios) >= LEAST else before
        new = corners(grey, self.settings.points - len(self._uv), self._uv)
        new_depth = np.exp(factor) * sample(depth, new)
        new, new_depth = new[np.isfinite(new_depth)], new_depth[np.isfinite(new_depth)]
        ids = self.map.next_id + np.arange(len(new))
        self.map.next_id += len(new)
        self.map.points.update(zip(ids.tolist(), transform_points(pose, placed(new, new_depth, camera)), strict=True))
        self._ids, self._uv = np.concatenate([self._ids, ids]), np.concatenate([self._uv, new.astype(np.float32)])
        log_depth = np.log(sample(depth, self._uv))
        self.map.keyframes.append(Keyframe(frame.number, pose, self._ids, self._uv, log_depth, factor))
        self.map.place(frame.number, frame.time, frame.name, pose)
        self._key, self._grey = (grey, depth), grey
        self.map.refine(camera, self.settings.trust)
        kept, _ = self.map.known(self._ids)
        self._ids, self._uv = self._ids[kept], self._uv[kept]
        self.map.forget(self._ids)

    def _depth_of(self, frame: Frame) -> Float[np.ndarray, "h w"]:
        depth = np.asarray(self.depth(frame))
        if depth.shape != frame.image.shape[:2]:
            raise SizeMismatch(f"{frame.name}: depth of shape {frame.image.shape[:2]} is needed, got {depth.shape}.")
        return np.where(depth > 0, depth, np.nan)


def follow_frames(tracker: Tracker, frames: Frames) -> Iterator[str]:
    """Place all pictures that are left; for each an empty line, or why it has no place.

    What was begun before goes on at its last key picture.
    """
    start = tracker.map.keyframes[-1].number if tracker.map.keyframes else 0
    for item in frames.read(start):
        if isinstance(item, TheodoliteError):
            yield str(item)
        elif item.number == start and tracker.map.keyframes:
            tracker.resume(item)
        else:
            try:
                yield "" if tracker.take(item) else f"{item.name} has no place: too little of the picture is known."
            except (Lost, SizeMismatch) as error:
                yield str(error)
                return


def sample(depth: Float[np.ndarray, "h w"], uv: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, " n"]:
    """Of the nearest pixel: between the two sides of an edge there is nothing."""
    height, width = depth.shape
    u, v = np.rint(uv).astype(int).T
    return depth[np.clip(v, 0, height - 1), np.clip(u, 0, width - 1)].astype(float)


def placed(uv: Float[np.ndarray, "n 2"], depth: Float[np.ndarray, " n"], camera: Camera) -> Float[np.ndarray, "n 3"]:
    """Points seen at these pixels, camera coordinates."""
    x, y = (uv[:, 0] - camera.cx) / camera.fx, (uv[:, 1] - camera.cy) / camera.fy
    return np.stack([x * depth, y * depth, depth], axis=-1)
