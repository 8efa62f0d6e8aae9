"""Measure flicker and depth of clips frame by frame, with their scale locked, and steadied, against known depth.

    python tools/measure_video.py room:11 courtyard:3 FOLDER [--colour-focal 525] [--draw OUT.jpg] [--json]

A clip is FAMILY:SEED, a walk through a scene of `theodolite.synth`, whose depth is exact; or a folder that
`apps.view_readers.read_views` knows, with measured depth, which is also put in place of the predicted one. --draw takes
the first clip. Scale is that of a picture: the median of ln(true / predicted).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

import theodolite
from theodolite import viz
from theodolite.apps.clips.run import ClipSettings, clip_to_folder
from theodolite.apps.clips.source import open_clip
from theodolite.apps.frames import Opening
from theodolite.apps.view_readers import read_views
from theodolite.apps.view_readers.depth import resampled
from theodolite.apps.view_readers.opening import open_photo
from theodolite.camera.pinhole import Camera
from theodolite.inference.backends.base import ModelFacts
from theodolite.inference.prediction import Prediction
from theodolite.synth.families import sample_scene
from theodolite.synth.render import render
from theodolite.synth.views import looking

SIZE = (480, 360)


@dataclass(frozen=True, eq=False)
class Known:
    """A picture with its depth."""

    image: np.ndarray
    depth: np.ndarray
    camera: Camera


class InOrder:
    """Says the depth that is known, picture by picture."""

    facts = ModelFacts("measured", 300.0, 28, 80640)

    def __init__(self, known: Sequence[Known]) -> None:
        self._known = iter(known)

    def predict(self, image: np.ndarray, camera: Camera) -> Prediction:
        depth = next(self._known).depth
        return Prediction(depth, None, np.ones(depth.shape), None, np.isfinite(depth), camera, image)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+")
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--pictures", type=int, default=40, help="of a walk")
    parser.add_argument("--colour-focal", type=float, help="px, of pictures whose folder gives the depth camera's")
    parser.add_argument("--draw", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    predictor = theodolite.load(given.model)
    for number, name in enumerate(given.clips):
        recorded = Path(name).is_dir()
        known = list(recording(name, given.colour_focal) if recorded else walk(name, given.pictures))
        sources: dict[str, Callable] = {given.model: lambda: predictor}
        if recorded:
            sources["measured"] = lambda known=known: InOrder(known)
        for source, make in sources.items():
            stages = predicted(known, make)
            for stage, (maps, flicker) in stages.items():
                row = {"clip": name, "depth": source, "stage": stage, **flicker, **errors(maps, known)}
                print(json.dumps(row) if given.json else told(row), flush=True)
            if number == 0 and given.draw and source == given.model:
                draw(given.draw, known, stages)


def walk(name: str, count: int) -> Iterator[Known]:
    """A bow to both sides of the scene's own view, looking at its middle."""
    family, _, seed = name.partition(":")
    scene = sample_scene(family, int(seed or 0), 0)
    pose = scene.view.world_from_camera
    own = render([scene], SIZE[1], SIZE[0])[0]
    middle = pose[:3, 3] + pose[:3, 2] * float(np.nanmedian(own.depth))
    for share in np.linspace(-1, 1, count):
        place = pose[:3, 3] + 0.5 * share * pose[:3, 0] + 0.25 * np.cos(2 * share) * pose[:3, 2]
        moved = looking(tuple(place), tuple(middle + 0.5 * np.sin(2 * share) * pose[:3, 0]))
        seen = render([replace(scene, view=replace(scene.view, world_from_camera=moved))], SIZE[1], SIZE[0])[0]
        yield Known(seen.image, seen.depth, seen.camera)


def recording(folder: str, focal: float | None) -> Iterator[Known]:
    for view in read_views(folder).views:
        lens, read_depth = view.camera, view.read_depth
        assert read_depth is not None, f"{view.name} has no measured depth"
        if focal:
            view = replace(view, camera=replace(lens, camera=replace(lens.camera, fx=focal, fy=focal)))
        photo = open_photo(view, 640)
        yield Known(photo.image, resampled(read_depth(), lens, photo.camera), photo.camera)


def predicted(known: Sequence[Known], make: Callable) -> dict[str, tuple[list[np.ndarray], dict]]:
    """Depth maps and flicker: frame by frame, locked, and steadied too."""
    stages = {}
    camera = known[0].camera
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "clip").mkdir()
        for number, one in enumerate(known):
            Image.fromarray(one.image).save(folder / "clip" / f"{number:04}.png")
        clip = open_clip(folder / "clip", Opening(lambda width, height: camera, 0))
        for stage, steady in (("locked", False), ("steadied", True)):
            summary = clip_to_folder(make(), clip, folder / stage, ClipSettings(("npz",), steady))
            frames = summary["frames"]
            maps = [Prediction.load(folder / stage / f"frames/{frame['name']}.npz").depth for frame in frames]
            if not steady:
                raw = [depth / frame["scale_factor"] for depth, frame in zip(maps, frames, strict=True)]
                stages["frame by frame"] = raw, summary["flicker"]["before"]
            stages[stage] = maps, summary["flicker"]["after"]
    return stages


def errors(maps: Sequence[np.ndarray], known: Sequence[Known]) -> dict[str, float]:
    """Means over the pictures; of scales, the spread over the clip and the mean."""
    ratios = [np.log(one.depth) - np.log(depth) for one, depth in zip(known, maps, strict=True)]
    scales = np.array([np.nanmedian(ratio) for ratio in ratios])
    return {
        "abs_rel": float(np.mean([np.nanmean(np.abs(np.exp(-ratio) - 1)) for ratio in ratios])),
        "scale_spread": float(scales.std()),
        "scale_mean": float(scales.mean()),
        "gradient_error": float(np.mean([gradient_error(ratio) for ratio in ratios])),
    }


def gradient_error(ratio: np.ndarray) -> float:
    """Of ln depth over two pixels, both ways; what edges cost is bounded."""
    steps = (ratio[2:] - ratio[:-2], ratio[:, 2:] - ratio[:, :-2])
    return float(np.mean([np.nanmean(np.minimum(np.abs(step), 0.5)) for step in steps]))


def told(row: dict) -> str:
    numbers = "  ".join(f"{name} {100 * value:.3g} %" for name, value in row.items() if isinstance(value, float))
    return f"{row['clip']}, {row['depth']}, {row['stage']}: {numbers}"


def draw(out: Path, known: Sequence[Known], stages: dict) -> None:
    """A picture with its depth; and one row of every depth map, one below the other, before and after."""
    half, row = len(known) // 2, SIZE[1] * 3 // 5
    maps = stages["steadied"][0]
    near, far = viz.depth_range(np.stack([depth[::4, ::4] for depth in maps]).reshape(len(maps), -1)) or (1, 2)
    image = known[half].image.copy()
    image[row - 1 : row + 2] = (255, 40, 40)
    panels = [image, viz.colourise_depth(maps[half], near, far)]
    for stage in ("frame by frame", "steadied"):
        slit = np.stack([depth[row] for depth in stages[stage][0]])
        tall = Image.fromarray(viz.colourise_depth(slit, near, far)).resize(SIZE, Image.Resampling.NEAREST)
        panels.append(np.asarray(tall))
    Image.fromarray(viz.side_by_side(*panels)).save(out, quality=88)


if __name__ == "__main__":
    main()
