"""NYU Depth V2, frames of the raw videos of its training scenes, registered and sampled by the authors of BTS.

24 231 frames of 249 scenes; from https://github.com/cleinc/bts (``sync.zip``), which made them with NYU's own toolbox;
NYU's terms, research use.

    kitchen_0028b/rgb_00045.jpg            640x480
    kitchen_0028b/sync_depth_00045.png     16 bit, z in mm, filled in, on the picture's rays

Everything there is taken; the scenes of the test split are not among them. Camera, range and the region where labels
count are those of `nyu`. Tried on three published frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders import nyu
from theodolite.datasets.builders.source_files import image_size, need
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind

_MILLIMETRES = DepthEncoding("png16", scale=1000)


def records(source: Path, out: Path) -> Iterator[Record]:
    """Every frame of every scene. Raises: DatasetError."""
    depths = need(source.glob("*/sync_depth_*.png"), source, "SCENE/sync_depth_00000.png")
    width, height = image_size(depths[0])
    mask = nyu.write_mask(out / "valid.png", height, width)
    for depth in depths:
        yield Record(
            image=depth.with_name(f"rgb_{depth.stem.removeprefix('sync_depth_')}.jpg"),
            camera=nyu.CAMERA,
            kind=LabelKind.SENSOR,
            depth=depth,
            depth_encoding=_MILLIMETRES,
            mask=mask,
            range=nyu.RANGE,
            domain="nyu-sync",
            extra={"scene": depth.parent.name},
        )
