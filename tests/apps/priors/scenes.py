"""Folders of posed pictures of a room with exact truth, of COLMAP's and nerfstudio's form; a network that errs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from tests.apps import room

from theodolite.camera.distortion import RadialTangential
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import inverse, transform_points
from theodolite.geometry.rotation import to_quaternion
from theodolite.geometry.unproject import project, unproject
from theodolite.inference.prediction import Prediction

CAMERA = Camera.from_fov(75, 160, 120)
GL = np.diag([1.0, -1.0, -1.0, 1.0])


@dataclass
class Network:
    """Knows the room; its metres are the true ones times a factor, after a shift, different in each picture.

    Args:
        factors: by view; true depth is factor · predicted + shift, or of inverse depth.
    """

    poses: list[np.ndarray]
    factors: list[float]
    shifts: list[float] = field(default_factory=list)
    space: str = "depth"
    noise: float = 0.0
    calls: list[int] = field(default_factory=list)

    def predict(self, image, camera):
        seen = [room.view(pose, camera) for pose in self.poses]
        number = int(np.argmin([np.abs(each.image.astype(int) - image).mean() for each in seen]))
        self.calls.append(number)
        shift = self.shifts[number] if self.shifts else 0.0
        true = seen[number].depth
        depth = (true - shift) / self.factors[number]
        if self.space == "inverse_depth":
            depth = self.factors[number] / (1 / true - shift)
        generator = np.random.default_rng(number)
        depth = depth * np.exp(self.noise * generator.standard_normal(depth.shape))
        size = depth.shape
        return Prediction(
            depth=depth.astype(np.float32),
            normals=seen[number].normals,
            confidence=np.full(size, 0.9),
            kappa=None,
            valid=np.ones(size, bool),
            camera=camera,
            image=image,
        )


def sparse_points(poses, camera: Camera = CAMERA, each: int = 60, outliers: float = 0.0, seed: int = 0):
    """World points, metres, and which views each is seen by; wrong ones lie up to 4 times as far, or at half."""
    generator = np.random.default_rng(seed)
    points, tracks = [], []
    for number, pose in enumerate(poses):
        depth = room.view(pose, camera).depth
        v, u = generator.integers(0, camera.height, each), generator.integers(0, camera.width, each)
        local = unproject(depth, camera)[v, u].astype(float)
        wrong = generator.random(each) < outliers
        local[wrong] *= generator.uniform(1.3, 4.0, wrong.sum())[:, None]
        points.append(transform_points(pose, local))
        tracks += [[number]] * each
    return np.concatenate(points), tracks


def distorted(image_of, lens: RadialTangential, camera: Camera) -> np.ndarray:
    """A picture as a lens bends it, from pictures without."""
    wide = Camera(camera.fx, camera.fy, camera.cx + 60, camera.cy + 60, camera.width + 120, camera.height + 120)
    plain = image_of(wide)
    xy = np.stack(np.meshgrid((np.arange(camera.width) - camera.cx) / camera.fx, np.arange(camera.height)), -1)
    xy[..., 1] = (xy[..., 1] - camera.cy) / camera.fy
    uv = np.rint(lens.undistort(xy) * (camera.fx, camera.fy) + (wide.cx, wide.cy)).astype(int)
    return plain[np.clip(uv[..., 1], 0, wide.height - 1), np.clip(uv[..., 0], 0, wide.width - 1)]


def pictures(root, poses, camera: Camera = CAMERA, lens: RadialTangential | None = None, name="{:02}.png"):
    (root / "images").mkdir(parents=True, exist_ok=True)
    for number, pose in enumerate(poses):
        image = room.view(pose, camera).image
        if lens is not None:
            image = distorted(lambda wide, pose=pose: room.view(pose, wide).image, lens, camera)
        path = root / "images" / name.format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def colmap(root, count=6, unit=1.0, camera: Camera = CAMERA, lens=None, outliers=0.0, each=60, name="{:02}.png"):
    """A COLMAP model in sparse/0, text; its unit is so many metres."""
    poses = room.steady_poses(count)
    pictures(root, poses, camera, lens, name)
    points, tracks = sparse_points(poses, camera, each, outliers)
    folder = root / "sparse" / "0"
    folder.mkdir(parents=True, exist_ok=True)
    model = "PINHOLE" if lens is None else "OPENCV"
    extra = "" if lens is None else f" {lens.k1} {lens.k2} {lens.p1} {lens.p2}"
    (folder / "cameras.txt").write_text(
        f"1 {model} {camera.width} {camera.height} {camera.fx} {camera.fy} {camera.cx + 0.5} {camera.cy + 0.5}{extra}\n"
    )
    lines = []
    for number, pose in enumerate(poses):
        motion = inverse(pose)
        numbers = [*to_quaternion(motion[:3, :3]), *(motion[:3, 3] / unit)]
        lines.append(f"{number + 1} " + " ".join(f"{x:.12g}" for x in numbers) + f" 1 {name.format(number)}")
        ids = [at for at, track in enumerate(tracks) if number in track]
        uv = project(transform_points(motion, points[ids]), camera) + 0.5
        lines.append(" ".join(f"{u:.3f} {v:.3f} {at + 1}" for (u, v), at in zip(uv, ids, strict=True)))
    (folder / "images.txt").write_text("\n".join(lines) + "\n")
    rows = [f"{at + 1} {x:.9g} {y:.9g} {z:.9g} 128 128 128 0.5 1 0" for at, (x, y, z) in enumerate(points / unit)]
    (folder / "points3D.txt").write_text("\n".join(rows) + "\n")
    return poses


def nerfstudio(root, count=6, unit=1.0, camera: Camera = CAMERA, lens=None, cloud=True, **more):
    """A transforms.json with sparse_pc.ply, whose points have no tracks; its unit is so many metres."""
    poses = room.steady_poses(count)
    pictures(root, poses, camera, lens)
    frames = []
    for number, pose in enumerate(poses):
        scaled = pose.copy()
        scaled[:3, 3] /= unit
        frames.append({"file_path": f"images/{number:02}.png", "transform_matrix": (scaled @ GL).tolist()})
    content = {
        "camera_model": "OPENCV",
        "fl_x": camera.fx,
        "fl_y": camera.fy,
        "cx": camera.cx + 0.5,
        "cy": camera.cy + 0.5,
        "w": camera.width,
        "h": camera.height,
        **more,
    }
    if lens is not None:
        content |= {"k1": lens.k1, "k2": lens.k2, "p1": lens.p1, "p2": lens.p2}
    if cloud:
        points, _ = sparse_points(poses, camera)
        write_ascii_ply(root / "sparse_pc.ply", points / unit)
        content["ply_file_path"] = "sparse_pc.ply"
    (root / "transforms.json").write_text(json.dumps(content | {"frames": frames}))
    return poses


def write_ascii_ply(path, points) -> None:
    """As nerfstudio's own converter writes it."""
    head = ["ply", "format ascii 1.0", f"element vertex {len(points)}"]
    head += [f"property float {axis}" for axis in "xyz"]
    head += [f"property uint8 {colour}" for colour in ("red", "green", "blue")]
    rows = [f"{x:8f} {y:8f} {z:8f} 128 128 128" for x, y, z in points]
    path.write_text("\n".join([*head, "end_header", *rows]) + "\n")
