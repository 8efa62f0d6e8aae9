"""Our networks behind the interface that the reference shows to `torch.hub`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from theodolite.network import Metric3D, RawMaps, build
from theodolite.network.variants import DPT
from theodolite.weights.checkpoint import load_network
from theodolite.weights.official import from_official

Output = tuple[Tensor, Tensor, dict[str, Any]]

_PUBLISHED = "depth_model."


class HubModel(nn.Module):
    """A network that takes and returns what the reference's hub models do.

    `load_state_dict` accepts its own names and the published ones, the latter strictly.

    Args:
        network: one of the five published variants.
    """

    def __init__(self, network: Metric3D) -> None:
        super().__init__()
        self.network = network
        self.register_load_state_dict_pre_hook(_translate)

    def forward(self, data: Mapping[str, Any]) -> Output:
        """Canonical depth, its confidence, and everything else by the reference's names.

        Args:
            data: `input` holds normalised pixels, (b, 3, h, w). Other entries are ignored, as there.
        """
        raw = self.network(data["input"], all_steps=isinstance(self.network.variant.decoder, DPT))
        return raw.canonical_depth, raw.confidence, self._by_name(raw)

    @torch.no_grad()
    def inference(self, data: Mapping[str, Any]) -> Output:
        """`forward`, without gradients."""
        return self.forward(data)

    def _by_name(self, raw: RawMaps) -> dict[str, Any]:
        named = {"prediction": raw.canonical_depth, "confidence": raw.confidence, "pred_logit": None}
        if not isinstance(self.network.variant.decoder, DPT):
            return named
        # In training the reference lists the estimate before the first step too.
        initial = [raw.initial] if self.training and raw.initial is not None else []
        steps = [*initial, *raw.steps]
        return named | {
            "predictions_list": [step.canonical_depth for step in steps],
            "confidence_list": [step.confidence for step in steps],
            "prediction_normal": _with_kappa(raw),
            "normal_out_list": [_with_kappa(step) for step in steps],
            "low_resolution_init": [],
        }


def load(variant: str, pretrain: bool = False) -> HubModel:
    """A hub model in evaluation mode: with the published weights, or with random ones.

    Raises: LicenceNotAccepted, DownloadError, CheckpointError.
    """
    network = load_network(f"{variant}.official")[0] if pretrain else build(variant)
    return HubModel(network).eval()


def _with_kappa(raw: RawMaps) -> Tensor:
    assert raw.normals is not None, "a joint network gives normals"
    assert raw.kappa is not None, "and their concentration"
    return torch.cat([raw.normals, raw.kappa], dim=1)


def _translate(module: HubModel, state: dict[str, Any], prefix: str, *_: Any) -> None:
    published = {name: state[name] for name in state if name.startswith(prefix + _PUBLISHED)}
    if not published:
        return
    for name in published:
        del state[name]
    bare = {name.removeprefix(prefix): tensor for name, tensor in published.items()}
    ours = from_official(bare, module.network.variant)
    state.update({f"{prefix}network.{name}": tensor for name, tensor in ours.items()})
