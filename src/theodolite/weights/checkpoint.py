"""Checkpoints: named tensors that say which network they fit, read from our own files or the published ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from theodolite.errors import CheckpointError, UnknownModel
from theodolite.extras import require
from theodolite.network.variants import VARIANTS, Variant, find, name_of
from theodolite.weights.atomic import writing
from theodolite.weights.releases import resolve
from theodolite.weights.sniff import Kind, header, recognise
from theodolite.weights.store import is_path, locate

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from theodolite.network import Metric3D

FORMAT = 1
PREFIX = "theodolite."
# The published networks all believe in this camera, px; their files do not say so.
PUBLISHED_FOCAL = 1000.0


@dataclass(frozen=True)
class Description:
    """What a checkpoint says of itself, without its tensors.

    Args:
        variant: the network it fits.
        canonical_focal: focal length of the camera that network believes in, px.
        metadata: whatever else the file says: licence, training, where it came from.
    """

    variant: Variant
    canonical_focal: float
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.canonical_focal < float("inf"):
            raise CheckpointError(f"A canonical focal length is positive, in pixels; found {self.canonical_focal!r}.")

    @property
    def name(self) -> str:
        """The variant's name in the table, or "custom"."""
        return name_of(self.variant)


@dataclass(frozen=True)
class Checkpoint(Description):
    """A description with its tensors, under our names, as stored."""

    state: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What is known of loaded weights.

    Args:
        name: of the release, or of the file.
        variant: of the table, or "custom".
        canonical_focal: px.
        licence: of the weights; "unknown" when nothing says.
        canvas: rows and columns of the published pre-processing, px.
        metadata: from the file.
    """

    name: str
    variant: str
    canonical_focal: float
    licence: str
    canvas: tuple[int, int] | None
    metadata: Mapping[str, str]


def read(path: str | Path, variant: str | Variant | None = None) -> Checkpoint:
    """The checkpoint at `path`: ours (safetensors), or a published one (.pth, or safetensors with published names).

    What the file is, is told by its content, not by its name; names and shapes have to match the network exactly.
    Tensors stay in the file until used, so memory grows by what is touched.

    Args:
        variant: refuse any other than this one.
    Raises: CheckpointError.
    """
    path = Path(path)
    kind = recognise(path)
    if kind is Kind.ONNX:
        raise CheckpointError(
            f"{path} is an ONNX file: it runs in ONNX Runtime, but PyTorch cannot take weights from it."
        )
    wanted = find(variant) if isinstance(variant, str) else variant
    found = _from_safetensors(path, wanted) if kind is Kind.SAFETENSORS else _from_pth(path, kind, wanted)
    if wanted not in (None, found.variant):
        raise CheckpointError(f"{path} holds {found.name}, where {name_of(wanted)} was expected.")
    _require_match(found, str(path))
    return found


def describe(path: str | Path) -> Description | None:
    """What a safetensors file of ours says of itself, read without torch; None when it says nothing.

    Raises: CheckpointError.
    """
    path = Path(path)
    if recognise(path) is not Kind.SAFETENSORS:
        return None
    metadata = header(path).get("__metadata__", {})
    if PREFIX + "format" not in metadata:
        return None
    return _description(metadata, path)


def write(
    path: str | Path,
    state: Mapping[str, Tensor],
    variant: str | Variant,
    canonical_focal: float,
    metadata: Mapping[str, str] | None = None,
    *,
    dtype: torch.dtype | None = None,
) -> None:
    """Write our self-describing safetensors file; whole or not at all.

    Args:
        state: under our names, complete.
        canonical_focal: px.
        metadata: whatever else is worth saying: licence, release, training.
        dtype: store floating tensors so (torch.float16 halves the file); as they are when None.
    Raises: CheckpointError, when the tensors do not fit the variant, or numbers do not fit `dtype`; OutputError.
    """
    save_file = require("safetensors.torch", "torch", "Writing a checkpoint").save_file
    row = find(variant) if isinstance(variant, str) else variant
    checkpoint = Checkpoint(row, canonical_focal, dict(metadata or {}), state)
    _require_match(checkpoint, "The state to be written")
    own = {
        "format": str(FORMAT),
        "variant": checkpoint.name,
        "network": json.dumps(row.to_dict()),
        "canonical_focal": repr(float(canonical_focal)),
    }
    stored = {name: _stored(name, tensor, dtype) for name, tensor in state.items()}
    with writing(Path(path)) as temporary:
        save_file(stored, temporary, metadata={**checkpoint.metadata, **{PREFIX + key: own[key] for key in own}})


def load_network(
    model: str | Path, *, accept_licence: bool = False, dtype: torch.dtype | None = None
) -> tuple[Metric3D, Facts]:
    """A network in evaluation mode with the weights of a release or a file, and what is known of them.

    No random weights are drawn first, and float32 tensors stay mapped from the file until used.

    Args:
        model: name of a release or variant, or a path.
        accept_licence: see `store.locate`.
        dtype: of the weights; float32 when None, whatever the file stores.
    Raises: as `store.locate` and `read`.
    """
    torch = require("torch", "torch", "Loading a network in PyTorch")
    from theodolite.network import skeleton

    path = locate(model, accept_licence=accept_licence)
    release = None if is_path(model) else resolve(str(model))
    if release is not None and release.embedded and (twin := path.with_suffix(".safetensors")).is_file():
        path = twin
    checkpoint = read(path, release.variant if release else None)
    wanted = dtype or torch.float32
    state = {name: t.to(wanted) if t.is_floating_point() else t for name, t in checkpoint.state.items()}
    network = skeleton(checkpoint.variant)
    network.load_state_dict(state, assign=True)
    licence = release.licence if release else checkpoint.metadata.get("licence", "unknown")
    facts = Facts(
        release.name if release else path.name,
        checkpoint.name,
        checkpoint.canonical_focal,
        licence,
        release.canvas if release else None,
        checkpoint.metadata,
    )
    return network.eval(), facts


def _from_safetensors(path: Path, wanted: Variant | None) -> Checkpoint:
    safetensors = require("safetensors", "torch", "Loading a checkpoint")
    header(path)
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:160]
        raise CheckpointError(
            f"{path} cannot be read as safetensors: {reason}. It may be cut off; fetch it again."
        ) from error
    if PREFIX + "format" in metadata:
        said = _description(metadata, path)
        return Checkpoint(said.variant, said.canonical_focal, said.metadata, state)
    return _published(state, path, metadata, wanted)


def _from_pth(path: Path, kind: Kind, wanted: Variant | None) -> Checkpoint:
    from theodolite.weights.pth import read_pth

    return _published(read_pth(path, archive=kind is Kind.TORCH), path, {}, wanted)


def _published(
    state: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str], wanted: Variant | None
) -> Checkpoint:
    from theodolite.weights.official import from_official

    variant = wanted or VARIANTS[identify(state, path)]
    try:
        return Checkpoint(variant, PUBLISHED_FOCAL, metadata, from_official(state, variant))
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error


def identify(state: Mapping[str, Tensor], path: Path) -> str:
    """Which published network a state of published names belongs to, by the width of its first tensors."""
    from theodolite.network.variants import ConvNeXt, ViT

    shapes = {name.removeprefix("module."): tuple(tensor.shape) for name, tensor in state.items()}
    token = shapes.get("depth_model.encoder.cls_token")
    stem = shapes.get("depth_model.encoder.downsample_layers.0.0.weight")
    for name, row in VARIANTS.items():
        if isinstance(row.encoder, ViT) and token and token[-1] == row.encoder.dim:
            return name
        if isinstance(row.encoder, ConvNeXt) and stem and stem[0] == row.encoder.widths[0]:
            return name
    some = ", ".join(list(state)[:3])
    raise CheckpointError(
        f"{path} holds the weights of no network known here (its names begin {some}). "
        "Expected: a file written by theodolite, or one of the five published Metric3D v2 checkpoints."
    )


def _description(metadata: Mapping[str, str], path: Path) -> Description:
    said = {key.removeprefix(PREFIX): value for key, value in metadata.items() if key.startswith(PREFIX)}
    rest = {key: value for key, value in metadata.items() if not key.startswith(PREFIX)}
    try:
        if int(said["format"]) > FORMAT:
            raise CheckpointError(
                f"{path} is in format {said['format']} of a newer theodolite; this one reads up to {FORMAT}. "
                "Run: pip install --upgrade theodolite"
            )
        return Description(Variant.from_dict(json.loads(said["network"])), float(said["canonical_focal"]), rest)
    except (KeyError, ValueError, TypeError, AttributeError, UnknownModel) as error:
        raise CheckpointError(f"{path} has a header that does not describe a network: {error}.") from error


def _require_match(checkpoint: Checkpoint, what: str) -> None:
    from theodolite.network import skeleton

    wanted = {name: tuple(tensor.shape) for name, tensor in skeleton(checkpoint.variant).state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in checkpoint.state.items()}
    problems = [
        f"{len(names)} {problem} (first: {', '.join(sorted(names)[:3])})"
        for problem, names in (
            ("missing", wanted.keys() - found.keys()),
            ("unexpected", found.keys() - wanted.keys()),
            ("of another shape", {name for name in wanted.keys() & found.keys() if wanted[name] != found[name]}),
        )
        if names
    ]
    if problems:
        raise CheckpointError(
            f"{what} does not fit the network {checkpoint.name}: {'; '.join(problems)}. "
            "Likely another variant, or a file changed after it was written."
        )


def _stored(name: str, tensor: Tensor, dtype: torch.dtype | None) -> Tensor:
    tensor = tensor.detach().cpu()
    if dtype is not None and tensor.is_floating_point():
        converted = tensor.to(dtype)
        if bool(tensor.isfinite().all()) and not bool(converted.isfinite().all()):
            raise CheckpointError(
                f"{name} has numbers too large for {dtype}; store the checkpoint as bfloat16 or float32."
            )
        tensor = converted
    return tensor.contiguous()
