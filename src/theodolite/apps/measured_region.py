"""A surface inside a polygon: its area on the plane that fits it, its slope, and how flat it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from theodolite.apps.basis import Basis, Wanted, add_vertical, worked_out
from theodolite.apps.evidence import Evidence, Pixel
from theodolite.apps.planes import angles, facing, fit_planes, robust_weights
from theodolite.apps.polygon import crosses_itself, pixels_inside, polygon_areas
from theodolite.apps.quantity import Measurement
from theodolite.errors import TheodoliteError
from theodolite.inference.prediction import Prediction
from theodolite.types import Float

# Relative spread of depths about the plane from which on a surface is not called flat.
FLAT = 0.02


def region(prediction: Prediction, polygon: Sequence[Pixel], basis: Basis | None = None) -> Measurement:
    """Area (m²) of a polygon laid on the plane that fits the surface inside it, the plane's slope against level (°),
    its distance from the camera (m), and the spread of the surface about it (m).

    The slope is 0 for a floor, 90 for a wall, and more for what faces down.

    Raises: TheodoliteError, for a polygon that crosses itself, holds too little, or reaches beyond the plane's horizon.
    """
    basis = basis or Basis()
    pixels = tuple((float(u), float(v)) for u, v in polygon)
    rows, columns = pixels_inside(prediction, pixels)
    if crosses_itself(pixels):
        raise TheodoliteError("Two sides of the polygon cross; give its corners in order around it.")
    evidence = Evidence(prediction, basis.errors)
    surface, corners = evidence.seen(rows, columns), evidence.rays(pixels)
    up = add_vertical(evidence, basis.upright(prediction))
    values = evidence.values
    weight, spread = robust_weights(values[surface])
    plane = fit_planes(values[None, surface], weight)
    if np.any(values[corners] @ plane[0] <= 1e-3 * np.linalg.norm(plane[0])):
        raise TheodoliteError(
            "The polygon reaches beyond the horizon of its plane: its corners are not all on one surface."
        )

    def area(p: Float[np.ndarray, "b n 3"]) -> Float[np.ndarray, " b"]:
        rays, planes = p[:, corners], fit_planes(p[:, surface], weight)
        return polygon_areas(rays / (rays @ planes[..., None]))

    wanted = [
        Wanted("area", "m²", area, 2),
        Wanted("slope", "°", lambda p: angles(facing(fit_planes(p[:, surface], weight)), p[:, up].sum(1)), 0),
        Wanted("plane distance", "m", lambda p: 1 / np.linalg.norm(fit_planes(p[:, surface], weight), axis=-1), 1),
    ]
    middle = float(np.median(values[surface][:, 2]))
    notes = [f"The surface strays from its plane by {spread * middle:.3f} m (robust standard deviation)."]
    if spread > FLAT:
        notes.append(f"It is not flat: that is {100 * spread:.0f} % of its depth.")
    sides = tuple(zip(pixels, (*pixels[1:], pixels[0]), strict=True))
    return Measurement("region", pixels, worked_out(evidence, basis, wanted), sides, tuple(notes))
