"""What weights there are and where, for people and programs to list; no torch, no network."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from theodolite.weights.licence import situation
from theodolite.weights.record import Record
from theodolite.weights.releases import RELEASES, Release, resolve
from theodolite.weights.sniff import header, recognise
from theodolite.weights.store import embedded_facts, is_path, locate, place


def survey() -> list[dict[str, Any]]:
    """A row for each release."""
    return [_row(release) for release in RELEASES.values()]


def inspect(model: str | Path) -> dict[str, Any]:
    """Everything known of a release, or of a file, without loading it.

    Raises: UnknownModel; CheckpointError.
    """
    return _of_file(locate(model)) if is_path(model) else _of_release(resolve(str(model)))


def _row(release: Release) -> dict[str, Any]:
    file = place(release)
    where = ("embedded" if release.embedded else "cached") if file.is_file() else "downloadable"
    return {
        "name": release.name,
        "variant": release.variant,
        "parameters": release.parameters or embedded_facts(release).get("parameters"),
        "bytes": file.stat().st_size if file.is_file() else None,
        "licence": release.licence,
        "where": "missing" if release.embedded and not file.is_file() else where,
    }


def _of_release(release: Release) -> dict[str, Any]:
    record = Record.of(place(release))
    facts = embedded_facts(release) if release.embedded else {}
    return _row(release) | {
        "canonical_focal": release.canonical_focal,
        "stride": release.stride,
        "reference_canvas": list(release.canvas) if release.canvas else None,
        "publisher": release.repo,
        "file": str(place(release)),
        "sha256": release.sha256 or facts.get("sha256") or (record.sha256 if record else None),
        "origin": record.origin if record else None,
        "licence_situation": situation(release) if release.needs_acceptance else None,
        "facts": facts or None,
    }


def _of_file(path: Path) -> dict[str, Any]:
    from theodolite.weights.checkpoint import describe

    kind = recognise(path)
    row: dict[str, Any] = {"file": str(path), "bytes": path.stat().st_size, "content": kind.value}
    said = describe(path)
    if said is None:
        return row
    tensors = [entry for name, entry in header(path).items() if name != "__metadata__"]
    return row | {
        "variant": said.name,
        "canonical_focal": said.canonical_focal,
        "elements": sum(math.prod(entry["shape"]) for entry in tensors),
        "dtypes": sorted({entry["dtype"] for entry in tensors}),
        "metadata": dict(said.metadata),
    }
