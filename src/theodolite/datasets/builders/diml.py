"""DIML/CVL RGB-D, outdoor part: stereo pairs of Korean streets and parks, taken with ZED and a stereo rig.

From dimlrgbd.github.io; research use. Source: the authors' technical report (arXiv 2110.11590) and a public reader.

    <source>/[train/][HR/]<scene>/
        outleft/*.png       left pictures, 1920x1080 (LR: smaller)
        depthmap/*.png      of the same names: 16 bits, millimetres along z, 0 unknown

Taken: every left picture with a depth map. The archives hold no calibration for each scene; the camera is a nominal
one of 1398.4 px at 1920 px width with its principal point in the middle, the same for all, and each record says so.
Left out: right pictures, disparity, and confidence maps, whose encoding is not documented. The published networks
learnt from depth by RAFT-Stereo.
Not verified on the data: the size of LR pictures; that depth is never beyond what 16 bits of millimetres hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.source_files import folders_with, image_size, intrinsics, need
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind

DOMAIN = "diml"
ENCODING = DepthEncoding("png16", scale=1000)
RANGE = (0.5, 65.0)
NOMINAL = Camera.from_focal(1398.4, 1920, 1080)


def records(source: Path, out: Path) -> Iterator[Record]:
    """Left pictures with depth of all scenes below `source`. Raises: DatasetError."""
    for scene in folders_with(source, "outleft", levels=3):
        images = need(scene.glob("outleft/*.png"), scene, "outleft/*.png")
        camera = NOMINAL.resized(*image_size(images[0]))  # of a scene, all have one size
        for image in images:
            depth = scene / "depthmap" / image.name
            if depth.is_file():
                yield Record(
                    image=image,
                    camera=intrinsics(camera),
                    size=(camera.width, camera.height),
                    depth=depth,
                    depth_encoding=ENCODING,
                    kind=LabelKind.STEREO,
                    range=RANGE,
                    domain=DOMAIN,
                    extra={"camera": "nominal"},
                )
