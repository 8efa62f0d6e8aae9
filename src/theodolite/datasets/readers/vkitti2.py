"""Virtual KITTI 2: five streets of KITTI rendered, in the weather they were filmed in or in all ten variations.

Files and cameras as in `builders.vkitti2`. Unlike there, the sky is where depth has its largest value, 655.35 m, even
where class maps were unpacked: results must not depend on that.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from theodolite.datasets.builders.vkitti2 import variation_records, variations
from theodolite.datasets.example import Listed
from theodolite.datasets.readers import About
from theodolite.datasets.readers.recorded import example_of

ABOUT = About(
    title="Virtual KITTI 2: five streets of KITTI, rendered in ten variations by two cameras",
    source="https://europe.naverlabs.com/proxy-virtual-worlds-vkitti-2/: rgb, depth and textgt (for intrinsic.txt)",
    licence="CC BY-NC-SA 3.0",
    layout="""
Scene01/clone/intrinsic.txt
Scene01/clone/frames/rgb/Camera_0/rgb_00000.jpg
Scene01/clone/frames/depth/Camera_0/depth_00000.png""",
    paper="Cabon, Murray, Humenberger, Virtual KITTI 2, arXiv 2001.10773, 2020",
    splits={
        "clone": "the variation that imitates the filmed sequence, left camera, of every scene",
        "all": "both cameras in every variation of every scene",
    },
    truths={"rendered": "depth along z, in whole centimetres"},
    notes=(
        "There is no official test part; Virtual KITTI 2 is one of the training sets of Metric3D v2.",
        "Depth is exact as far as it is stored, 655.34 m; choose a range when comparing, such as KITTI's 80 m.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when there is no variation of a scene, or its intrinsic.txt cannot be read."""
    return [
        one
        for variation in variations(root)
        if split == "all" or _name(variation)[1] == "clone"
        for one in _of(variation, split)
    ]


def _of(variation: Path, split: str) -> list[Listed]:
    scene, weather = _name(variation)
    return [
        Listed(f"{scene}/{weather}/{eye}/{record.image.stem.removeprefix('rgb_')}", scene, partial(example_of, record))
        for record in variation_records(variation)
        if (eye := record.image.parent.name) == "Camera_0" or split == "all"
    ]


def _name(variation: Path) -> tuple[str, str]:
    """Scene and variation, even of a folder given as a relative path from inside it."""
    whole = variation.resolve()
    return whole.parent.name, whole.name
