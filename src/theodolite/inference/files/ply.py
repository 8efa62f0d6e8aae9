"""The PLY file: a binary point cloud with normals, colours and confidence, or a mesh of such points; metres."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from theodolite.errors import OutputError
from theodolite.geometry.pointcloud import PointCloud
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.files.placing import placing
from theodolite.inference.prediction import Prediction
from theodolite.types import Int

TYPES = {"f4": "float", "u1": "uchar"}
POSITION = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
NORMAL = [("nx", "<f4"), ("ny", "<f4"), ("nz", "<f4")]
COLOUR = [("red", "u1"), ("green", "u1"), ("blue", "u1")]
CONFIDENCE = [("confidence", "<f4")]


def write_ply(prediction: Prediction, options: SaveOptions, file: BinaryIO) -> None:
    """Every valid pixel as a point. Unknown normals are (0, 0, 0); those of a depth-only network are its depth's."""
    normals = prediction.normals_or_depths()
    cloud = PointCloud.from_maps(
        prediction.points(), prediction.valid, normals, prediction.image, prediction.confidence
    )
    place = placing(prediction, options, options.up_axis)
    write_cloud(cloud.transformed(place.motion), file, f"theodolite: metres, {place.words}; {prediction.name}")


def write_cloud(cloud: PointCloud, file: BinaryIO, comment: str = "") -> None:
    """Little-endian PLY with the properties that viewers know: x y z, nx ny nz, red green blue, confidence."""
    _write(cloud, None, file, comment)


def write_triangles(cloud: PointCloud, faces: Int[np.ndarray, "m 3"], file: BinaryIO, comment: str = "") -> None:
    """A mesh with these vertices: they are written as `write_cloud` does, then the faces as lists of three."""
    _write(cloud, faces, file, comment)


def _write(cloud: PointCloud, faces: Int[np.ndarray, "m 3"] | None, file: BinaryIO, comment: str) -> None:
    # trimesh writes no normals with a point cloud, so the format, short as it is, is written here.
    groups = [(cloud.points, POSITION), (cloud.normals, NORMAL), (cloud.colours, COLOUR)]
    if cloud.confidence is not None:
        groups.append((cloud.confidence[:, None], CONFIDENCE))
    present = [(values, fields) for values, fields in groups if values is not None]
    table = np.empty(len(cloud), dtype=[field for _, fields in present for field in fields])
    for values, fields in present:
        for i, (name, _) in enumerate(fields):
            table[name] = values[:, i]
    lines = ["ply", "format binary_little_endian 1.0"]
    if comment:
        lines.append("comment " + comment.encode("ascii", "replace").decode().replace("\n", " "))
    lines.append(f"element vertex {len(cloud)}")
    lines += [f"property {TYPES[kind[-2:]]} {name}" for _, fields in present for name, kind in fields]
    corners = b""
    if faces is not None:
        lists = np.empty(len(faces), dtype=[("count", "u1"), ("corners", "<i4", 3)])
        lists["count"], lists["corners"] = 3, faces
        lines += [f"element face {len(faces)}", "property list uchar int vertex_indices"]
        corners = lists.tobytes()
    file.write("\n".join([*lines, "end_header", ""]).encode("ascii"))
    file.write(table.tobytes())
    file.write(corners)


def read_ply(path: str | Path) -> PointCloud:
    """A point cloud that `write_ply` wrote.

    Raises: OutputError, when the file cannot be read, or is laid out otherwise (trimesh reads any PLY).
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise OutputError(f"Cannot read {path}: {(error.strerror or str(error)).lower()}.") from error
    head, found, body = data.partition(b"end_header\n")
    words = [line.split() for line in head.decode("ascii", "replace").splitlines()]
    known = dict(POSITION + NORMAL + COLOUR + CONFIDENCE)
    names = [line[2] for line in words if line[:1] == ["property"] and len(line) == 3]
    counts = [int(line[2]) for line in words if line[:2] == ["element", "vertex"]]
    binary = ["format", "binary_little_endian", "1.0"] in words
    if not (found and binary and len(counts) == 1 and set(names) <= set(known)):
        raise OutputError(f"{path} is not a point cloud saved by theodolite; trimesh.load reads other PLY files.")
    layout = np.dtype([(name, known[name]) for name in names])
    if len(body) != counts[0] * layout.itemsize:
        raise OutputError(f"{path} is damaged: {counts[0]} points need {counts[0] * layout.itemsize} bytes.")
    table = np.frombuffer(body, layout)

    def group(fields: list[tuple[str, str]]):
        there = all(name in names for name, _ in fields)
        return np.stack([table[name] for name, _ in fields], axis=-1) if there else None

    points = group(POSITION)
    if points is None:
        raise OutputError(f"{path} has no x, y and z.")
    confidence = group(CONFIDENCE)
    return PointCloud(points, group(NORMAL), group(COLOUR), None if confidence is None else confidence[:, 0])
