"""Choices about files that have more than one good answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from theodolite.errors import OutputError
from theodolite.geometry.axes import UP_AXES
from theodolite.geometry.edges import DEGREES

NORMAL_CONVENTIONS = ("opencv", "opengl", "directx")


@dataclass(frozen=True)
class SaveOptions:
    """How to write what can be written in several ways.

    Args:
        depth_scale: steps per metre of the 16-bit depth PNG; chosen to fit the range when absent.
        normal_convention: axes of the normal PNGs, one of `NORMAL_CONVENTIONS`.
        near, far: ends of the preview's colour range, metres, fixed for a video; the map's own when absent.
        edge_degrees: mesh and viewer are cut where a step meets the line of sight at less, see `geometry.edges`.
        vertices: at most this many in the viewer page.
        triangles: at most this many in GLB and mesh PLY; 0 keeps every pixel.
        mesh_error: how far the mesh may be off along the line of sight, metres, where the number of triangles allows;
            a thousandth of the distance when absent.
        up_axis: axes of PLY files, one of `UP_AXES`; GLB is y up by its standard.
        level: whether models are turned so that floors are level, by their normals; else up is the camera's own.
    Raises: OutputError, when one of them means nothing.
    """

    depth_scale: float | None = None
    normal_convention: str = "opencv"
    near: float | None = None
    far: float | None = None
    edge_degrees: float = DEGREES
    vertices: int = 120_000
    triangles: int = 200_000
    mesh_error: float | None = None
    up_axis: str = "camera"
    level: bool = False

    def __post_init__(self) -> None:
        if not 0 < (self.near or 1) <= (self.far or math.inf):
            raise OutputError(f"A colour range needs 0 < near <= far, got {self.near} to {self.far} m.")
        if self.depth_scale is not None and not self.depth_scale > 0:
            raise OutputError(f"A depth PNG needs a positive number of steps per metre, got {self.depth_scale!r}.")
        if self.normal_convention not in NORMAL_CONVENTIONS:
            raise OutputError(
                f"Normals are written as {', '.join(NORMAL_CONVENTIONS)}, not as {self.normal_convention!r}."
            )
        if not 0 <= self.edge_degrees < 90:
            raise OutputError(f"A surface meets the ray at 0 to 90 degrees, got {self.edge_degrees!r}.")
        if self.vertices < 100:
            raise OutputError(f"A mesh of at most {self.vertices} vertices is none; give 100 or more.")
        if self.triangles and self.triangles < 100:
            raise OutputError(f"A mesh of at most {self.triangles} triangles is none; give 100 or more, or 0 for all.")
        if self.mesh_error is not None and not 0 <= self.mesh_error < math.inf:
            raise OutputError(f"A mesh is off by some metres or none, got {self.mesh_error!r}.")
        if self.up_axis not in UP_AXES:
            raise OutputError(f"Up is one of {', '.join(UP_AXES)}, not {self.up_axis!r}.")
