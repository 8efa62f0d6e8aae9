"""Random proposal normalisation: shape inside random patches, whatever the patch's scale and shift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from theodolite.datasets.sample import Truth
from theodolite.training.losses.draws import generators
from theodolite.training.losses.masked import at
from theodolite.training.losses.normalised import mean_of_groups, normalised_errors
from theodolite.types import Bool, Float, Int

# Height and width of a patch, as parts of the picture's.
LARGEST, SMALLEST = 2, 8


@dataclass(frozen=True)
class ProposalNormalized:
    """Absolute error of median- and deviation-normalised depth inside patches; blind to each one's scale and shift.

    Source: Yin et al., Metric3D (2023). The published code sums the deviation over the whole picture but divides it by
    the patch's pixels; here as the paper has it, each patch by itself.
    """

    patches: int = 32
    whole_picture: bool = True  # as one more patch
    least: int = 50  # pixels known, without which a patch is left out
    # Rows and columns looked at in a patch, evenly spaced where it has more: medians are dear, neighbours alike.
    side: int = 64
    pooled: bool = False  # one mean over the pixels of all patches of the batch, so that large ones weigh more

    needs: ClassVar[Truth] = Truth.DEPTH

    def draw(self, valid: Bool[Tensor, "b 1 h w"], seeds: Int[Tensor, " b"]) -> Int[Tensor, "b patches 4"]:
        """Patches as top, bottom, left, right, bottom and right exclusive; cut off at the picture's border."""
        height, width = valid.shape[-2:]
        boxes = [
            torch.stack([*self._extents(height, generator), *self._extents(width, generator)], -1)
            for generator in generators(seeds, "proposal normalized")
        ]
        drawn = torch.stack(boxes).to(valid.device)
        if not self.whole_picture:
            return drawn
        return torch.cat([drawn, drawn.new_tensor([0, height, 0, width]).expand(len(drawn), 1, 4)], 1)

    def __call__(
        self,
        depth: Float[Tensor, "b 1 h w"],
        truth: Float[Tensor, "b 1 h w"],
        valid: Bool[Tensor, "b 1 h w"],
        boxes: Int[Tensor, "b patches 4"],
    ) -> Float[Tensor, " b"]:
        pixels, within = self._pixels(boxes, depth.shape[-1])
        sums, counts = normalised_errors(at(depth, pixels), at(truth, pixels), at(valid, pixels) & within)
        return mean_of_groups(sums, counts, self.least, self.pooled)

    def _extents(self, size: int, generator: torch.Generator) -> tuple[Int[Tensor, " n"], Int[Tensor, " n"]]:
        smallest = max(1, size // SMALLEST)
        lengths = torch.randint(smallest, max(smallest + 1, size // LARGEST), (self.patches,), generator=generator)
        starts = torch.randint(0, size - smallest + 1, (self.patches,), generator=generator)
        return starts, (starts + lengths).clamp(max=size)

    def _pixels(
        self, boxes: Int[Tensor, "b patches 4"], width: int
    ) -> tuple[Int[Tensor, "b patches n"], Bool[Tensor, "b patches n"]]:
        """Flat indices of the pixels looked at, and which of them lie within the box."""
        rows, in_rows = self._lines(boxes[..., 0], boxes[..., 1])
        columns, in_columns = self._lines(boxes[..., 2], boxes[..., 3])
        pixels = rows[..., :, None] * width + columns[..., None, :]
        return pixels.flatten(2), (in_rows[..., :, None] & in_columns[..., None, :]).flatten(2)

    def _lines(
        self, start: Int[Tensor, "b patches"], stop: Int[Tensor, "b patches"]
    ) -> tuple[Int[Tensor, "b patches n"], Bool[Tensor, "b patches n"]]:
        length = stop - start
        step = -(-length // self.side)
        most = min(self.side, int(length.max()))
        lines = start[..., None] + step[..., None] * torch.arange(most, device=start.device)
        within = lines < stop[..., None]
        return torch.where(within, lines, start[..., None]), within
