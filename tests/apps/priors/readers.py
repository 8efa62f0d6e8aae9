"""How trainers read the files, written anew from what their code does: nerfstudio, Gaussian Splatting, sdfstudio."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from theodolite.camera.distortion import RadialTangential
from theodolite.geometry.rotation import from_quaternion


def nerfstudio_depth(root: Path, frame: dict, dataparser_scale: float = 1.0) -> np.ndarray:
    """File times depth_unit_scale_factor (1e-3) times the scale of the poses; 0 is not used."""
    path = root / frame["depth_file_path"]
    values = np.load(path) if path.suffix == ".npy" else np.asarray(Image.open(path)).astype(float)
    depth = values * 1e-3 * dataparser_scale
    return np.where(depth > 0, depth, np.nan)


def nerfstudio_points(root: Path, frame: dict, meta: dict) -> np.ndarray:
    """World points of the pixels: rays through (u + 0.5, v + 0.5), along -z, y up; times z-depth."""
    intrinsics = {**meta, **frame}
    w, h = int(intrinsics["w"]), int(intrinsics["h"])
    u, v = np.meshgrid(np.arange(w) + 0.5, np.arange(h) + 0.5)
    x, y = (u - intrinsics["cx"]) / intrinsics["fl_x"], (v - intrinsics["cy"]) / intrinsics["fl_y"]
    lens = [float(intrinsics.get(name, 0)) for name in ("k1", "k2", "p1", "p2")]
    if any(lens):
        x, y = np.moveaxis(RadialTangential(*lens).undistort(np.stack([x, y], -1)), -1, 0)
    directions = np.stack([x, -y, -np.ones_like(x)], axis=-1)  # of length such that z-depth 1 is one of them
    depth = nerfstudio_depth(root, frame)
    pose = np.array(frame["transform_matrix"])
    return directions * depth[..., None] @ pose[:3, :3].T + pose[:3, 3]


def splatting_inverse_depth(root: Path, name: str, folder: str = "prior_inverse_depths") -> np.ndarray | None:
    """16 bits / 65536 · scale + offset; None where the scale is not like that of the others."""
    parameters = json.loads((root / "sparse" / "0" / "depth_params.json").read_text())
    stem = name[: -len(name.split(".")[-1]) - 1]
    scales = np.array([each["scale"] for each in parameters.values()])
    middle = np.median(scales[scales > 0])
    values = np.asarray(Image.open(root / folder / f"{stem}.png")).astype(np.float32) / float(2**16)
    own = parameters[stem]
    if own["scale"] < 0.2 * middle or own["scale"] > 5 * middle:
        return None
    return values * own["scale"] + own["offset"]


def colmap_images(root: Path) -> dict[str, tuple[np.ndarray, np.ndarray, int]]:
    """Rotation and translation into the camera and the camera's number, by name; the reference's text reader."""
    found = {}
    with (root / "sparse" / "0" / "images.txt").open() as file:
        while line := file.readline():
            if not line.strip() or line[0] == "#":
                continue
            words = line.split()
            numbers = np.array([float(word) for word in words[1:8]])
            found[words[9]] = from_quaternion(numbers[:4]), numbers[4:], int(words[8])
            file.readline()
    return found


def colmap_cameras(root: Path) -> dict[int, tuple[str, list[float]]]:
    rows = [line.split() for line in (root / "sparse" / "0" / "cameras.txt").read_text().splitlines() if line[0] != "#"]
    return {int(row[0]): (row[1], [float(word) for word in row[2:]]) for row in rows}


def dn_normals(path: Path) -> np.ndarray:
    """As dn-splatter takes them from OpenGL's axes: unit vectors in OpenCV's, facing the camera."""
    values = np.array(Image.open(path), dtype="uint8")[..., :3].astype(np.float32) / 255
    return (2 * values - 1) @ np.diag([1, -1, -1])


def sdfstudio_normals(root: Path, frame: dict) -> np.ndarray:
    """World normals, (h, w, 3)."""
    normal = np.load(root / frame["mono_normal_path"]) * 2.0 - 1.0
    flat = normal.reshape(3, -1)
    flat = flat / np.linalg.norm(flat, axis=0)
    return (np.array(frame["camtoworld"])[:3, :3] @ flat).T.reshape(*normal.shape[1:], 3)


def sdfstudio_points(root: Path, frame: dict, key: str = "mono_depth_path") -> np.ndarray:
    """World points in the box, as nerfstudio's cameras see them."""
    depth = np.load(root / frame[key])
    K, pose = np.array(frame["intrinsics"]), np.array(frame["camtoworld"])
    pose = pose.copy()
    pose[:3, 1:3] *= -1
    h, w = depth.shape
    u, v = np.meshgrid(np.arange(w) + 0.5, np.arange(h) + 0.5)
    directions = np.stack([(u - K[0, 2]) / K[0, 0], -(v - K[1, 2]) / K[1, 1], -np.ones_like(depth)], -1)
    depth = np.where(depth > 0, depth, np.nan)
    return directions * depth[..., None] @ pose[:3, :3].T + pose[:3, 3]
