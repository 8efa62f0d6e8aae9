"""What others reported of these benchmarks, each number with the source it was read in.

Their protocols are seldom stated in full. Rows that cannot be right are left out; where sources disagree, the row says
so. The numbers themselves are in `published_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from theodolite.evaluation.depth_metrics import DepthMetrics
from theodolite.evaluation.normal_metrics import NormalMetrics

SOURCES = {
    "abstract": "the description that its authors give of Metric3D v2",
    "paper": "arXiv 2307.10984v1, of Metric3D",
    "readme": "the README of the authors of Metric3D",
    "readme-history": "earlier or commented-out parts of that README",
    "third-party": "an independent measurement of the public weights",
}
ALIGNMENTS = ("metric", "affine", "none")
_DEPTH = tuple(DepthMetrics.__dataclass_fields__)
_NORMALS = tuple(NormalMetrics.__dataclass_fields__)


@dataclass(frozen=True)
class PublishedRow:
    """One method on one benchmark.

    Args:
        benchmark: as in `evaluation.protocols`, or a part of one, such as "diode-indoors".
        method: its name.
        alignment: "metric" or "affine" of depth; "none" of normals.
        source: of `SOURCES`.
        metrics: by the names of `DepthMetrics` or `NormalMetrics`; shares from 0 to 1.
        variant: backbone, and what else tells this row of the method from another; empty where none is stated.
        fine_tuned: trained on the benchmark's own training part, too; otherwise zero-shot, or the source does not say.
        ablation: of a network trained on a small part of the data, to compare losses and cameras with each other only.
        notes: what has to be known of it.
    """

    benchmark: str
    method: str
    alignment: str
    source: str
    metrics: Mapping[str, float]
    variant: str = ""
    fine_tuned: bool = False
    ablation: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.alignment in ALIGNMENTS, self
        assert self.source in SOURCES, self
        assert self.metrics, self
        assert set(self.metrics) <= set(_DEPTH if self.is_depth else _NORMALS), self
        shares = {name: value for name, value in self.metrics.items() if name.startswith(("delta", "within"))}
        assert all(0 < value < 1 for value in shares.values()), self
        assert all(0 < value < 180 for value in self.metrics.values()), self
        assert [shares[name] for name in sorted(shares)] == sorted(shares.values()), self

    @property
    def is_depth(self) -> bool:
        return self.alignment != "none"

    @property
    def label(self) -> str:
        """Method and variant, as a table names the row."""
        name = f"{self.method} {self.variant}".strip()
        return f"{name}, fine-tuned" if self.fine_tuned else name


def published(benchmark: str, alignment: str | None = None, ablations: bool = False) -> tuple[PublishedRow, ...]:
    """The rows of a benchmark, of one alignment where one is given; none of an unknown benchmark.

    Args:
        ablations: also those that are none of a finished network.
    """
    from theodolite.evaluation.published_rows import ROWS

    return tuple(
        row
        for row in ROWS
        if row.benchmark == benchmark and alignment in (None, row.alignment) and (ablations or not row.ablation)
    )
