"""`theodolite evaluate`: a model's errors on folders of real RGB-D frames."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder with a frames.json, or of such folders.")],
    suite: Annotated[str, typer.Option(help="What is scored; an unknown name lists the suites there are.")] = "real",
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    nearest: Annotated[float, typer.Option(help="Ignore ground truth nearer than this, metres.")] = 0.1,
    farthest: Annotated[float, typer.Option(help="Ignore ground truth farther than this, metres.")] = 80.0,
    canvas_pixels: Annotated[int | None, typer.Option(help="Network input area, instead of the model's own.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write tables and pictures into this HTML file.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a report that is there already.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document with every frame's metrics.")] = False,
) -> None:
    """Errors of depth and normals on real frames, for each set and camera."""
    import json

    from rich.console import Console
    from rich.progress import track

    from theodolite.errors import DatasetError, OutputError, UnknownSuite
    from theodolite.evaluation.evaluation import Evaluation
    from theodolite.evaluation.real_frames import score_frames
    from theodolite.evaluation.report.page import write_report
    from theodolite.evaluation.scores import FrameFailure
    from theodolite.evaluation.suites import find_suite
    from theodolite.evaluation.tables import as_text, notes, tables
    from theodolite.inference.predictor import load

    try:
        chosen = find_suite(suite)
    except UnknownSuite as error:
        raise typer.BadParameter(str(error), param_hint="--suite") from error
    if report is not None and report.is_dir():
        raise typer.BadParameter(f"{report} is a folder; a report is one HTML file.", param_hint="--report")
    if report is not None and report.exists() and not overwrite:
        raise OutputError(f"{report} exists already. Give --overwrite to replace it.")
    frames = chosen.frames(folder)
    if not frames:
        raise DatasetError(f"{folder}: no frame listed there has depth to be judged by.")
    predictor = load(model, canvas_pixels=canvas_pixels)
    errors = Console(stderr=True)
    outcomes = []
    scored = score_frames(predictor, frames, (nearest, farthest), with_normals=True)
    for outcome in track(scored, "frames", console=errors, total=len(frames)):
        outcomes.append(outcome)
        if isinstance(outcome, FrameFailure):
            errors.print(f"{outcome.set}/{outcome.frame}: {outcome.reason}", markup=False)
    evaluation = Evaluation(
        suite, predictor.facts, predictor.backend.runtime, predictor.canvas_pixels, (nearest, farthest), tuple(outcomes)
    )
    if json_output:
        typer.echo(json.dumps(evaluation.document(), indent=1))
    else:
        typer.echo(f"{predictor.facts.name}, depth between {nearest:g} and {farthest:g} m")
        for table in tables(evaluation):
            typer.echo("\n" + "\n".join(as_text(table)))
        for note in notes(evaluation):
            typer.echo(f"\n{note}")
    if report is not None:
        write_report(
            report, evaluation, predictor, frames, _command(folder, suite, model, nearest, farthest, canvas_pixels)
        )
        errors.print(f"Report: {report}", markup=False)
    if evaluation.failures:
        raise typer.Exit(1)


def _command(folder: Path, suite: str, model: str, nearest: float, farthest: float, canvas_pixels: int | None) -> str:
    """What makes the same numbers again, as one would type it."""
    import shlex

    words = ["theodolite", "evaluate", str(folder), "--suite", suite, "--model", model]
    words += ["--nearest", f"{nearest:g}", "--farthest", f"{farthest:g}"]
    if canvas_pixels is not None:
        words += ["--canvas-pixels", str(canvas_pixels)]
    return shlex.join(words)
