"""UASOL: walks over a campus with a ZED stereo camera held in the hand.

From osf.io/64532 (Bauer et al., Scientific Data 2019); licence as stated there. Source: public readers of the archives.

    <source>/<sequence>/
        log.txt             LEFT CAMERA PARAMETERS: optical centre and focal length, a line each; Resolution: [w, h]
        complete.json       Data: [{color_frame_left, depth_frame, m}, …]
        Images/<color_frame_left>.png
        Images/<depth_frame>.png        16 bits, millimetres along z

Taken: every left picture with the camera's own depth map. Left out: right pictures, poses, the depth that GC-Net made
(the published networks learnt from a third version, by RAFT-Stereo).
Not verified on the data: the spelling of log.txt, which is read by its words rather than by its lines; that depth is in
millimetres and along z in every sequence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders.source_files import entry, folders_with, read_json, read_text
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

DOMAIN = "uasol"
ENCODING = DepthEncoding("png16", scale=1000, invalid_from=65501)
# A hand's breadth between the eyes says little of what is farther.
RANGE = (0.5, 40.0)
_NUMBER = re.compile(r":\s*([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)")


def records(source: Path, out: Path) -> Iterator[Record]:
    """Left pictures with depth of all sequences below `source`. Raises: DatasetError."""
    for sequence in folders_with(source, "complete.json"):
        camera = _camera(sequence / "log.txt")
        listing = sequence / "complete.json"
        for frame in entry(read_json(listing), listing, "Data"):
            image, depth = (entry(frame, listing, name) for name in ("color_frame_left", "depth_frame"))
            yield Record(
                image=sequence / "Images" / f"{image}.png",
                camera=camera,
                depth=sequence / "Images" / f"{depth}.png",
                depth_encoding=ENCODING,
                kind=LabelKind.STEREO,
                range=RANGE,
                domain=DOMAIN,
            )


def _camera(path: Path) -> tuple[float, float, float, float]:
    """Intrinsics of the left camera, from lines such as ``Focal length in pixels along x axis: 1399.2``."""
    left = read_text(path).lower().partition("left camera parameters")[2].partition("right camera parameters")[0]
    values = []
    for words in ("focal length", "optical center"):
        for axis in ("x axis", "y axis"):
            line = next((line for line in left.splitlines() if words in line and axis in line), "")
            number = _NUMBER.search(line)
            if number is None:
                raise DatasetError(f"{path}: gives no {words} along the {axis} of the left camera.")
            values.append(float(number[1]))
    return values[0], values[1], values[2], values[3]
