"""`theodolite convert`: saved predictions as files of other formats, without predicting anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from theodolite.cli import save_options
from theodolite.cli.interrupts import interruptible
from theodolite.errors import TheodoliteError

if TYPE_CHECKING:
    from theodolite.inference.files import SaveOptions


def convert(
    predictions: Annotated[
        list[Path], typer.Argument(help="The .npz files of predictions, or folders of them.", show_default=False)
    ],
    formats: Annotated[
        str, typer.Option(help="Comma-separated; theodolite predict --list-formats says which there are.")
    ] = "ply,glb",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the results. Default: beside the prediction.")
    ] = None,
    triangles: save_options.Triangles = 200_000,
    mesh_error: save_options.MeshError = None,
    up_axis: save_options.UpAxis = "camera",
    level: save_options.Level = False,
    normal_convention: save_options.NormalConvention = "opencv",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Turn saved predictions into point clouds, meshes, or any other format that predict writes."""
    import json

    wanted = save_options.formats_of(formats)
    if not wanted:
        raise typer.BadParameter("at least one format is wanted.")
    options = save_options.save_options(
        wanted,
        normal_convention=normal_convention,
        triangles=triangles,
        mesh_error=mesh_error,
        up_axis=up_axis,
        level=level,
    )
    rows, stems = [], set()
    with interruptible() as heed:
        for source in _expanded(predictions):
            heed()
            target = (out or source.parent) / source.stem
            if target in stems:
                row = {
                    "prediction": str(source),
                    "error": f"{source}: another prediction was just written to {target}.",
                }
            else:
                stems.add(target)
                row = _converted(source, out, wanted, overwrite, options)
            rows.append(row)
            if "error" in row:
                typer.echo(f"theodolite: {row['error']}", err=True)
            elif not json_output:
                typer.echo("\n".join(row["files"]))
    if json_output:
        typer.echo(json.dumps({"results": rows}, indent=1))
    if any("error" in row for row in rows):
        raise typer.Exit(1)


def _expanded(predictions: list[Path]) -> list[Path]:
    """Raises: TheodoliteError, when there is none."""
    files: list[Path] = []
    for path in predictions:
        files += sorted(path.glob("*.npz")) if path.is_dir() else [path]
    if not files:
        names = ", ".join(str(path) for path in predictions)
        raise TheodoliteError(f"There is no prediction (.npz) in {names}. Make one: theodolite predict PHOTO")
    return list(dict.fromkeys(files))


def _converted(source: Path, out: Path | None, formats: list[str], overwrite: bool, options: SaveOptions) -> dict:
    """What became of one prediction: its files, or an error."""
    from theodolite.inference.prediction import Prediction

    row: dict = {"prediction": str(source)}
    try:
        prediction = Prediction.load(source)
        files = prediction.save(out or source.parent, formats, overwrite, source.stem, options)
    except TheodoliteError as error:
        return row | {"error": str(error)}
    return row | {"files": [str(file) for file in files]}
