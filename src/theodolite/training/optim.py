"""What changes the weights: parameter groups, the learning rate of a moment, the moving average."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn

from theodolite.network import Metric3D
from theodolite.training.config import Recipe

Group = dict[str, object]


def optimiser(net: Metric3D, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW over everything that ever learns: decoder, and the last `recipe.thawed` stages of the encoder.

    The other encoder parameters stop asking for gradients. Batch-norm statistics never change: eight pictures are too
    few to estimate them, and those of ImageNet come with the weights.
    """
    net.encoder.requires_grad_(False)
    stages = list(cast(nn.ModuleList, net.encoder.stages))
    thawed = stages[len(stages) - recipe.thawed :]
    for stage in thawed:
        stage.requires_grad_(True)
    groups = [
        *_groups("decoder", [net.decoder], recipe.rate_decoder, recipe.decay_decoder),
        *_groups("encoder", thawed, recipe.rate_encoder, recipe.decay_encoder),
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-6, foreach=True)


def _groups(part: str, modules: list[nn.Module], rate: float, decay: float) -> list[Group]:
    """One group that decays and one that does not: vectors are biases and norms, which decay only harms."""
    parameters = [p for module in modules for p in module.parameters()]
    matrices = [p for p in parameters if p.ndim > 1]
    vectors = [p for p in parameters if p.ndim <= 1]
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
        held = group["part"] == "encoder" and frozen
        rate = learning_rate(group["peak"], recipe.rate_end, step, progress, recipe.warmup)
        group["lr"] = 0.0 if held else rate


class MovingAverage:
    """Exponential moving average of a network's state; what is validated and kept."""

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state: dict[str, Tensor] = {name: value.detach().clone() for name, value in net.state_dict().items()}

    @torch.no_grad()
    def update(self, net: nn.Module, step: int) -> None:
        """Move towards the network as it is; faster in the first steps, which should be forgotten."""
        keep = min(self.decay, (1 + step) / (10 + step))
        now = dict(net.state_dict())
        floating = [name for name, value in now.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.state[n] for n in floating], [now[n] for n in floating], 1 - keep)
        for name in now.keys() - set(floating):
            self.state[name].copy_(now[name])

    @contextmanager
    def instead_of(self, net: nn.Module) -> Iterator[None]:
        """Inside, the network has the averaged weights; afterwards its own again."""
        own = {name: value.detach().clone() for name, value in net.state_dict().items()}
        net.load_state_dict(self.state)
        try:
            yield
        finally:
            net.load_state_dict(own)
