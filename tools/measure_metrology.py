"""How far measured sizes are off: KITTI's labelled objects, and random pixel pairs against depth sensors.

python tools/measure_metrology.py KITTI_OBJECT_FOLDER [FOLDER_WITH_FRAMES_JSON ...]

The first has image_2, label_2, depth and frames.json. Heights are taken from the middle of an object's nearest face at
its foot to the top of that face, with the embedded model's depth and with the LiDAR's in its place.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

import theodolite
from theodolite.apps.basis import Basis
from theodolite.apps.known_scale import CameraHeight
from theodolite.apps.metrology import distance, height
from theodolite.camera.pinhole import Camera
from theodolite.errors import TheodoliteError
from theodolite.inference.files import read_depth_png
from theodolite.inference.prediction import Prediction

# Of KITTI's cameras, by the setup drawing of the data set, metres.
MOUNTED = CameraHeight(1.65, 0.03)


def with_depth(prediction: Prediction, depth: np.ndarray, frame: np.ndarray) -> Prediction:
    """The prediction with the LiDAR's depth of an object all over its frame in the picture (left, top, right, bottom).

    Points are too sparse to hit a foot; of those in the frame a third or so is in front of the object's middle.
    """
    left, top, right, bottom = np.rint(frame).astype(int)
    found = depth[max(top, 0) : bottom + 1, max(left, 0) : right + 1]
    depth = np.full_like(depth, np.quantile(found[np.isfinite(found)], 0.3))
    return replace(prediction, depth=depth, valid=np.isfinite(depth), confidence=np.ones_like(prediction.depth))


def objects(label: Path) -> list[tuple[str, float, np.ndarray, np.ndarray]]:
    """Class, height, the foot of the nearest face in camera coordinates, and the frame in the picture."""
    found = []
    for line in label.read_text().splitlines():
        words = line.split()
        if words[0] == "DontCare":
            continue
        frame = np.array([float(word) for word in words[4:8]])
        tall, wide, long, x, y, z, turn = map(float, words[8:15])
        # The middles of the four faces; the box's own x axis is its length.
        c, s = np.cos(turn), np.sin(turn)
        faces = [np.array([a * c + b * s, 0, -a * s + b * c]) for a, b in
                 ((long / 2, 0), (-long / 2, 0), (0, wide / 2), (0, -wide / 2))]  # fmt: skip
        middle = np.array([x, y, z])
        found.append((words[0], tall, min((middle + face for face in faces), key=np.linalg.norm), frame))
    return found


def heights(folder: Path, model) -> None:
    for entry in json.loads((folder / "frames.json").read_text())["files"]:
        picture = folder / entry["rgb"]
        seen = model.predict(picture, camera=lambda w, h, k=entry["cam_in"]: Camera(*k, w, h))
        sweep = read_depth_png(folder / entry["depth"], entry["depth_scale"])
        camera = seen.camera
        for kind, tall, foot, frame in objects(folder / "label_2" / f"{picture.stem}.txt"):
            pixels = [
                (p[0] / p[2] * camera.fx + camera.cx, p[1] / p[2] * camera.fy + camera.cy)
                for p in (foot - (0, 0.05, 0), foot - (0, tall, 0))
            ]
            measured, words = with_depth(seen, sweep, frame), []
            for scene, basis in ((seen, Basis()), (seen, Basis(MOUNTED)), (measured, Basis())):
                try:
                    words.append(str(height(scene, *pixels, basis)["height"]))
                except TheodoliteError as error:
                    words.append(str(error)[:40])
            print(f"| {picture.stem} {kind} at {foot[2]:.0f} m | {tall:.2f} m | {' | '.join(words)} |")


def coverage(folder: Path, model, pairs: int = 400) -> None:
    rng, scores, off = np.random.default_rng(0), [], []
    entries = json.loads((folder / "frames.json").read_text())["files"]
    for entry in entries[:: max(1, len(entries) // 10)]:
        seen = model.predict(folder / entry["rgb"], camera=lambda w, h, k=entry["cam_in"]: Camera(*k, w, h))
        depth = read_depth_png(folder / entry["depth"], entry["depth_scale"])
        known = np.isfinite(depth) & seen.valid
        truth = replace(seen, depth=np.where(known, depth, np.nan), valid=known)
        v, u = np.nonzero(known)
        for a, b in rng.integers(0, len(v), (pairs, 2)):
            ends = (float(u[a]), float(v[a])), (float(u[b]), float(v[b]))
            found, true = distance(seen, *ends), distance(truth, *ends).value
            scores.append(abs(found.value - true) / found.sigma)
            off.append(abs(found.value / true - 1) if true > 0 else 0)
    inside = [100 * float(np.mean(np.array(scores) < k)) for k in (1, 2)]
    print(f"| {folder.name} | {len(scores)} | {100 * np.median(off):.0f} % | {inside[0]:.0f} % | {inside[1]:.0f} % |")


def main() -> None:
    model = theodolite.load()
    print("| object | label | predicted | predicted, camera 1.65 m above the road | LiDAR |\n|---|---|---|---|---|")
    heights(Path(sys.argv[1]), model)
    if sys.argv[2:]:
        print("\n| pairs in | number | median error | within sigma | within two |\n|---|---|---|---|---|")
    for folder in sys.argv[2:]:
        coverage(Path(folder), model)


if __name__ == "__main__":
    main()
