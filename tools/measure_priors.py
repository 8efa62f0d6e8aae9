"""Measures `theodolite priors` where depth was measured: depth as written against the sensor's, aligned or not.

    python tools/measure_priors.py FOLDER [--focal-px F] [--every 3] [--points 150] [--outliers 0.1] [--json FILE]

FOLDER holds posed pictures with measured depth, in any form that `reconstruct` reads. Its pictures and poses are
written as a COLMAP model in another unit, 0.37 m, with sparse points: so many pixels of each view at their measured
depth, with an error of 1 %, a share of them wrong by up to threefold. What is written for nerfstudio is read back, by
its own rule, and compared with the measured depth at all its pixels. `cloud` is the distance of points of the initial
cloud to the nearest measured one. `measured` has the sensor's depth in the network's place, aligned by one scale: what
is left is the error of alignment and files.
"""

import argparse
import json
import platform
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

import theodolite
from theodolite.apps.priors import Settings, make_priors
from theodolite.apps.view_readers import read_views
from theodolite.apps.view_readers.opening import measured_depth, open_photo
from theodolite.apps.views import View
from theodolite.camera.pinhole import Camera
from theodolite.camera.resample import resize_nearest
from theodolite.evaluation.cloud_metrics import voxel_downsample
from theodolite.geometry.normals import normals_from_depth
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.rotation import to_quaternion
from theodolite.geometry.unproject import unproject
from theodolite.inference.files.ply import read_ply
from theodolite.inference.predictor import Predictor

UNIT = 0.37  # metres
ALIGNMENTS = ("none", "scale", "auto", "scale-shift", "scale-shift-inverse")


