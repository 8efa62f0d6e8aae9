"""A fused mesh with fewer triangles: pairs of vertices merged where that moves the surface least.

Source: M. Garland, P. Heckbert, Surface Simplification Using Quadric Error Metrics, SIGGRAPH 1997, by the library
fast-simplification.
"""

from __future__ import annotations

import numpy as np

from theodolite.apps.surface import Surface
from theodolite.extras import require


def with_fewer_triangles(surface: Surface, most: int) -> Surface:
    """The surface with at most about so many triangles; normals and colours are those of the nearest vertex there was.

    Raises: MissingExtra.
    """
    if len(surface.faces) <= most:
        return surface
    library = require("fast_simplification", "recon", "Making a mesh of fewer triangles")
    nearest = require("scipy.spatial", "recon", "Making a mesh of fewer triangles")
    # In the library a small mesh is a mesh of small numbers, and those lose digits.
    centre, size = surface.vertices.mean(axis=0), np.ptp(surface.vertices, axis=0).max()
    vertices, faces = library.simplify((surface.vertices - centre) / size, surface.faces, target_count=most)[:2]
    vertices = (np.asarray(vertices) * size + centre).astype(surface.vertices.dtype)
    own = nearest.cKDTree(surface.vertices).query(vertices)[1]
    return Surface(vertices, np.asarray(faces, surface.faces.dtype), surface.normals[own], surface.colours[own])
