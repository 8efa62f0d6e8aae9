"""Lens distortion: OpenCV's radial-tangential model, Kannala-Brandt fisheye, and the way from them to a pinhole image.

Distortion acts on normalised coordinates, (x, y) = (X/Z, Y/Z), so it does not change when an image is resized. The
formulas are written against the array API: NumPy and PyTorch run the same code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from array_api_compat import array_namespace

from theodolite.camera.pinhole import Camera
from theodolite.errors import CameraError, SizeMismatch
from theodolite.types import Array, Float, UInt8

# Where a pinhole image looks past the edge of the original. The networks' padding colour: they know it means nothing.
_OUTSIDE_COLOUR = (124, 116, 104)
_BLOCK_ROWS = 64
# Newton's method needs five or six steps where a model is sound, and never ends where it is not.
_MAX_STEPS = 50


class Distortion(Protocol):
    """A lens: where an ideal ray lands, and back."""

    def distort(self, xy: Float[Array, "*points 2"]) -> Float[Array, "*points 2"]:
        """Where the lens puts an ideal, normalised point."""

    def undistort(self, xy: Float[Array, "*points 2"]) -> Float[Array, "*points 2"]:
        """The ideal point which the lens put here; NaN where there is none."""

    def folds_at(self) -> float:
        """The ideal radius up to which the model makes sense."""


@dataclass(frozen=True)
class RadialTangential:
    """OpenCV's model with up to eight coefficients: (1 + k1 r² + k2 r⁴ + k3 r⁶) / (1 + k4 r² + k5 r⁴ + k6 r⁶), p1, p2.

    Source: OpenCV documentation, "Camera Calibration and 3D Reconstruction".
    """

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0
    k5: float = 0.0
    k6: float = 0.0

    def __post_init__(self) -> None:
        _check_finite(self)

    def distort(self, xy: Float[Array, "*points 2"]) -> Float[Array, "*points 2"]:
        x, y = xy[..., 0], xy[..., 1]
        r2 = x * x + y * y
        radial, _ = self._radial(r2)
        across = x * radial + 2 * self.p1 * x * y + self.p2 * (r2 + 2 * x * x)
        down = y * radial + self.p1 * (r2 + 2 * y * y) + 2 * self.p2 * x * y
        return array_namespace(xy).stack([across, down], axis=-1)

    def undistort(self, xy: Float[Array, "*points 2"]) -> Float[Array, "*points 2"]:
        """Newton's method in two dimensions; it keeps to the branch of the model that contains the image's middle."""
        xp = array_namespace(xy)
        guess = xy
        for _ in range(_MAX_STEPS):
            x, y = guess[..., 0], guess[..., 1]
            r2 = x * x + y * y
            radial, slope = self._radial(r2)  # slope: by r²
            error = self.distort(guess) - xy
            a = radial + 2 * x * x * slope + 2 * self.p1 * y + 6 * self.p2 * x
            b = 2 * x * y * slope + 2 * self.p1 * x + 2 * self.p2 * y
            d = radial + 2 * y * y * slope + 6 * self.p1 * y + 2 * self.p2 * x
            determinant = a * d - b * b
            step_x = (d * error[..., 0] - b * error[..., 1]) / determinant
            step_y = (a * error[..., 1] - b * error[..., 0]) / determinant
            step = xp.stack([step_x, step_y], axis=-1)
            guess = guess - step
            if float(xp.max(xp.where(xp.isfinite(step), xp.abs(step), xp.zeros_like(step)))) < 1e-13:
                break
        folded = self.folds_at()
        r2 = guess[..., 0] ** 2 + guess[..., 1] ** 2
        reached = xp.max(xp.abs(self.distort(guess) - xy), axis=-1) < 1e-9
        good = reached & (r2 < folded * folded)
        return xp.where(good[..., None], guess, xp.full_like(guess, math.nan))

    def _radial(self, r2: Float[Array, " *points"]) -> tuple[Array, Array]:
        """The radial factor and its derivative by r²."""
        above = 1 + r2 * (self.k1 + r2 * (self.k2 + r2 * self.k3))
        below = 1 + r2 * (self.k4 + r2 * (self.k5 + r2 * self.k6))
        above_slope = self.k1 + r2 * (2 * self.k2 + r2 * 3 * self.k3)
        below_slope = self.k4 + r2 * (2 * self.k5 + r2 * 3 * self.k6)
        return above / below, (above_slope * below - above * below_slope) / (below * below)

    def folds_at(self) -> float:
        """The ideal radius where the model stops growing; beyond it two rays would land on one pixel."""
        r = np.linspace(0, 10, 10001)
        radial, slope = self._radial(r * r)
        shrinking = np.flatnonzero(radial + 2 * r * r * slope <= 0)
        return float(r[shrinking[0]]) if len(shrinking) else math.inf


@dataclass(frozen=True)
class Fisheye:
    """Kannala-Brandt: a ray at angle θ from the axis lands at radius θ (1 + k1 θ² + k2 θ⁴ + k3 θ⁶ + k4 θ⁸).

    OpenCV calls it fisheye, ROS equidistant. Source: Kannala & Brandt, PAMI 2006, equation 6.
    """

    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0

    def __post_init__(self) -> None:
        _check_finite(self)

    def distort(self, xy: Float[Array, "*points 2"]) -> Float[Array, "*points 2"]:
        xp = array_namespace(xy)
        r = xp.sqrt(xy[..., 0] ** 2 + xy[..., 1] ** 2)
        near = r < 1e-8
        safe = xp.where(near, xp.ones_like(r), r)  # in the middle the factor tends to 1
        angle = xp.atan(safe)
        factor = xp.where(near, xp.ones_like(r), self._radius(angle)[0] / safe)
        return xy * factor[..., None]

    def undistort(self, xy: Float[Array, "*points 2"]) -> Float[Array, "*points 2"]:
        """Newton's method on the angle. Rays at right angles to the axis or beyond have no pinhole image: NaN."""
        xp = array_namespace(xy)
        r = xp.sqrt(xy[..., 0] ** 2 + xy[..., 1] ** 2)
        near = r < 1e-8
        angle = r
        for _ in range(_MAX_STEPS):
            radius, slope = self._radius(angle)
            step = (radius - r) / slope
            angle = angle - step
            if float(xp.max(xp.where(xp.isfinite(step), xp.abs(step), xp.zeros_like(step)))) < 1e-14:
                break
        radius, _ = self._radius(angle)
        good = (xp.abs(radius - r) < 1e-9) & (angle >= 0) & (angle < math.atan(self.folds_at()))
        inside = xp.where(good & ~near, angle, xp.zeros_like(angle))
        factor = xp.where(near, xp.ones_like(r), xp.tan(inside) / xp.where(near, xp.ones_like(r), r))
        return xp.where((good | near)[..., None], xy * factor[..., None], xp.full_like(xy, math.nan))

    def _radius(self, angle: Float[Array, " *points"]) -> tuple[Array, Array]:
        """The radius at an angle, and its derivative."""
        t2 = angle * angle
        radius = angle * (1 + t2 * (self.k1 + t2 * (self.k2 + t2 * (self.k3 + t2 * self.k4))))
        slope = 1 + t2 * (3 * self.k1 + t2 * (5 * self.k2 + t2 * (7 * self.k3 + t2 * 9 * self.k4)))
        return radius, slope

    def folds_at(self) -> float:
        """As `RadialTangential.folds_at`."""
        angle = np.linspace(0, math.pi / 2, 4001)
        shrinking = np.flatnonzero(self._radius(angle)[1] <= 0)
        return math.tan(float(angle[shrinking[0]])) if len(shrinking) else math.inf


