"""ETH3D, high-resolution multi-view, training: photographs of buildings and landscapes with laser-scanned depth.

    courtyard/images/dslr_images/DSC_0286.JPG
    courtyard/dslr_calibration_jpg/cameras.txt, images.txt      COLMAP: cameras, and which of them took an image
    courtyard/ground_truth_depth/dslr_images/DSC_0286.JPG       float32 in rows, m along z; infinite: none. No JPEG.
    courtyard/masks_for_images/dslr_images/DSC_0286.png         optional: what somebody marked in the image

A mark of 2 says that the scan is wrong there, and true depth has been left out already; 1 says that the scan is right,
but colours are no help (reflections, flare). An image without such a file has no marks.

Depth is rendered with the same distorted cameras, so that it lies on the pictures' pixels; of its camera only the
pinhole part is kept. COLMAP's centre of the top-left pixel is (0.5, 0.5).

Source: eth3d.net, Documentation; ground_truth_creator.cc, image.h, colmap_model.cc and the readme of the authors'
dataset-pipeline. Not verified on the data: whether EXIF data ask for any picture to be turned, which is
refused; which archive the masks are in.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.camera.readers import colmap
from theodolite.datasets.builders.source_files import folders_with, need, read_text
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.example import Example, Listed
from theodolite.datasets.readers import About, reading
from theodolite.errors import DatasetError

_CALIBRATION, _TRUTH, _MARKS = "dslr_calibration_jpg", "ground_truth_depth", "masks_for_images"
# IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME. The line below each has points, three words for each: never ten.
_IMAGE_WORDS = 10
# CAMERA_ID MODEL WIDTH HEIGHT fx fy cx cy, and twelve in all of the lens.
_PINHOLE_WORDS = 8

ABOUT = About(
    title="ETH3D: photographs of buildings and landscapes, laser scans",
    source="https://www.eth3d.net/datasets, high-res multi-view, training data: multi_view_training_dslr_jpg.7z, "
    "SCENE_dslr_depth.7z of every scene, and for masks multi_view_training_dslr_occlusion.7z",
    licence="as stated on eth3d.net (CC BY-NC-SA 4.0 as far as known)",
    layout="""
courtyard/images/dslr_images/DSC_0286.JPG
courtyard/dslr_calibration_jpg/cameras.txt, images.txt
courtyard/ground_truth_depth/dslr_images/DSC_0286.JPG
courtyard/masks_for_images/dslr_images/DSC_0286.png         optional""",
    paper="Schöps et al., A Multi-View Stereo Benchmark with High-Resolution Images and Multi-Camera Videos, CVPR 2017",
    splits={"train": "the training scenes, which alone have public depth: 454 photographs of 13 scenes"},
    truths={"laser": "depth of the laser scans, sparse at this resolution"},
    notes=(
        "The lenses' distortion stays in pictures and truth alike; the camera is the calibrated one without it.",
        "Scenes whose depth was not unpacked are left out; compare the count.",
        "Mask: image, where nothing is marked.",
    ),
)


def examples(root: Path, split: str, truth: str) -> list[Listed]:
    """Raises: DatasetError, when there is no scene with depth, or its calibration cannot be read."""
    scenes = [scene for scene in folders_with(root, _CALIBRATION) if (scene / _TRUTH).is_dir()]
    return [one for scene in need(scenes, root, f"<scene>/{_TRUTH}") for one in _of(scene)]


def _of(scene: Path) -> list[Listed]:
    folder = scene / _CALIBRATION
    cameras, images = read_cameras(folder / "cameras.txt"), read_images(folder / "images.txt")
    name = scene.resolve().name
    if unknown := set(images.values()) - set(cameras):
        raise DatasetError(f"{folder / 'images.txt'}: cameras.txt has no camera {min(unknown)!r}.")
    return [
        Listed(f"{name}/{PurePosixPath(image).stem}", name, partial(_load, scene, image, cameras[number]))
        for image, number in sorted(images.items())
    ]


def read_cameras(path: Path) -> dict[str, Camera]:
    """The cameras of a cameras.txt by their number, without their lenses' distortion. Raises: DatasetError."""
    with reading.naming(path):
        lines = [words for line in read_text(path).splitlines() if (words := line.split("#")[0].split())]
        return {words[0]: _pinhole(words) for words in lines}


def _pinhole(words: list[str]) -> Camera:
    if len(words) < _PINHOLE_WORDS or words[1] != "THIN_PRISM_FISHEYE":
        raise DatasetError(f"a camera of model THIN_PRISM_FISHEYE is needed, found {' '.join(words)[:60]!r}")
    # Its lens would be refused: tangential and prism terms are known to no other program here.
    line = " ".join([words[0], "PINHOLE", *words[2:_PINHOLE_WORDS]])
    return replace(colmap.from_text(line).camera, detail="cameras.txt; lens distortion stays in the picture")


def read_images(path: Path) -> dict[str, str]:
    """Image -> number of its camera, of an images.txt. Raises: DatasetError."""
    with reading.naming(path), path.open(encoding="utf-8", errors="replace") as file:
        found = [line.split(maxsplit=_IMAGE_WORDS) for line in file if not line.startswith("#")]
        images = {words[-1]: words[-2] for words in found if len(words) == _IMAGE_WORDS}
        if not images:
            raise DatasetError("lists no image")
        return images


def _load(scene: Path, name: str, camera: Camera) -> Example:
    picture, truth = scene / "images" / name, scene / _TRUTH / name
    image = reading.picture(picture)
    depth = reading.depth(truth, DepthEncoding("raw", shape=(camera.height, camera.width)), camera)
    marks = scene / _MARKS / PurePosixPath(name).with_suffix(".png")
    masks = {}
    if marks.is_file():
        masks = {"image": ~reading.mask(marks)}
    elif (scene / _MARKS).is_dir():
        masks = {"image": np.ones(depth.shape, bool)}
    with reading.naming(picture):
        return Example(image, camera, depth, masks=masks)
