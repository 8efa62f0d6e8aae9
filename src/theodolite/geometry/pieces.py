"""Pieces of a mesh that hang together, and leaving out those that are only crumbs between two surfaces."""

from __future__ import annotations

import numpy as np

from theodolite.geometry.mesh import Mesh
from theodolite.types import Float, Int


def without_crumbs(mesh: Mesh, least: float) -> Mesh:
    """The mesh without pieces that cover less of the picture than this share."""
    piece = pieces(mesh.faces, len(mesh.vertices))[mesh.faces[:, 0]]
    covered = np.bincount(piece, weights=_share(mesh), minlength=len(mesh.vertices))
    return mesh.of(mesh.faces[covered[piece] >= least])


def pieces(faces: Int[np.ndarray, "m 3"], count: int) -> Int[np.ndarray, " n"]:
    """For each of `count` vertices the smallest number of a vertex that it hangs together with."""
    label = np.arange(count)
    while True:
        at = label[faces]
        low = at.min(axis=1)
        if (at == low[:, None]).all():
            return label
        # Roots are hung under the lowest root that they share a triangle with, and chains made short.
        np.minimum.at(label, at.ravel(), np.repeat(low, 3))
        while (label != label[label]).any():
            label = label[label]


def _share(mesh: Mesh) -> Float[np.ndarray, " m"]:
    """Of the picture, covered by each triangle."""
    a, b, c = (mesh.uv[mesh.faces[:, i]].astype(float) for i in range(3))
    first, second = b - a, c - a
    return np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2
