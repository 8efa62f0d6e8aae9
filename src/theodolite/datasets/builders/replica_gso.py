"""Replica with Google Scanned Objects strewn about, rendered by Omnidata: close views of objects.

From https://github.com/EPFL-VILAB/omnidata (``--components replica_gso``); scans under Replica's research licence,
objects CC BY 4.0. Layout, labels, facts and doubts: see `omnidata`. Picture and labels are renders of one scene, hence
`SYNTHETIC`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders import omnidata
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind

_PART = omnidata.Part("replica_gso", "replica-gso", LabelKind.SYNTHETIC)


def records(source: Path, out: Path) -> Iterator[Record]:
    """Every picture. Raises: DatasetError."""
    return omnidata.records(source, _PART)
