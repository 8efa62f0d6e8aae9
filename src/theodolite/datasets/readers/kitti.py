"""KITTI: the pictures of the Eigen test list, with annotated depth or single sweeps.

Files, cameras and projection as in `builders.kitti` and `builders.kitti_sweeps`, which say what is known of them. The
list and which of its pictures have annotated depth are in eigen_kitti.txt. Source: Eigen, Puhrsch, Fergus, NIPS 2014;
Uhrig et al., Sparsity Invariant CNNs, 3DV 2017; the lists in common use, of 697 and 652 lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from theodolite.datasets import arrays
from theodolite.datasets.builders.kitti import Frame, annotated_record, raw_folder
from theodolite.datasets.builders.kitti_sweeps import camera_from_velodyne, points, sweep_file
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import About
from theodolite.datasets.readers.recorded import example_of
from theodolite.datasets.readers.swept import swept
from theodolite.errors import DatasetError

_LIST = Path(__file__).with_name("eigen_kitti.txt")

ABOUT = About(
    title="KITTI: streets around Karlsruhe from a car, the Eigen test pictures",
    source="https://www.cvlibs.net/datasets/kitti: of the raw data, synced+rectified, the 28 drives of the list and "
    "the calibration of their five days; data_depth_annotated.zip of the depth benchmark",
    licence="CC BY-NC-SA 3.0",
    layout="""
2011_09_26/calib_cam_to_cam.txt, calib_velo_to_cam.txt                     or all of this in raw/
2011_09_26/2011_09_26_drive_0002_sync/image_02/data/0000000069.png
2011_09_26/2011_09_26_drive_0002_sync/velodyne_points/data/0000000069.bin  for the truth "sweep" only
train/2011_09_26_drive_0005_sync/proj_depth/groundtruth/image_02/0000000005.png
val/2011_09_26_drive_0002_sync/proj_depth/groundtruth/image_02/0000000069.png
    both parts are needed; they may be in data_depth_annotated/, or each drive merged into its raw one""",
    paper="Geiger et al., Vision meets Robotics: The KITTI Dataset, IJRR 2013; list: Eigen et al., Depth Map "
    "Prediction from a Single Image using a Multi-Scale Deep Network, NIPS 2014",
    splits={
        "eigen": "the 652 pictures of the Eigen list that have annotated depth",
        "eigen-697": "the whole list; 45 have no annotated depth, being too close to the ends of their drives",
    },
    truths={
        "annotated": "depth of eleven sweeps together, without outliers and what is hidden (the improved ground truth)",
        "sweep": "depth of the single sweep of the picture's moment (the original ground truth)",
    },
    notes=(
        "Almost all published numbers are taken within a crop, Garg's or Eigen's, and up to 80 m: say which.",
        "A sweep sees over things that hide the ground behind them from the camera: some of its depths are of what the "
        "picture does not show.",
        "Sweeps are projected onto the nearest pixel, the centre of the top-left one being (0, 0), and kept from 1 to "
        "250 m. The script in common use takes the pixel one further up and left, and its own lower limit; depths are "
        "the same but for the pixel they are stored at.",
        "With the split 'eigen-697' and the truth 'annotated', 45 pictures cannot be loaded.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when there are no calibrations, or no annotated depth although it is asked for."""
    raw = raw_folder(root)
    frames = [frame for frame, has_annotation in listed() if has_annotation or split == "eigen-697"]
    if truth == "sweep":
        return [_listed(frame, partial(_load_sweep, frame, raw)) for frame in frames]
    parts = _annotated_parts(root, raw)
    return [_listed(frame, partial(_load_annotated, frame, raw, parts)) for frame in frames]


def listed() -> Iterator[tuple[Frame, bool]]:
    """Frames of the Eigen test list, in its order, and whether they have annotated depth."""
    for line in _LIST.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            drive, *numbers = line.split()
            for number in numbers:
                yield Frame(drive, "02", int(number.removesuffix("x"))), not number.endswith("x")


def _listed(frame: Frame, load: partial[Example]) -> Listed:
    # Cameras differ from day to day.
    return Listed(f"{frame.drive}/{frame.number:010}", frame.date, load)


def _annotated_parts(root: Path, raw: Path) -> tuple[Path, ...]:
    """Folders of drives with annotated depth. Raises: DatasetError, when there is none."""
    places = [root / top / part for top in ("", "data_depth_annotated") for part in ("train", "val")]
    found = tuple(place for place in (*places, *sorted(raw.glob("2*"))) if any(place.glob("*_sync/proj_depth")))
    if not found:
        raise DatasetError(
            f"{root}: holds no train/<drive>_sync/proj_depth, of data_depth_annotated.zip; unpack it there, or ask for "
            "the truth 'sweep'."
        )
    return found


def _load_annotated(frame: Frame, raw: Path, parts: tuple[Path, ...]) -> Example:
    name = f"{frame.drive}/proj_depth/groundtruth/image_{frame.eye}/{frame.number:010}.png"
    depth = next((part / name for part in parts if (part / name).is_file()), None)
    if depth is None:
        tried = ", ".join(str(part) for part in parts)
        raise DatasetError(f"{name}: {arrays.NO_FILE} in {tried}; both parts of the annotated depth are needed.")
    return example_of(annotated_record(frame, raw, depth))


def _load_sweep(frame: Frame, raw: Path) -> Example:
    motion = camera_from_velodyne(raw / frame.date, frame.eye)
    return swept(frame.image(raw), frame.camera(raw), sweep_file(frame, raw), points, motion)
