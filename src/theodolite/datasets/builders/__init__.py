"""Makers of manifests, one module for each data set: `theodolite dataset build NAME SOURCE`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from theodolite.datasets.manifest import write_manifest
from theodolite.datasets.record import Record
from theodolite.errors import DatasetError

# Name on the command line -> module in this folder, and what the data set is. Nothing is imported before use.
BUILDERS: dict[str, tuple[str, str]] = {
    "argoverse2": ("argoverse2", "driving, nine cameras; LiDAR"),
    "blendedmvg": ("blendedmvg", "photographed scenes, re-rendered; depth of unknown scale"),
    "cityscapes": ("cityscapes", "driving, a stereo pair; disparity by semi-global matching"),
    "ddad": ("ddad", "driving, six cameras; long-range LiDAR"),
    "diml": ("diml", "streets and parks, a stereo pair (DIML/CVL outdoor); stereo depth"),
    "drivingstereo": ("drivingstereo", "driving, a stereo pair; depth filtered out of LiDAR sweeps"),
    "dsec": ("dsec", "driving by day and night, beside event cameras; disparity from LiDAR"),
    "hm3d": ("hm3d", "scanned homes, rendered by Omnidata; depth, normals"),
    "hypersim": ("hypersim", "rendered interiors; distance, normals"),
    "kitti": ("kitti", "driving, raw recordings with the annotated depth; accumulated LiDAR"),
    "kitti-sweeps": ("kitti_sweeps", "driving, raw recordings; single LiDAR sweeps"),
    "lyft": ("lyft", "driving, seven cameras (Lyft Level 5); LiDAR"),
    "mapillary": ("mapillary", "street pictures of a thousand cameras (Planet-Scale Depth); depth of doubtful scale"),
    "matterport3d": ("matterport3d", "scanned buildings, photographed from a tripod; depth, normals"),
    "nyu": ("nyu", "NYU Depth V2, labelled training frames; Kinect depth, filled in"),
    "nyu-sync": ("nyu_sync", "NYU Depth V2, sampled training videos; Kinect depth, filled in"),
    "pandaset": ("pandaset", "driving, six cameras; LiDAR"),
    "replica": ("replica", "scanned interiors, rendered by Omnidata; depth, normals"),
    "replica-gso": ("replica_gso", "Replica strewn with scanned objects, rendered by Omnidata; depth, normals"),
    "scannet": ("scannet", "rooms filmed with a tablet's depth camera; depth, FrameNet's normals"),
    "taskonomy": ("taskonomy", "photographs of scanned buildings; depth and normals of their meshes"),
    "tum-rgbd": ("tum_rgbd", "offices and halls filmed with a Kinect; depth"),
    "uasol": ("uasol", "walks over a campus, a ZED camera; stereo depth"),
    "vkitti2": ("vkitti2", "KITTI's streets, rendered in ten variations; depth, sky"),
    "waymo": ("waymo", "driving, five cameras (version 2, parquet); LiDAR"),
}


class Builder(Protocol):
    """What a builder's module offers."""

    def records(self, source: Path, out: Path) -> Iterator[Record]:
        """The samples of a data set as its authors distribute it.

        Args:
            source: folder the data set was unpacked to.
            out: folder for label files that have to be made, such as projected points; made when first needed.
        Raises: DatasetError, when `source` is not that data set.
        """
        ...


def find_builder(name: str) -> Builder:
    """Raises: DatasetError, when there is none of this name."""
    if name not in BUILDERS:
        raise DatasetError(f"There is no builder {name!r}. There are: {', '.join(sorted(BUILDERS))}.")
    return cast(Builder, import_module(f"{__name__}.{BUILDERS[name][0]}"))


def build(name: str, source: Path, manifest: Path) -> int:
    """Write the manifest of a data set, and beside it what label files have to be made; says how many records it has.

    Raises: DatasetError, when there is no such builder or `source` holds nothing of its data set; OutputError.
    """
    builder = find_builder(name)
    if not source.is_dir():
        raise DatasetError(f"{source}: the folder that {name} was unpacked to is needed; there is none of this name.")
    found = builder.records(source, manifest.with_name(f"{manifest.stem}_labels"))
    return write_manifest(manifest, _some(found, f"{source}: holds no sample of {name}."))


def _some(records: Iterator[Record], otherwise: str) -> Iterator[Record]:
    first = next(records, None)
    if first is None:
        raise DatasetError(otherwise)
    yield first
    yield from records
