"""Shape aliases: array types as they stand in signatures."""

from typing import Any

from jaxtyping import Bool, Float, Int, UInt8

# Any array of the array-API family: numpy.ndarray, torch.Tensor, ...
Array = Any

__all__ = ["Array", "Bool", "Float", "Int", "UInt8"]
