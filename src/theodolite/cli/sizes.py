"""Sizes of pictures as the command line takes them: HEIGHTxWIDTH."""

from __future__ import annotations

import typer


def parse_size(text: str) -> tuple[int, int]:
    """Height and width, px.

    Raises: BadParameter, when it is no size.
    """
    height, cross, width = text.lower().partition("x")
    if not (cross and height.isdigit() and width.isdigit()):
        raise typer.BadParameter(f"A size is HEIGHTxWIDTH, got {text!r}.")
    return int(height), int(width)
