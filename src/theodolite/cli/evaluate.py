"""`theodolite evaluate`: any model on a benchmark of the field, and two runs compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from theodolite.cli.interrupts import interruptible

if TYPE_CHECKING:
    from rich.console import Console

    from theodolite.evaluation.compare import Comparison
    from theodolite.evaluation.evaluation import Evaluation
    from theodolite.evaluation.protocols import Protocol
    from theodolite.evaluation.runner import Listener, Task
    from theodolite.evaluation.scores import Outcome


class _RunUnlessNamed(TyperGroup):
    """`evaluate MODEL BENCHMARK` is `evaluate run MODEL BENCHMARK`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_RunUnlessNamed,
    help="Evaluate a model on a benchmark: theodolite evaluate MODEL BENCHMARK --data DIR; its options are those of "
    "`run`, theodolite evaluate run --help.",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command("run")
def run(
    model: Annotated[
        str,
        typer.Argument(
            help="Release or checkpoint; a folder of saved predictions; or a function, file.py:name or module:name."
        ),
    ],
    benchmark: Annotated[str, typer.Argument(help="See `theodolite evaluate list`; `frames` for your own.")],
    data: Annotated[Path, typer.Option(help="Folder the data set was unpacked to; see `theodolite dataset info`.")],
    protocol: Annotated[str, typer.Option(help="community or release.")] = "community",
    split: Annotated[str, typer.Option(help="Another part of the data set than the protocol's.")] = "",
    truth: Annotated[str, typer.Option(help="Another form of the truth than the protocol's.")] = "",
    nearest: Annotated[float | None, typer.Option(help="Truth nearer than this does not count, metres.")] = None,
    farthest: Annotated[float | None, typer.Option(help="Truth farther than this does not count, metres.")] = None,
    points: Annotated[bool, typer.Option("--points", help="Compare point clouds, too; seconds an image.")] = False,
    normals: Annotated[bool, typer.Option("--normals/--no-normals", help="Judge normals, where the row does.")] = True,
    unknown: Annotated[
        str, typer.Option(help="Pixels without a prediction: fail, or far for models that mask the sky.")
    ] = "fail",
    most: Annotated[int | None, typer.Option(min=1, help="Only so many images, evenly spread.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes on this machine.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the run, which can be resumed.")] = None,
    canvas_pixels: Annotated[int | None, typer.Option(help="Network input area, instead of the model's own.")] = None,
    backend: Annotated[str | None, typer.Option(help="onnx or torch; default: by the file.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or float16 (torch).")] = None,
    depth_scale: Annotated[float | None, typer.Option(help="Steps per metre of saved 16-bit PNGs.")] = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write report.html, with pictures.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Begin anew in a folder that holds a run.")] = False,
    json_output: Json = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """Errors of a model's depth and normals on a benchmark.

    Outcomes are kept as they come: the same command finishes a run that was interrupted. Started by `accelerate launch`
    or `torchrun`, each process takes its share.
    """
    from rich.console import Console

    from theodolite.evaluation.models import ModelChoice
    from theodolite.evaluation.processes import launched
    from theodolite.evaluation.protocols import UnknownBenchmark, find_protocol
    from theodolite.evaluation.runner import Task, evaluate, evaluate_launched

    if unknown not in ("fail", "far"):
        raise typer.BadParameter(f"fail or far, got {unknown!r}.", param_hint="--unknown")
    try:
        row = find_protocol(benchmark, protocol).changed(split, truth, nearest, farthest, points, normals)
    except (UnknownBenchmark, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    choice = ModelChoice(model, canvas_pixels, backend, device, dtype, accept_license, depth_scale)
    task = Task(choice, row, data, unknown == "far", most)
    folder = out if out is not None else Path("out/evaluate") / _folder_name(task)
    messages = Console(stderr=True, highlight=False, soft_wrap=True)
    with _progress(messages) as listener:
        if (team := launched()) is None:
            found = evaluate(task, folder, processes=processes, overwrite=overwrite, listener=listener)
        elif gathered := evaluate_launched(task, folder, team, overwrite=overwrite, listener=listener):
            found = gathered
        else:
            return  # the first process tells
    _write(folder, found, task, report, messages)
    if json_output:
        import json

        typer.echo(json.dumps(found.document(), indent=1))
    else:
        _print(found, row)
    if found.collected.failures or found.missing:
        raise typer.Exit(1)


@app.command("list")
def list_benchmarks(json_output: Json = False) -> None:
    """Benchmarks, and the protocols each can be run by."""
    import json

    from theodolite.evaluation.protocols import BENCHMARKS, PROTOCOLS

    if json_output:
        return typer.echo(json.dumps([row.as_dict() for row in PROTOCOLS.values()], indent=1))
    width = max(map(len, BENCHMARKS))
    for benchmark in BENCHMARKS:
        rows = [row for row in PROTOCOLS.values() if row.benchmark == benchmark]
        typer.echo(f"{benchmark:{width}}  {rows[0].about}")
        for row in rows:
            typer.echo(f"{'':{width}}    {row.name}: {row.words()}")


@app.command("compare")
def compare(
    first: Annotated[Path, typer.Argument(help="Folder of a run.")],
    second: Annotated[Path, typer.Argument(help="Folder of another run of the same benchmark and protocol.")],
    json_output: Json = False,
) -> None:
    """Two runs image by image: differences, their 95 % intervals, and whether chance could make them."""
    import json
    from dataclasses import asdict

    from theodolite.evaluation.compare import compare as compare_runs
    from theodolite.evaluation.evaluation import without_nan

    found = compare_runs(first, second)
    if json_output:
        return typer.echo(json.dumps(without_nan(asdict(found)), indent=1))
    _print_comparison(found)


def _print(found: Evaluation, row: Protocol) -> None:
    from theodolite.evaluation.tables import as_text, notes, tables

    typer.echo(f"{found.model} on {row.benchmark}, {row.name} protocol: {row.words()}")
    for table in tables(found):
        lines = as_text(table)
        typer.echo("\n" + "\n".join(lines if len(lines) <= 40 else [*lines[:2], "| ... |", *lines[-1:]]))
    for note in notes(found):
        typer.echo(f"\n{note}")


def _print_comparison(found: Comparison) -> None:
    width = max((len(each.name) for each in found.measures), default=0)
    typer.echo(f"A: {found.first}    B: {found.second}")
    typer.echo(f"{'':{width}}  {'A':>8}  {'B':>8}  {'B - A':>8}  {'95 %':>18}  {'p':>6}  B better on")
    for each in found.measures:
        if (numbers := each.numbers) is None:
            typer.echo(f"{each.name:{width}}  no image has a number of both")
            continue
        low_high = f"{numbers.low:.4f} to {numbers.high:.4f}"
        better = each.second_better
        lost = f"  ({each.no_number} images without a number of one)" if each.no_number else ""
        typer.echo(
            f"{each.name:{width}}  {numbers.first:8.4f}  {numbers.second:8.4f}  {numbers.difference:8.4f}  "
            f"{low_high:>18}  {numbers.p:6.4f}  {better:.0%} of {numbers.images}{lost}"
        )
    for names, which in ((found.only_first, "A"), (found.only_second, "B")):
        if names:
            typer.echo(f"Only in {which}, and not compared: {len(names)} images ({', '.join(names[:3])}, ...)")
    typer.echo(
        "p: chance of a difference as large if the models were alike (random signs, image by image). Of many measures, "
        "one in twenty falls below 0.05 by chance."
    )


def _write(folder: Path, found: Evaluation, task: Task, report: bool, messages: Console) -> None:
    """Everything that a run leaves behind, besides its outcomes."""
    import json

    from theodolite.evaluation.report.markdown import write_markdown
    from theodolite.evaluation.report.page import write_report
    from theodolite.weights.atomic import writing

    command = task.command()
    for name, text in (("images.csv", found.csv()), ("result.json", json.dumps(found.document(), indent=1))):
        with writing(folder / name) as temporary:
            temporary.write_text(text, "utf-8", errors="replace")
    write_markdown(folder / "report.md", found, command)
    written = ["images.csv", "result.json", "report.md"]
    if report and found.overall is not None:
        examples = task.examples()
        write_report(folder / "report.html", found, task, task.open(examples), examples, command)
        written.append("report.html")
    else:
        (folder / "report.html").unlink(missing_ok=True)  # of an earlier state of the run
    messages.print(f"{folder}: {', '.join(written)}", markup=False)


@contextmanager
def _progress(console: Console) -> Iterator[Listener]:
    """A bar on stderr; failures are told as they come."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from theodolite.evaluation.runner import Listener
    from theodolite.evaluation.scores import ImageFailure

    class Bar(Listener):
        def begin(self, images: int, done: int, changed: int) -> None:
            bar.update(row, total=images, completed=done)
            if done:
                told = f"{done} of {images} images were done already; --overwrite does them again."
                console.print(told, markup=False)
            if changed:
                console.print(f"{changed} images are scored again, as their predictions changed.", markup=False)

        def outcome(self, outcome: Outcome) -> None:
            heed()
            bar.advance(row)
            if isinstance(outcome, ImageFailure):
                console.print(f"{outcome.name}: {outcome.reason}", markup=False)

    columns = (TextColumn("images"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar, interruptible() as heed:
        row = bar.add_task("images", total=None)
        yield Bar()


def _folder_name(task: Task) -> str:
    import re

    words, row = task.model.words, task.protocol
    parts = [Path(words).stem if Path(words).exists() else words, row.benchmark, row.name]
    parts += ["unknown_far"] if task.unknown_is_far else []
    parts += [] if task.most is None else [f"most_{task.most}"]
    return re.sub(r"[^\w.,-]+", "_", "-".join(parts))
