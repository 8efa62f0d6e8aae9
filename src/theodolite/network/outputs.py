"""What a network returns: canonical maps, not yet metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from theodolite.types import Array, Float


@dataclass(frozen=True)
class RawMaps:
    """Maps of one batch, before the canonical transform is undone.

    Args:
        canonical_depth: (b, 1, h, w); metres of the canonical camera, see docs/conventions.md.
        normals: (b, 3, h, w) unit vectors facing the camera; None from a depth-only network.
        kappa: (b, 1, h, w) concentration of the normals' distribution, at least 0.01.
        confidence: (b, 1, h, w) unbounded, trained towards 1 - relative depth error.
        steps: when asked for, the maps after every refinement step, the last being these.
        initial: when every step was asked for, the estimate before the first.
    """

    canonical_depth: Float[Array, "b 1 h w"]
    normals: Float[Array, "b 3 h w"] | None
    kappa: Float[Array, "b 1 h w"] | None
    confidence: Float[Array, "b 1 h w"]
    steps: tuple[RawMaps, ...] = ()
    initial: RawMaps | None = None
