"""The surface of a prediction: the mesh that GLB and PLY hold, in camera axes."""

from __future__ import annotations

from theodolite.errors import OutputError
from theodolite.geometry.mesh import Mesh, grid_mesh
from theodolite.geometry.pieces import without_crumbs
from theodolite.geometry.simplify import simplified_mesh
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.prediction import Prediction

# Pieces that cover less of the picture are points that a network left between two surfaces.
CRUMB = 1e-4


def surface_of(prediction: Prediction, options: SaveOptions) -> Mesh:
    """Cut at depth edges, simplified, without crumbs, and with a unit normal at every vertex.

    Raises: OutputError, when there is no surface.
    """
    maps = prediction.points(), prediction.valid, prediction.normals
    if options.triangles:
        mesh = simplified_mesh(*maps, options.triangles, options.mesh_error, options.edge_degrees).mesh
    else:
        mesh = grid_mesh(*maps, degrees=options.edge_degrees)
    mesh = without_crumbs(mesh, CRUMB)
    if not len(mesh.faces):
        raise OutputError(f"{prediction.name} has no four neighbouring pixels of usable depth, so there is no mesh.")
    return mesh.with_all_normals()
