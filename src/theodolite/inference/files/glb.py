"""The GLB file: a mesh with the photo on it, for viewers, Blender and game engines; y up, metres."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np

from theodolite.inference.files.options import SaveOptions
from theodolite.inference.files.placing import placing
from theodolite.inference.files.surface import surface_of
from theodolite.inference.prediction import Prediction

# Longer side of the texture, px. More would outweigh the mesh.
TEXTURE = 2048


def write_glb(prediction: Prediction, options: SaveOptions, file: BinaryIO) -> None:
    """A mesh cut at depth edges, simplified, with unit normals, and with the photo as it is for its colour.

    Raises: OutputError, when there is no surface to write.
    """
    import trimesh
    from PIL import Image

    place = placing(prediction, options, "y")
    mesh = surface_of(prediction, options).transformed(place.motion)
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
    about = {"unit": "metre", "axes": place.words}

    def finish(tree: dict) -> None:
        unlit(tree)
        _say_what_buffers_hold(tree)
        tree["asset"]["extras"] = about

    file.write(trimesh.exchange.gltf.export_glb(scene, True, tree_postprocessor=finish))


def unlit(tree: dict) -> None:
    """Marks the material as its own light: a photo is lit already, and a viewer's lamps would shade it twice."""
    tree["materials"][0]["extensions"] = {"KHR_materials_unlit": {}}
    tree["extensionsUsed"] = sorted({*tree.get("extensionsUsed", []), "KHR_materials_unlit"})


def _say_what_buffers_hold(tree: dict) -> None:
    """Vertices or triangles, by OpenGL's numbers: some programs copy them to the graphics card by that."""
    for primitive in tree["meshes"][0]["primitives"]:
        held = dict.fromkeys(primitive["attributes"].values(), 34962) | {primitive["indices"]: 34963}
        for accessor, target in held.items():
            tree["bufferViews"][tree["accessors"][accessor]["bufferView"]]["target"] = target
