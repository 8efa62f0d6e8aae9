"""Recurrent refinement: hidden states on three levels, updated from coarse to fine.

Source: Hu et al., Metric3D v2 (2024), joint depth-normal optimisation, after Lipson et al., RAFT-Stereo (3DV 2021),
whose slow-fast schedule runs the coarse cell thrice and the middle one twice for each run of the fine one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from theodolite.network.layers import ChannelNorm, Map, conv1, conv3, resize_to

# Fine, middle, coarse.
Levels = tuple[Map, Map, Map]
STATE_CHANNELS = 6  # depth, its confidence, normal (3), its concentration


class ContextEncoder(nn.Module):
    """Where the hidden states start, and what the gates are told in every iteration."""

    def __init__(self, features: Sequence[int], hidden: int) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(ContextBranch(width, hidden) for width in features)
        self.context = nn.ModuleList(ContextBranch(width, hidden) for width in features)
        self.gates = nn.ModuleList(conv3(hidden, 3 * hidden) for _ in features)

    def forward(self, maps: Levels) -> tuple[Levels, Levels]:
        """Hidden states, and contributions to the gates, of each level."""
        fine, middle, coarse = (torch.tanh(branch(x)) for branch, x in zip(self.hidden, maps, strict=True))
        context = (F.relu(branch(x)) for branch, x in zip(self.context, maps, strict=True))
        to_fine, to_middle, to_coarse = (gates(x) for gates, x in zip(self.gates, context, strict=True))
        return (fine, middle, coarse), (to_fine, to_middle, to_coarse)


class ContextBranch(nn.Module):
    """A residual block and a convolution."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.conv1 = conv3(inputs, width)
        self.norm1 = ChannelNorm(width)
        self.conv2 = conv3(width, width)
        self.norm2 = ChannelNorm(width)
        self.skip = conv1(inputs, width)
        self.skip_norm = ChannelNorm(width)
        self.out = conv3(width, width)

    def forward(self, x: Map) -> Map:
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        return self.out(F.relu(y + self.skip_norm(self.skip(x))))


class ConvGRU(nn.Module):
    """A gated recurrent unit whose matrices are 3x3 convolutions.

    A convolution over concatenated maps is a sum of convolutions, one for each; here they are held apart, so that the
    contribution of an input that has not changed is computed once.
    """

    def __init__(self, hidden: int, inputs: Sequence[int]) -> None:
        super().__init__()
        self.gates = conv3(hidden, 2 * hidden)
        self.candidate = conv3(hidden, hidden)
        self.inputs = nn.ModuleList(conv3(width, 3 * hidden, bias=False) for width in inputs)

    def forward(self, hidden: Map, drive: Map) -> Map:
        """The next hidden state; `drive` is the sum of what inputs and context contribute."""
        width = hidden.shape[1]
        update_drive, reset_drive, candidate_drive = drive.split(width, dim=1)
        update, reset = self.gates(hidden).split(width, dim=1)
        update = torch.sigmoid(update + update_drive)
        reset = torch.sigmoid(reset + reset_drive)
        candidate = torch.tanh(self.candidate(reset * hidden) + candidate_drive)
        return torch.lerp(hidden, candidate, update)


class UpdateBlock(nn.Module):
    """One refinement step: new hidden states, from the old ones and the current estimate."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.fine = ConvGRU(hidden, [STATE_CHANNELS + hidden])
        self.middle = ConvGRU(hidden, [hidden, hidden])
        self.coarse = ConvGRU(hidden, [hidden])

    def forward(self, hidden: Levels, context: Levels, state: Map) -> Levels:
        fine, middle, coarse = hidden
        to_fine, to_middle, to_coarse = context
        to_middle = to_middle + self.middle.inputs[0](resize_to(pool(fine), middle))

        from_middle = to_coarse + self.coarse.inputs[0](pool(middle))
        coarse = self.coarse(coarse, from_middle)

        coarse = self.coarse(coarse, from_middle)
        middle = self.middle(middle, to_middle + self.middle.inputs[1](resize_to(coarse, middle)))

        coarse = self.coarse(coarse, to_coarse + self.coarse.inputs[0](pool(middle)))
        middle = self.middle(middle, to_middle + self.middle.inputs[1](resize_to(coarse, middle)))
        seen = torch.cat([state.to(middle.dtype), resize_to(middle, fine)], dim=1)
        fine = self.fine(fine, to_fine + self.fine.inputs[0](seen))
        return fine, middle, coarse


class DeltaHead(nn.Module):
    """The correction of the state that a hidden state proposes."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.features = conv3(hidden, 2 * hidden)
        self.depth = conv3(hidden, 2)
        self.normal = conv3(hidden, 4)
        # Refinement begins by changing next to nothing.
        for last in (self.depth, self.normal):
            nn.init.normal_(last.weight, std=1e-3)
            if last.bias is not None:
                nn.init.zeros_(last.bias)

    def forward(self, hidden: Map) -> Map:
        depth, normal = F.relu(self.features(hidden)).chunk(2, dim=1)
        return torch.cat([self.depth(depth), self.normal(normal)], dim=1)


def pool(x: Map) -> Map:
    """Half the size; beyond the border lie zeros, which count."""
    return F.avg_pool2d(x, 3, stride=2, padding=1)
