"""The options that say how clouds and meshes are written, shared by the commands that write them."""

from __future__ import annotations

from typing import Annotated

import typer

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
