"""What a clip's folder says of itself: whose results it holds, whether they are complete, and whether to go on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from theodolite.errors import OutputError
from theodolite.inference.files import paths
from theodolite.weights.atomic import writing

SUMMARY, FILM, FRAMES, WORKING = "video.json", "side-by-side.mp4", "frames", "working"
_SETTINGS = "settings.json"


def begin(out: Path, settings: Mapping[str, Any], overwrite: bool) -> dict[str, Any] | None:
    """Make the folder ready, for new or for going on.

    Args:
        settings: all that results depend on, as JSON holds it.
    Returns: the summary of a run that is complete already; None when there is work to do.
    Raises: OutputError, when the folder holds another clip's results, or somebody's own files.
    """
    if overwrite:
        _clear(out)
    wanted = json.loads(json.dumps(settings))
    complete = _read(out / SUMMARY)
    if complete is not None:
        _require_same(out, complete.get("settings", {}), wanted)
        return complete
    begun = _read(out / WORKING / _SETTINGS)
    if begun is not None:
        _require_same(out, begun, wanted)
        return None
    taken = next((out / name for name in (FILM, FRAMES) if (out / name).exists()), None)
    if taken is not None and not overwrite:
        raise OutputError(f"{taken} is there already. Give another folder with --out, or --overwrite to replace it.")
    with writing(out / WORKING / _SETTINGS) as temporary:
        temporary.write_text(json.dumps(wanted, indent=1))
    return None


def complete(out: Path, summary: Mapping[str, Any]) -> None:
    """Write the summary, then remove the working files."""
    with writing(out / SUMMARY) as temporary:
        temporary.write_text(json.dumps(summary, indent=1) + "\n", "utf-8")
    shutil.rmtree(out / WORKING, ignore_errors=True)


def _clear(out: Path) -> None:
    """Remove what an earlier run wrote, and nothing else."""
    shutil.rmtree(out / WORKING, ignore_errors=True)
    try:
        held = _read(out / SUMMARY) or {}
        files = [
            file for frame in held["frames"] for file in paths(out / FRAMES, frame["name"], held["settings"]["formats"])
        ]
    except (OutputError, KeyError, TypeError):  # damaged, or somebody else's: its files are only replaced
        files = []
    for file in (*files, out / SUMMARY):
        file.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} cannot be read ({error}). --overwrite starts anew.") from error
    return content if isinstance(content, dict) else {}


def _require_same(out: Path, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    different = [name for name in {**held, **wanted} if held.get(name) != wanted.get(name)]
    if different:
        raise OutputError(
            f"{out} holds results of another {', '.join(different)}. Give another folder with --out, or --overwrite "
            "to start anew."
        )
