"""nuScenes: six cameras of a car at its key frames, with depth of the LiDAR on its roof.

Source: docs/schema_nuscenes.md and the scene lists of utils/splits.py in nutonomy/nuscenes-devkit, version 1.2.
Not verified on the data: how long listing v1.0-trainval takes, whose two largest tables have millions of rows.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from theodolite.datasets.builders.lidar import camera_from_sweep, read_points
from theodolite.datasets.builders.nuscenes_tables import DATA, Datum, key_frames, table
from theodolite.datasets.builders.source_files import entry
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import About
from theodolite.datasets.readers.swept import swept
from theodolite.errors import DatasetError
from theodolite.types import Float

_SCANNER = "LIDAR_TOP"
# Numbers of scenes, first-last.
_SCENES = {
    "val": "3 12-18 35-36 38-39 92-110 221 268-278 329-332 344-346 519-524 552-565 625-627 629-630 632-638 770-771 775 "
    "777-778 780-784 794-800 802 904-917 919-931 962-963 966-969 971-972 1059-1073",
    "train": "1-2 4-11 19-34 41-76 120-135 138-139 149-152 154-155 157-168 170-185 187-188 190-196 199-200 202-204 "
    "206-214 218-220 222 224-264 283-306 315-318 321 323-324 328 347-386 388-403 405-408 410-459 461-465 467-469 "
    "471-472 474-480 499-502 504-515 517-518 525-539 541-546 566 568 570-578 580 582-600 639-679 681 683-689 695-698 "
    "700-701 703-719 726-728 730-731 733-741 744 746-747 749-752 757-765 767-769 786-787 789-792 803-806 808-813 "
    "815-817 819-822 847-856 858 860-866 868-873 875-878 880 882-903 945 947 949 952-953 955-961 975-984 988-992 "
    "994-1025 1044-1058 1074-1102 1104-1110",
    "mini_val": "103 916",
    "mini_train": "61 553 655 757 796 1077 1094 1100",
}

ABOUT = About(
    title="nuScenes: streets of Boston and Singapore, six cameras and LiDAR",
    source="https://www.nuscenes.org/nuscenes: the metadata and the file blobs of v1.0-trainval, or v1.0-mini; of the "
    "blobs, the key frames are enough (samples/, not sweeps/)",
    licence="CC BY-NC-SA 4.0 with the terms of use of nuscenes.org",
    layout="""
v1.0-trainval/sample_data.json, sample.json, scene.json, sensor.json, calibrated_sensor.json, ego_pose.json
v1.0-mini/                      the same, for the splits mini_val and mini_train
samples/CAM_FRONT/<log>__CAM_FRONT__<time>.jpg
samples/LIDAR_TOP/<log>__LIDAR_TOP__<time>.pcd.bin""",
    paper="Caesar et al., nuScenes: A Multimodal Dataset for Autonomous Driving, CVPR 2020",
    splits={
        "val": "6 019 key frames of the 150 validation scenes, six pictures each",
        "train": "key frames of the 700 training scenes",
        "mini_val": "key frames of the two validation scenes of v1.0-mini",
        "mini_train": "key frames of the eight training scenes of v1.0-mini",
    },
    truths={"sweep": "depth of the sweep of the key frame, 1 to 250 m"},
    notes=(
        "Points are moved by the poses of the vehicle at the sweep's and at the picture's own moment, as by the "
        "authors' kit; other things that moved in between are not made up for.",
        "The scanner sees over things that hide the ground behind them from the camera: some depths are of what the "
        "picture does not show.",
        "Neighbouring key frames are half a second apart; Metric3D v2 takes a few hundred pictures of the split val.",
        "Listing reads whole tables; those of v1.0-trainval take a while, and gigabytes of memory.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when the tables of the split are not there, or cannot be read."""
    folder = _tables(root, split)
    samples = _samples(folder, scene_names(split))
    members = key_frames(folder, samples)
    found = []
    for token, scene in samples.items():
        sweep = _sweep(members[token]["lidar"], folder, token)
        for picture in sorted(members[token]["camera"], key=lambda datum: datum.channel):
            name = f"{scene}/{Path(picture.filename).stem}"
            found.append(Listed(name, picture.channel, partial(_load, picture, sweep)))
    return found


def scene_names(split: str) -> frozenset[str]:
    """Of a split, as scene.json has them."""
    ranges = [(part.split("-")[0], part.split("-")[-1]) for part in _SCENES[split].split()]
    return frozenset(f"scene-{number:04}" for first, last in ranges for number in range(int(first), int(last) + 1))


def _tables(root: Path, split: str) -> Path:
    """The folder of the tables. Raises: DatasetError, when it is not there."""
    versions = ["v1.0-mini"] if split.startswith("mini") else []
    versions.append("v1.0-trainval")  # has the scenes of v1.0-mini, too
    tops = [root, *sorted(path for path in root.iterdir() if path.is_dir())]
    for version in versions:
        for top in tops:
            if (top / version / DATA).is_file():
                return top / version
    raise DatasetError(
        f"{root}: holds no {versions[0]}/{DATA}, which the split {split!r} needs; give the folder that the data set "
        "was unpacked to, or ask for a split of the tables that are there."
    )


def _samples(folder: Path, wanted: frozenset[str]) -> dict[str, str]:
    """Token of each key frame -> name of its scene; by scene, then time. Raises: DatasetError, naming the table."""
    scenes = {
        token: name
        for token, row in table(folder / "scene.json").items()
        if (name := entry(row, folder / "scene.json", "name")) in wanted
    }
    path = folder / "sample.json"
    rows = [
        (scenes[scene], entry(row, path, "timestamp"), token)
        for token, row in table(path).items()
        if (scene := entry(row, path, "scene_token")) in scenes
    ]
    return {token: name for name, _, token in sorted(rows)}


def _sweep(sweeps: list[Datum], folder: Path, token: str) -> Datum:
    for datum in sweeps:
        if datum.channel == _SCANNER:
            return datum
    raise DatasetError(f"{folder / DATA}: has no {_SCANNER} of the sample {token}.")


def _load(picture: Datum, sweep: Datum) -> Example:
    root = picture.folder.parent
    file = root / picture.filename
    motion = camera_from_sweep(picture.world_from_sensor(), sweep.world_from_sensor())
    return swept(file, picture.camera(file), root / sweep.filename, _points, motion)


def _points(path: Path) -> Float[np.ndarray, "n 3"]:
    """x, y, z of rows that go on with intensity and ring."""
    return read_points(path, columns=5)
