"""`theodolite dataset`: check what a manifest holds, and make one of a data set as its authors distribute it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from theodolite.cli import dataset_info

if TYPE_CHECKING:
    from theodolite.datasets.check import Group, Report
    from theodolite.datasets.record import Record
    from theodolite.datasets.sheet import Sheet

app = typer.Typer(help="Check training data and test data, and list what of.", no_args_is_help=True)
app.command("info")(dataset_info.info)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]

Root = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[NAME=]FOLDER",
        help="Folder that paths in annotation files start at, instead of the file's own; NAME, when it is for one kind "
        "of file only, is data, depth, sem, normal, mask or meta. May be repeated.",
    ),
]


@app.command("check")
def check(
    source: Annotated[Path, typer.Argument(help="Manifest (.jsonl), annotations (.json) or folder with frames.json.")],
    profile: Annotated[str | None, typer.Option(help="Which set an annotation file is of; see `dataset list`.")] = None,
    root: Root = None,
    sheet: Annotated[Path | None, typer.Option(help="Also write a contact sheet to look at, as PNG.")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="Check only so many, evenly spread.")] = None,
    json_output: Json = False,
) -> None:
    """Load every sample once: counts, ranges, what is missing, wrong or suspicious."""
    import json
    from dataclasses import asdict

    from theodolite.datasets.sheet import Sheet
    from theodolite.datasets.sources import open_records

    records = open_records(source, profile, parse_roots(root))
    cells = Sheet() if sheet else None
    report = _run(records, most, cells)
    for warning in report.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if json_output:
        typer.echo(json.dumps({"source": str(source), "good": report.good, **asdict(report)}, indent=1))
    else:
        _print(report)
    if cells is not None and sheet is not None:
        cells.write(sheet)
        if not json_output:
            typer.echo(sheet)
    if report.failures:
        raise typer.Exit(1)


@app.command("list")
def list_datasets(json_output: Json = False) -> None:
    """Data sets that `build`, `info` and the profiles of `check` know."""
    import json

    from theodolite.datasets.builders import BUILDERS
    from theodolite.datasets.profiles import PROFILES
    from theodolite.datasets.readers import READERS, find_reader

    built = {name: description for name, (_, description) in sorted(BUILDERS.items())}
    read = {name: find_reader(name).ABOUT.title for name in READERS}
    if json_output:
        return typer.echo(json.dumps({"build": built, "info": read, "profiles": sorted(PROFILES)}, indent=1))
    width = max(map(len, built | read))
    for command, about in (("build", built), ("info", read)):
        typer.echo(f"theodolite dataset {command} NAME:")
        for name, description in about.items():
            typer.echo(f"  {name:{width}}  {description}")
    typer.echo("theodolite dataset check --profile NAME, for annotations in the form of the authors of Metric3D:")
    typer.echo(f"  {', '.join(sorted(PROFILES))}")


@app.command("build")
def build(
    name: Annotated[str, typer.Argument(help="Name of the data set; see `dataset list`.")],
    source: Annotated[Path, typer.Argument(help="Folder it was unpacked to.")],
    out: Annotated[Path, typer.Option(help="Manifest to write (.jsonl); made labels go beside it.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a manifest that is there already.")] = False,
) -> None:
    """Write the manifest of a data set as its authors distribute it."""
    from theodolite.datasets import builders
    from theodolite.errors import OutputError

    if out.exists() and not overwrite:
        raise OutputError(f"{out} exists already. Give --overwrite to replace it.")
    count = builders.build(name, source, out)
    typer.echo(f"{out}: {count} samples")


def parse_roots(texts: Sequence[str] | None) -> dict[str, Path]:
    """Folders by the kind of file whose paths start at them.

    Raises: BadParameter, for a kind that there is not, or that comes twice.
    """
    from theodolite.datasets.annotations import ROOTS

    found: dict[str, Path] = {}
    for text in texts or ():
        name, equals, folder = text.partition("=")
        if not equals or Path(text).exists():
            name, folder = "data", text
        if name not in ROOTS or name in found or not folder:
            raise typer.BadParameter(
                f"--root is FOLDER or NAME=FOLDER, NAME once each of {', '.join(ROOTS)}; got {text!r}."
            )
        found[name] = Path(folder)
    return found


def _run(records: Sequence[Record], most: int | None, sheet: Sheet | None) -> Report:
    """Check with a progress bar; failures are told as they are met."""
    from rich.console import Console
    from rich.progress import track

    from theodolite.datasets.check import Check, chosen, examine
    from theodolite.datasets.record import RecordError
    from theodolite.datasets.sheet import MOST

    errors = Console(stderr=True)
    total = len(chosen(len(records), most))
    shown = set(chosen(total, MOST))
    sums = Check(len(records))
    outcomes = track(examine(records, most), "checking", total=total, console=errors, disable=not errors.is_terminal)
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, RecordError):
            sums.refuse(outcome)
            errors.print(str(outcome), markup=False, highlight=False, soft_wrap=True)
            continue
        record, sample = outcome
        sums.add(record, sample)
        if sheet is not None and place in shown:
            sheet.add(record.image.name, sample)
    return sums.report()


def _print(report: Report) -> None:
    for group in report.groups:
        typer.echo(f"{group.domain or '(no domain)'}, {group.kind}: {group.samples} sample{'s' * (group.samples > 1)}")
        for name, text in _facts(group).items():
            typer.echo(f"  {name:<10}{text}")
        typer.echo()
    listed = "" if report.checked == report.listed else f" of {report.listed}"
    causes = "".join(f"; {cause}: {count}" for cause, count in report.causes.items())
    typer.echo(f"{report.checked}{listed} checked, {report.good} good, {len(report.failures)} not usable{causes}")


def _facts(group: Group) -> dict[str, str]:
    """What there is to say of a group, for people."""
    sizes = [f"{size} ({count})" for size, count in group.sizes.items()]
    facts = {
        "images": ", ".join(sizes[:3]) + (f" and {len(sizes) - 3} more sizes" if len(sizes) > 3 else ""),
        "focal": f"{_span(group.focal[0], group.focal[2])} px",
    }
    if group.labelled is not None and group.depth is not None:
        low, middle, high = group.labelled
        spread = "" if low == high else f" ({low:.1%} to {high:.1%})"
        facts["depth"] = f"{group.density}, {middle:.1%} of pixels{spread}"
        unit = "in units of their own" if group.kind in ("sfm", "relative") else "m"
        facts[""] = f"{group.depth[0]:.3g} to {group.depth[2]:.3g} {unit}, median {group.depth[1]:.3g}"
    if group.range is not None:
        facts["range"] = f"{_span(*group.range)} m declared"
    counts = {"normals": group.with_normals, "sky": group.with_sky, "planes": group.with_planes}
    facts |= {name: f"in {count}" for name, count in counts.items() if count}
    return facts


def _span(low: float, high: float) -> str:
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
