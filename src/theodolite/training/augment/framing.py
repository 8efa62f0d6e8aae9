"""Which part of a picture is seen, and how large.

Canonical depth is made later, by the focal length that the camera has in the end. So the label and the image variant of
the canonical camera differ here in size only, and nothing multiplies depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from theodolite.camera.canonical import PAD_COLOUR
from theodolite.camera.canonical_labels import CanonicalLabels
from theodolite.camera.pinhole import Camera
from theodolite.datasets.sample import Sample
from theodolite.training.augment.views import hide_rim, labels_within, window
from theodolite.training.checks import check, check_probabilities

MODES = ("window", "label", "image")


@dataclass(frozen=True)
class Framing:
    """How a part of a picture becomes a canvas.

    Args:
        mode: "window" takes a window of the canvas' shape and resizes it, so that the canvas is full. The other two are
            the paper's variants: they resize the picture, cut what is larger than the canvas and pad what is smaller.
            "label" keeps its size but for `ratio`; "image" first makes its focal length `focal`.
        zoom: smallest window, as a share of the largest one of the canvas' shape that the picture holds.
        focal: px, for the image variant.
        resize: probability of a random resize in the label and the image variant.
        ratio: its smallest and largest factor.
        flip: probability of mirroring left to right.
        border: probability of hiding the edges, which teaches what the padding of a canvas looks like.
        border_width: largest hidden edge, share of the side.
        padding: colour where there is no picture.
        bottom: rows and columns that a picture is cut to first, at its bottom and in the middle; None keeps all of it.
        labelled: first and last row, first and last column, as shares of the picture's sides, between which labels
            count; a benchmark's crop. It comes before `bottom`.
        rim: px at each edge of the picture that count as padding.
    """

    mode: str = "window"
    zoom: float = 0.6
    focal: float | None = None
    resize: float = 0.5
    ratio: tuple[float, float] = (0.85, 1.15)
    flip: float = 0.5
    border: float = 0.1
    border_width: float = 0.15
    padding: tuple[int, int, int] = PAD_COLOUR
    bottom: tuple[int, int] | None = None
    labelled: tuple[float, float, float, float] = (0.0, 1.0, 0.0, 1.0)
    rim: int = 0

    def __post_init__(self) -> None:
        check_probabilities(self, "resize", "flip", "border")
        check(self.mode in MODES, f"a framing's mode is one of {', '.join(MODES)}", self.mode)
        check(0 < self.zoom <= 1, "zoom is a share in (0, 1]", self.zoom)
        check((self.mode == "image") == (self.focal is not None), "focal goes with the image variant", self.focal)
        check(self.focal is None or self.focal > 0, "focal is positive", self.focal)
        check(0 < self.ratio[0] <= self.ratio[1], "ratio is positive, smallest first", self.ratio)
        check(0 <= self.border_width < 0.5, "border_width is a share below one half", self.border_width)
        check(all(0 <= level <= 255 for level in self.padding), "padding is a colour, 0..255", self.padding)
        check(self.bottom is None or min(self.bottom) > 0, "bottom is a positive size", self.bottom)
        top, low, left, right = self.labelled
        check(0 <= top < low <= 1 and 0 <= left < right <= 1, "labelled is a part of the picture", self.labelled)
        check(self.rim >= 0, "rim is not negative", self.rim)

    @classmethod
    def published(cls, focal: float | None = None) -> Framing:
        """The pipeline of Metric3D's code: the label variant, or with `focal` the image variant of its first version.

        But for a slip: it mirrors six pictures in ten, where the paper says half of them.
        """
        # Edges of up to 49 px on 616 rows and 85 px on 1064 columns. Black: it pads before it subtracts the mean.
        common = cls(border=0.2, border_width=0.08, padding=(0, 0, 0))
        if focal is None:
            return replace(common, mode="label")
        return replace(common, mode="image", focal=focal, resize=1.0, ratio=(0.9, 1.4))


def prepare(sample: Sample, framing: Framing) -> Sample:
    """What of a sample a framing looks at: the same whatever the view."""
    if framing.labelled != (0.0, 1.0, 0.0, 1.0):
        sample = labels_within(sample, framing.labelled)
    if framing.rim:
        sample = hide_rim(sample, framing.rim)
    if framing.bottom is None:
        return sample
    height, width = sample.image.shape[:2]
    rows, columns = min(framing.bottom[0], height), min(framing.bottom[1], width)
    return window(sample, ((width - columns) // 2, height - rows, columns, rows), (rows, columns))


def frame(sample: Sample, canvas: tuple[int, int], framing: Framing, rng: np.random.Generator) -> Sample:
    """A random part of the sample, at most of the size of the canvas (rows, columns)."""
    height, width = sample.image.shape[:2]
    rows, columns = canvas
    if framing.mode == "window":
        largest = min(width / columns, height / rows)
        # Even in the logarithm, so that halving and doubling the focal length are as likely.
        zoom = largest * math.exp(rng.uniform(math.log(framing.zoom), 0))
        across, down = min(max(round(zoom * columns), 1), width), min(max(round(zoom * rows), 1), height)
        size = canvas
    else:
        ratio = _ratio(sample.camera, framing, rng)
        across, down = min(max(round(columns / ratio), 1), width), min(max(round(rows / ratio), 1), height)
        size = (_resized(down, ratio, height, rows), _resized(across, ratio, width, columns))
    left, top = (int(rng.integers(0, most - part + 1)) for part, most in ((across, width), (down, height)))
    return window(sample, (left, top, across, down), size)


def _ratio(camera: Camera, framing: Framing, rng: np.random.Generator) -> float:
    ratio = rng.uniform(*framing.ratio) if rng.random() < framing.resize else 1.0
    return ratio if framing.focal is None else CanonicalLabels.of_image(camera, framing.focal, ratio).ratio


def _resized(part: int, ratio: float, whole: int, side: int) -> int:
    """Pixels that a part of a picture takes on a canvas' side: all of them, unless the whole picture does not."""
    return side if part < whole else min(side, max(1, round(part * ratio)))
