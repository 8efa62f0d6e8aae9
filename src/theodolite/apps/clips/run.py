"""From a clip to its folder: a film side by side, files of every picture, and a summary; goes on where it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.clips import journal
from theodolite.apps.clips.film_writer import film_writer
from theodolite.apps.clips.flicker import FlickerMeter
from theodolite.apps.clips.look import clip_range, panels
from theodolite.apps.clips.passes import Evidence, Heed, finished, gather
from theodolite.apps.clips.scale_lock import ScaleLock, lock_scale
from theodolite.apps.clips.source import Clip
from theodolite.apps.clips.working import Working
from theodolite.apps.frames import FPS
from theodolite.errors import OutputError
from theodolite.extras import require
from theodolite.inference.files import SaveOptions, paths
from theodolite.inference.files.depth_png import fitting_scale
from theodolite.inference.predictor import Predictor

FORMATS = ("depth-png", "normal-png")


@dataclass(frozen=True)
class ClipSettings:
    """What becomes of a clip.

    Args:
        formats: of every picture's files; of `inference.files.FORMATS`, or none.
        steady: take flicker within the picture out, too.
        options: for the files; ends of the range of colours and steps of the depth PNGs are those of the clip, where
            they are not set.
    """

    formats: tuple[str, ...] = FORMATS
    steady: bool = True
    options: SaveOptions = field(default_factory=SaveOptions)


def clip_to_folder(
    predictor: Predictor,
    clip: Clip,
    out: str | Path,
    settings: ClipSettings | None = None,
    *,
    overwrite: bool = False,
    heed: Heed = lambda number: None,
) -> dict[str, Any]:
    """Depth and normals of a clip: `side-by-side.mp4`, `frames/` and `video.json`, of which this is the content.

    A picture that cannot be read, or the lack of an end, is told in `failed`, and the rest is done. Work that was
    broken off goes on from the pictures that are predicted; work that is complete is left alone (`"kept": True`).

    Args:
        heed: called after each picture of both passes.
    Raises: OutputError, when the folder holds something else, or cannot be written.
    """
    out, settings = Path(out), settings or ClipSettings()
    for module in ("av", "cv2", "scipy"):  # said before any work
        require(module, "video", "Predicting a clip")
    paths(out, "picture", settings.formats)  # refuses unknown formats before any work
    told = _told(clip, predictor, settings)
    kept = journal.begin(out, told, overwrite)
    if kept is not None:
        return kept | {"kept": True}
    working = Working.fit(out / journal.WORKING, settings.formats)
    evidence = gather(clip, predictor, working, heed)
    if not evidence.seen:
        raise OutputError(f"{clip.path}: no picture could be used. {evidence.reasons[0]}")
    rate = _rate([seen.time for seen in evidence.seen])
    lock = lock_scale(len(evidence.seen), evidence.links, alike=rate)
    options = _options(settings.options, evidence, lock)
    after = FlickerMeter()
    near, far = options.near or 1.0, options.far or 2.0
    with film_writer(out / journal.FILM, rate) as show:
        for seen, prediction in finished(clip, working, evidence, lock, steady=settings.steady, after=after):
            if settings.formats and not working.is_finished(seen.number):
                # What lies there is of a run broken off in between, or may be replaced: `begin` has looked.
                prediction.save(out / journal.FRAMES, settings.formats, overwrite=True, stem=seen.stem, options=options)
                working.finish(seen.number)
            show(panels(prediction, near, far), seen.time - evidence.seen[0].time)
            heed(seen.number)
    summary = _summary(clip, evidence, lock, options, after) | {"settings": told}
    journal.complete(out, summary)
    return summary | {"kept": False}


def _options(given: SaveOptions, evidence: Evidence, lock: ScaleLock) -> SaveOptions:
    near, far = clip_range([seen.range for seen in evidence.seen], lock.log_factors)
    near, far = given.near or near, given.far or far
    farthest = max(seen.farthest * np.exp(x) for seen, x in zip(evidence.seen, lock.log_factors, strict=True))
    # What lies beyond is nearly always sky; steadying may push it a little further still.
    scale = given.depth_scale or fitting_scale(float(farthest) * 1.05)
    return replace(given, near=min(near, far), far=max(near, far), depth_scale=scale)


def _rate(times: Sequence[float]) -> float:
    """Pictures a second."""
    return float(1 / np.median(np.diff(times))) if len(times) > 1 else FPS


def _told(clip: Clip, predictor: Predictor, settings: ClipSettings) -> dict[str, Any]:
    """All that results depend on."""
    size = clip.path.stat().st_size if clip.path.is_file() else len(clip)
    camera = asdict(clip.camera)
    return {
        "source": str(clip.path.resolve()),
        "size of the source": size,
        "every": clip.every,
        "fps": clip.fps,
        "model": predictor.facts.name,
        "camera": camera,
        "formats": list(settings.formats),
        "steady": settings.steady,
        "options": asdict(settings.options),
    }


def _summary(
    clip: Clip, evidence: Evidence, lock: ScaleLock, options: SaveOptions, after: FlickerMeter
) -> dict[str, Any]:
    flicker = {name: meter.read() for name, meter in (("before", evidence.flicker), ("after", after))}
    return {
        "clip": clip.path.name,
        "pictures": len(evidence.seen),
        "seconds": evidence.seen[-1].time - evidence.seen[0].time,
        "camera": asdict(clip.camera),
        "notes": [f"{clip.path.name} {note}" for note in clip.notes],
        "failed": evidence.reasons,
        "scenes": int(lock.scenes.max()) + 1,
        "flicker": {name: value and asdict(value) for name, value in flicker.items()},
        "colours": {"near": options.near, "far": options.far},
        "depth_scale": options.depth_scale,
        "frames": [
            {"name": seen.stem, "time": seen.time, "scale_factor": float(np.exp(x)), "scene": int(scene)}
            for seen, x, scene in zip(evidence.seen, lock.log_factors, lock.scenes, strict=True)
        ],
    }
