"""Draws docs/images/reconstruction.jpg: a rendered room, reconstructed from predicted and from exact depth.

    python tools/draw_reconstruction.py OUT.jpg [--seed 11] [--views 36] [--folder FOLDER]

Views of one room of `theodolite.synth` along a path are written as a folder with frames.json and measured depth, and
that folder is reconstructed with the embedded model, each view's factor found or not, and with the depth itself. What
is drawn of the meshes is seen from the place of the middle view.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

import theodolite
from theodolite.apps.reconstruct import Settings, start
from theodolite.apps.surface import Surface
from theodolite.apps.view_readers import read_views
from theodolite.apps.views import Views
from theodolite.camera.pinhole import Camera
from theodolite.evaluation.cloud_metrics import cloud_metrics, voxel_downsample
from theodolite.geometry.unproject import rays
from theodolite.synth.families import sample_scene
from theodolite.synth.render import render
from theodolite.synth.views import looking

SIZE = (480, 360)
STEPS = 5000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--views", type=int, default=36)
    parser.add_argument("--folder", type=Path, help="keep the views here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        write_room(folder, arguments.seed, arguments.views)
        views = read_views(folder)
        model = theodolite.load()
        exact = surface(views, None, Settings())
        aligned = surface(views, model, Settings())
        plain = surface(views, model, Settings(align=False))
        for name, mesh in (("factors found", aligned), ("as predicted", plain)):
            found = cloud_metrics(voxel_downsample(mesh.vertices), voxel_downsample(exact.vertices))
            assert found is not None
            print(f"{name}: F-score at 5 cm {found.f_score:.3f}, Chamfer {1000 * found.chamfer_l1:.0f} mm")
        view = views.views[len(views.views) // 2]
        picture = np.asarray(Image.open(view.image).convert("RGB"))
        seen = [drawn(mesh, view.camera.camera, view.world_from_camera) for mesh in (plain, aligned, exact)]
        rows = [np.hstack([picture, seen[0]]), np.hstack([seen[1], seen[2]])]
        Image.fromarray(np.vstack(rows)).save(arguments.out, quality=88)


def write_room(folder: Path, seed: int, count: int) -> None:
    """Pictures, depth and frames.json of a walk to both sides of the scene's own view, looking at its middle."""
    folder.mkdir(parents=True, exist_ok=True)
    scene = sample_scene("room", seed, 0)
    pose = scene.view.world_from_camera
    own = render([scene], SIZE[1], SIZE[0])[0]
    middle = pose[:3, 3] + pose[:3, 2] * float(np.nanmedian(own.depth))
    entries = []
    for number in range(count):
        turn = 2 * np.pi * number / count
        place = pose[:3, 3] + 0.45 * np.sin(turn) * pose[:3, 0] + 0.25 * np.cos(turn) * np.array([0, 0, 1.0])
        target = middle + 0.8 * np.sin(turn + 0.6) * pose[:3, 0]
        world_from_camera = looking(tuple(place), tuple(target))
        moved = replace(scene, view=replace(scene.view, world_from_camera=world_from_camera))
        seen = render([moved], SIZE[1], SIZE[0])[0]
        Image.fromarray(seen.image).save(folder / f"{number:03}.png")
        depth = np.rint(np.nan_to_num(seen.depth) * STEPS).clip(0, 65534)
        Image.fromarray(depth.astype(np.uint16)).save(folder / f"{number:03}_depth.png")
        camera = seen.camera
        entries.append(
            {
                "rgb": f"{number:03}.png",
                "depth": f"{number:03}_depth.png",
                "depth_scale": STEPS,
                "cam_in": [camera.fx, camera.fy, camera.cx, camera.cy],
                "pose_world_from_camera": world_from_camera.tolist(),
            }
        )
    (folder / "frames.json").write_text(json.dumps({"files": entries}))


def surface(views: Views, model: theodolite.inference.predictor.Predictor | None, settings: Settings) -> Surface:
    scene = start(views, model, settings)
    for frame in scene.frames():
        assert not frame.error, frame.error
    print(json.dumps(scene.facts()["depth"] | {"voxel": scene.grid.voxel, "megabytes": scene.volume.megabytes}))
    return scene.surface(least_faces=200)


def drawn(mesh: Surface, camera: Camera, world_from_camera: np.ndarray) -> np.ndarray:
    """The mesh's own colours, darker where it is turned away."""
    solid = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    directions = rays(camera).reshape(-1, 3) @ world_from_camera[:3, :3].T
    origins = np.broadcast_to(world_from_camera[:3, 3], directions.shape)
    hit, ray, triangle = solid.ray.intersects_location(origins, directions, multiple_hits=False)
    del hit
    corners = mesh.faces[triangle]
    towards = -directions[ray] / np.linalg.norm(directions[ray], axis=1, keepdims=True)
    facing = np.clip(np.abs((mesh.normals[corners].mean(1) * towards).sum(1)), 0, 1)[:, None]
    image = np.full((camera.width * camera.height, 3), 255, np.uint8)
    image[ray] = (mesh.colours[corners].mean(1) * (0.45 + 0.55 * facing)).astype(np.uint8)
    return image.reshape(camera.height, camera.width, 3)


if __name__ == "__main__":
    main()
