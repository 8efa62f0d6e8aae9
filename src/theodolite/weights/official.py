"""Published checkpoints: their state as ours, and ours as theirs."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

from theodolite.errors import CheckpointError
from theodolite.extras import require
from theodolite.network.variants import VARIANTS, Variant, ViT, find, name_of
from theodolite.weights.official_names import Piece, Row, Shape, our_shapes, table

if TYPE_CHECKING:
    from torch import Tensor

_MASK_TOKEN = "depth_model.encoder.mask_token"
_FINAL_NORM = "depth_model.encoder.norm."
_COUNTER = ".num_batches_tracked"


def from_official(state: Mapping[str, Any], variant: str | Variant) -> dict[str, Tensor]:
    """Our state, from a published one; tensors that need no rearranging are not copied.

    Args:
        state: what the file holds: the tensors, or a dictionary with them under `model_state_dict`.
    Raises: CheckpointError, naming what is missing, unexpected or of another shape, and the likely cause.
    """
    spec = find(variant) if isinstance(variant, str) else variant
    tensors = _tensors(state)
    _check(tensors, spec, variant)
    ours: dict[str, Tensor] = {}
    for row in table(spec):
        held = [tensors[name] for name in row.names if name in tensors]
        tensor = held[-1] if held else _stand_in(row)
        if row.is_whole:
            ours[row.pieces[0].name] = tensor
            continue
        columns = [our_shapes(spec)[piece.name][1] for piece in row.pieces] if tensor.ndim > 1 else [len(tensor)]
        for piece, part in zip(row.pieces, tensor.split(columns, dim=_side(tensor)), strict=True):
            if piece.name not in ours:
                ours[piece.name] = tensor.new_empty(our_shapes(spec)[piece.name])
            _rows(ours[piece.name], piece).copy_(part)
    return ours


def to_official(state: Mapping[str, Tensor], variant: str | Variant) -> dict[str, Tensor]:
    """A published state, from ours: every name such a file holds, aliases included.

    Raises: CheckpointError, when the state is not one of this variant.
    """
    torch = require("torch", "torch", "Writing a published checkpoint")
    spec = find(variant) if isinstance(variant, str) else variant
    if problems := _differences(_shapes(state), our_shapes(spec)):
        raise CheckpointError(f"the state of a {_called(variant)} was wanted; {problems}")
    official: dict[str, Tensor] = {}
    for row in table(spec):
        pieces = [_rows(state[piece.name], piece) for piece in row.pieces]
        for name in row.names:
            # Copied where storage would be shared, which some file formats refuse.
            shared = len(row.names) > 1 or not row.is_whole
            official[name] = torch.cat(pieces, dim=_side(pieces[0])) if shared else pieces[0]
    return official


def _tensors(state: Mapping[str, Any]) -> dict[str, Tensor]:
    torch = require("torch", "torch", "Reading a published checkpoint")
    inner = state.get("model_state_dict", state) if isinstance(state, Mapping) else state
    if not isinstance(inner, Mapping):
        raise CheckpointError(f"a checkpoint is a dictionary of named tensors; a {type(inner).__name__} was given")
    odd = [name for name, value in inner.items() if not (isinstance(name, str) and isinstance(value, torch.Tensor))]
    if odd:
        raise CheckpointError(f"a checkpoint holds named tensors; {odd[0]!r} is a {type(inner[odd[0]]).__name__}")
    # The prefix is what a parallel trainer's wrapper leaves behind.
    tensors = {name.removeprefix("module."): value for name, value in inner.items()}
    if len(tensors) < len(inner):
        raise CheckpointError("some tensors are there with the prefix module. and without it; which ones count?")
    return tensors


def _check(tensors: Mapping[str, Tensor], spec: Variant, asked: str | Variant) -> None:
    found = _shapes(tensors)
    if problems := _differences(found, _expected(spec, found)):
        raise CheckpointError(f"a checkpoint of {_called(asked)} was wanted; {problems}. {_likely_cause(found)}")


def _expected(spec: Variant, found: Container[str]) -> dict[str, Shape]:
    """What a file must hold, of which one name of several, and nothing unused, is enough."""
    expected = {}
    for row in table(spec):
        held = [name for name in row.names if name in found]
        if held or not _is_optional(row, spec):
            expected.update(dict.fromkeys(held or row.names, row.shape))
    return expected


def _is_optional(row: Row, spec: Variant) -> bool:
    name = row.names[0]
    if name.startswith(_FINAL_NORM):
        return isinstance(spec.encoder, ViT) and bool(spec.encoder.taps)  # blocks are tapped instead
    return name == _MASK_TOKEN or name.endswith(_COUNTER)


def _stand_in(row: Row) -> Tensor:
    """For an optional tensor that a file lacks: what it was before training."""
    torch = require("torch", "torch", "Reading a published checkpoint")
    if row.names[0].endswith(_COUNTER):
        return torch.zeros(row.shape, dtype=torch.int64)
    return torch.ones(row.shape) if row.names[0] == _FINAL_NORM + "weight" else torch.zeros(row.shape)


def _rows(tensor: Tensor, piece: Piece) -> Tensor:
    return tensor if piece.rows is None else tensor[slice(*piece.rows)]


def _side(tensor: Tensor) -> int:
    """The dimension along which pieces lie side by side."""
    return min(1, tensor.ndim - 1)


def _shapes(state: Mapping[str, Any]) -> dict[str, Shape | None]:
    return {name: tuple(value.shape) if hasattr(value, "shape") else None for name, value in state.items()}


def _differences(found: Mapping[str, Shape | None], wanted: Mapping[str, Shape]) -> str:
    missing = [name for name in wanted if name not in found]
    unexpected = [name for name in found if name not in wanted]
    misshapen = [
        f"{name} {found[name]} instead of {shape}" for name, shape in wanted.items() if found.get(name, shape) != shape
    ]
    groups = ("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen)
    return "; ".join(f"{len(names)} {what}: {_first_few(names)}" for what, names in groups if names)


def _first_few(names: list[str], count: int = 3) -> str:
    return ", ".join(names[:count]) + (", ..." if len(names) > count else "")


def _likely_cause(found: Mapping[str, Shape | None]) -> str:
    for name, spec in VARIANTS.items():
        if found.keys() == our_shapes(spec).keys():
            return f"These are this project's own names for {name}, which need no conversion"
        try:
            expected = _expected(spec, found)
        except CheckpointError:
            continue  # a variant that was never published
        if not _differences(found, expected):
            return f"This looks like {name}"
    if not any(name.startswith("depth_model.") for name in found):
        return "None of the names starts with depth_model., so this is no published Metric3D checkpoint"
    return "The file may be incomplete, or from a modified network"


def _called(variant: str | Variant) -> str:
    if isinstance(variant, str):
        return variant.replace("_", "-")
    name = name_of(variant)
    return "this variant" if name == "custom" else name
