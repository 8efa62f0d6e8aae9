"""Depth errors by how far things are: sums over bins of true depth, so that many images add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theodolite.types import Float

# Metres between which a bin lies; the last one is open.
EDGES = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0, 120.0, 250.0)
# Edges are whole metres, so a table tells the bin; a search takes several times as long.
_BIN_OF_METRE = np.searchsorted(EDGES[1:], np.arange(EDGES[-1] + 1), side="right")
_TIE = 2e-7  # the limit is outside, and so is what single precision cannot tell from it, as in `depth_metrics`
_BLOCK = 1 << 13  # pixels at a time stay in the processor's cache


@dataclass(frozen=True, eq=False)
class DistanceSums:
    """Sums over the pixels of each bin; NaN where a prediction in it is unknown.

    Args:
        pixels: how many.
        relative: |d - t| / t.
        signed: (d - t) / t, positive where depth is overestimated.
        within: pixels within a factor of 1.25.
    """

    pixels: Float[np.ndarray, " bins"]
    relative: Float[np.ndarray, " bins"]
    signed: Float[np.ndarray, " bins"]
    within: Float[np.ndarray, " bins"]

    @classmethod
    def of(cls, depth: Float[np.ndarray, " n"], truth: Float[np.ndarray, " n"]) -> DistanceSums:
        """Of pixels whose truth is known."""
        # In each bin apart: whether a pixel is within the factor, and whether it is too far. Two counts so tell all.
        shape = (len(EDGES), 2, 2)
        pixels, errors = np.zeros(shape), np.zeros(shape)
        for start in range(0, depth.size, _BLOCK):
            d, t = (values[start : start + _BLOCK].astype(np.float64) for values in (depth, truth))
            error = d / t - 1
            place = _BIN_OF_METRE[np.minimum(t, EDGES[-1]).astype(np.intp)] * 4
            place += 2 * ((error < 0.25 - _TIE) & (error > -0.2 + _TIE)) + (error > 0)
            pixels += np.bincount(place, minlength=pixels.size).reshape(shape)
            errors += np.bincount(place, error, minlength=errors.size).reshape(shape)
        near, far = np.moveaxis(errors.sum(axis=1), -1, 0)
        return cls(pixels.sum(axis=(1, 2)), far - near, far + near, pixels[:, 1].sum(axis=-1))

    def __add__(self, other: DistanceSums) -> DistanceSums:
        return DistanceSums(*(vars(self)[name] + vars(other)[name] for name in vars(self)))

    def to_json(self) -> dict[str, list[float]]:
        return {name: values.tolist() for name, values in vars(self).items()}

    @classmethod
    def from_json(cls, data: dict[str, list[float]]) -> DistanceSums:
        return cls(**{name: np.array(values, float) for name, values in data.items()})


@dataclass(frozen=True)
class DistanceRow:
    """One bin: mean errors of its pixels.

    Args:
        near, far: metres; the last bin is open.
        abs_rel, bias: mean of the relative error, without and with its sign.
    """

    near: float
    far: float
    pixels: int
    abs_rel: float
    bias: float
    delta1: float


def distance_rows(sums: DistanceSums) -> list[DistanceRow]:
    """A row for each bin that has pixels."""
    ends = [*EDGES[1:], float("inf")]
    return [
        DistanceRow(near, far, int(count), float(relative / count), float(signed / count), float(within / count))
        for near, far, count, relative, signed, within in zip(
            EDGES, ends, sums.pixels, sums.relative, sums.signed, sums.within, strict=True
        )
        if count
    ]
