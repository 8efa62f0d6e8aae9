"""What a run notes in its folder for those who look and for whoever resumes it: small JSON files, whole or absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from theodolite.errors import CheckpointError
from theodolite.weights.atomic import writing


def write_note(path: Path, value: Any) -> None:
    """Raises: OutputError, when it cannot be written."""
    with writing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1) + "\n")


def read_note(path: Path) -> Any:
    """Raises: CheckpointError, when it is not there, or damaged."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error


def as_noted(value: Any) -> Any:
    """What `read_note` gives back of a value: tuples are lists there."""
    return json.loads(json.dumps(value))
