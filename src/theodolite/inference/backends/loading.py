"""From a model's name or file to something that runs it."""

from __future__ import annotations

from pathlib import Path

from theodolite.errors import TheodoliteError
from theodolite.extras import require
from theodolite.inference.backends.base import Backend, ModelFacts

# Of our own checkpoints that do not say at what input area they work best, px.
_MODEST_CANVAS = 288 * 384


def open_backend(
    model: str | Path,
    backend: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    accept_licence: bool = False,
    threads: int = 0,
) -> Backend:
    """The runtime for a model, by the kind of its file. Arguments: see `inference.predictor.load`."""
    from theodolite.weights.store import locate

    if backend not in (None, "onnx", "torch"):
        raise TheodoliteError(f"backend is 'onnx' or 'torch', got {backend!r}.")
    path = locate(model, accept_licence=accept_licence)
    is_onnx = path.suffix.lower() == ".onnx"
    if (backend or ("onnx" if is_onnx else "torch")) == "onnx":
        if not is_onnx:
            raise TheodoliteError(f"ONNX Runtime needs an .onnx file; make one: theodolite export {model} model.onnx")
        return _open_onnx(path, device, dtype, threads)
    if is_onnx:
        raise TheodoliteError(f"{path.name} is an ONNX network, PyTorch needs its .safetensors or .pth file.")
    return _open_torch(model, device, dtype, accept_licence, threads)


def _open_onnx(path: Path, device: str | None, dtype: str | None, threads: int) -> Backend:
    from theodolite.inference.backends.onnx import OnnxBackend

    if dtype not in (None, "float32"):
        raise TheodoliteError(f"ONNX Runtime runs the file's own precision, float32; dtype {dtype!r} needs PyTorch.")
    return OnnxBackend(path, device, threads)


def _open_torch(
    model: str | Path, device: str | None, dtype: str | None, accept_licence: bool, threads: int
) -> Backend:
    from theodolite.inference.backends.torch import TorchBackend
    from theodolite.weights.checkpoint import load_network
    from theodolite.weights.releases import RELEASES

    torch = require("torch", "torch", f"Running {model} in PyTorch")
    if threads:
        torch.set_num_threads(threads)
    network, known = load_network(model, accept_licence=accept_licence)
    published = RELEASES.get(f"{known.variant}.official")
    # A published network given as a file is still that network, with its frame.
    canvas = known.canvas or (published.canvas if published else None)
    default = canvas[0] * canvas[1] if canvas else _MODEST_CANVAS
    facts = ModelFacts(
        name=known.name,
        canonical_focal=known.canonical_focal,
        multiple=network.multiple,
        canvas_pixels=int(known.metadata.get("canvas_pixels", default)),
        reference_canvas=canvas,
        licence=known.licence,
        far=network.variant.far,
    )
    return TorchBackend(network, facts, device, dtype)
