"""The pinhole camera: intrinsics in pixels, where they came from, and how sure they are."""

import math
from dataclasses import dataclass, replace

import numpy as np

from theodolite.errors import CameraError
from theodolite.types import Float

# Where a camera's numbers can come from, best first.
SOURCES = ("given", "sidecar", "exif", "estimated", "assumed")


@dataclass(frozen=True)
class Camera:
    """Pinhole intrinsics of one image; the centre of the top-left pixel is (0, 0).

    Args:
        fx, fy: focal lengths, px.
        cx, cy: principal point, px.
        width, height: size of the image they belong to, px.
        source: one of `SOURCES`.
        rel_sigma: relative standard uncertainty of the focal length; 0 takes it as exact.
        detail: how the focal length was found, in words for people.
    Raises: CameraError, when a number is not finite or a focal length or size is not positive.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    source: str = "given"
    rel_sigma: float = 0.0
    detail: str = ""

    def __post_init__(self) -> None:
        for name in ("fx", "fy", "cx", "cy", "rel_sigma"):
            value = getattr(self, name)
            if not _is_finite(value):
                raise CameraError(f"A camera needs a finite number for {name}, got {value!r}.")
            object.__setattr__(self, name, float(value))
        for name in ("fx", "fy"):
            if getattr(self, name) <= 0:
                raise CameraError(f"A camera needs a positive {name} in pixels, got {getattr(self, name):g}.")
        for name in ("width", "height"):
            value = getattr(self, name)
            if not _is_finite(value) or int(value) != value or value < 1:
                raise CameraError(f"A camera needs a {name} of at least one whole pixel, got {value!r}.")
            object.__setattr__(self, name, int(value))
        if self.rel_sigma < 0:
            raise CameraError(f"A relative uncertainty cannot be negative, got {self.rel_sigma:g}.")
        if self.source not in SOURCES:
            raise CameraError(f"A camera's source is one of {', '.join(SOURCES)}, got {self.source!r}.")

    @classmethod
    def from_focal(cls, focal: float, width: int, height: int, **provenance) -> "Camera":
        """Square pixels, principal point in the middle of the image. `focal` in px."""
        return cls(focal, focal, (width - 1) / 2, (height - 1) / 2, width, height, **provenance)

    @classmethod
    def from_fov(cls, degrees: float, width: int, height: int, axis: str = "longer", **provenance) -> "Camera":
        """Square pixels and a field of view.

        Args:
            axis: what the angle spans: "longer" or "shorter" side, "horizontal", "vertical" or "diagonal".
        """
        if not (_is_finite(degrees) and 0 < degrees < 180):
            raise CameraError(f"A field of view lies between 0 and 180 degrees, got {degrees!r}.")
        spans = {
            "longer": max(width, height),
            "shorter": min(width, height),
            "horizontal": width,
            "vertical": height,
            "diagonal": math.hypot(width, height),
        }
        if axis not in spans:
            raise CameraError(f"A field of view spans one of {', '.join(spans)}, got {axis!r}.")
        focal = spans[axis] / 2 / math.tan(math.radians(degrees) / 2)
        return cls.from_focal(focal, width, height, **provenance)

    @classmethod
    def from_K(cls, K: Float[np.ndarray, "3 3"], width: int, height: int, **provenance) -> "Camera":
        """From a calibration matrix; skew has to be (nearly) zero."""
        matrix = np.asarray(K, dtype=float)
        if matrix.shape != (3, 3):
            raise CameraError(f"K is a 3x3 matrix, got shape {matrix.shape}.")
        if abs(matrix[0, 1]) > 1e-3 * abs(matrix[0, 0]):
            raise CameraError(f"K with skew ({matrix[0, 1]:g} px) is not a pinhole camera with upright pixels.")
        if matrix[1, 0] != 0 or not np.allclose(matrix[2], (0, 0, 1)):
            raise CameraError(f"K has rows fx 0 cx, 0 fy cy, 0 0 1; got {matrix.tolist()}. Is it transposed?")
        return cls(matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2], width, height, **provenance)

    @property
    def K(self) -> Float[np.ndarray, "3 3"]:
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]])

    @property
    def focal(self) -> float:
        """The one focal length, px, that the canonical transform uses: the mean of fx and fy."""
        return (self.fx + self.fy) / 2

    @property
    def fov(self) -> tuple[float, float, float]:
        """Horizontal, vertical and diagonal field of view, degrees, about the image's middle."""
        x, y = self.width / 2 / self.fx, self.height / 2 / self.fy
        return tuple(math.degrees(2 * math.atan(half)) for half in (x, y, math.hypot(x, y)))  # type: ignore[return-value]

    def resized(self, width: int, height: int) -> "Camera":
        """The same view on another pixel grid."""
        x, y = width / self.width, height / self.height
        return replace(
            self,
            fx=self.fx * x,
            fy=self.fy * y,
            cx=(self.cx + 0.5) * x - 0.5,
            cy=(self.cy + 0.5) * y - 0.5,
            width=width,
            height=height,
        )

    def cropped(self, left: int, top: int, width: int, height: int) -> "Camera":
        """A window of the image; it may reach beyond the image, which then is padding."""
        return replace(self, cx=self.cx - left, cy=self.cy - top, width=width, height=height)

    def padded(self, left: int, top: int, right: int, bottom: int) -> "Camera":
        """The image with a border added on each side, px."""
        return self.cropped(-left, -top, self.width + left + right, self.height + top + bottom)

    def flipped(self) -> "Camera":
        """The image mirrored left to right."""
        return replace(self, cx=self.width - 1 - self.cx)


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, (int, float, np.integer, np.floating)) and math.isfinite(value)
    except OverflowError:  # a whole number beyond what floats hold
        return False
