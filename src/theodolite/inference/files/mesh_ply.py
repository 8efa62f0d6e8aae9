"""The mesh as a PLY file, with a colour at each vertex, for programs that know no GLB."""

from __future__ import annotations

from typing import BinaryIO

from theodolite.geometry.pointcloud import PointCloud
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.files.placing import placing
from theodolite.inference.files.ply import write_triangles
from theodolite.inference.files.surface import surface_of
from theodolite.inference.prediction import Prediction


def write_mesh_ply(prediction: Prediction, options: SaveOptions, file: BinaryIO) -> None:
    """The mesh of the GLB file, in the axes of the point cloud.

    Raises: OutputError, when there is no surface to write.
    """
    mesh = surface_of(prediction, options)
    place = placing(prediction, options, options.up_axis)
    mesh = mesh.transformed(place.motion)
    height, width = prediction.valid.shape
    column, row = (mesh.uv * (width, height)).astype(int).T
    cloud = PointCloud(mesh.vertices, mesh.normals, prediction.image[row, column], prediction.confidence[row, column])
    write_triangles(cloud, mesh.faces, file, f"theodolite: metres, {place.words}; {prediction.name}")
