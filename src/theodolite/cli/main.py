"""The command line: one file for each command, registered here; errors become one line and an exit code."""

from __future__ import annotations

import io
import sys

import typer

from theodolite import __version__
from theodolite.cli import bench as bench_command
from theodolite.cli import (
    calibrate,
    camera,
    convert,
    dataset,
    driving,
    evaluate,
    export,
    finetune,
    measure,
    models,
    odometry,
    predict,
    priors,
    reconstruct,
    scale,
    synth,
    train,
    video,
    view,
)
from theodolite.errors import TheodoliteError

app = typer.Typer(
    name="theodolite",
    help="Metric depth and surface normals from one photograph and a focal length.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"theodolite {__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    """Metric depth and surface normals from one photograph and a focal length."""


app.command("predict")(predict.predict)
app.command("camera")(camera.camera)
app.command("measure", cls=measure.PairsCommand)(measure.measure)
app.command("calibrate")(calibrate.calibrate)
app.command("convert")(convert.convert)
app.command("view")(view.view)
app.command("reconstruct")(reconstruct.reconstruct)
app.command("video")(video.video)
app.command("priors")(priors.priors)
app.command("odometry")(odometry.odometry)
app.command("scale")(scale.scale)
app.add_typer(models.app, name="models")
app.command("driving")(driving.driving)
app.command("export")(export.export)
app.command("bench")(bench_command.bench)
app.add_typer(evaluate.app, name="evaluate")
app.command("synth")(synth.synth)
app.command("train")(train.train)
app.command("finetune")(finetune.finetune)
app.add_typer(dataset.app, name="dataset")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 could not, 2 called wrongly, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        # A file name may hold bytes that are no text; those are shown escaped, and cost nobody the results.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=arguments, prog_name="theodolite")
    except TheodoliteError as error:
        print(f"theodolite: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("theodolite: interrupted; finished files are kept.", file=sys.stderr)
        sys.exit(130)
