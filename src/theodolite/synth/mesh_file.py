"""Reads one triangle mesh file and brings it to metres, z up, standing on z = 0."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.errors import DatasetError
from theodolite.synth.mesh_skin import Atlas, Skin, skin_of
from theodolite.synth.meshes import FLOOR, TABLE, Piece
from theodolite.types import Float

MOST_TRIANGLES = 2_000_000
SMALLEST, LARGEST = 0.01, 5.0  # metres; longest edges of what is placed in rooms
ON_TABLES = 0.45  # metres; what has no longer edge is put on tables, unless its role is given
# Units that are guessed by the longest edge of a file without any: up to so many units, metres in a unit.
UNITS = ((4.0, 1.0, "metres"), (400.0, 0.01, "centimetres"), (4000.0, 0.001, "millimetres"))
# Corners whose normal turns further from the triangle's than this belong to an edge that is meant to be seen.
_CREASE = np.cos(np.radians(40))
_FROM_Y_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


@dataclass(frozen=True)
class Facts:
    """What is known of a mesh beside its file.

    Args:
        role: one of `meshes.ROLES`, or None to go by size.
        up: the axis that points up, "y" or "z".
        scale: metres in a unit; None where unknown.
        size: true width, depth and height, metres, to which the mesh is stretched; None to keep its own.
        rotation: 3 x 3, row by row, before anything else; None for none.
    """

    role: str | None = None
    up: str = "y"
    scale: float | None = None
    size: tuple[float, ...] | None = None
    rotation: tuple[float, ...] | None = None


def load_piece(path: Path, facts: Facts, name: str) -> tuple[Piece, str | None]:
    """A piece, and what had to be assumed about its unit, if anything.

    Raises: DatasetError, naming the file, when it cannot be read or cannot be furniture.
    """
    try:
        (corners, normals, uv, skin), skins, whole = _gather(_read(path))
    except DatasetError as error:
        raise DatasetError(f"{name}: {error}") from error
    turn = np.eye(3) if facts.rotation is None else np.reshape(facts.rotation, (3, 3))
    turn = (_FROM_Y_UP if facts.up == "y" else np.eye(3)) @ turn
    corners, normals = corners @ turn.T, normals @ turn.T
    low, high = (whole @ turn.T).min(0), (whole @ turn.T).max(0)
    stretch, assumed = _stretch(high - low, facts, path.suffix.lower() == ".glb", name)
    size = (high - low) * stretch
    if not SMALLEST <= size.max() <= LARGEST:
        raise DatasetError(
            f"{name}: its longest edge would be {size.max():.3g} m, where {SMALLEST} to {LARGEST} m can be placed. "
            "Give its scale in library.json."
        )
    foot = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    corners, normals = (corners - foot) * stretch, normals / stretch
    role = facts.role or (TABLE if size.max() <= ON_TABLES else FLOOR)
    piece = Piece(
        name,
        role,
        corners.astype(np.float32),
        _creased(corners, normals).astype(np.float32),
        uv.astype(np.float32),
        skin,
        Atlas.of(skins),
        any(not s.opaque for s in skins),
    )
    return piece, assumed


def _stretch(size: np.ndarray, facts: Facts, metric: bool, name: str) -> tuple[Float[np.ndarray, "3"], str | None]:
    """Metres in a unit along x, y and z."""
    if facts.size is not None:
        return np.where(size > 1e-6 * size.max(), np.array(facts.size) / np.maximum(size, 1e-30), 1.0), None
    if facts.scale is not None or metric:
        return np.full(3, facts.scale or 1.0), None
    longest = float(size.max())
    for most, scale, unit in UNITS:
        if longest <= most:
            return np.full(3, scale), f"{name}: no unit is given; its longest edge of {longest:.4g} is taken as {unit}"
    raise DatasetError(f"{name}: its longest edge is {longest:.4g} of an unknown unit. Give its scale in library.json.")


def _read(path: Path) -> Any:
    import trimesh

    try:
        return trimesh.load_scene(path, process=False)
    except Exception as error:  # whatever a damaged file makes the parsers raise
        raise DatasetError(f"cannot be read as a mesh ({type(error).__name__}: {error})".splitlines()[0]) from error


def _gather(scene: Any) -> tuple:
    """Triangles (corners, normals, texture coordinates, skin numbers) of everything in a file that is not clear as
    glass; the skins; and the corners of the whole, glass included.
    """
    corners, normals, uv, skin, whole = [], [], [], [], []
    skins: list[Skin] = []
    total = sum(len(mesh.faces) for mesh in scene.geometry.values() if hasattr(mesh, "faces"))
    if total > MOST_TRIANGLES:
        raise DatasetError(f"has {total} triangles, more than {MOST_TRIANGLES}")
    for node in sorted(scene.graph.nodes_geometry):
        matrix, key = scene.graph[node]
        mesh = scene.geometry[key]
        if len(getattr(mesh, "faces", ())) == 0:
            continue
        faces = np.asarray(mesh.faces)
        places = np.asarray(mesh.vertices) @ matrix[:3, :3].T + matrix[:3, 3]
        whole.append(places[np.unique(faces)])
        found = skin_of(mesh.visual)
        if found.clear:
            continue
        corners.append(places[faces])
        normals.append((np.asarray(mesh.vertex_normals) @ np.linalg.inv(matrix[:3, :3]))[faces])
        given = getattr(mesh.visual, "uv", None)
        usable = given is not None and len(given) == len(places)
        uv.append(np.asarray(given)[faces][..., :2] if usable else np.zeros((len(faces), 3, 2)))
        skin.append(np.full(len(faces), len(skins)))
        skins.append(found)
    if not corners:
        raise DatasetError("has no triangles that can be seen")
    parts = [np.concatenate(part) for part in (corners, normals, uv, skin)]
    if not all(np.isfinite(places).all() for places in whole):
        raise DatasetError("has corners that are not finite")
    kept = np.linalg.norm(np.cross(*(parts[0][:, k] - parts[0][:, 0] for k in (1, 2))), axis=1) > 0
    if not kept.any():
        raise DatasetError("has no triangle with an area")
    return [np.nan_to_num(part[kept]) for part in parts], skins, np.concatenate(whole)


def _creased(corners: Float[np.ndarray, "n 3 3"], normals: Float[np.ndarray, "n 3 3"]) -> Float[np.ndarray, "n 3 3"]:
    """Unit normals of corners on the side of the triangle's own, which replaces those beyond a crease."""
    own = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    own = own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-30)
    unit = normals / np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-30)
    along = np.einsum("nkc,nc->nk", unit, own)[..., None]
    return np.where(np.abs(along) >= _CREASE, unit * np.sign(along), own[:, None])
