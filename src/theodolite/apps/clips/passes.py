"""The two passes over a clip: predict and follow every picture; then, with the scale known, finish each.

Pictures, maps and points are held for a few pictures at a time. Of all pictures there stay some numbers, about half a
kilobyte each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from theodolite import viz
from theodolite.apps.clips.flicker import FlickerMeter
from theodolite.apps.clips.follower import Followed, Follower, Link
from theodolite.apps.clips.scale_lock import ScaleLock
from theodolite.apps.clips.source import Clip
from theodolite.apps.clips.steadier import Steadier
from theodolite.apps.clips.still_points import compare
from theodolite.apps.clips.working import Working
from theodolite.apps.frames import Frame
from theodolite.errors import TheodoliteError
from theodolite.geometry.edges import depth_edges
from theodolite.inference.prediction import Prediction
from theodolite.inference.predictor import Predictor
from theodolite.types import Float

# Called with each finished frame's number; may raise, to end the work between two frames.
Heed = Callable[[int], None]


@dataclass(frozen=True)
class Seen:
    """What stays of a picture after the first pass.

    Args:
        number: of the frame; they may have gaps, where a picture could not be read.
        time: seconds.
        range: nearest and farthest depth worth a colour; None where nothing is known.
        farthest: known depth; 0 where nothing is.
        motion: here_from_before in metres of the map before, where it could be told.
    """

    number: int
    time: float
    stem: str
    range: tuple[float, float] | None
    farthest: float
    motion: Float[np.ndarray, "4 4"] | None


@dataclass
class Evidence:
    """Of the first pass. Links tell pictures by their place in `seen`."""

    seen: list[Seen] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    flicker: FlickerMeter = field(default_factory=FlickerMeter)
    reasons: list[str] = field(default_factory=list)


def gather(clip: Clip, predictor: Predictor, working: Working, heed: Heed) -> Evidence:
    """The first pass: pictures that were predicted by an earlier run are not predicted again."""
    evidence, follower, stem = Evidence(), Follower(clip.camera), clip.stem()
    for frame in clip.read():
        if isinstance(frame, TheodoliteError):
            evidence.reasons.append(str(frame))
            continue
        if not working.has(frame.number):
            predicted = predictor.predict(frame.image, clip.camera)
            working.put(frame.number, replace(predicted, name=stem(frame), warnings=_warnings(clip)))
        prediction = working.get(frame)  # as it was kept, so that a later run finds the same
        usable = prediction.valid & ~depth_edges(prediction.depth, clip.camera)
        depth = np.where(usable, prediction.depth, np.float32(np.nan))
        followed = follower.take(len(evidence.seen), frame.image, depth)
        working.put_points(frame.number, followed)
        evidence.links += followed.links
        evidence.flicker.add(followed.neighbours)
        evidence.seen.append(_seen(frame, prediction, stem(frame), followed))
        heed(frame.number)
    return evidence


def finished(
    clip: Clip, working: Working, evidence: Evidence, lock: ScaleLock, *, steady: bool, after: FlickerMeter
) -> Iterator[tuple[Seen, Prediction]]:
    """The second pass: each prediction on the clip's scale, and, when `steady`, without flicker inside the picture.

    Args:
        after: collects what flicker is left.
    """
    known = {seen.number: place for place, seen in enumerate(evidence.seen)}
    steadier, before = Steadier(clip.camera), None
    for frame in clip.read():
        if isinstance(frame, TheodoliteError):
            continue
        place = known[frame.number]
        seen, prediction = evidence.seen[place], working.get(frame)
        depth = prediction.depth * np.float32(np.exp(lock.log_factors[place]))
        if steady:
            depth = steadier.take(depth, frame.image, _scaled(seen.motion, lock, place))
        if before is not None:
            after.add(compare((before, depth), working.get_points(frame.number), clip.camera))
        before = depth
        about = {
            "time": seen.time,
            "scale_factor": float(np.exp(lock.log_factors[place])),
            "scene": int(lock.scenes[place]),
            "steadied": steady,
        }
        provenance = {**prediction.provenance, "clip": about}
        yield seen, replace(prediction, depth=depth, provenance=provenance)


def _scaled(motion: Float[np.ndarray, "4 4"] | None, lock: ScaleLock, place: int) -> Float[np.ndarray, "4 4"] | None:
    if motion is None:
        return None
    motion = motion.copy()
    motion[:3, 3] *= np.exp(lock.log_factors[place - 1])
    return motion


def _seen(frame: Frame, prediction: Prediction, stem: str, followed: Followed) -> Seen:
    known = prediction.depth[prediction.depth > 0]
    motion = None if followed.neighbours is None else followed.neighbours.second_from_first
    depth_range = viz.depth_range(prediction.depth, prediction.valid)
    return Seen(frame.number, frame.time, stem, depth_range, float(known.max(initial=0)), motion)


def _warnings(clip: Clip) -> tuple[str, ...]:
    return tuple(f"{clip.path.name} {note}" for note in clip.notes)
