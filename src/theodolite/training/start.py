"""Weights that a run goes on from: a whole network, or the encoder of one that is new otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from theodolite.camera.canvas import choose_canvas
from theodolite.errors import CheckpointError, TheodoliteError
from theodolite.network.variants import DPT, Variant, find
from theodolite.training.config import Recipe
from theodolite.training.notes import read_note, write_note
from theodolite.training.pretrained import dinov2_state, is_dinov2
from theodolite.weights import checkpoint
from theodolite.weights.pth import read_pth
from theodolite.weights.releases import resolve
from theodolite.weights.sniff import Kind, recognise
from theodolite.weights.store import is_path, locate

START = "start.json"
MODES = ("full", "decoder", "lora")
# Low-rank updates are new weights, zero at first: at the tiny rates that finished ones bear they would go nowhere.
LOW_RANK_RATE = 2e-4


@dataclass(frozen=True)
class Start:
    """Weights that a run goes on from.

    Args:
        state: under our names; of the whole network, or of its encoder alone.
        origin: the file, for the model's facts.
        licence: of these weights, which what is made of them inherits.
    """

    state: Mapping[str, Tensor]
    origin: str
    licence: str


def open_start(path: Path, variant: str | Variant) -> Start:
    """Weights for a new run of this variant: one of our files, a published checkpoint, or a DINOv2 backbone.

    Raises: CheckpointError, when the file is none of these, or of another size.
    """
    row = find(variant) if isinstance(variant, str) else variant
    kind = recognise(path)
    if kind not in (Kind.ONNX, Kind.SAFETENSORS):
        tensors = read_pth(path, archive=kind is Kind.TORCH)
        if is_dinov2(tensors):
            return Start(dinov2_state(tensors, row), path.name, "Apache-2.0")
    found = checkpoint.read(path, row)
    return Start(found.state, path.name, found.metadata.get("licence", "none stated"))


def remember_start(run: Path, start: Start | None) -> None:
    """Write down which weights a new run goes on from, so that it resumes without them.

    Raises: OutputError.
    """
    if start is not None:
        write_note(run / START, {"origin": start.origin, "licence": start.licence})
    else:
        (run / START).unlink(missing_ok=True)  # of a run that came to nothing


def remembered_start(run: Path) -> Start | None:
    """What `remember_start` wrote; without weights, which a run's state holds whole. None for a run that had none.

    Raises: CheckpointError, when it is damaged.
    """
    path = run / START
    if not path.exists():
        return None
    told = read_note(path)
    try:
        return Start({}, str(told["origin"]), str(told["licence"]))
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error


@dataclass(frozen=True)
class FineTune:
    """A recipe fitted to the network that goes on learning, and that network's weights."""

    recipe: Recipe
    start: Start


def fine_tune(
    model: str,
    recipe: Recipe,
    mode: str = "full",
    *,
    rank: int = 8,
    canvas: tuple[int, int] | None = None,
    accept_licence: bool = False,
) -> FineTune:
    """Prepare to train a finished network on.

    Args:
        model: name of a release, or a path.
        mode: what learns: "full", everything; "decoder"; "lora", the decoder, and the encoder by low-rank updates.
        rank: of those updates.
        canvas: rows and columns, px, of the samples; by default a benchmark's, in its recipe, that the network can
            take; else of the size the network was trained at.
    Raises: CheckpointError, when it is an ONNX file; as `weights.store.locate`.
    """
    if mode not in MODES:
        raise TheodoliteError(f"A fine-tune's mode is one of {', '.join(MODES)}, got {mode!r}.")
    path = locate(model, accept_licence=accept_licence)
    if recognise(path) is Kind.ONNX:
        raise CheckpointError(
            f"{model} is an ONNX file, which runs but cannot learn. Fine-tune a .safetensors or .pth checkpoint."
        )
    found = checkpoint.read(path)
    if found.name == "custom":
        raise CheckpointError(f"{path} holds a network that is not in the table of variants: {found.variant}.")
    release = None if is_path(model) else resolve(model)
    licence = release.licence if release else found.metadata.get("licence", "none stated")
    fitted = replace(
        recipe,
        variant=found.name,
        canonical_focal=found.canonical_focal,
        start="given",
        thawed=None if mode == "full" else 0,
        frozen=0.0 if mode == "full" else recipe.frozen,
        lora=rank if mode == "lora" else 0,
        rate_encoder=LOW_RANK_RATE if mode == "lora" else recipe.rate_encoder,
        **_canvases(found, recipe, canvas),
    )
    decoder = found.variant.decoder
    span = decoder.depth if isinstance(decoder, DPT) else decoder.bins
    return FineTune(replace(fitted, near=span.near, far=span.far), Start(found.state, path.name, licence))


def _canvases(found: checkpoint.Checkpoint, recipe: Recipe, canvas: tuple[int, int] | None) -> dict:
    pixels = int(found.metadata.get("canvas_pixels", recipe.canvas_pixels))
    fits = all(side % found.variant.multiple == 0 for sides in recipe.canvases for side in sides)
    if canvas is None and recipe.published_losses and fits:
        return {}
    if canvas is None:
        chosen = choose_canvas(4, 3, found.variant.multiple, pixels)
        canvas = (chosen.height, chosen.width)
    return {"canvases": (canvas,), "canvas_shares": (1.0,), "canvas_pixels": pixels}
