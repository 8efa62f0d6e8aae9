"""The frame a network sees: its size, and where the picture lies in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from theodolite.errors import SizeMismatch

# Beyond this aspect the frame stops following the picture and is padded instead. A wider pinhole picture hardly exists
# (8:1 at 150 degrees is already extreme), and strips a few patches high are unlike anything a network was trained on.
_MAX_ASPECT = 8


@dataclass(frozen=True)
class Placement:
    """Where a picture lies in a canvas: its size there, and the padding on each side, px."""

    height: int
    width: int
    top: int
    bottom: int
    left: int
    right: int
    scale: float  # the resize factor before sizes were rounded


@dataclass(frozen=True)
class Canvas:
    """The network's input frame.

    Args:
        height, width: px.
        reference: resize to the bit as the reference implementation does, including its roundings, and undo it the
            same way. For comparisons; otherwise pictures are resized with anti-aliasing.
    """

    height: int
    width: int
    reference: bool = False

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise SizeMismatch(f"A canvas has at least one pixel, asked for {self.width}x{self.height}.")

    def place(self, height: int, width: int) -> Placement:
        """The largest centred placement of a picture of this size, aspect kept; an odd pixel goes bottom or right."""
        scale = min(self.height / height, self.width / width)
        # The reference truncates the product, so 559 * (616 / 559) = 615.99… becomes 615 px. Rounding does not.
        whole = math.trunc if self.reference else round
        inner_height, inner_width = (
            min(side, max(1, whole(length * scale))) for side, length in ((self.height, height), (self.width, width))
        )
        top, left = (self.height - inner_height) // 2, (self.width - inner_width) // 2
        return Placement(
            height=inner_height,
            width=inner_width,
            top=top,
            bottom=self.height - inner_height - top,
            left=left,
            right=self.width - inner_width - left,
            scale=scale,
        )


def choose_canvas(width: int, height: int, multiple: int, pixels: int) -> Canvas:
    """The canvas for a picture of this size: its aspect, sides that are multiples, and a pixel budget.

    Small pictures are enlarged to the budget, as networks expect objects at the scale they were trained on. Sides are
    rounded to multiples, so a sliver of padding may remain; stretching the picture instead would make fx and fy differ,
    and the canonical transform knows only one focal length.

    Args:
        width, height: of the picture, px.
        multiple: the network's stride: 28 for ViT (14-px patches, two to a step), 32 for ConvNeXt.
        pixels: the most pixels the canvas may have.
    """
    if width < 1 or height < 1:
        raise SizeMismatch(f"A picture has at least one pixel, got {width}x{height}.")
    if pixels < multiple * multiple:
        raise SizeMismatch(f"A canvas with sides in steps of {multiple} has at least {multiple**2} px, asked {pixels}.")
    if width < height:
        # Found lying and turned, so that a picture and its quarter turn get the same canvas.
        lying = choose_canvas(height, width, multiple, pixels)
        return Canvas(lying.width, lying.height)
    aspect = min(width / height, _MAX_ASPECT)
    cells = pixels // multiple**2
    candidates = {
        (rows, columns)
        for rows in range(1, math.isqrt(cells) + 1)
        for columns in (math.floor(rows * aspect), math.ceil(rows * aspect))
        if rows * columns <= cells
    }

    def picture_pixels_and_little_padding(cell: tuple[int, int]) -> tuple[float, tuple[int, int]]:
        rows, columns = (count * multiple for count in cell)
        scale = min(rows / height, columns / width)
        picture = min(rows, scale * height) * min(columns, scale * width)
        # The number of picture pixels, times the share of the canvas that they fill. The cell itself breaks ties.
        return picture * picture / (rows * columns), cell

    # A budget below the aspect's smallest canvas leaves no candidate: then one cell has to do.
    rows, columns = max(candidates, key=picture_pixels_and_little_padding, default=(1, 1))
    return Canvas(rows * multiple, columns * multiple)
