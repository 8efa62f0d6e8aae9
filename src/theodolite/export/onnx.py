"""A network as an ONNX file: any picture size, weights stored small, single-precision arithmetic.

The file says what it is in its metadata, so that `inference/backends/onnx.py` needs nothing else.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from theodolite.errors import CheckpointError
from theodolite.extras import require
from theodolite.types import Float
from theodolite.weights.atomic import writing

if TYPE_CHECKING:
    import onnx
    from torch import Tensor, nn

    from theodolite.network import Metric3D
    from theodolite.weights.checkpoint import Facts

OPSET = 18
# How weights lie in the file: float32; float16; or integers of 8 bits with a scale for each output channel, where they
# are matrices or convolutions, and float16 elsewhere.
STORAGES = ("float32", "float16", "int8")
_BYTES = {"float32": 4, "float16": 2, "int8": 1}
_LEVELS = 127
# Tensors smaller than this stay in single precision: nothing is gained, and biases and norms keep their digits.
_SMALL = 1024
_HALF_LARGEST = 65504.0
# Of protobuf, in which ONNX files are written, bytes.
_LARGEST_FILE = 2**31 - 1
# Of checkpoints that do not say at what input area they work best, px.
_MODEST_CANVAS = 288 * 384


@dataclass(frozen=True)
class Label:
    """What the file says of itself.

    Args:
        release: name of the weights.
        variant: of the network.
        canonical_focal: focal length of the camera the network believes in, px.
        canvas_pixels: input area it works best at, px.
        licence: of the weights.
        reference_canvas: (rows, columns) of the published pre-processing; None for our own.
        far: largest canonical depth the network can express, metres; None where there is no bound.
    """

    release: str
    variant: str
    canonical_focal: float
    canvas_pixels: int
    licence: str
    reference_canvas: tuple[int, int] | None = None
    far: float | None = None

    def metadata(self, stride: int) -> dict[str, str]:
        """As stored in the file's properties."""
        stored = {
            "release": self.release,
            "variant": self.variant,
            "canonical_focal": repr(float(self.canonical_focal)),
            "stride": str(stride),
            "canvas_pixels": str(self.canvas_pixels),
            "licence": self.licence,
        }
        if self.reference_canvas:
            stored["reference_canvas"] = "{}x{}".format(*self.reference_canvas)
        if self.far:
            stored["far"] = repr(float(self.far))
        return {f"theodolite.{key}": value for key, value in stored.items()}


def label_of(net: Metric3D, facts: Facts, canvas_pixels: int | None = None) -> Label:
    """The label for weights as they were loaded.

    Args:
        canvas_pixels: instead of what the weights say, or of the published frame.
    """
    frame = facts.canvas
    said = facts.metadata.get("canvas_pixels")
    area = canvas_pixels or (int(said) if said else frame[0] * frame[1] if frame else _MODEST_CANVAS)
    release = facts.metadata.get("release", facts.name)
    return Label(release, facts.variant, facts.canonical_focal, area, facts.licence, frame, net.variant.far)


def write_onnx(net: Metric3D, path: Path, label: Label, *, storage: str = "float16") -> nn.Module:
    """Write the network, whole or not at all, and give back the very function that was written.

    Args:
        storage: one of `STORAGES`, of large tensors; they become float32 when the file is opened.
    Returns: a module from pixels to the file's outputs, with weights rounded as in the file, to compare with.
    Raises: MissingExtra; CheckpointError, when weights do not fit into half precision or one file; OutputError.
    """
    onnx = require("onnx", "train", "Writing an ONNX file")
    require("onnxscript", "train", "Writing an ONNX file")
    if storage not in STORAGES:
        raise ValueError(f"weights are stored as one of {', '.join(STORAGES)}; got {storage!r}")
    _require_room(net, storage)
    written = _prepared(net, storage)
    model = _exported(written, net.multiple, _output_names(net))
    if storage != "float32":
        _store_small(model, onnx, integers=storage == "int8")
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, label.metadata(net.multiple))
    model.producer_name, model.doc_string = "theodolite", ""
    for node in model.graph.node:
        # Stack traces of the exporting machine: of no use to a reader, and a third of the file's nodes in size.
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(model)
    with writing(path) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))
    return written


def _require_room(net: Metric3D, storage: str) -> None:
    size = sum(parameter.numel() for parameter in net.parameters()) * _BYTES[storage]
    if size > _LARGEST_FILE:
        raise CheckpointError(
            f"An ONNX file holds 2 GB at most, and these weights take {size / 1e9:.1f} GB"
            f"{'; without --full they take half of that' if storage == 'float32' else ''}. Run this network in PyTorch."
        )


def _output_names(net: Metric3D) -> list[str]:
    names = ["canonical_depth", "normals", "kappa", "confidence"]
    return names if net.variant.refines else [names[0], names[3]]


