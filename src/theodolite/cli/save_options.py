"""The options that say which files predictions become, and how, shared by the commands that write them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from theodolite.errors import OutputError

if TYPE_CHECKING:
    from theodolite.inference.files import SaveOptions

_PANEL = "Clouds and meshes"

Triangles = Annotated[
    int,
    typer.Option(
        "--mesh-triangles",
        min=0,
        help="At most so many in a mesh; 0 keeps every pixel.",
        rich_help_panel=_PANEL,
    ),
]
MeshError = Annotated[
    float | None,
    typer.Option(
        help="How far a mesh may be off where triangles allow, m; default: a thousandth of the distance.",
        rich_help_panel=_PANEL,
    ),
]
UpAxis = Annotated[
    str,
    typer.Option(
        help="Axes of PLY files: camera (y down, z forward), y (up), or z (up). GLB is y up.", rich_help_panel=_PANEL
    ),
]
Level = Annotated[
    bool,
    typer.Option(
        "--level", help="Turn models so that floors are level, as their normals tell.", rich_help_panel=_PANEL
    ),
]
NormalConvention = Annotated[str, typer.Option(help="Axes of the normal PNGs: opencv, opengl or directx.")]


def formats_of(text: str) -> list[str]:
    """Names between commas; none of an empty text."""
    return [name.strip() for name in text.split(",") if name.strip()]


def save_options(formats: list[str], **options: Any) -> SaveOptions:
    """How files of these formats are written, after a look at whether there are such formats and options."""
    from theodolite.inference.files import SaveOptions, paths

    try:
        paths(Path(), "photo", formats)
        return SaveOptions(**options)
    except OutputError as error:
        raise typer.BadParameter(str(error)) from error
