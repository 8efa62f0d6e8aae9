"""Measures the GLB files of photos: triangles, bytes, seconds, and how far a mesh is from the depth it was made of.

python tools/measure_meshes.py PHOTO... [--model pocket] [--enlarge 12.2] [--draw OUT.jpg]

Needs the `train` extra, for its ray caster. Files are read back by trimesh, and rays cast from the camera through
pixels that the mesh was made of; those that hit nothing, or something 10 % off, passed beside an outline and are
counted apart. --enlarge also measures the first photo enlarged to so many megapixels. --draw renders the first photo's
file.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

import theodolite
from theodolite.camera.photo import Photo
from theodolite.inference.files import SaveOptions
from theodolite.inference.prediction import Prediction

RAYS = 200_000
# Rays are not cast into larger ones: that needs more memory than the rest of it all.
LARGEST = 10_000_000
KINDS = {
    "every pixel": SaveOptions(triangles=0),
    "default": SaveOptions(),
    "--mesh-error 0.02": SaveOptions(mesh_error=0.02),
    "--mesh-triangles 50000": SaveOptions(triangles=50_000),
    "--mesh-triangles 10000": SaveOptions(triangles=10_000),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--enlarge", type=float, help="megapixels")
    parser.add_argument("--draw", type=Path)
    args = parser.parse_args()
    model = theodolite.load(args.model)
    trimesh.creation.box().ray.intersects_any([[0, 0, 5]], [[0, 0, -1]])  # what is imported late, is by now
    print("| photo | map, px | mesh | triangles | MB | s | median off | 99 % within | beside outlines |")
    print("|---|---|---|---|---|---|---|---|---|")
    for path in args.photos:
        prediction = model.predict(path, max_side=None)
        report(path.stem, prediction)
        if args.enlarge and path == args.photos[0]:
            photo = Photo.open(path)
            factor = (args.enlarge * 1e6 / (photo.camera.width * photo.camera.height)) ** 0.5
            size = round(photo.camera.width * factor), round(photo.camera.height * factor)
            image = np.asarray(Image.fromarray(photo.image).resize(size, Image.Resampling.BICUBIC))
            report(f"{path.stem}, enlarged", model.predict(image, camera=photo.camera.resized(*size), max_side=None))
        if args.draw and path == args.photos[0]:
            draw(model.predict(path), args.draw)


def report(name: str, prediction: Prediction) -> None:
    for kind, options in KINDS.items():
        mesh, seconds, size = written(prediction, options)
        told = ["", "", ""]
        if len(mesh.faces) <= LARGEST:
            median, most, beside = off(mesh, prediction)
            told = [f"{100 * median:.3f} %", f"{100 * most:.2f} %", f"{100 * beside:.1f} %"]
        width, height = prediction.size
        print(
            f"| {name} | {width}x{height} | {kind} | {len(mesh.faces)} | {size / 1e6:.1f} | {seconds:.1f} | "
            f"{' | '.join(told)} |",
            flush=True,
        )


def written(prediction: Prediction, options: SaveOptions) -> tuple[trimesh.Trimesh, float, int]:
    """The GLB file read back, the seconds it took to write, and its bytes."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        (path,) = prediction.save(folder, ["glb"], options=options)
        seconds = time.perf_counter() - started
        (mesh,) = trimesh.load(path, process=False).geometry.values()
        return mesh, seconds, path.stat().st_size


def off(mesh: trimesh.Trimesh, prediction: Prediction) -> tuple[float, float, float]:
    """Median and 99th percentile of the distance along rays, as shares of it, and the share of rays beside outlines."""
    points = prediction.points()[prediction.valid]
    chosen = points[np.random.default_rng(0).integers(0, len(points), RAYS)] * [1, -1, -1]
    place, ray, _ = mesh.ray.intersects_location(np.zeros_like(chosen), chosen, multiple_hits=False)
    share = np.abs(np.linalg.norm(place, axis=-1) / np.linalg.norm(chosen[ray], axis=-1) - 1)
    near = share < 0.1
    return float(np.median(share[near])), float(np.percentile(share[near], 99)), float(1 - near.sum() / RAYS)


def draw(prediction: Prediction, out: Path) -> None:
    """A file of 20 000 triangles: from the camera, as a wire frame; from beside it, as it is and by its normals."""
    mesh, _, _ = written(prediction, SaveOptions(triangles=20_000, level=True))
    centre = np.median(mesh.vertices, axis=0)
    aside = -centre[2] * np.array([-0.45, 0.4, 0.1])
    views = [seen(mesh, np.zeros(3), centre * [0, 0, 1], wire=True), seen(mesh, aside, centre * 1.1)]
    views.append(seen(mesh, aside, centre * 1.1, normals=True))
    Image.fromarray(np.concatenate(views, axis=1)).save(out, quality=88)


def seen(mesh: trimesh.Trimesh, eye: np.ndarray, target: np.ndarray, wire: bool = False, normals: bool = False):
    """A picture of a mesh, y up, by casting a ray for each pixel."""
    width, height, focal = 480, 640, 500
    backward = (eye - target) / np.linalg.norm(eye - target)
    right = np.cross([0, 1, 0], backward)
    axes = np.stack([right / np.linalg.norm(right), np.cross(backward, right / np.linalg.norm(right)), backward])
    u, v = np.meshgrid(np.arange(width) - (width - 1) / 2, (height - 1) / 2 - np.arange(height))
    rays = np.stack([u, v, np.full(u.shape, -focal)], axis=-1).reshape(-1, 3) @ axes
    place, ray, face = mesh.ray.intersects_location(np.broadcast_to(eye, rays.shape), rays, multiple_hits=False)
    weight = trimesh.triangles.points_to_barycentric(mesh.triangles[face], place)[..., None]
    picture = np.full((height * width, 3), 255, dtype=np.uint8)
    if normals:
        picture[ray] = ((mesh.vertex_normals[mesh.faces[face]] * weight).sum(axis=1) + 1) * 127.5
    else:
        texture = np.asarray(mesh.visual.material.baseColorTexture.convert("RGB"))
        uv = (mesh.visual.uv[mesh.faces[face]] * weight).sum(axis=1)
        rows, columns = texture.shape[:2]
        picture[ray] = texture[((1 - uv[:, 1]) * rows).astype(int), (uv[:, 0] * columns).astype(int)]
    if wire:
        corners = (mesh.triangles[face] - eye) @ axes.T
        corners = corners[..., :2] / -corners[..., 2:] * focal
        here = np.stack([u, v], axis=-1).reshape(-1, 2)[ray]
        for i in range(3):
            side, to = corners[:, i - 1] - corners[:, i], here - corners[:, i]
            away = np.abs(side[:, 0] * to[:, 1] - side[:, 1] * to[:, 0]) / np.linalg.norm(side, axis=-1)
            picture[ray[away < 0.5]] = (30, 60, 160)
    return picture.reshape(height, width, 3)


if __name__ == "__main__":
    main()