@dataclass(frozen=True)
class FieldOfView:
    """One-parameter fisheye: radius atan(2 r tan(ω/2)) / ω. Source: Devernay & Faugeras 2001, section 2.3."""

    omega: float

    def __post_init__(self) -> None:
        _check_finite(self)
        if not 0 < self.omega < math.pi:
            raise CameraError(f"The field-of-view lens needs an omega between 0 and pi, got {self.omega:g}.")

    def distort(self, xy: Float[Array, "*points 2"]) -> Float[Array, "*points 2"]:
        return self._scaled(xy, lambda xp, r: xp.atan(r * (2 * math.tan(self.omega / 2))) / self.omega)

    def undistort(self, xy: Float[Array, "*points 2"]) -> Float[Array, "*points 2"]:
        def ideal(xp: Array, r: Array) -> Array:
            angle = r * self.omega
            beyond = angle >= math.pi / 2
            tangent = xp.tan(xp.where(beyond, xp.zeros_like(angle), angle)) / (2 * math.tan(self.omega / 2))
            return xp.where(beyond, xp.full_like(angle, math.nan), tangent)

        return self._scaled(xy, ideal)

    @staticmethod
    def _scaled(xy: Array, radius: object) -> Array:
        xp = array_namespace(xy)
        r = xp.sqrt(xy[..., 0] ** 2 + xy[..., 1] ** 2)
        # The factor is smooth at the middle, so a tiny radius stands in for none.
        safe = xp.where(r < 1e-8, xp.full_like(r, 1e-8), r)
        return xy * (radius(xp, safe) / safe)[..., None]  # type: ignore[operator]

    def folds_at(self) -> float:
        """Never: the radius grows with the angle."""
        return math.inf


