"""HM3D: 900 scanned homes (Habitat-Matterport), rendered by Omnidata together with depth and normals.

From https://github.com/EPFL-VILAB/omnidata (``--components hm3d``); scans under Matterport's academic licence. Layout,
labels, facts and doubts: see `omnidata`.

The meshes have holes and melted furniture ("very noisy", says the recipe of Metric3D, which takes a sample of them and
treats them as measured); hence `SENSOR`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders import omnidata
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind

_PART = omnidata.Part("hm3d", "hm3d", LabelKind.SENSOR)


def records(source: Path, out: Path) -> Iterator[Record]:
    """Every picture. Raises: DatasetError."""
    return omnidata.records(source, _PART)
