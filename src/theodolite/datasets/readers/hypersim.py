"""Hypersim: renders of interiors, judged by the authors' own split.

Cameras, also shifted and tilted ones, distance along the ray and normals as in `builders.hypersim`, which says what is
known of them. Source: README of the repository, "Dataset split" and "Lossless high-dynamic range images".
Not verified on the data: anything but what the builder says.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from theodolite.datasets.builders.hypersim import SPLIT, frame_name, frames, read_split
from theodolite.datasets.example import Listed
from theodolite.datasets.readers import About
from theodolite.datasets.readers.recorded import example_of
from theodolite.errors import DatasetError

_TABLES = "github.com/apple/ml-hypersim"

ABOUT = About(
    title="Hypersim: photorealistic renders of interiors made by artists, with exact depth and normals",
    source=f"https://{_TABLES}, code/python/tools/dataset_download_images.py or contrib/99991 for single files",
    licence="CC BY-SA 3.0",
    layout="""
ai_001_001/images/scene_cam_00_final_preview/frame.0000.tonemap.jpg
ai_001_001/images/scene_cam_00_geometry_hdf5/frame.0000.depth_meters.hdf5
ai_001_001/images/scene_cam_00_geometry_hdf5/frame.0000.normal_cam.hdf5
metadata_images_split_scene_v1.csv    from evermotion_dataset/analysis of the repository; for every split but all
metadata_camera_parameters.csv        from contrib/mikeroberts3000 of the repository; cameras of the scenes""",
    paper="Roberts et al., Hypersim: A Photorealistic Synthetic Dataset for Holistic Indoor Scene Understanding, "
    "ICCV 2021",
    splits={
        "test": "frames of the test scenes of the authors' split v1",
        "val": "frames of its validation scenes",
        "train": "frames of its training scenes",
        "all": "every frame there is, without a split",
    },
    truths={"rendered": "distance along the ray, made depth along the axis, and normals of the surface, without bumps"},
    notes=(
        "Hypersim is one of the training sets of Metric3D v2.",
        "Pictures are the authors' tone-mapped previews, as Metric3D's training used them; the authors recommend to "
        "tone-map the HDR pictures instead.",
        "Without metadata_camera_parameters.csv every scene gets the nominal camera, 60 degrees wide, which is wrong "
        "where the artist shifted or tilted the lens; the cameras' detail says so.",
        "Scenes whose camera is turned against the axes of the normals have none; scenes with skewed pixels are left "
        "out.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when there are no scenes, or a table is missing or cannot be read."""
    wanted = None
    if split != "all":
        if not (root / SPLIT).is_file():
            raise DatasetError(
                f"{root / SPLIT}: is needed to know the split {split!r}. Get it from evermotion_dataset/analysis of "
                f"{_TABLES}, or take the split 'all'."
            )
        wanted = read_split(root / SPLIT, split)
    return [
        Listed("/".join(frame_name(record.image)), str(record.extra["scene"]), partial(example_of, record))
        for record in frames(root, wanted)
    ]
