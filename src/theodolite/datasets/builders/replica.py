"""Replica: 18 scanned interiors, rendered by Omnidata together with exact depth and normals.

From https://github.com/EPFL-VILAB/omnidata (``--components replica``); scans under Replica's research licence. Layout,
labels, facts and doubts: see `omnidata`. Picture and labels are renders of one mesh, hence `SYNTHETIC`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders import omnidata
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind

_PART = omnidata.Part("replica", "replica", LabelKind.SYNTHETIC)


def records(source: Path, out: Path) -> Iterator[Record]:
    """Every picture. Raises: DatasetError."""
    return omnidata.records(source, _PART)
