"""The parts of the Omnidata starter set, which share one layout: Taskonomy, Replica, Replica with objects, HM3D.

    rgb/PART/SCENE/point_3_view_0_domain_rgb.png                        512x512
    depth_zbuffer/PART/SCENE/point_3_view_0_domain_depth_zbuffer.png    16 bit, z, 1/512 m
    normal/PART/SCENE/point_3_view_0_domain_normal.png                  8 bit, camera axes
    mask_valid/PART/SCENE/point_3_view_0_domain_mask_valid.png          0 where the scan has a hole
    point_info/PART/SCENE/point_3_view_0_domain_fixatedpose.json        field_of_view_rads, resolution

Taskonomy names two of them otherwise (see `Part`). A scene's folder may hold further folders. Without a folder normal
or mask_valid there are no normals or masks. Frames without a camera file are left out; depth_euclidean, poses and the
other labels are not used.

Source: the tables of EPFL-VILAB/omnidata, omnidata_tools/dataset/README.md, for labels and units; its issue 4 for the
largest value as "no depth" (the training code of Metric3D takes all above 60 000 for invalid); public readers of the
set, which agree with one another, for names and the camera: square pixels, the axis in the middle.
Not verified on files: the axes of `normal`. The authors' words (issue 13: as in 2D-3D-S, z towards the camera) and
their code beside them (z away from it, as Metric3D reads it) contradict each other. The code is followed; were it
wrong, all normals would face away from the camera, and `load` would refuse them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders.source_files import folders_with, intrinsics, need, numbers, read_json
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import CameraError, DatasetError

_DEPTH = DepthEncoding("png16", scale=512, invalid_from=60001)
# From the nearest a camera was put, to where values become codes.
_RANGE = (0.05, 117.2)


@dataclass(frozen=True)
class Part:
    """One of the scan collections.

    Args:
        folder: its name below rgb/, depth_zbuffer/ and so on.
        domain: its name here.
        camera, mask: how names of camera and mask files end, after "_domain_".
    """

    folder: str
    domain: str
    kind: LabelKind
    camera: str = "fixatedpose"
    mask: str = "mask_valid"


def records(source: Path, part: Part) -> Iterator[Record]:
    """Every picture of a part. Raises: DatasetError."""
    for root in folders_with(source, f"rgb/{part.folder}", levels=1):
        for task in ("depth_zbuffer", "point_info"):
            need(root.glob(f"{task}/{part.folder}"), root, f"{task}/{part.folder}")
        optional = {task for task in ("normal", "mask_valid") if (root / task / part.folder).is_dir()}
        scenes = (path for path in (root / "rgb" / part.folder).iterdir() if path.is_dir())
        for scene in need(scenes, root, f"rgb/{part.folder}/SCENE"):
            for image in sorted(scene.rglob("*_domain_rgb.png")):
                view = _beside(root, image, "point_info", f"{part.camera}.json")
                if view.is_file():
                    yield _record(root, image, part, intrinsics(_camera(view)), optional)


def _record(
    root: Path, image: Path, part: Part, camera: tuple[float, float, float, float], optional: set[str]
) -> Record:
    has_normals = "normal" in optional
    return Record(
        image=image,
        camera=camera,
        kind=part.kind,
        depth=_beside(root, image, "depth_zbuffer", "depth_zbuffer.png"),
        depth_encoding=_DEPTH,
        normals=_beside(root, image, "normal", "normal.png") if has_normals else None,
        normal_convention="omnidata" if has_normals else None,
        mask=_beside(root, image, "mask_valid", f"{part.mask}.png") if "mask_valid" in optional else None,
        range=_RANGE,
        domain=part.domain,
        extra={"scene": image.relative_to(root / "rgb" / part.folder).parts[0]},
    )


def _beside(root: Path, image: Path, task: str, ending: str) -> Path:
    """The file of another task that goes with a picture."""
    inside = image.parent.relative_to(root / "rgb")
    return root / task / inside / f"{image.name.removesuffix('rgb.png')}{ending}"


def _camera(path: Path) -> Camera:
    """Square pixels, the axis in the middle: the renderer's. Raises: DatasetError."""
    view = read_json(path)
    side, angle = (float(numbers(view, path, name)) for name in ("resolution", "field_of_view_rads"))
    try:
        return Camera.from_fov(math.degrees(angle), int(side), int(side))
    except CameraError as error:
        raise DatasetError(f"{path}: {error}") from error