def _prepared(net: Metric3D, storage: str) -> nn.Module:
    torch = require("torch", "torch", "Exporting a network")
    net = fold_batch_norms(net)
    if storage == "int8":
        for module in net.modules():
            if isinstance(module, torch.nn.Linear | torch.nn.Conv2d) and module.weight.numel() >= _SMALL:
                scale = _scale(module.weight.detach().abs().amax(tuple(range(1, module.weight.ndim)), keepdim=True))
                module.weight.data = (module.weight.data / scale).round() * scale
    if storage != "float32":
        for name, tensor in net.state_dict().items():
            if _goes_half(tensor):
                if not bool(tensor.abs().max() <= _HALF_LARGEST):
                    raise CheckpointError(f"{name} has numbers too large for float16; export with full precision.")
                if not (storage == "int8" and _integer_axis(tensor.numpy()) is not None):
                    tensor.copy_(tensor.half().float())

    class Outputs(torch.nn.Module):
        """The network's maps as a plain tuple, in the order of the file."""

        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
            raw = self.net(pixels)
            maps = (raw.canonical_depth, raw.normals, raw.kappa, raw.confidence)
            return tuple(m for m in maps if m is not None)

    return Outputs().eval().requires_grad_(False)


def fold_batch_norms(net: Metric3D) -> Metric3D:
    """A copy in evaluation mode, each batch norm multiplied into the convolution before it.

    ONNX Runtime does the same whenever it opens a file; done here, opening is quicker.
    """
    torch = require("torch", "torch", "Exporting a network")
    fuse = torch.nn.utils.fusion.fuse_conv_bn_eval
    net = copy.deepcopy(net).eval()
    for module in list(net.modules()):
        children = list(module.named_children())
        for (first, conv), (second, norm) in pairwise(children):
            if isinstance(conv, torch.nn.Conv2d) and isinstance(norm, torch.nn.BatchNorm2d):
                setattr(module, first, fuse(conv, norm))
                setattr(module, second, torch.nn.Identity())
    return net


def _goes_half(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.ndim > 1 and tensor.numel() >= _SMALL


def _exported(module: nn.Module, multiple: int, outputs: list[str]) -> onnx.ModelProto:
    torch = require("torch", "torch", "Exporting a network")
    batch, rows, columns = (torch.export.Dim(name, min=1) for name in ("batch", "rows", "columns"))
    # Sizes unlike each other and unlike one: the exporter takes coincidences of the example for rules.
    example = torch.zeros(2, 3, 3 * multiple, 5 * multiple)
    with _quiet():
        program = torch.onnx.export(
            module,
            (example,),
            dynamo=True,
            dynamic_shapes=({0: batch, 2: multiple * rows, 3: multiple * columns},),
            input_names=["pixels"],
            output_names=outputs,
            opset_version=OPSET,
            verbose=False,
        )
    return program.model_proto


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on packages that are not installed and on its own deprecations."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _store_small(model: onnx.ModelProto, onnx: Any, integers: bool) -> None:
    """Large float32 tensors as float16 or integers, behind operations that the runtime computes once, on opening."""
    nodes, added = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2 or np.prod(tensor.dims) < _SMALL:
            continue
        name, values = tensor.name, onnx.numpy_helper.to_array(tensor)
        axis = _integer_axis(values) if integers else None
        if axis is None:
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            nodes.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
            continue
        scale = _channel_scale(values, axis)
        tensor.CopyFrom(onnx.numpy_helper.from_array(np.rint(values / scale).astype(np.int8), f"{name}.int8"))
        added.append(onnx.numpy_helper.from_array(scale, f"{name}.scale"))
        nodes.append(onnx.helper.make_node("Cast", [f"{name}.int8"], [f"{name}.levels"], to=onnx.TensorProto.FLOAT))
        # Not DequantizeLinear: runtimes keep that one for kernels of integers, and would compute it for every picture.
        nodes.append(onnx.helper.make_node("Mul", [f"{name}.levels", f"{name}.scale"], [name]))
    model.graph.initializer.extend(added)
    nodes += model.graph.node
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _integer_axis(values: Float[np.ndarray, "..."]) -> int | None:
    """The axis along which a tensor was rounded to integers, in units of each channel's scale; None if it was not.

    The exporter transposes matrices and gives them other names, so the numbers themselves have to tell.
    """
    for axis in (0, values.ndim - 1):
        levels = values / _channel_scale(values, axis)
        if np.abs(levels - np.rint(levels)).max() < 1e-2:
            return axis
    return None


def _channel_scale(values: Float[np.ndarray, "..."], axis: int) -> Float[np.ndarray, "..."]:
    """Of each channel along an axis, the value of one level; shaped to divide `values`."""
    others = tuple(i for i in range(values.ndim) if i != axis)
    return _scale(np.abs(values).max(axis=others, keepdims=True))


def _scale(largest: Any) -> Any:
    """Of arrays or tensors: the value of one level, where the largest is the last of them."""
    return (largest + (largest == 0)) / _LEVELS