def to_pinhole(
    image: UInt8[np.ndarray, "h w 3"], camera: Camera, distortion: Distortion
) -> tuple[UInt8[np.ndarray, "h w 3"], Camera]:
    """The image that a pinhole camera with the same intrinsics would have taken, and that camera.

    The intrinsics are kept, so the middle of the image keeps its scale and objects there their size in pixels: a wide
    lens loses some of its border, which is stretched out of the frame, and where a lens draws inwards the new frame
    looks past the old one's edge and shows a flat grey.
    """
    height, width = image.shape[:2]
    if (camera.height, camera.width) != (height, width):
        raise SizeMismatch(
            f"The camera describes {camera.width}x{camera.height}, the image has {width}x{height} pixels."
        )
    # Four bytes a pixel, so that a pixel is fetched as one number; three at a time are three times slower.
    packed = np.zeros((height, width, 4), np.uint8)
    packed[..., :3] = image
    pixels = packed.view(np.uint32)[..., 0]
    out = np.empty_like(image)
    folds_at = distortion.folds_at()
    x = ((np.arange(width) - camera.cx) / camera.fx).astype(np.float32)
    for start in range(0, height, _BLOCK_ROWS):
        y = ((np.arange(start, min(start + _BLOCK_ROWS, height)) - camera.cy) / camera.fy).astype(np.float32)
        ideal = np.stack(np.broadcast_arrays(x, y[:, None]), axis=-1)
        with np.errstate(all="ignore"):  # far outside its range a model may blow up; those pixels are masked below
            actual = distortion.distort(ideal)
        actual = np.where(np.isfinite(actual), actual, np.float32(1e6))
        u = actual[..., 0] * np.float32(camera.fx) + np.float32(camera.cx)
        v = actual[..., 1] * np.float32(camera.fy) + np.float32(camera.cy)
        rows = out[start : start + len(y)]
        rows[:] = _sample(pixels, u, v)
        inside = (u >= -0.5) & (u <= width - 0.5) & (v >= -0.5) & (v <= height - 0.5)
        inside &= x * x + y[:, None] * y[:, None] < folds_at * folds_at
        rows[~inside] = _OUTSIDE_COLOUR
    return out, camera


def _sample(
    pixels: np.ndarray, u: Float[np.ndarray, "rows w"], v: Float[np.ndarray, "rows w"]
) -> UInt8[np.ndarray, "rows w 3"]:
    """The packed image at fractional pixels, bilinear; beyond the edge its border is repeated."""
    height, width = pixels.shape
    u, v = np.clip(u, 0, width - 1), np.clip(v, 0, height - 1)
    left = np.minimum(u.astype(np.int32), max(width - 2, 0))
    top = np.minimum(v.astype(np.int32), max(height - 2, 0))
    across, down = (np.subtract(a, b, dtype=np.float32)[..., None] for a, b in ((u, left), (v, top)))
    first = top * np.int32(width) + left
    right, below = min(1, width - 1), width * min(1, height - 1)

    def fetched(offset: int) -> np.ndarray:
        return pixels.ravel().take(first + np.int32(offset)).view(np.uint8).reshape(*u.shape, 4)[..., :3]

    def mixed(near: np.ndarray, far: np.ndarray, share: np.ndarray) -> np.ndarray:
        out = near.astype(np.float32)
        out += (far - out) * share
        return out

    upper, lower = mixed(fetched(0), fetched(right), across), mixed(fetched(below), fetched(below + right), across)
    return np.rint(mixed(upper, lower, down)).astype(np.uint8)


def _check_finite(distortion: RadialTangential | Fisheye | FieldOfView) -> None:
    for field in fields(distortion):
        value = getattr(distortion, field.name)
        if not isinstance(value, (int, float, np.integer, np.floating)) or not math.isfinite(value):
            raise CameraError(f"A lens distortion needs a finite number for {field.name}, got {value!r}.")
        object.__setattr__(distortion, field.name, float(value))
