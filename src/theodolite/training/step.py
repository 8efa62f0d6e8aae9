"""One step of training: micro-batches through the network, their losses and gradients, the weights moved."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from theodolite.training.batch import Batch
from theodolite.training.distributed import Team
from theodolite.training.features import Features
from theodolite.training.losses.total import Objective, Terms
from theodolite.training.unroll import as_maps


def training_step(
    net: nn.Module,
    optim: torch.optim.Optimizer,
    parts: Sequence[Batch],
    objective: Objective,
    team: Team,
    clip: float,
    *,
    features: Features | None = None,
    refining: bool = True,
) -> dict[str, float]:
    """One step over this process's micro-batches; the weights stay as they are when the gradient is not finite.

    Terms are divided by how many samples of the whole batch they learn from, wherever those are, so that neither the
    number of processes nor the size of micro-batches changes what is learnt.

    Args:
        net: an `Unrolled`, wrapped for several processes or not.
        clip: largest norm of the whole gradient.
        features: of the encoder's frozen part, where they are kept.
        refining: whether refinement takes part.
    Returns: the weighted terms of the loss, and the gradient's norm as "norm"; the same in all processes.
    """
    counts = team.total(torch.stack([objective.counts(part) for part in parts]).sum(0).to(team.device))
    learns = any(group["lr"] > 0 for group in optim.param_groups if group["part"] == "encoder")
    optim.zero_grad(set_to_none=True)
    total: Terms = {}
    for number, part in enumerate(parts):
        part = part.to(team.device)
        begun = features.begun(part, learns) if features else None
        with team.gradients_meet(net, number == len(parts) - 1):
            terms = objective(as_maps(net(part.pixels, learns, begun, refining)), part, counts)
            # DDP and FSDP take the mean over processes, where the sum is wanted.
            (torch.stack(list(terms.values())).sum() * team.size).backward()
        total = {name: total.get(name, 0) + value.detach() for name, value in terms.items()}
    norm = team.clip((p for group in optim.param_groups for p in group["params"]), clip)
    values = team.total(torch.stack(list(total.values()))).tolist()
    numbers = dict(zip(total, values, strict=True)) | {"norm": float(norm)}
    if all(math.isfinite(value) for value in numbers.values()):
        optim.step()
    return numbers
