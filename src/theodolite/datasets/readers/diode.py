"""DIODE: rooms and streets with depth of one laser scanner, far and dense.

    val/indoors/scene_00019/scan_00183/NAME.png      1024x768
    NAME_depth.npy                                   float32 (h, w, 1), m
    NAME_depth_mask.npy                              (h, w), 1 where the scanner saw something
    NAME_normal.npy                                  optional, float32 (h, w, 3), right, up, backwards; 0: none

Source: readme, diode.py and intrinsics.txt of the authors' diode-devkit. Not verified on the data: whether the
principal point, (512, 384), counts from the centre of the top-left pixel, as it is taken here, or from its corner, half
a pixel off; that depth is along z, as everybody takes it; whether all normals face the camera as stored.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.source_files import need
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import About, reading

_CAMERA = Camera(886.81, 927.06, 512, 384, 1024, 768, detail="intrinsics.txt of diode-devkit")
_DEPTH = DepthEncoding("npy")
_PLACES = ("indoors", "outdoor")

ABOUT = About(
    title="DIODE: rooms and streets, one laser scanner for both",
    source="https://diode-dataset.org: val.tar.gz (2.6 GB); val_normals.tar.gz (4.6 GB) for normals",
    licence="not established here; the authors' devkit is under the MIT licence",
    layout="""
val/indoors/scene_00019/scan_00183/00019_00183_indoors_000_010.png
val/indoors/scene_00019/scan_00183/00019_00183_indoors_000_010_depth.npy
val/indoors/scene_00019/scan_00183/00019_00183_indoors_000_010_depth_mask.npy
val/indoors/scene_00019/scan_00183/00019_00183_indoors_000_010_normal.npy     optional; or under val_normals
val/outdoor/...""",
    paper="Vasiljevic et al., DIODE: A Dense Indoor and Outdoor DEpth Dataset, arXiv 1908.00463, 2019",
    splits={
        "val": "325 pictures indoors and 446 outdoors",
        "val-indoors": "those indoors",
        "val-outdoor": "those outdoors",
        "train": "the training part, which is no test of whoever learnt from it",
    },
    truths={"laser": "depth of the scanner"},
    notes=(
        "Mask: valid. Papers judge where it allows it.",
        "The camera is a computed one, and fx and fy differ by 5 %, which methods with one focal length cannot follow.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when a part of the split holds no picture."""
    part, _, place = split.partition("-")
    return [one for each in ([place] if place else _PLACES) for one in _of(root, part, each)]


def _of(root: Path, part: str, place: str) -> list[Listed]:
    pattern = "scene_*/scan_*/*.png"
    folder = root / part / place
    return [
        Listed(
            f"{place}/{picture.relative_to(folder).with_suffix('').as_posix()}",
            place,
            partial(_load, picture, _normals(picture, root / f"{part}_normals" / place / picture.relative_to(folder))),
        )
        for picture in need(folder.glob(pattern), root, f"{part}/{place}/{pattern}")
    ]


def _normals(picture: Path, elsewhere: Path) -> Path | None:
    """Beside the picture, or in a tree of their own."""
    places = [path.with_name(f"{path.stem}_normal.npy") for path in (picture, elsewhere)]
    return next((path for path in places if path.is_file()), None)


def _load(picture: Path, normals: Path | None) -> Example:
    image = reading.picture(picture)
    camera = _CAMERA.resized(image.shape[1], image.shape[0])
    path = picture.with_name(f"{picture.stem}_depth.npy")
    depth = reading.depth(path, _DEPTH, camera)
    valid = reading.mask(picture.with_name(f"{picture.stem}_depth_mask.npy"))
    seen = reading.normals(normals, "diode", camera) if normals else None
    with reading.naming(path):
        return Example(image, camera, depth, seen, masks={"valid": valid})
