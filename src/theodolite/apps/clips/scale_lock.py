"""One scale for all depth maps of a scene: what still points say of neighbours, balanced with what the network says.

The network's own scale is right on average and wavers from picture to picture; still points tell how two pictures'
scales relate, but not what they are, and their small errors add up. The log factors x minimise

    sum over links of rho((x_frame - x_other - step) / sigma)  +  sum over pictures of w rho(x / WAVER)

with Huber's rho. w shares one vote among the pictures of about a second: they show the same, and so err alike. In sum
the factors are one, by the same robust mean, so the scene keeps the size the network gave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from theodolite.apps.clips.follower import Link
from theodolite.extras import require
from theodolite.types import Float, Int

# Standard deviation of the network's scale, in logarithm, from one view to another.
WAVER = 0.15
_HUBER = 1.5
_ROUNDS = 30


@dataclass(frozen=True, eq=False)
class ScaleLock:
    """What every depth map is multiplied by.

    Args:
        log_factors: of each picture.
        scenes: which scene a picture belongs to, from 0; pictures that nothing links are scenes of their own.
    """

    log_factors: Float[np.ndarray, " n"]
    scenes: Int[np.ndarray, " n"]


def lock_scale(count: int, links: Sequence[Link], alike: float = 30.0) -> ScaleLock:
    """The factors of a clip's pictures.

    Args:
        alike: pictures that share a vote on the scale, as many as show about the same.
    """
    sparse = require("scipy.sparse", "video", "Locking the scale of a clip")
    solvers = require("scipy.sparse.linalg", "video", "Locking the scale of a clip")
    graphs = require("scipy.sparse.csgraph", "video", "Locking the scale of a clip")
    frames, others = (np.array([getattr(link, end) for link in links], int) for end in ("frame", "other"))
    steps, sigmas = (np.array([getattr(link, name) for link in links]) for name in ("step", "sigma"))
    rows = np.arange(len(links))
    ones = np.ones(len(links))
    differences = sparse.csr_array(
        (np.concatenate([ones, -ones]), (np.tile(rows, 2), np.concatenate([frames, others]))), (len(links), count)
    )
    _, scenes = graphs.connected_components(abs(differences).T @ abs(differences), directed=False)
    votes = np.full(count, 1 / max(alike, 1.0))
    x = np.zeros(count)
    for _ in range(_ROUNDS):
        bound = _weight((differences @ x - steps) / sigmas) / sigmas**2
        free = votes * _weight(x / WAVER) / WAVER**2
        system = differences.T @ sparse.diags_array(bound) @ differences + sparse.diags_array(free)
        before, x = x, np.atleast_1d(solvers.spsolve(system.tocsc(), differences.T @ (bound * steps)))
        if np.abs(x - before).max(initial=0) < 1e-7:
            break
    return ScaleLock(x, _numbered(scenes))


def _weight(residual: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Of iteratively reweighted least squares. Source: Huber 1964."""
    return 1 / np.maximum(np.abs(residual) / _HUBER, 1)


def _numbered(scenes: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """In the order of their first pictures."""
    _, first, inverse = np.unique(scenes, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
