"""What `train` and `finetune` share: options, the progress bar, the table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from theodolite.cli.dataset import parse_roots

if TYPE_CHECKING:
    from rich.progress import Progress

    from theodolite.training.config import Recipe
    from theodolite.training.journal import Line
    from theodolite.training.loop import Checks
    from theodolite.training.prepare import Asked
    from theodolite.training.resume import Position
    from theodolite.training.start import Start

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of the run: state, log, models.")]
Validate = Annotated[
    list[Path] | None, typer.Option(help="Folder of measured frames (frames.json) to judge by; may be repeated.")
]
HeldOut = Annotated[int, typer.Option(min=0, help="Samples, the first of each rendered set, to judge by.")]
Profile = Annotated[
    str | None, typer.Option(help="Encoding of the one annotation file (.json), a name of `theodolite dataset list`.")
]
Minutes = Annotated[float | None, typer.Option(min=0.01, help="Training time, instead of the recipe's steps.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Steps, instead of the recipe's.")]
Size = Annotated[int | None, typer.Option("--batch", min=1, help="Samples in a step, instead of the recipe's.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Instead of the recipe's.")]
Micro = Annotated[
    int | None, typer.Option(min=1, help="Samples through the network at once; gradients of the rest are added.")
]
Workers = Annotated[int, typer.Option(min=0, help="Processes that read samples, for each that trains.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Processor threads; default: PyTorch's choice.")]
Device = Annotated[str, typer.Option(help="cpu, cuda or mps; default: the best there is.")]
Compile = Annotated[bool, typer.Option("--compile", help="Fuse the network with torch.compile first; for long runs.")]
Fsdp = Annotated[bool, typer.Option("--fsdp", help="Divide weights among the processes (FSDP2), not only batches.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the run's last state.")]


def parse_data(texts: list[str], profile: str | None, root: Sequence[str] | None) -> list[Asked]:
    """What is to be trained on, each set of annotations with its profile, and all of them with the roots.

    Raises: BadParameter, for a share that is no positive number, and for options that are of no set, or not of one.
    """
    from dataclasses import replace

    from theodolite.training.prepare import Asked

    roots = parse_roots(root)
    try:
        asked = [Asked.parse(text) for text in texts]
    except ValueError as error:
        raise typer.BadParameter(f"PATH or PATH=SHARE: {error}.") from error
    nameless = [one for one in asked if one.annotated and not one.profile]
    if profile and len(nameless) != 1:
        raise typer.BadParameter(
            f"--profile says how one annotation file is encoded, and {len(nameless)} need to be told: give each "
            "its own, as in --data a.json@kitti=0.5."
        )
    if roots and not any(one.annotated for one in asked):
        raise typer.BadParameter("--root is for annotation files (.json), and there are none.")
    return [replace(one, profile=one.profile or profile, roots=roots) if one.annotated else one for one in asked]


def live(asked: list[Asked], textures: Path | None, meshes: Path | None, seed: int) -> list[Asked]:
    """The same, with what is rendered during the run made of these pictures and pieces.

    Raises: BadParameter, when nothing is rendered.
    """
    from dataclasses import replace

    if (textures or meshes) and not any(one.live for one in asked):
        raise typer.BadParameter("--textures and --meshes are for --data render:FAMILY, and there is none.")
    return [
        replace(one, live=replace(one.live, seed=seed, textures=textures, meshes=meshes)) if one.live else one
        for one in asked
    ]


def resized(recipe: Recipe, minutes: float | None, steps: int | None, batch: int | None, seed: int | None) -> Recipe:
    """The recipe with what the command line says instead.

    Raises: BadParameter, for a length in minutes and in steps.
    """
    from dataclasses import replace

    if minutes is not None and steps is not None:
        raise typer.BadParameter("A run is as long as --minutes or as --steps says, not both.")

    given = {"steps": steps, "batch": batch, "seed": seed}
    return replace(recipe, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def run(
    recipe: Recipe,
    data: list[Asked],
    out: Path,
    *,
    hardware: dict[str, Any],
    held_out: int,
    validate: list[Path] | None,
    minutes: float | None,
    resume: bool,
    start: Start | None = None,
) -> None:
    """Train, showing how far it is; then say what came of it."""
    from theodolite.training.config import Hardware
    from theodolite.training.loop import Checks, train
    from theodolite.training.prepare import prepare

    stream, judged = prepare(recipe, data, held_out)
    checks: Checks = Checks(judged, validate or [])
    told = _Told(_is_first())
    for line in _contents(recipe, stream, len(judged)):
        told.say(line)
    with told.watching(recipe.name):
        path = train(
            stream,
            out,
            hardware=Hardware(**hardware),
            start=start,
            minutes=minutes,
            resume=resume,
            checks=checks,
            watch=told.watch,
        )
    told.summarise(out)
    told.say(str(path))


def _is_first() -> bool:
    """Whether this is the process that speaks; known from the launcher before anything is set up."""
    import os

    return int(os.environ.get("RANK", "0")) == 0


def _contents(recipe: Recipe, stream: Any, judged: int) -> list[str]:
    total = sum(s.share for s in stream.sets)
    sets = ", ".join(f"{s.name} {len(s.source)} samples ({s.share / total:.0%} of each batch)" for s in stream.sets)
    return [f"{recipe.name}: {sets}; {judged} held out"]


@dataclass
class _Told:
    """What is shown of a run: on stderr a bar while it lasts, on stdout facts."""

    speaks: bool
    progress: Progress | None = None
    task: Any = None
    last: dict[str, Any] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    def say(self, text: str) -> None:
        if self.speaks:
            typer.echo(text)

    def watching(self, name: str) -> AbstractContextManager[Any]:
        from contextlib import nullcontext

        if not self.speaks:
            return nullcontext()
        self.progress = _progress()
        self.task = self.progress.add_task(name, total=1.0, facts="")
        return self.progress

    def watch(self, position: Position, line: Line | None) -> None:
        if self.progress is None:
            return
        self.progress.update(self.task, completed=min(position.progress, 1.0))
        line = line or {}
        if "loss" in line:
            self.last = line
            self.waits.append(line["data_wait"] or 0.0)
            facts = (
                f"step {line['step']}, loss {line['loss']:.3f}, {line['images_per_second'] or 0:.1f} images/s, "
                f"{line['data_wait'] or 0:.0%} waiting for data"
            )
            self.progress.update(self.task, facts=facts)
        if "rejected" in line:
            self.progress.console.print(f"left out: {line['rejected']}", markup=False, highlight=False, soft_wrap=True)
        for name, row in line.get("scores", {}).items():
            self.progress.console.print(
                f"step {position.step} {name}: AbsRel {row['abs_rel']:.3f}, aligned {row['abs_rel_aligned']:.3f}, "
                f"delta1 {row['delta1']:.3f}" + (f", normals {row['normals']:.1f} deg" if row["normals"] else "")
            )

    def summarise(self, run: Path) -> None:
        """A table of the run on stdout: what it took, and the scores from first to last."""
        if not self.speaks or not self.last:
            return
        import json

        from rich.console import Console
        from rich.table import Table

        from theodolite.training.journal import LOG

        lines = [json.loads(text) for text in (run / LOG).read_text().splitlines()]
        scored = [line for line in lines if "scores" in line]
        table = Table(box=None, pad_edge=False)
        for heading in ("", "first", "last"):
            table.add_column(heading, justify="left" if not heading else "right")
        losses = [line["loss"] for line in lines if "loss" in line]
        table.add_row("loss", f"{losses[0]:.3f}", f"{losses[-1]:.3f}")
        for name in scored[-1]["scores"] if scored else ():
            for measure, digits in (("abs_rel", 3), ("abs_rel_aligned", 3), ("delta1", 3), ("normals", 1)):
                ends = [line["scores"].get(name, {}).get(measure) for line in (scored[0], scored[-1])]
                if None not in ends:
                    table.add_row(f"{name} {measure}", *(f"{end:.{digits}f}" for end in ends))
        table.add_row("steps", "", f"{self.last['step']}")
        table.add_row("minutes", "", f"{self.last['minutes']:.1f}")
        table.add_row("waiting for data", "", f"{sum(self.waits) / len(self.waits):.0%}")
        table.add_row("steps skipped, not finite", "", f"{self.last['skipped']}")
        table.add_row("samples left out", "", f"{self.last['rejected_samples']}")
        Console().print(table)


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
