"""DDAD: six cameras of a car, with depth from its long-range LiDARs, judged by the validation scenes.

Files, poses and cameras as in `builders.ddad`, which says what is known of them. Not verified on the data: anything
but what is said there.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from theodolite.datasets.builders.ddad import SPLITS, TRAINING, VALIDATION, View, points, scenes_of, views
from theodolite.datasets.builders.source_files import folders_with
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import About
from theodolite.datasets.readers.swept import swept

_PARTS = {"val": VALIDATION, "train": TRAINING}

ABOUT = About(
    title="DDAD, Dense Depth for Autonomous Driving: six cameras and long-range LiDAR, in the USA and Japan",
    source="https://github.com/TRI-ML/DDAD, DDAD_trainval.tar; its 50 validation scenes are enough for the split val",
    licence="CC BY-NC-SA 4.0",
    layout="""
ddad_train_val/ddad.json
ddad_train_val/000150/scene_<hash>.json
ddad_train_val/000150/calibration/<hash>.json
ddad_train_val/000150/rgb/CAMERA_01/<timestamp>.png
ddad_train_val/000150/point_cloud/LIDAR/<timestamp>.npz""",
    paper="Guizilini et al., 3D Packing for Self-Supervised Monocular Depth Estimation, CVPR 2020",
    splits={"val": "the 50 validation scenes, all cameras", "train": "the 150 training scenes, all cameras"},
    truths={"sweep": "depth of the sweep of the picture's sample, all scanners together, 1 to 250 m"},
    notes=(
        "DDAD is one of the training sets of Metric3D v2: results on it are not zero-shot.",
        "Points are moved by the poses of the sweep's and of the picture's own moment; other things that moved in "
        "between are not made up for.",
        "Scanners see over things that hide what is behind them from the camera: some depths are of what the picture "
        "does not show. The car itself is such a thing, in the pictures of some cameras.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when there is no ddad.json, or a scene or calibration cannot be read."""
    folder = folders_with(root, SPLITS, levels=1)[0]
    return [
        Listed(f"{Path(scene).parent.name}/{view.name}/{view.picture.stem}", view.name, partial(_load, view))
        for scene in sorted(scenes_of(folder / SPLITS, _PARTS[split]))
        for view in views(folder / scene)
    ]


def _load(view: View) -> Example:
    return swept(view.picture, view.camera, view.sweep, points, view.camera_from_sweep)
