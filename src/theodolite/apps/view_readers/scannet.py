"""ScanNet scenes as the authors' reader unpacks them: color/0.jpg, depth/0.png, pose/0.txt, intrinsic/*.txt.

Poses of frames where tracking was lost are infinite; these are left out. Depth is on the picture's rays, with fewer
pixels. Source: README of github.com/ScanNet/ScanNet and its SensReader. Not verified on the data.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from theodolite.apps.view_readers.depth import depth_reader
from theodolite.apps.view_readers.source import Source, gathered, natural, read_matrix, read_pose
from theodolite.apps.views import View, Views
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError
from theodolite.inference.bulk import expand

_STEPS = 1000
_INTRINSICS = ("intrinsic/intrinsic_color.txt", "intrinsics_color.txt", "intrinsic_color.txt")


def recognise(root: Path) -> bool:
    return (root / "pose").is_dir() and (root / "color").is_dir()


def read(source: Source) -> Views:
    """Raises: DatasetError, when there is no picture, intrinsics or usable pose."""
    root = source.root
    file = next((root / name for name in _INTRINSICS if (root / name).is_file()), None)

    def own(width: int, height: int) -> Camera:
        assert file is not None
        matrix = read_matrix(file)
        if matrix.shape not in ((4, 4), (3, 3)):
            raise DatasetError(f"{file}: a 4x4 matrix is needed, found {matrix.shape}.")
        return Camera.from_K(matrix[:3, :3], width, height, detail="ScanNet")

    cameras = source.calibrated(None if file is None else own, f"looked for {', '.join(_INTRINSICS)}")

    def view(picture: Path) -> View:
        pose = read_pose(root / "pose" / f"{picture.stem}.txt")
        depth = root / "depth" / f"{picture.stem}.png"
        there = depth.is_file()
        return View(
            picture.name,
            picture,
            cameras.of(picture),
            pose,
            time=float(picture.stem) if picture.stem.isdigit() else 0.0,
            depth=depth if there else None,
            # The two calibrations differ by the ratio of the sizes, axis by axis: both maps show the same.
            read_depth=depth_reader(depth, _STEPS) if there else None,
        )

    pictures = sorted(expand([source.pictures_folder("color")]), key=natural)
    return gathered("scannet", True, (partial(view, picture) for picture in pictures))
