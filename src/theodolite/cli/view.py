"""`theodolite view`: a saved prediction in the browser, to turn, colour and measure in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def view(
    result: Annotated[
        Path, typer.Argument(help="A prediction's .npz file, its .html viewer, or a folder with one of them.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The page to write. Default: beside the prediction.")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Show the page, or only write it.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a page that is there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Make one HTML page of a prediction, which needs no network, and open it in the browser."""
    import json
    import webbrowser

    from theodolite.inference.files import find_result, make_page

    source = find_result(result)
    page = source if source.suffix.lower() == ".html" and out is None else make_page(source, out, overwrite)
    opened = open_browser and webbrowser.open(page.resolve().as_uri())
    if json_output:
        typer.echo(json.dumps({"page": str(page), "opened": opened}))
    else:
        typer.echo(str(page))
    if open_browser and not opened:
        typer.echo("No browser could be started here; open the page yourself.", err=True)
