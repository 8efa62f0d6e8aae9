"""Mapillary Planet-Scale Depth: street pictures of over a thousand camera models, with depth from multi-view stereo.

From mapillary.com/dataset/depth; CC BY-NC-SA. Source: the converter of facebookresearch/map-anything, which describes
the folders, and López Antequera et al., ECCV 2020.

    <source>/
        train.json  val.json            key -> {"focal": of the larger side, …}
        train/<key>.jpg  val/<key>.jpg
        train/<key>.png  val/<key>.png  16 bits, centimetres along z, 0 unknown; smaller than the picture

Taken: every picture of train, or of val where that is alone. The principal point is the middle.
Scale comes from GPS and is not to be trusted, so the kind is structure from motion: nothing metric is learnt from it.
Left out: reconstructions, poses.
Not verified on the data: the spelling of other entries of train.json; that values are centimetres (the published
training reads 256 steps a metre, from files it had written anew).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.source_files import image_size, intrinsics, need, numbers, read_json
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

DOMAIN = "mapillary"
ENCODING = DepthEncoding("png16", scale=100, invalid_from=65501)


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures with depth of the training part, or of the other when it is alone. Raises: DatasetError."""
    part = need((path for path in map(source.joinpath, ("train", "val")) if path.is_dir()), source, "train")[0]
    listing = source / f"{part.name}.json"
    content = read_json(listing)
    if not isinstance(content, dict):
        raise DatasetError(f"{listing}: an object of pictures by key is needed.")
    for key in content:
        image, depth = part / f"{key}.jpg", part / f"{key}.png"
        if not (image.is_file() and depth.is_file()):  # archives are many, and may be fetched in part
            continue
        width, height = image_size(image)
        focal = float(numbers(content, listing, key, "focal")) * max(width, height)
        if focal <= 0:
            raise DatasetError(f"{listing}: {key} has a focal length of {focal:g} px.")
        yield Record(
            image=image,
            camera=intrinsics(Camera.from_focal(focal, width, height)),
            size=(width, height),
            depth=depth,
            depth_encoding=ENCODING,
            kind=LabelKind.SFM,
            domain=DOMAIN,
        )
