"""The GLB file: a mesh with the photo on it, for viewers, Blender and game engines; y up, metres."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np

from theodolite.errors import OutputError
from theodolite.geometry.mesh import grid_mesh, stride_for
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.prediction import Prediction

# Longer side of the texture, px. More would outweigh the mesh.
TEXTURE = 2048


def write_glb(prediction: Prediction, options: SaveOptions, file: BinaryIO) -> None:
    """A mesh cut at depth edges, thinned to `options.vertices`, with the photo as it is for its colour.

    Raises: OutputError, when there is no surface to write.
    """
    import trimesh
    from PIL import Image

    height, width = prediction.valid.shape
    mesh = grid_mesh(
        prediction.points(),
        prediction.valid,
        prediction.normals,
        stride_for(height, width, options.vertices),
        options.edge_degrees,
    ).in_viewer_axes()
    if not len(mesh.faces):
        raise OutputError(f"{prediction.name} has no four neighbouring pixels of usable depth, so there is no mesh.")
    picture = Image.fromarray(prediction.image)
    picture.thumbnail((TEXTURE, TEXTURE), reducing_gap=2.0)
    # Through a JPEG file in memory: trimesh keeps the format a picture was opened in, and would else write PNG.
    coded = io.BytesIO()
    picture.save(coded, "JPEG", quality=88)
    material = trimesh.visual.material.PBRMaterial(
        baseColorTexture=Image.open(coded), metallicFactor=0.0, roughnessFactor=1.0, doubleSided=True
    )
    # trimesh counts v from the bottom of the picture.
    uv = np.stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]], axis=-1)
    surface = trimesh.Trimesh(
        vertices=mesh.vertices,
        faces=mesh.faces,
        vertex_normals=mesh.normals,
        visual=trimesh.visual.TextureVisuals(uv=uv, material=material),
        process=False,
    )
    scene = trimesh.Scene(surface)
    file.write(trimesh.exchange.gltf.export_glb(scene, mesh.normals is not None, tree_postprocessor=_unlit))


def _unlit(tree: dict) -> None:
    """Marks the material as its own light: a photo is lit already, and a viewer's lamps would shade it twice."""
    tree["materials"][0]["extensions"] = {"KHR_materials_unlit": {}}
    tree["extensionsUsed"] = sorted({*tree.get("extensionsUsed", []), "KHR_materials_unlit"})
