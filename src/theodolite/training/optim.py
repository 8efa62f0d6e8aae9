"""What changes the weights: parameter groups, the learning rate of a moment, the moving average."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from theodolite.errors import TheodoliteError
from theodolite.network import Metric3D
from theodolite.training.config import Recipe
from theodolite.training.distributed import local

Group = dict[str, object]


def choose_what_learns(net: Metric3D, recipe: Recipe) -> None:
    """Let the decoder, and what the recipe thaws of the encoder, ask for gradients; nothing else does.

    Batch-norm statistics never change: a few pictures are too few to estimate them, and those of the pretrained
    encoder come with its weights.

    Raises: TheodoliteError, for stages of an encoder that has none.
    """
    if recipe.thawed is None:
        return
    net.encoder.requires_grad_(False)
    if recipe.thawed:
        stages: Any = getattr(net.encoder, "stages", None) or getattr(net.encoder, "blocks", None)
        if stages is None:
            raise TheodoliteError(f"The encoder of {recipe.variant} has no stages to thaw; thaw all of it, or none.")
        for stage in list(stages)[max(len(stages) - recipe.thawed, 0) :]:
            stage.requires_grad_(True)


def optimiser(net: Metric3D, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW over everything that ever learns, encoder and decoder with rates of their own."""
    groups = [
        *_groups("decoder", net.decoder, recipe.rate_decoder, recipe.decay_decoder),
        *_groups("encoder", net.encoder, recipe.rate_encoder, recipe.decay_encoder),
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=recipe.epsilon, foreach=True)


def _groups(part: str, module: nn.Module, rate: float, decay: float) -> list[Group]:
    """One group that decays and one that does not: vectors are biases and norms, which decay only harms."""
    learning = [p for p in module.parameters() if p.requires_grad]
    matrices = [p for p in learning if p.ndim > 1]
    vectors = [p for p in learning if p.ndim <= 1]
    return [
        {"params": chosen, "part": part, "peak": rate, "lr": rate, "weight_decay": amount}
        for chosen, amount in ((matrices, decay), (vectors, 0.0))
        if chosen
    ]


def learning_rate(peak: float, end: float, step: int, progress: float, warmup: int) -> float:
    """Polynomial decay over the run, after a linear warm-up from a millionth.

    Args:
        progress: share of the run that is over, 0 to 1.
    Source: Metric3D v2, training details; exponent 0.9.
    """
    rate = (peak - end) * (1 - min(progress, 1.0)) ** 0.9 + end if peak > end else peak
    if step < warmup:
        rate *= 1 - (1 - step / warmup) * (1 - 1e-6)
    return rate


def set_rates(optim: torch.optim.Optimizer, recipe: Recipe, step: int, progress: float) -> None:
    """Give each group its rate of the moment; the encoder's is zero until it thaws."""
    frozen = progress < recipe.frozen
    for group in optim.param_groups:
        held = group["part"] == "encoder" and frozen and not recipe.lora
        rate = learning_rate(group["peak"], recipe.rate_end, step, progress, recipe.warmup)
        group["lr"] = 0.0 if held else rate


class MovingAverage:
    """Exponential moving average of a network's weights; what is validated and kept.

    Args:
        decay: 0 follows the network at once.
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay = decay
        # Of what learns only: the rest is the network's own, and a copy of it would be memory and bytes for nothing.
        self.state: dict[str, Tensor] = {
            name: value.detach().clone() for name, value in net.named_parameters() if value.requires_grad
        }

    @torch.no_grad()
    def update(self, net: nn.Module, step: int) -> None:
        """Move towards the network as it is; faster in the first steps, which should be forgotten."""
        keep = min(self.decay, (1 + step) / (10 + step))
        now = local({name: value for name, value in net.named_parameters() if name in self.state})
        mine = local(self.state)
        torch._foreach_lerp_(list(mine.values()), [now[name].detach() for name in mine], 1 - keep)
