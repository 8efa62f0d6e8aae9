"""What was done to each view and in all, as plain values for priors.json and the terminal."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theodolite.apps.priors.alignment import Aligned
from theodolite.apps.priors.scene import Finished
from theodolite.weights.atomic import writing

NAME = "priors.json"
_DOUBTFUL = 0.25  # median relative error of most views: poses or points are hardly those of the pictures


@dataclass(frozen=True)
class ViewReport:
    """One view.

    Args:
        aligned: None where there are no priors.
        trusted: share of its pixels.
        error: why there are none.
    """

    name: str
    aligned: Aligned | None = None
    trusted: float = float("nan")
    error: str = ""

    def facts(self) -> dict[str, Any]:
        if self.aligned is None:
            return {"name": self.name, "error": self.error}
        aligned, alignment = self.aligned, self.aligned.alignment
        return {
            "name": self.name,
            "alignment": aligned.kind,
            "by": aligned.by,
            "scale": alignment.scale,
            "shift": alignment.shift,
            "points": aligned.points,
            "outliers": aligned.outliers,
            "residual": _known(aligned.residual),
            "shift_gain": _known(aligned.gain),
            "trusted": round(self.trusted, 4),
        }


@dataclass(frozen=True)
class Report:
    """All views, and what was written.

    Args:
        units: of the poses for each predicted metre, and how much views differ about it.
        sparse: where the sparse points are from; "" without.
        cloud: points and side of a voxel in the unit of the poses, or None.
        written: by trainer.
        left_out: pictures without a usable pose, a line each.
    """

    out: Path
    views: tuple[ViewReport, ...]
    units: float
    spread: float
    sparse: str
    cloud: tuple[int, float] | None
    written: dict[str, Finished]
    left_out: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[ViewReport, ...]:
        return tuple(view for view in self.views if view.aligned is None)

    @property
    def residual(self) -> float | None:
        """Relative error that is left at the points, the median of the views; None where none has enough."""
        found = sorted(view.aligned.residual for view in self.views if view.aligned and view.aligned.by == "points")
        return found[len(found) // 2] if found else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user has to know, a sentence each."""
        notes = [note for finished in self.written.values() for note in finished.notes]
        kept = [view for view in self.views if view.aligned is not None]
        without = [view.name for view in kept if view.aligned is not None and view.aligned.by == "set"]
        if without:
            told = ", ".join(without[:5]) + (", ..." if len(without) > 5 else "")
            notes.append(f"{len(without)} views have too few sparse points and took the median scale: {told}.")
        if (residual := self.residual) is not None and residual > _DOUBTFUL:
            notes.append(
                f"At the sparse points depth is off by {100 * residual:.0f} % after alignment: "
                "poses and points may not be those of these pictures."
            )
        return tuple(dict.fromkeys(notes))

    def facts(self) -> dict[str, Any]:
        """In values that JSON can hold."""
        aligned = [view.aligned for view in self.views if view.aligned is not None]
        cloud = None if self.cloud is None else {"points": self.cloud[0], "voxel": self.cloud[1]}
        return {
            "views": {"done": len(aligned), "failed": len(self.failed), "left_out": len(self.left_out)},
            "alignment": {
                "kinds": dict(Counter(each.kind for each in aligned)),
                "by": dict(Counter(each.by for each in aligned)),
                "sparse_points": self.sparse or None,
                "units_per_metre": self.units,
                "spread": _known(self.spread),
            },
            "cloud": cloud,
            "written": {
                name: {"files": [str(file) for file in done.files], "command": done.command}
                for name, done in self.written.items()
            },
            "notes": list(self.notes),
            "left_out": list(self.left_out),
            "each": [view.facts() for view in self.views],
        }

    def write(self) -> Path:
        """As priors.json. Raises: OutputError."""
        path = self.out / NAME
        with writing(path) as temporary:
            temporary.write_text(json.dumps(self.facts(), indent=1, ensure_ascii=False) + "\n", "utf-8")
        return path


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
