"""TUM RGB-D: every picture of the sequences that has depth of its moment, as a depth camera measured it.

Pairs, cameras and depth as in `builders.tum_rgbd`, which says what is known of them.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from theodolite.datasets.builders.tum_rgbd import records
from theodolite.datasets.example import Listed
from theodolite.datasets.readers import About
from theodolite.datasets.readers.recorded import example_of

ABOUT = About(
    title="TUM RGB-D: sequences filmed in offices and halls with depth cameras",
    source="https://cvg.cit.tum.de/data/datasets/rgbd-dataset/download, the sequences wanted",
    licence="CC BY 4.0",
    layout="""
rgbd_dataset_freiburg1_desk/rgb.txt, depth.txt
rgbd_dataset_freiburg1_desk/rgb/1305031452.791720.png
rgbd_dataset_freiburg1_desk/depth/1305031452.797230.png""",
    paper="Sturm et al., A Benchmark for the Evaluation of RGB-D SLAM Systems, IROS 2012",
    splits={"all": "every picture with depth at most 20 ms away, of every sequence in the folder"},
    truths={"sensor": "depth as measured, on the picture's rays"},
    notes=(
        "Pictures of freiburg1 and freiburg2 have lens distortion, about six per cent of the radius in the corners, "
        "which is not undone; those of freiburg3 are rectified. Compare over freiburg3 where that matters.",
        "The camera goes by the sequence's name; folders keep the names they are distributed under.",
        "Neighbouring frames of a sequence resemble each other; a few hundred, evenly spread, tell as much as all.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when there is no sequence, its lists cannot be read, or its camera is unknown."""
    return [
        Listed(f"{sequence}/{record.image.stem}", sequence, partial(example_of, record))
        for record in records(root, root)
        if (sequence := str(record.extra["scene"]))
    ]