def main() -> None:
    arguments = parsed()
    focal = arguments.focal_px
    camera = (lambda width, height: Camera.from_focal(focal, width, height)) if focal else arguments.calibration
    views = read_views(arguments.folder, calibration=camera).views[:: arguments.every]
    views = tuple(view for view in views if view.read_depth is not None)
    model = theodolite.load(arguments.model)
    rows: dict[str, object] = {"folder": arguments.folder.name, "views": len(views), "model": arguments.model}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measured = write_colmap(folder, views, arguments.points, arguments.outliers)
        for align in arguments.align:
            began = time.perf_counter()
            of = Sensor([depth for depth, _ in measured]) if align == "measured" else model
            row = errors(folder, of, align, measured)
            row["seconds"] = round(time.perf_counter() - began, 1)
            rows[align] = row
            print(f"{align:20}", "  ".join(f"{name} {value}" for name, value in row.items()), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))
    print(f"{len(views)} views; {platform.processor() or platform.machine()}, {time.strftime('%Y-%m-%d')}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--calibration", type=Path, help="of the pictures, where it is not that of the depth")
    parser.add_argument("--focal-px", type=float, help="of the pictures, about their middle")
    parser.add_argument("--every", type=int, default=1, help="take every so many views")
    parser.add_argument("--points", type=int, default=150, help="sparse points of each view")
    parser.add_argument("--outliers", type=float, default=0.1, help="share of wrong points")
    parser.add_argument("--align", nargs="+", default=(*ALIGNMENTS, "measured"), choices=(*ALIGNMENTS, "measured"))
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def write_colmap(folder: Path, views: tuple[View, ...], each: int, outliers: float) -> list[tuple[np.ndarray, View]]:
    """The model, and the measured depth of each view on the pixels of its picture without lens distortion."""
    generator = np.random.default_rng(0)
    model = folder / "sparse" / "0"
    model.mkdir(parents=True)
    (folder / "images").mkdir()
    cameras, images, points, measured = [], [], [], []
    for number, view in enumerate(views, 1):
        photo = open_photo(view)
        depth = measured_depth(view, photo.camera)
        assert depth is not None
        Image.fromarray(photo.image).save(folder / "images" / f"{number:04}.png")
        camera = photo.camera
        values = (camera.fx, camera.fy, camera.cx + 0.5, camera.cy + 0.5)
        cameras.append(f"{number} PINHOLE {camera.width} {camera.height} {' '.join(map(str, values))}")
        v, u = np.nonzero(np.isfinite(depth))
        chosen = generator.choice(len(v), min(each, len(v)), replace=False)
        local = unproject(depth, camera)[v[chosen], u[chosen]].astype(float)
        size = 1 + 0.01 * generator.standard_normal(len(local))
        size = np.where(generator.random(len(local)) < outliers, generator.uniform(0.4, 3, len(local)), size)
        world = transform_points(view.world_from_camera, local * size[:, None]) / UNIT
        motion = inverse(view.world_from_camera)
        numbers = [*to_quaternion(motion[:3, :3]), *(motion[:3, 3] / UNIT)]
        images.append(f"{number} {' '.join(f'{x:.12g}' for x in numbers)} {number} {number:04}.png")
        images.append(" ".join(f"0 0 {len(points) + at + 1}" for at in range(len(world))))
        points += [f"{len(points) + at + 1} {x} {y} {z} 0 0 0 1" for at, (x, y, z) in enumerate(world)]
        measured.append((depth, view))
    for name, lines in (("cameras", cameras), ("images", images), ("points3D", points)):
        (model / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return measured


class Sensor:
    """In a network's place: the measured depth of one view after the other."""

    def __init__(self, depths: list[np.ndarray]) -> None:
        self._depths = iter(depths)

    def predict(self, image: np.ndarray, camera: Camera) -> SimpleNamespace:
        depth = resize_nearest(next(self._depths), camera.height, camera.width).astype(np.float32)
        known = np.isfinite(depth)
        normals = normals_from_depth(depth, camera)
        confidence = np.where(known, np.float32(0.99), np.float32(0))
        return SimpleNamespace(depth=depth, valid=known, normals=normals, confidence=confidence, camera=camera)


def errors(
    folder: Path, model: Predictor | Sensor, align: str, measured: list[tuple[np.ndarray, View]]
) -> dict[str, object]:
    """AbsRel of depth as written, at all pixels and at trusted ones, in per cent; means of the views."""
    scale = UNIT if align == "none" else None
    how = "scale" if align == "measured" else align
    settings = Settings(("nerfstudio",), how, scale, keep_untrusted=True, points=100_000)
    out = folder / align
    report = make_priors(folder, model, settings, out=out)  # type: ignore[arg-type]
    frames = json.loads((out / "transforms.json").read_text())["frames"]
    every, trusted = [], []
    for frame, (true, _) in zip(frames, measured, strict=True):
        path = out / frame["depth_file_path"]
        values = np.load(path) if path.suffix == ".npy" else np.asarray(Image.open(path)).astype(float)
        error = np.abs(np.where(values > 0, values, np.nan) * 1e-3 * UNIT / true - 1)
        mask = np.asarray(Image.open(out / frame["confidence_mask_path"])) > 0
        every.append(np.nanmean(error))
        trusted.append(np.nanmean(error[mask]))
    kinds = report.facts()["alignment"]["kinds"]
    return {
        "abs_rel": f"{100 * np.mean(every):.2f} %",
        "trusted": f"{100 * np.mean(trusted):.2f} %",
        "cloud": cloud_error(out, measured),
        "kinds": kinds,
    }


def cloud_error(out: Path, measured: list[tuple[np.ndarray, View]]) -> str:
    """Median and 90th percentile of the distance to the nearest measured point."""
    from scipy.spatial import cKDTree

    surfaces = []
    for depth, view in measured:
        camera = open_photo(view).camera
        local = unproject(depth, camera)[::4, ::4].reshape(-1, 3)
        surfaces.append(transform_points(view.world_from_camera, local[np.isfinite(local).all(-1)].astype(float)))
    points = read_ply(out / "prior_points.ply").points * UNIT
    away, _ = cKDTree(voxel_downsample(np.concatenate(surfaces), 0.02)).query(points)
    return f"{1000 * np.median(away):.0f} mm ({len(points)} points, 90 %: {1000 * np.percentile(away, 90):.0f} mm)"


if __name__ == "__main__":
    main()
