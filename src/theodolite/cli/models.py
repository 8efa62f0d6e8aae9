"""`theodolite models`: which weights there are; fetch, convert and verify them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="List, describe, download, convert and verify weights.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Accept = Annotated[bool, typer.Option("--accept-license", help="Accept weights whose publisher states no licence.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]


@app.command("list")
def list_models(json_output: Json = False) -> None:
    """All weights by name: variant, parameters, size, licence, and where they are."""
    from theodolite.weights.survey import survey

    rows = survey()
    if json_output:
        return _print_json(rows)
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("name", "parameters", "size", "licence", "where"):
        table.add_column(column, justify="right" if column in ("parameters", "size") else "left", no_wrap=True)
    for row in rows:
        parameters = f"{row['parameters'] / 1e6:.1f} M" if row["parameters"] else "?"
        licence = row["licence"].removesuffix(" by the publisher")
        table.add_row(row["name"], parameters, _size(row["bytes"]), licence, row["where"])
    Console().print(table)


@app.command("info")
def info(
    model: Annotated[str, typer.Argument(help="Name of a release or variant, or path of a weights file.")],
    json_output: Json = False,
) -> None:
    """Everything known of one release or file, without loading it."""
    from theodolite.weights.survey import inspect

    _print_facts(inspect(model), json_output)


@app.command("download")
def download(
    models: Annotated[list[str], typer.Argument(help="Names of releases or variants.")],
    accept_license: Accept = False,
    overwrite: Overwrite = False,
    json_output: Json = False,
) -> None:
    """Fetch weights into the cache, check them, and print where they are."""
    from theodolite.weights import store
    from theodolite.weights.releases import resolve

    releases = [resolve(model) for model in models]
    paths = {}
    for release in releases:
        if overwrite:
            store.discard(release)
        paths[release.name] = str(store.locate(release.name, accept_licence=accept_license))
        if not json_output:
            typer.echo(f"{release.name}: {paths[release.name]}")
    if json_output:
        _print_json(paths)


@app.command("convert")
def convert(
    source: Annotated[str, typer.Argument(help="Name of a release, or path of a .pth or .safetensors file.")],
    target: Annotated[Path, typer.Argument(help="A .safetensors (ours) or .pth (the published layout) file to write.")],
    half: Annotated[bool, typer.Option("--half", help="Store 16-bit floats: half the size.")] = False,
    bfloat16: Annotated[bool, typer.Option("--bfloat16", help="Store bfloat16: half the size, wider range.")] = False,
    accept_license: Accept = False,
    overwrite: Overwrite = False,
    json_output: Json = False,
) -> None:
    """Published checkpoint to our self-describing file, or back."""
    from theodolite.weights.convert import convert as convert_weights

    if half and bfloat16:
        raise typer.BadParameter("give --half or --bfloat16, not both")
    storage = "float16" if half else "bfloat16" if bfloat16 else None
    path = convert_weights(source, target, storage=storage, overwrite=overwrite, accept_licence=accept_license)
    _print_facts({"file": str(path), "bytes": path.stat().st_size}, json_output)


@app.command("verify")
def verify(
    model: Annotated[str, typer.Argument(help="Name of a release on this machine, or path of a weights file.")],
    run: Annotated[bool, typer.Option("--run", help="Also run the network on a small picture.")] = False,
    json_output: Json = False,
) -> None:
    """Check a file's hash, names and shapes; exit code 1 when something is wrong."""
    from dataclasses import asdict

    from theodolite.weights.verify import verify as verify_weights

    verdict = asdict(verify_weights(model, run=run))
    _print_facts(verdict | {"path": str(verdict["path"]), "verdict": "sound"}, json_output)


def _print_facts(facts: dict[str, Any], json_output: bool) -> None:
    if json_output:
        return _print_json(facts)
    for key, value in facts.items():
        if isinstance(value, dict):
            typer.echo(f"{key.replace('_', ' ')}: {len(value)} entries ({', '.join(value)}); --json prints them")
        elif value is not None:
            typer.echo(f"{key.replace('_', ' ')}: {_size(value) if key in ('bytes', 'size') else value}")


def _print_json(document: Any) -> None:
    import json

    typer.echo(json.dumps(document, indent=1))


def _size(count: int | None) -> str:
    return "" if count is None else f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count} bytes"
