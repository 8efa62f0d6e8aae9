"""Taskonomy: photographs of 537 scanned buildings, with depth and normals of their meshes.

From https://github.com/EPFL-VILAB/omnidata (``omnitools.download rgb depth_zbuffer normal mask_valid point_info
--components taskonomy``), research use, terms of the owners of the scans. Layout, labels, facts and doubts: see
`omnidata`. Its own way of naming: cameras end in ``point_info.json``, masks in ``depth_zbuffer.png``.

Depth is of a mesh that fills and smooths, so its kind is `SENSOR`, though rendered. Every building that is there is
taken; `extra` names it, so that those of a test split can be dropped. The plane instances that Metric3D trained with
are its authors' own and not distributed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders import omnidata
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind

_PART = omnidata.Part("taskonomy", "taskonomy", LabelKind.SENSOR, camera="point_info", mask="depth_zbuffer")


def records(source: Path, out: Path) -> Iterator[Record]:
    """Every picture. Raises: DatasetError."""
    return omnidata.records(source, _PART)
