"""`theodolite evaluate`: a model's errors on folders of real RGB-D frames."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from theodolite.evaluation.real_frames import SetSummary


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder with a frames.json, or of such folders.")],
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    nearest: Annotated[float, typer.Option(help="Ignore ground truth nearer than this, metres.")] = 0.1,
    farthest: Annotated[float, typer.Option(help="Ignore ground truth farther than this, metres.")] = 80.0,
    canvas_pixels: Annotated[int | None, typer.Option(help="Network input area, instead of the model's own.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document with every frame's metrics.")] = False,
) -> None:
    """Depth errors on real frames, metric and median-aligned, for each set."""
    import json
    from dataclasses import asdict

    from rich.console import Console
    from rich.progress import track

    from theodolite.evaluation.real_frames import FrameFailure, score_folders, summarise
    from theodolite.inference.predictor import load

    predictor = load(model, canvas_pixels=canvas_pixels)
    errors = Console(stderr=True)
    outcomes = []
    for outcome in track(score_folders(predictor, folder, (nearest, farthest)), "frames", console=errors, total=None):
        outcomes.append(outcome)
        if isinstance(outcome, FrameFailure):
            errors.print(f"{outcome.set}/{outcome.frame}: {outcome.reason}", markup=False)
    summaries = summarise(outcomes)
    if json_output:
        document = {
            "model": predictor.facts.name,
            "range_metres": [nearest, farthest],
            "sets": [asdict(summary) for summary in summaries],
            "frames": [asdict(outcome) for outcome in outcomes],
        }
        typer.echo(json.dumps(_without_nan(document), indent=1))
    else:
        typer.echo(f"{predictor.facts.name}, depth between {nearest:g} and {farthest:g} m\n")
        typer.echo("\n".join(_table(summaries)))
    if any(isinstance(outcome, FrameFailure) for outcome in outcomes):
        raise typer.Exit(1)


def _table(summaries: list[SetSummary]) -> list[str]:
    """A row for each set, in Markdown, which reads well in a terminal, too."""
    rows: list[tuple[str, ...]] = [
        (
            "set",
            "frames",
            "AbsRel",
            "delta1",
            "AbsRel aligned",
            "delta1 aligned",
            "AbsRel of a constant",
            "scale needed",
        )
    ]
    for row in summaries:
        metrics = (row.metric.abs_rel, row.metric.delta1, row.aligned.abs_rel, row.aligned.delta1, row.constant.abs_rel)
        rows.append((row.set, str(row.frames), *(f"{value:.3f}" for value in metrics), f"{row.median_scale:.2f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    padded = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in (rows[0], rule, *rows[1:])]
    return [f"| {' | '.join(cells)} |" for cells in padded]


def _without_nan(value: Any) -> Any:
    """JSON has no NaN, which a metric is where a prediction was unknown: null there."""
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
