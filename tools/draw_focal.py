"""Draws the picture of docs/focal.md: the lines of rendered rooms, coloured by the direction that each points along.

python tools/draw_focal.py OUT.jpg [--scenes 1 4 3] [--seed 6021]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import theodolite
from theodolite.apps.focal_search import estimate_focal
from theodolite.apps.segments import Segments, find_segments
from theodolite.apps.vanishing import OUTLIER, SIGMA, Directions, misses
from theodolite.camera.pinhole import Camera
from theodolite.synth.compiled import eager
from theodolite.synth.families import sample_scene
from theodolite.synth.render import render
from theodolite.types import UInt8
from theodolite.viz import side_by_side

SIZE = (480, 640)
COLOURS = ((230, 60, 50), (60, 170, 60), (60, 110, 240))
OTHER = (150, 150, 150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, nargs="+", default=[1, 4, 3])
    parser.add_argument("--seed", type=int, default=6021)
    arguments = parser.parse_args()
    model, drawn = theodolite.load(), []
    for number in arguments.scenes:
        with eager():
            view = render([sample_scene("room", arguments.seed, number)], *SIZE)[0]
        # The usual assumption: 60 degrees along the longer side.
        assumed = Camera.from_fov(60, *reversed(SIZE))
        found = estimate_focal(model.predict(view.image, camera=assumed))
        told = f"{found.camera.focal:.0f} ± {100 * found.camera.rel_sigma:.0f} %" if found.camera else found.reason
        print(f"room {number}: {told}; true {view.camera.focal:.0f} px, assumed {assumed.focal:.0f} px")
        drawn.append(with_lines(view.image, find_segments(view.image, assumed), found.lines))
    Image.fromarray(side_by_side(*drawn)).save(arguments.out)


def with_lines(
    image: UInt8[np.ndarray, "h w 3"], segments: Segments, directions: Directions | None
) -> UInt8[np.ndarray, "h w 3"]:
    """Each line in the colour of the direction it points along; grey where it points along none."""
    factor = image.shape[1] / segments.camera.width
    picture = Image.fromarray((image * 0.6 + 100).clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    axis = np.full(len(segments), -1)
    if directions is not None:
        miss = np.abs(misses(segments, directions.rotation, directions.focal / factor))
        axis = np.where(miss.min(axis=-1) < OUTLIER * SIGMA, miss.argmin(axis=-1), -1)
    half = segments.direction * segments.length[:, None] / 2
    ends = np.concatenate([segments.middle - half, segments.middle + half], axis=-1) * factor
    for line, own in zip(ends.tolist(), axis.tolist(), strict=True):
        pen.line(line, fill=OTHER if own < 0 else COLOURS[own], width=3)
    return np.asarray(picture)


if __name__ == "__main__":
    main()
