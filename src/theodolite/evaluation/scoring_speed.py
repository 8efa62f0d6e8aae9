"""How fast saved predictions are scored, and in how much memory, whatever their number."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from theodolite.camera.resample import resize_bilinear
from theodolite.datasets.arrays import write_png16
from theodolite.errors import TheodoliteError
from theodolite.evaluation.estimate import Estimate
from theodolite.evaluation.saved import save_estimate
from theodolite.evaluation.speed import Timing, peak_bytes

SIZE = (480, 640)
_DISTINCT = 16  # pairs made; the others are links to their files


def scoring(images: int, processes: int | None = None) -> Timing:
    """`theodolite evaluate` of saved depth of 640x480 px with dense truth, as predicted and aligned, to its end.

    Args:
        processes: as many as there are cores, by default.
    """
    processes = processes or os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        data, predictions = _pairs(Path(folder), images)
        command = [sys.executable, "-m", "theodolite", "evaluate", str(predictions), "frames", "--data", str(data)]
        command += ["--processes", str(processes), "--out", f"{folder}/run", "--no-report", "--no-normals"]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        if done.returncode:
            raise TheodoliteError(f"Scoring failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    what = f"evaluate, {images} saved depth maps, 640x480, {processes} processes"
    return Timing(what, (seconds,), peak_bytes("children"), images)


def _pairs(folder: Path, images: int) -> tuple[Path, Path]:
    """A folder of frames and one of predictions, which are a few per cent off."""
    from PIL import Image

    data, predictions = folder / "data/pairs", folder / "predictions"
    data.mkdir(parents=True)
    generator = np.random.default_rng(0)
    files = []
    for number in range(images):
        name = f"{number:06d}"
        files.append(
            {"rgb": f"{name}.jpg", "depth": f"{name}.png", "depth_scale": 1000, "cam_in": [520, 520, 319.5, 239.5]}
        )
        if number >= _DISTINCT:
            for path in (data / "{}.jpg", data / "{}.png", predictions / "pairs/{}.npz"):
                os.link(str(path).format(f"{number % _DISTINCT:06d}"), str(path).format(name))
            continue
        depth, off = _hills(generator, 1, 9), _hills(generator, 0.9, 1.2)
        picture = _hills(generator, 0, 255)[..., None] + generator.normal(0, 3, (*SIZE, 3))
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(data / f"{name}.jpg")
        write_png16(data / f"{name}.png", np.rint(depth * 1000).astype(np.uint16))
        save_estimate(predictions, f"pairs/{name}", Estimate(depth * off))
    (data / "frames.json").write_text(json.dumps({"files": files}), "utf-8")
    return folder / "data", predictions


def _hills(generator: np.random.Generator, low: float, high: float) -> np.ndarray:
    """A smooth map: as costly to decode and to score as a rendered one."""
    return resize_bilinear(generator.uniform(low, high, (12, 16)), *SIZE)
