"""Measuring in a photo: distances, heights, angles, surfaces and boxes, each with its standard uncertainty.

The errors assumed are those of `error_model`; each measurement says what they contribute to it. Pixels are (u, v) of
the upright photo, as shown, even where the maps are smaller.
"""

from __future__ import annotations

import numpy as np

from theodolite.apps.basis import Basis, Wanted, add_vertical, projected, worked_out
from theodolite.apps.evidence import Evidence, Pixel
from theodolite.apps.measured_box import box
from theodolite.apps.measured_region import region
from theodolite.apps.planes import angles
from theodolite.apps.quantity import Measurement, Quantity
from theodolite.apps.surface_normal import add_normal
from theodolite.errors import TheodoliteError
from theodolite.inference.prediction import Prediction
from theodolite.types import Float

__all__ = ["Basis", "Measurement", "Quantity", "angle", "box", "distance", "height", "region"]

# A top pixel whose ray passes the upright line farther away than this share of the height is not above the foot.
BESIDE = 0.15
# Length of the arrows drawn along normals, as a share of the depth.
_ARROW = 0.12


def distance(prediction: Prediction, start: Pixel, end: Pixel, basis: Basis | None = None) -> Measurement:
    """Straight distance between the surface points at two pixels.

    It agrees with `Prediction.measure`; its uncertainty does not take two depth errors for equal, nor for independent,
    but for as alike as the pixels are close.

    Raises: TheodoliteError, for a pixel outside the photo, or where no usable depth is known.
    """
    basis = basis or Basis()
    evidence = Evidence(prediction, basis.errors)
    ends = evidence.pointed([start, end])
    length = Wanted("distance", "m", lambda p: np.linalg.norm(p[:, ends.start] - p[:, ends.start + 1], axis=-1), 1)
    return Measurement("distance", (start, end), worked_out(evidence, basis, [length]), ((start, end),))


def height(prediction: Prediction, foot: Pixel, top: Pixel, basis: Basis | None = None) -> Measurement:
    """Height of an upright thing, from the point at its foot, along the vertical, to where its top is seen.

    The depth at the top does not count: of a lamp post or a person's hair it is often that of the background.

    Raises: TheodoliteError, for a foot where no usable depth is known, or pixels outside the photo.
    """
    basis = basis or Basis()
    _inside(prediction, top)
    vertical = basis.upright(prediction)
    evidence = Evidence(prediction, basis.errors)
    at, ray, up = evidence.pointed([foot]), evidence.rays([top]), add_vertical(evidence, vertical)

    def rise(p: Float[np.ndarray, "b n 3"]) -> Float[np.ndarray, " b"]:
        return _closest(p[:, at].sum(1), p[:, up].sum(1), p[:, ray].sum(1))[0]

    wanted = [Wanted("height", "m", rise, 1)]
    values = evidence.values
    start = values[at]
    found, missed = _closest(start, values[up], values[ray])
    notes = [] if vertical.detail == "given" else [f"The vertical is from {vertical.detail}, ±{vertical.degrees:.1f}°."]
    if found[0] <= 0:
        raise TheodoliteError("The top lies below the foot; give the foot first, then the top.")
    if missed[0] > BESIDE * found[0]:
        notes.append("The top is not straight above the foot: the thing leans, or a pixel is off it.")
    end = projected(prediction, start + found[:, None] * values[up])[0]
    return Measurement("height", (foot, top), worked_out(evidence, basis, wanted), ((foot, end),), tuple(notes))


def angle(prediction: Prediction, first: Pixel, second: Pixel, basis: Basis | None = None) -> Measurement:
    """Angle between the surfaces at two pixels: between their normals, 0 for parallel ones that face the same way.

    Two walls that meet in a corner of a room give 90 degrees, as the two sides of a box do. An angle of less than two
    standard uncertainties says only that it is small.

    Raises: TheodoliteError, where no usable depth is known, or too little of one surface is around.
    """
    basis = basis or Basis()
    evidence = Evidence(prediction, basis.errors)
    (one, first_normal), (two, second_normal) = add_normal(evidence, first), add_normal(evidence, second)
    wanted = [Wanted("angle", "°", lambda p: angles(one(p), two(p)), 0)]
    lines = tuple(
        (pixel, _arrow(prediction, pixel, normal)) for pixel, normal in ((first, first_normal), (second, second_normal))
    )
    return Measurement("angle", (first, second), worked_out(evidence, basis, wanted), lines)


def _closest(
    start: Float[np.ndarray, "b 3"], up: Float[np.ndarray, "b 3"], ray: Float[np.ndarray, "b 3"]
) -> tuple[Float[np.ndarray, " b"], Float[np.ndarray, " b"]]:
    """How far up from the start a ray from the camera passes closest, and how far from the line it does."""
    up = up / np.linalg.norm(up, axis=-1, keepdims=True)
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    # As the ray sees them: what lies along it makes no difference.
    rising = up - (up * ray).sum(-1, keepdims=True) * ray
    begun = start - (start * ray).sum(-1, keepdims=True) * ray
    steepness = (rising * rising).sum(-1)
    if np.any(steepness < 1e-6):
        raise TheodoliteError("The photo looks straight along the vertical there, so no height is seen.")
    rise = -(begun * rising).sum(-1) / steepness
    return rise, np.linalg.norm(begun + rise[:, None] * rising, axis=-1)


def _inside(prediction: Prediction, pixel: Pixel) -> None:
    (width, height_px), (u, v) = prediction.photo_size, pixel
    if not (-0.5 <= u < width - 0.5 and -0.5 <= v < height_px - 0.5):
        raise TheodoliteError(
            f"Pixel ({u:g}, {v:g}) lies outside the photo, whose pixels run from (0, 0) to "
            f"({width - 1}, {height_px - 1})."
        )


def _arrow(prediction: Prediction, pixel: Pixel, normal: Float[np.ndarray, " 3"]) -> Pixel:
    evidence = Evidence(prediction)
    where = evidence.pointed([pixel])
    point = evidence.values[where]
    return projected(prediction, point + _ARROW * point[:, 2:] * normal)[0]
