"""Mesh files: PLY and GLB with normals and colours, in the axes of the world and metres."""

from __future__ import annotations

from pathlib import Path

from theodolite.apps.surface import Surface
from theodolite.errors import OutputError
from theodolite.inference.files.glb import unlit
from theodolite.inference.files.ply import write_cloud, write_triangles
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
            with temporary.open("wb") as file:
                write_triangles(surface.cloud, surface.faces, file, comment)


def check_ending(path: Path) -> None:
    """Raises: OutputError, for a file that is no mesh's."""
    if path.suffix.lower() not in ENDINGS:
        raise OutputError(f"A mesh is written as {' or '.join(ENDINGS)}, not as {path.name}.")


def write_points(path: str | Path, surface: Surface, comment: str = "") -> None:
    """The vertices alone, a PLY point cloud. Raises: OutputError."""
    with writing(Path(path)) as temporary, temporary.open("wb") as file:
        write_cloud(surface.cloud, file, comment)


def _glb(surface: Surface) -> bytes:
    import trimesh

    mesh = trimesh.Trimesh(
        surface.vertices,
        surface.faces,
        vertex_normals=surface.normals,
        vertex_colors=surface.colours,
        process=False,
    )
    return trimesh.exchange.gltf.export_glb(trimesh.Scene(mesh), True, tree_postprocessor=_add_material)


def _add_material(tree: dict) -> None:
    """Without one, viewers would take the colours for those of shiny metal."""
    tree["materials"] = [{"pbrMetallicRoughness": {"metallicFactor": 0}}]
    unlit(tree)
    for mesh in tree["meshes"]:
        for primitive in mesh["primitives"]:
            primitive["material"] = 0
