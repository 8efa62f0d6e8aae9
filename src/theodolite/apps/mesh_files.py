"""Mesh files: PLY and GLB with normals and colours, in the axes of the world and metres."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from theodolite.apps.surface import Surface
from theodolite.errors import OutputError
from theodolite.inference.files.ply import COLOUR, NORMAL, POSITION, TYPES, write_cloud
from theodolite.weights.atomic import writing

ENDINGS = (".ply", ".glb")


def write_mesh(path: str | Path, surface: Surface, comment: str = "") -> None:
    """By the file's ending. Raises: OutputError, when it is another, there is no surface, or it cannot be written."""
    path = Path(path)
    check_ending(path)
    if not len(surface.faces):
        raise OutputError("There is no surface to write: no voxel lies between what was seen as free and as solid.")
    with writing(path) as temporary:
        if path.suffix.lower() == ".glb":
            temporary.write_bytes(_glb(surface))
        else:
            _write_ply(temporary, surface, comment)


def check_ending(path: Path) -> None:
    """Raises: OutputError, for a file that is no mesh's."""
    if path.suffix.lower() not in ENDINGS:
        raise OutputError(f"A mesh is written as {' or '.join(ENDINGS)}, not as {path.name}.")


def write_points(path: str | Path, surface: Surface, comment: str = "") -> None:
    """The vertices alone, a PLY point cloud. Raises: OutputError."""
    with writing(Path(path)) as temporary, temporary.open("wb") as file:
        write_cloud(surface.cloud, file, comment)


def _write_ply(path: Path, surface: Surface, comment: str) -> None:
    """Little-endian: vertices as in our point clouds, then faces as lists of three."""
    fields = POSITION + NORMAL + COLOUR
    table = np.empty(len(surface.vertices), dtype=fields)
    for values, names in ((surface.vertices, POSITION), (surface.normals, NORMAL), (surface.colours, COLOUR)):
        for axis, (name, _) in enumerate(names):
            table[name] = values[:, axis]
    faces = np.empty(len(surface.faces), dtype=[("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, surface.faces
    lines = ["ply", "format binary_little_endian 1.0"]
    lines += [f"comment {comment.encode('ascii', 'replace').decode()}"] if comment else []
    lines += [f"element vertex {len(table)}", *(f"property {TYPES[kind[-2:]]} {name}" for name, kind in fields)]
    lines += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", ""]
    with path.open("wb") as file:
        file.write("\n".join(lines).encode("ascii"))
        file.write(table.tobytes())
        file.write(faces.tobytes())


def _glb(surface: Surface) -> bytes:
    import trimesh

    mesh = trimesh.Trimesh(
        surface.vertices,
        surface.faces,
        vertex_normals=surface.normals,
        vertex_colors=surface.colours,
        process=False,
    )
    return trimesh.exchange.gltf.export_glb(trimesh.Scene(mesh), True)
