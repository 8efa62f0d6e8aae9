"""What is worth knowing about an exported file: its checksum, where its weights come from, how good they are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from theodolite.weights.atomic import writing

if TYPE_CHECKING:
    from torch import nn

    from theodolite.export.onnx import Label
    from theodolite.export.parity import Deviation
    from theodolite.weights.checkpoint import Facts


def facts_of(path: Path, net: nn.Module, label: Label, loaded: Facts, deviation: Deviation) -> dict[str, Any]:
    """Facts as plain JSON: of the file, then everything that the checkpoint said of its training."""
    return {
        "release": label.release,
        "variant": label.variant,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "parameters": sum(p.numel() for p in net.parameters()),
        "licence": label.licence,
        "canonical_focal": label.canonical_focal,
        "canvas_pixels": label.canvas_pixels,
        "deviation_from_pytorch": asdict(deviation),
        **{name: _plain(value) for name, value in loaded.metadata.items() if name not in ("release", "canvas_pixels")},
    }


def write_facts(path: Path, facts: dict[str, Any]) -> None:
    """Facts as a JSON file, whole or not at all. Raises: OutputError."""
    with writing(path) as temporary:
        temporary.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _plain(value: str) -> Any:
    """Checkpoints hold text only; what was JSON becomes JSON again."""
    try:
        return json.loads(value)
    except ValueError:
        return value
