"""One model on one suite: every frame's outcome, what it adds up to, and all of it as plain values."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from theodolite.evaluation.scores import (
    CameraSummary,
    FrameFailure,
    FrameScore,
    Overall,
    SetSummary,
    overall,
    set_names,
    summarise,
    summarise_cameras,
)
from theodolite.inference.backends.base import ModelFacts


@dataclass(frozen=True)
class Evaluation:
    """The outcome of an evaluation.

    Args:
        suite: its name.
        facts: of the model.
        runtime: what ran it, in words.
        canvas_pixels: network input area, px.
        depth_range: metres between which ground truth counted.
        outcomes: of every frame the suite lists, in its order.
    """

    suite: str
    facts: ModelFacts
    runtime: str
    canvas_pixels: int
    depth_range: tuple[float, float]
    outcomes: tuple[FrameScore | FrameFailure, ...]

    @cached_property
    def sets(self) -> list[SetSummary]:
        """Those of which a frame could be scored."""
        return summarise(self.outcomes)

    @cached_property
    def cameras(self) -> list[CameraSummary]:
        return summarise_cameras(self.outcomes)

    @cached_property
    def overall(self) -> Overall | None:
        return overall(self.sets)

    @property
    def scores(self) -> list[FrameScore]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, FrameScore)]

    @property
    def failures(self) -> list[FrameFailure]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, FrameFailure)]

    @property
    def set_names(self) -> list[str]:
        """All, those too of which no frame could be scored."""
        return set_names(self.outcomes)

    def document(self) -> dict[str, Any]:
        """Everything, as JSON can hold it: null where a number is none, which it is where a prediction was unknown."""
        document = {
            "suite": self.suite,
            "model": self.facts.name,
            "runtime": self.runtime,
            "canvas_pixels": self.canvas_pixels,
            "range_metres": self.depth_range,
            "sets": [{"set": row.set, **asdict(row)} for row in self.sets],
            "cameras": [{"set": row.set, "camera": row.camera, **asdict(row)} for row in self.cameras],
            "overall": None if self.overall is None else asdict(self.overall),
            "failures": len(self.failures),
            "frames": [asdict(outcome) for outcome in self.outcomes],
        }
        return _without_nan(document)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
