"""Matterport3D: 90 buildings scanned from a tripod, with depth cameras beside the colour cameras.

From https://niessner.github.io/Matterport, terms of use for research. Of each building in v1/scans, unpacked:

    1pXnuDYAj8r/undistorted_camera_parameters/1pXnuDYAj8r.conf
    1pXnuDYAj8r/undistorted_color_images/UUID_i0_3.jpg         1280x1024
    1pXnuDYAj8r/undistorted_depth_images/UUID_d0_3.png         16 bit, z, 1/4000 m
    1pXnuDYAj8r/undistorted_normal_images/UUID_d0_3_nx.png     and _ny, _nz: 16 bit, 32768 (1 + n)

The archives repeat the building's name, so that it may stand twice in a row. Buildings without normal images give depth
only. Poses, meshes, panoramas and boundaries are not used; nor is the rendered depth of the completion benchmark.

The .conf file counts pixels from the lower left corner, with y up: "all images have their origins in the bottom-left",
and the authors' code adds half a pixel to an index. Its cy is turned round here, its cx moved by the half pixel. Taken
as it stands, cy would put the axis as far above the middle as it is below.

Source: data_organization.md and code/gaps/pkgs/RGBD/RGBDImage.cpp of niessner/Matterport. The published training code
of Metric3D takes values above 65 500 for invalid. Not verified on files: that normals are in the camera's axes of that
code, x right, y up, z backward; Metric3D reads them so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders.source_files import folders_with, image_size, need, read_text
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

_QUARTER_MILLIMETRES = DepthEncoding("png16", scale=4000, invalid_from=65501)
_RANGE = (0.1, 16.4)


def records(source: Path, out: Path) -> Iterator[Record]:
    """Every scan of every building. Raises: DatasetError."""
    for building in folders_with(source, "undistorted_camera_parameters"):
        parameters = building / "undistorted_camera_parameters"
        has_normals = (building / "undistorted_normal_images").is_dir()
        for configuration in need(parameters.glob("*.conf"), parameters, "*.conf"):
            for depth, image, camera in _scans(configuration, building):
                stem = building / "undistorted_normal_images" / depth.stem
                x, y, z = (stem.with_name(f"{stem.name}_n{axis}.png") for axis in "xyz")
                yield Record(
                    image=image,
                    camera=camera,
                    kind=LabelKind.SENSOR,
                    depth=depth,
                    depth_encoding=_QUARTER_MILLIMETRES,
                    normals=(x, y, z) if has_normals else None,
                    normal_convention="matterport" if has_normals else None,
                    range=_RANGE,
                    domain="matterport3d",
                    extra={"scene": configuration.stem},
                )


def _scans(configuration: Path, building: Path) -> Iterator[tuple[Path, Path, tuple[float, float, float, float]]]:
    """Depth and colour image of each scan, and its camera: the one last set before it."""
    colour, depth = building / "undistorted_color_images", building / "undistorted_depth_images"
    intrinsics: tuple[float, float, float, float] | None = None
    height = None
    for number, line in enumerate(read_text(configuration).splitlines(), 1):
        command, *words = line.split() or [""]
        try:
            if command == "intrinsics_matrix":
                fx, _, cx, _, fy, cy = (float(word) for word in words[:6])
                intrinsics = fx, fy, cx, cy
            elif command == "scan" and intrinsics is not None:
                image = colour / words[1]
                height = height or image_size(image)[1]
                yield depth / words[0], image, _from_top(intrinsics, height)
        except (ValueError, IndexError) as error:
            raise DatasetError(f"{configuration}, line {number}: {error}: {line[:80]!r}.") from error


def _from_top(intrinsics: tuple[float, float, float, float], height: int) -> tuple[float, float, float, float]:
    fx, fy, cx, cy = intrinsics
    return fx, fy, cx - 0.5, height - 0.5 - cy
