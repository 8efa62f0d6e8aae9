"""The picture as the camera took it, when what is at hand is a resized or cropped copy."""

from __future__ import annotations

import math
from dataclasses import dataclass

from theodolite.camera.exif import Exif


@dataclass(frozen=True)
class Frame:
    """The frame that EXIF's focal clues describe, and its relation to the picture at hand.

    Args:
        longer, shorter: sides of the frame, px.
        scale: pixels of the picture for one of the frame.
        rel_sigma: relative uncertainty of a focal length that comes from guessing the frame.
    """

    longer: float
    shorter: float
    scale: float = 1.0
    rel_sigma: float = 0.0

    @classmethod
    def of(cls, exif: Exif, width: int, height: int) -> tuple[Frame, tuple[str, ...]]:
        """For a picture of this size, and what is worth telling about it."""
        taken = exif.pixels or (width, height)
        scale, rel_sigma, note = _relation(taken, (width, height))
        if scale is None:
            taken, scale = (width, height), 1.0
        longer, shorter = float(max(taken)), float(min(taken))
        notes = [note] if note else []
        if longer / shorter < 1.2:
            # No common sensor is square: squares are cut from 4:3, and EXIF goes on describing the whole.
            longer = shorter * 4 / 3
            rel_sigma = math.hypot(rel_sigma, 0.15)
            notes.append("is nearly square; taken for cut from a 4:3 frame")
        elif longer / shorter > 2.4:
            rel_sigma = math.hypot(rel_sigma, 0.3)
            notes.append(
                f"is {longer / shorter:.1f} times as long as wide, a crop or a panorama; its EXIF may not apply"
            )
        return cls(longer, shorter, scale, rel_sigma), tuple(notes)


def _relation(taken: tuple[int, int], now: tuple[int, int]) -> tuple[float | None, float, str]:
    """Scale from the frame to the picture, uncertainty and note; no scale where the recorded size makes no sense."""
    # EXIF may record the size before or after a quarter turn.
    ways = [(now[0] / taken[0], now[1] / taken[1]), (now[0] / taken[1], now[1] / taken[0])]
    for across, down in ways:
        # Resized sizes are rounded to whole pixels, which matters for thumbnails.
        if abs(across - down) <= 0.01 * across + 1 / min(taken):
            return max(now) / max(taken), 0.0, ""
    # Its shape changed: it was cropped, by at least what makes the larger ratio fit, and perhaps resized too.
    possible = [max(way) for way in ways if max(way) <= 1.001]
    recorded = f"{taken[0]}x{taken[1]}"
    if not possible:
        return None, 0.0, f"has {recorded} recorded as its size in the EXIF data, which cannot be, and is ignored"
    scale = max(possible)
    if scale > 0.999:
        return 1.0, 0.02, f"was cropped from {recorded}"
    return scale, 0.15, f"was cropped from {recorded} and resized, by amounts that can only be guessed"
