"""Points in space at three pixels at a time, and the planes through them: what the virtual-normal losses share."""

from __future__ import annotations

import torch
from torch import Tensor

from theodolite.types import Bool, Float, Int

# x, y (and z) apart, each with the three corners on its last axis: faster than a last axis of three coordinates.
Coordinates = tuple[Float[Tensor, "b n 3"], ...]

_COSINE = 0.867  # two sides of a triplet at less than about 30 degrees are too straight


def points(
    depth: Float[Tensor, "b n 3"], triplets: Int[Tensor, "b n 3"], width: int, intrinsics: Float[Tensor, "b 4"]
) -> Coordinates:
    """Camera coordinates of triplets, in the unit of `depth`.

    Args:
        width: of the picture, which makes rows and columns of flat indices.
        intrinsics: fx, fy, cx, cy, px.
    """
    fx, fy, cx, cy = (values[:, None, None] for values in intrinsics.unbind(1))
    rows, columns = triplets.div(width, rounding_mode="floor"), triplets % width
    return (columns - cx) / fx * depth, (rows - cy) / fy * depth, depth


def edges(coordinates: Coordinates) -> Coordinates:
    """The three sides, from first to second corner, first to third, and second to third."""
    return tuple(c[..., [1, 2, 2]] - c[..., [0, 0, 1]] for c in coordinates)


def straight(sides: Coordinates) -> Bool[Tensor, "b n"]:
    """Whether any two sides lie so nearly on a line that no plane can be told; coinciding corners count."""
    first, second = [0, 0, 1], [1, 2, 2]
    products = torch.stack([c[..., first] * c[..., second] for c in sides]).sum(0)
    squares = torch.stack([c.square() for c in sides]).sum(0)
    return (products.square() >= _COSINE**2 * squares[..., first] * squares[..., second]).any(-1)


def short(sides: Coordinates, length: float) -> Bool[Tensor, "b n"]:
    """Whether along every axis some side is shorter than `length`."""
    return torch.stack([(c.abs() < length).any(-1) for c in sides]).all(0)


def normals(coordinates: Coordinates) -> Float[Tensor, "b n 3"]:
    """Unit normals of the planes through the corners, to the side that their order gives; zero where there is none."""
    ax, ay, az = (c[..., 1] - c[..., 0] for c in coordinates)
    bx, by, bz = (c[..., 2] - c[..., 0] for c in coordinates)
    crossed = torch.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)
    return unit(crossed)


def unit(vectors: Float[Tensor, "*shape 3"]) -> Float[Tensor, "*shape 3"]:
    """Of unit length; zero where there is no direction."""
    squared = vectors.square().sum(-1, keepdim=True)
    # Replaced, not clamped: a near object's triangle may have an area of 1e-8 square metres.
    return vectors / torch.where(squared > 0, squared, 1).sqrt()
