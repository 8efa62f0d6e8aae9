"""Virtual KITTI 2: five streets of KITTI rendered in ten variations, by two cameras.

From europe.naverlabs.com; CC BY-NC-SA 3.0. Source: the data set's page, "Format description", and Cabon et al. 2020.

    <source>/<Scene01 …>/<clone …>/
        frames/rgb/Camera_0/rgb_00000.jpg
        frames/depth/Camera_0/depth_00000.png                   16 bits, centimetres along z
        frames/classSegmentation/Camera_0/classgt_00000.png     where unpacked, for the sky
        intrinsic.txt                                           frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]
        colors.txt                                              Category r g b

Taken: every picture of both cameras; depth up to 150 m. Sky is where the class map has the sky's colour, or, where
class maps were not unpacked, where depth has its largest value. Left out: flow, boxes, instances.
Not verified on the data: that depth of exactly 65535 occurs in the sky only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from theodolite.datasets.builders.source_files import folders_with, need, read_text
from theodolite.datasets.encodings import DepthEncoding, SkyEncoding
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

DOMAIN = "vkitti2"
ENCODING = DepthEncoding("png16", scale=100, invalid_from=65535)
RANGE = (0.1, 150.0)
_SKY_IN_DEPTH = SkyEncoding("beyond", 655.35)
_Intrinsics = tuple[float, float, float, float]


def records(source: Path, out: Path) -> Iterator[Record]:
    """Pictures of both cameras of all variations below `source`. Raises: DatasetError."""
    for variation in variations(source):
        yield from variation_records(variation)


def variations(source: Path) -> list[Path]:
    """Folders such as Scene01/clone; sorted. Raises: DatasetError, when there is none."""
    return folders_with(source, "frames/rgb")


def variation_records(variation: Path) -> Iterator[Record]:
    """Pictures of both cameras of one variation. Raises: DatasetError."""
    cameras, colour = _cameras(variation / "intrinsic.txt"), _sky_colour(variation / "colors.txt")
    frames = variation / "frames"
    for image in need(frames.glob("rgb/Camera_*/rgb_*.jpg"), frames, "rgb/Camera_*/rgb_*.jpg"):
        eye, number = image.parent.name, image.stem.removeprefix("rgb_")
        key = int(number), int(eye.removeprefix("Camera_"))
        if key not in cameras:
            raise DatasetError(f"{variation / 'intrinsic.txt'}: has no line for frame {key[0]} of {eye}.")
        classes = frames / "classSegmentation" / eye / f"classgt_{number}.png"
        mapped = classes.is_file()
        yield Record(
            image=image,
            camera=cameras[key],
            depth=frames / "depth" / eye / f"depth_{number}.png",
            depth_encoding=ENCODING,
            sky=classes if mapped else None,
            sky_encoding=SkyEncoding("colour", colour) if mapped else _SKY_IN_DEPTH,
            kind=LabelKind.SYNTHETIC,
            range=RANGE,
            domain=DOMAIN,
        )


def _cameras(path: Path) -> dict[tuple[int, int], _Intrinsics]:
    """Intrinsics by frame and camera."""
    cameras = {}
    for number, line in enumerate(read_text(path).splitlines()[1:], start=2):  # the first names the columns
        if not line.strip():
            continue
        try:
            frame, eye, fx, fy, cx, cy = line.split()
            cameras[int(frame), int(eye)] = (float(fx), float(fy), float(cx), float(cy))
        except ValueError:
            raise DatasetError(f"{path}, line {number}: six numbers should be there, found {line!r}.") from None
    return cameras


def _sky_colour(path: Path) -> tuple[int, int, int]:
    """From the table of colours, or as documented."""
    if path.is_file():
        for line in read_text(path).splitlines():
            match line.split():
                case ["Sky", red, green, blue]:
                    return int(red), int(green), int(blue)
    return 90, 200, 255
