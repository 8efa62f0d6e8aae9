"""`theodolite train`: a network from a recipe and a folder of rendered scenes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

    from theodolite.training.config import Recipe
    from theodolite.training.loop import Watcher


def train(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe: pocket, or smoke (a minute, to see that all runs).")],
    data: Annotated[
        list[Path], typer.Option(help="Folder of rendered scenes, as `theodolite synth` writes them; may be repeated.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run: state, log, models.")],
    real: Annotated[
        list[Path] | None, typer.Option(help="Folder of measured frames (frames.json) to mix in; may be repeated.")
    ] = None,
    validate: Annotated[
        list[Path] | None, typer.Option(help="Folder of measured frames to judge by; may be repeated.")
    ] = None,
    held_out: Annotated[int, typer.Option(min=0, help="Rendered samples, the first ones, to judge by.")] = 64,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Training time, instead of the recipe's steps.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps, instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the recipe's.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads; default: PyTorch's choice.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last state.")] = False,
) -> None:
    """Train a network; a run that was stopped goes on with --resume as if it had not been.

    With --steps, or the recipe's own, a resumed run ends with the very weights of an uninterrupted one.
    """
    from theodolite.extras import require

    torch = require("torch", "train", "Training")
    from theodolite.training.loop import Checks
    from theodolite.training.loop import train as run_training
    from theodolite.training.prepare import prepare

    if minutes is not None and steps is not None:
        raise typer.BadParameter("A run is as long as --minutes or as --steps says, not both.")
    chosen = _recipe(recipe, steps, seed)
    if threads:
        torch.set_num_threads(threads)
    stream, rendered = prepare(chosen, data, real or [], held_out)
    typer.echo(
        f"{chosen.name}: {len(stream.scenes)} rendered samples, "
        f"{len(stream.measured or ())} measured ones, "
        f"{len(rendered)} held out"
    )
    with _progress() as progress:
        path = run_training(
            stream,
            out,
            minutes=minutes,
            resume=resume,
            checks=Checks(rendered, validate or []),
            watch=_watcher(progress, chosen.name),
        )
    typer.echo(f"{path}")


def _recipe(name: str, steps: int | None, seed: int | None) -> Recipe:
    from dataclasses import replace

    from theodolite.training.recipes import RECIPES

    if name not in RECIPES:
        raise typer.BadParameter(f"There is no recipe {name!r}. Known: {', '.join(RECIPES)}.")
    chosen = RECIPES[name]()
    chosen = replace(chosen, steps=steps) if steps is not None else chosen
    return replace(chosen, seed=seed) if seed is not None else chosen


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[facts]}"),
    )
    return Progress(*columns, console=Console(stderr=True))


def _watcher(progress: Progress, name: str) -> Watcher:
    task = progress.add_task(name, total=1.0, facts="")

    def watch(position, line) -> None:
        progress.update(task, completed=min(position.progress, 1.0))
        if line and "loss" in line:
            facts = f"step {line['step']}, loss {line['loss']:.3f}, {line['images_per_second'] or 0:.1f} images/s"
            progress.update(task, facts=facts)
        for name, row in (line or {}).get("scores", {}).items():
            progress.console.print(
                f"step {position.step} {name}: AbsRel {row['abs_rel']:.3f}, aligned {row['abs_rel_aligned']:.3f}, "
                f"delta1 {row['delta1']:.3f}" + (f", normals {row['normals']:.1f} deg" if row["normals"] else "")
            )

    return watch
