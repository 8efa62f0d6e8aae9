"""From a published checkpoint to our file, and back: the same numbers under other names."""

from __future__ import annotations

from pathlib import Path

from theodolite.errors import OutputError
from theodolite.extras import require
from theodolite.weights.checkpoint import read, write
from theodolite.weights.releases import resolve
from theodolite.weights.store import is_path, locate

STORAGE = ("float32", "float16", "bfloat16")


def convert(
    model: str | Path,
    target: str | Path,
    *,
    storage: str | None = None,
    overwrite: bool = False,
    accept_licence: bool = False,
) -> Path:
    """Write the weights of a release or file in the format that the target's suffix names.

    Args:
        target: `.safetensors`, ours; or `.pth`, the published layout (published variants only).
        storage: "float32", "float16" or "bfloat16"; as they are when None. For `.safetensors` only.
    Raises: OutputError, for another suffix or a file that is there already; as `store.locate` and `checkpoint.read`.
    """
    target = Path(target)
    suffix = target.suffix.lower()
    if suffix not in (".safetensors", ".pth"):
        raise OutputError(f"{target} should end in .safetensors (ours) or .pth (the published layout).")
    if suffix == ".pth" and storage not in (None, "float32"):
        raise OutputError(f"A .pth holds float32, as the reference expects; {storage} needs a .safetensors target.")
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists; choose another name, or overwrite it with --overwrite.")
    torch = require("torch", "torch", "Converting a checkpoint")
    source = read(locate(model, accept_licence=accept_licence))
    if suffix == ".pth":
        _write_published(target, source)
        return target
    metadata = dict(source.metadata)
    if not is_path(model):
        release = resolve(str(model))
        metadata |= {"release": release.name, "licence": release.licence}
    dtype = getattr(torch, storage) if storage else None
    write(target, source.state, source.variant, source.canonical_focal, metadata, dtype=dtype)
    return target


def _write_published(target: Path, source) -> None:
    from theodolite.weights.official import to_official
    from theodolite.weights.pth import write_pth

    float32 = {name: t.float() if t.is_floating_point() else t for name, t in source.state.items()}
    write_pth(target, to_official(float32, source.variant))
