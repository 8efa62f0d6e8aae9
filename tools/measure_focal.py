"""How well focal lengths are estimated, on photos and rendered scenes whose focal length is known: docs/focal.md.

python tools/measure_focal.py SHARED [--scenes 16] [--size 640 480]
    SHARED: folder with data/<set>/frames.json and photos with EXIF data.

Prints a row for each picture, then what the accepted ones have in common: the error of the estimate against that of the
assumption of 60 degrees, and how often the truth lies within the stated uncertainty.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import theodolite
from theodolite.apps.focal_search import estimate_focal
from theodolite.camera.photo import CameraReport, Photo
from theodolite.camera.pinhole import Camera
from theodolite.inference.predictor import Predictor

SETS = ("nyu_demo", "nyu_dining_5", "tum_fr1_desk_pair", "redkitchen_a", "kitti_demo", "kitti_object_3")
RIG = "driving_multicam_a"
SCENES = ("room", "corridor", "hall", "street", "courtyard", "attic", "shelf", "country")
# Of the colour camera; the set gives that of its depth camera.
REDKITCHEN = 525.0


@dataclass(frozen=True)
class Row:
    """One picture: natural logarithms of what was found over the truth, for the estimate and for 60 degrees."""

    group: str
    name: str
    assumed: float
    estimated: float | None
    sigma: float | None
    reason: str

    def __str__(self) -> str:
        found = self.reason if self.estimated is None else f"{self.estimated:+.3f} ±{self.sigma:.3f}"
        return f"{self.group:20} {self.name:36} {self.assumed:+.3f}   {found}"


def row_of(predictor: Predictor, group: str, photo: Photo, focal: float) -> Row:
    """`focal`: px of the photo as it is here."""
    height, width = photo.image.shape[:2]
    camera = Camera.from_fov(60, width, height)
    estimate = estimate_focal(predictor.predict(photo.image, camera=camera))
    found = estimate.camera
    error = math.log(found.focal / focal) if found else None
    sigma = found.rel_sigma if found else None
    return Row(group, photo.name, math.log(camera.focal / focal), error, sigma, estimate.reason)


def frames(shared: Path) -> Iterator[tuple[str, Path, float]]:
    """Group, picture and the true focal length at its full size, px."""
    for name in (*SETS, RIG):
        folder = shared / "data" / name
        listed = json.loads((folder / "frames.json").read_text())["files"]
        for frame in listed[:: 10 if name == "redkitchen_a" else 1]:
            focal = REDKITCHEN if name == "redkitchen_a" else sum(frame["cam_in"][:2]) / 2
            yield name, folder / frame["rgb"], focal
    for name, folder in (("exif_photos", "exif_photos"), ("opensfm_berlin", "opensfm_berlin/images")):
        for path in sorted((shared / "data" / folder).iterdir()):
            if path.suffix.lower() in (".jpg", ".heic"):
                camera = CameraReport.of(path).lens.camera
                if camera.source == "exif":
                    yield name, path, camera.focal


def scenes(count: int, size: tuple[int, int]) -> Iterator[tuple[str, Photo, float]]:
    """Rendered scenes: wide and long lenses, as the renderer draws them."""
    from theodolite.synth.compiled import eager
    from theodolite.synth.families import sample_scene
    from theodolite.synth.render import render

    for index in range(count):
        for family in SCENES:
            with eager():
                view = render([sample_scene(family, 7041, index)], size[1], size[0])[0]
            yield f"synth {family}", Photo(view.image, view.camera, name=f"{family}-{index:02d}"), view.camera.focal


def summary(title: str, rows: list[Row]) -> str:
    accepted = [row for row in rows if row.estimated is not None]
    if not accepted:
        return f"| {title} | {len(rows)} | 0 | | | | |"
    estimated, assumed = (np.abs([getattr(r, name) for r in accepted]) for name in ("estimated", "assumed"))
    sigma = np.array([row.sigma for row in accepted])
    cells = (
        title,
        len(rows),
        len(accepted),
        f"{np.median(estimated):.3f} / {np.quantile(estimated, 0.9):.3f}",
        f"{np.median(assumed):.3f} / {np.quantile(assumed, 0.9):.3f}",
        f"{(estimated < assumed).mean():.0%}",
        f"{(estimated < sigma).mean():.0%} / {(estimated < 2 * sigma).mean():.0%}",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--scenes", type=int, default=16, help="of each family")
    parser.add_argument("--size", type=int, nargs=2, default=(640, 480))
    parser.add_argument("--model", default="pocket")
    arguments = parser.parse_args()
    predictor = theodolite.load(arguments.model)
    real, rendered = [], []
    for group, path, focal in frames(arguments.shared):
        photo = Photo.open(path, max_side=1024)
        assert photo.original_size is not None
        row = row_of(predictor, group, photo, focal * photo.camera.width / photo.original_size[0])
        real.append(row)
        print(row, flush=True)
    for group, photo, focal in scenes(arguments.scenes, tuple(arguments.size)):
        rendered.append(row_of(predictor, group, photo, focal))
        print(rendered[-1], flush=True)
    print("\n| pictures | all | estimated | error, median / 90 % | of 60 degrees | better | within 1 / 2 sigma |")
    print("|---|---|---|---|---|---|---|")
    groups = {row.group: [other for other in (*real, *rendered) if other.group == row.group] for row in real + rendered}
    for title, rows in ({"**real**": real, "**rendered**": rendered} | groups).items():
        print(summary(title, rows))


if __name__ == "__main__":
    main()
