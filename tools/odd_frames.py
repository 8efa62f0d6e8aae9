"""Bring single RGB-D frames in the encodings of several data sets into the `frames.json` form.

    python tools/odd_frames.py SOURCE OUT
    theodolite evaluate pocket frames --data OUT

SOURCE holds the folders `rgbd_formats` (one frame each of SUN3D, TUM and raw NYU), `middlebury_motorcycle` (a stereo
pair with disparity) and `iphone_lidar_1` (a photo with ARKit depth, without intrinsics: 0.75 widths are taken for its
focal length).
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

SCALE = 5000.0  # steps per metre of what is written
Found = tuple[Image.Image, np.ndarray, list[float]]


def sun3d(source: Path) -> Found:
    """Bits rotated by three; millimetres."""
    stored = np.asarray(Image.open(source / "rgbd_formats/SUN_depth.png")).astype(np.uint16)
    metres = ((stored >> 3) | (stored << 13)) / 1000
    return Image.open(source / "rgbd_formats/SUN_color.jpg"), metres, [570.3, 570.3, 320, 240]


def tum(source: Path) -> Found:
    metres = np.asarray(Image.open(source / "rgbd_formats/TUM_depth.png")).astype(np.float64) / 5000
    return Image.open(source / "rgbd_formats/TUM_color.png"), metres, [535.4, 539.2, 320.1, 247.6]


def nyu_raw(source: Path) -> Found:
    """Kinect disparity with its bytes swapped, 2047 without a measurement; not registered to the colour picture."""
    stored = np.asarray(Image.open(source / "rgbd_formats/NYU_depth.pgm")).astype(np.uint16).byteswap()
    with np.errstate(divide="ignore"):
        metres = np.where(stored < 1080, 351.3 / (1092.5 - stored), 0)
    return Image.open(source / "rgbd_formats/NYU_color.ppm"), metres, [518.86, 519.47, 325.58, 253.74]


def middlebury(source: Path) -> Found:
    """depth = baseline * focal / (disparity + offset of the principal points)."""
    disparity = np.load(source / "middlebury_motorcycle/motorcycle_disp.npz")["arr_0"]
    metres = np.where(np.isfinite(disparity), 0.193001 * 994.978 / (disparity + 31.086), 0)
    left = Image.open(source / "middlebury_motorcycle/motorcycle_left.png")
    return left, metres, [994.978, 994.978, 311.193, 254.877]


def iphone(source: Path) -> Found:
    """256x192 millimetres, put on the photo's pixels by nearest neighbour; the focal length is a guess."""
    photo = Image.open(source / "iphone_lidar_1/image.jpg")
    stored = Image.open(source / "iphone_lidar_1/arkit_depth.png").resize(photo.size, Image.Resampling.NEAREST)
    focal = 0.75 * photo.width
    centre = [(photo.width - 1) / 2, (photo.height - 1) / 2]
    return photo, np.asarray(stored).astype(np.float64) / 1000, [focal, focal, *centre]


READERS: list[Callable[[Path], Found]] = [sun3d, tum, nyu_raw, middlebury, iphone]


def main(source: Path, out: Path) -> None:
    for reader in READERS:
        photo, metres, intrinsics = reader(source)
        folder = out / reader.__name__
        folder.mkdir(parents=True, exist_ok=True)
        photo.convert("RGB").save(folder / "rgb.png")
        steps = np.where(np.isfinite(metres) & (metres > 0), metres, 0) * SCALE
        Image.fromarray(np.where(steps < 65536, steps, 0).astype(np.uint16)).save(folder / "depth.png")
        frame = {"rgb": "rgb.png", "depth": "depth.png", "depth_scale": SCALE, "cam_in": intrinsics}
        (folder / "frames.json").write_text(json.dumps({"files": [frame]}, indent=1))
        known = metres[np.isfinite(metres) & (metres > 0)]
        print(f"{reader.__name__:12} {photo.width}x{photo.height}  {known.min():.2f} to {known.max():.2f} m")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
