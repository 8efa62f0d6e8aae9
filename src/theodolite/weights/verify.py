"""Is a weights file what it should be? Its hash, its names and shapes and, when asked, what it computes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theodolite.errors import CheckpointError
from theodolite.weights.record import Record, digest
from theodolite.weights.releases import Release, resolve
from theodolite.weights.sniff import Kind, recognise
from theodolite.weights.store import embedded_facts, is_path, locate

ONNX_OUTPUTS = {"canonical_depth", "confidence"}


@dataclass(frozen=True)
class Verdict:
    """What was found of a file in which nothing was wrong.

    Args:
        size: bytes.
        sha256: of the file.
        compared_with: where the expected hash came from; None when there was none to compare with.
        variant: of the network it fits, "custom" when it is in no table.
        parameters: of that network; None when the file does not tell.
        ran: whether the network was run, with finite results.
    """

    path: Path
    sha256: str
    size: int
    compared_with: str | None
    variant: str
    parameters: int | None
    ran: bool


def verify(model: str | Path, *, run: bool = False) -> Verdict:
    """Check a release on this machine, or a file.

    Args:
        run: also run the network on a small picture, on which every result has to be finite.
    Raises: CheckpointError, at the first thing that is wrong; as `store.locate`.
    """
    path = locate(model, download=False)
    release = None if is_path(model) else resolve(str(model))
    found = digest(path)
    expected, source = _expected(release, path)
    if expected not in (None, found):
        cure = "Reinstall theodolite" if release and release.embedded else "Fetch it again (--overwrite)"
        raise CheckpointError(f"{path} has the sha256 {found}, where {expected} was expected ({source}). {cure}.")
    if release and not release.embedded and expected is None:
        # Trusted at first sight, so that a later change is noticed.
        Record(found, path.stat().st_size, "placed by hand").write(path)
    check = _check_onnx if recognise(path) is Kind.ONNX else _check_torch
    variant, parameters = check(path, release, run)
    return Verdict(path, found, path.stat().st_size, source, variant, parameters, run)


def _expected(release: Release | None, path: Path) -> tuple[str | None, str | None]:
    if release and release.sha256:
        return release.sha256, "fixed in theodolite"
    if release and release.embedded:
        stated = embedded_facts(release).get("sha256")
        return (stated, "the facts beside it") if stated else (None, None)
    record = Record.of(path)
    return (record.sha256, f"recorded from {record.origin}") if record else (None, None)


def _check_torch(path: Path, release: Release | None, run: bool) -> tuple[str, int]:
    import torch

    from theodolite.network import skeleton
    from theodolite.weights.checkpoint import load_network, read

    checkpoint = read(path, release.variant if release else None)
    if run:
        network, _ = load_network(path)
        side = 4 * network.multiple
        pixels = torch.randn(1, 3, side, side + network.multiple, generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            raw = network(pixels)
        named = {name: getattr(raw, name) for name in ("canonical_depth", "normals", "kappa", "confidence")}
        _require_finite({name: values.numpy() for name, values in named.items() if values is not None}, path)
    return checkpoint.name, sum(parameter.numel() for parameter in skeleton(checkpoint.variant).parameters())


def _check_onnx(path: Path, release: Release | None, run: bool) -> tuple[str, int | None]:
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    # onnxruntime's exceptions have no common public base.
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise CheckpointError(f"{path} cannot be opened by ONNX Runtime: {reason}.") from error
    said = session.get_modelmeta().custom_metadata_map
    outputs = [output.name for output in session.get_outputs()]
    if not ONNX_OUTPUTS.issubset(outputs) or "theodolite.stride" not in said:
        raise CheckpointError(f"{path} is an ONNX network, but none that `theodolite export` wrote.")
    if run:
        side = 4 * int(said["theodolite.stride"])
        pixels = np.random.default_rng(0).standard_normal((1, 3, side, side), dtype=np.float32)
        _require_finite(dict(zip(outputs, session.run(outputs, {"pixels": pixels}), strict=True)), path)
    return said.get("theodolite.variant", "custom"), embedded_facts(release).get("parameters") if release else None


def _require_finite(maps: dict[str, Any], path: Path) -> None:
    import numpy as np

    for name, values in maps.items():
        if not np.isfinite(values).all():
            raise CheckpointError(f"{path} computes {name} that is not finite: its weights are damaged.")
