"""Draws docs/images/priors.jpg: a rendered room, its priors from the embedded model, and the initial cloud.

    python tools/draw_priors.py OUT.jpg [--seed 11] [--views 24]

Views of one room of `theodolite.synth` are written as a COLMAP model in a unit of its own, with sparse points of which
a tenth are wrong; `make_priors` makes priors for dn-splatter. Top: a picture with the sparse points it sees, depth as
aligned, normals in OpenGL's axes. Bottom: the confidence mask, and from a place where no camera was the sparse points
and the initial cloud.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from draw_reconstruction import write_room
from measure_priors import UNIT, write_colmap
from PIL import Image

import theodolite
from theodolite.apps.priors import Settings, make_priors
from theodolite.apps.view_readers import read_views
from theodolite.apps.views import View
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.unproject import project
from theodolite.inference.files.ply import read_ply
from theodolite.viz import colourise_depth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--views", type=int, default=24)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        room, folder = Path(temporary) / "room", Path(temporary) / "colmap"
        write_room(room, arguments.seed, arguments.views)
        folder.mkdir()
        measured = write_colmap(folder, read_views(room).views, 150, 0.1)
        report = make_priors(folder, theodolite.load(), Settings(("dn-splatter",), points=150_000))
        frames = json.loads((folder / "transforms.json").read_text())["frames"]
        at = len(frames) // 2
        view = read_views(folder / "sparse" / "0", folder / "images").views[at]
        path = folder / frames[at]["depth_file_path"]
        values = np.load(path) if path.suffix == ".npy" else np.asarray(Image.open(path))
        depth = np.where(values > 0, values * 1e-3 * UNIT, np.nan).astype(np.float32)
        print(report.facts()["alignment"], report.cloud)
        print(f"this view: mean relative error {100 * np.nanmean(np.abs(depth / measured[at][0] - 1)):.1f} %")
        assert view.points is not None
        cloud = read_ply(folder / "prior_points.ply")
        beside = moved(view.world_from_camera)
        camera = view.camera.camera
        sparse = np.concatenate([v.points for v in read_views(folder / "sparse" / "0", folder / "images").views])
        rows = [
            [with_points(view), colourise_depth(depth), picture(folder / "normals_from_pretrain" / f"{path.stem}.png")],
            [
                picture(folder / frames[at]["confidence_mask_path"]),
                splatted(sparse, np.zeros((len(sparse), 3), np.uint8), camera, beside, 2),
                splatted(cloud.points.astype(float), cloud.colours, camera, beside, 2),
            ],
        ]
        Image.fromarray(np.vstack([np.hstack(row) for row in rows])).save(arguments.out, quality=88)


def picture(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def with_points(view: View) -> np.ndarray:
    """The picture, a red dot for each sparse point."""
    image = picture(view.image).copy()
    uv = project(transform_points(inverse(view.world_from_camera), view.points), view.camera.camera)
    for u, v in uv[np.isfinite(uv).all(-1)]:
        row, column = round(v), round(u)
        image[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3] = (230, 40, 40)
    return image


def moved(world_from_camera: np.ndarray) -> np.ndarray:
    """Back and to the side, in the unit of the poses."""
    pose = world_from_camera.copy()
    pose[:3, 3] += pose[:3, :3] @ np.array([0.5, 0.1, -0.5]) / UNIT
    return pose


def splatted(points: np.ndarray, colours: np.ndarray, camera: Camera, pose: np.ndarray, reach: int) -> np.ndarray:
    """Points as small squares, the nearest in front."""
    local = transform_points(inverse(pose), points)
    uv = np.rint(np.nan_to_num(project(local, camera), nan=-9)).astype(int)
    order = np.argsort(-local[:, 2])
    image = np.full((camera.height, camera.width, 3), 255, np.uint8)
    for step_v in range(-reach + 1, reach):
        for step_u in range(-reach + 1, reach):
            u, v = uv[order, 0] + step_u, uv[order, 1] + step_v
            inside = (u >= 0) & (v >= 0) & (u < camera.width) & (v < camera.height) & (local[order, 2] > 0)
            image[v[inside], u[inside]] = colours[order][inside]
    return image


if __name__ == "__main__":
    main()
