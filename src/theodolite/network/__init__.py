"""The networks: tensors in, canonical maps out; no file, camera or metre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from theodolite.network.outputs import RawMaps
from theodolite.network.variants import VARIANTS, Variant

if TYPE_CHECKING:
    from theodolite.network.metric3d import Metric3D, build, skeleton

__all__ = ["VARIANTS", "Metric3D", "RawMaps", "Variant", "build", "skeleton"]


def __getattr__(name: str) -> Any:
    # Maps and variants are of use without torch; what needs it is imported when first asked for.
    if name in {"Metric3D", "build", "skeleton"}:
        from theodolite.network import metric3d

        return getattr(metric3d, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
