"""Time and memory of whole commands and of networks, each in a process of its own."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.errors import TheodoliteError

# 4032 x 3024: what a phone writes.
_PHONE = (4032, 3024)


@dataclass(frozen=True)
class Timing:
    """Repeated runs of one thing.

    Args:
        what: in words.
        seconds: of each counted run.
        peak_bytes: largest resident memory of the process; 0 when not measured.
        images: made in each run; 0 when it is not about images.
    """

    what: str
    seconds: tuple[float, ...]
    peak_bytes: int = 0
    images: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def images_per_second(self) -> float:
        return self.images / self.median


def machine() -> str:
    """Processor, cores in use and Python, for beside a number."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def startup(repeats: int) -> list[Timing]:
    """`import theodolite` and `theodolite --help`, cold processes, the interpreter's own start included."""
    python = [sys.executable, "-c"]
    return [
        _command("an empty Python", [*python, "pass"], repeats),
        _command("import theodolite", [*python, "import theodolite"], repeats),
        _command("theodolite --help", [sys.executable, "-m", "theodolite", "--help"], repeats),
    ]


def cold_prediction(repeats: int) -> Timing:
    """`theodolite predict` on a 12-megapixel JPEG, default files, from process start to its end."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "phone.jpg"
        # Coarse noise enlarged, with fine noise over it: as costly to decode and compress as a real photograph.
        random = np.random.default_rng(0)
        coarse = Image.fromarray(random.integers(0, 256, (48, 64, 3), dtype=np.uint8)).resize(
            _PHONE, Image.Resampling.BICUBIC
        )
        fine = random.normal(0, 6, (_PHONE[1], _PHONE[0], 1)).astype(np.float32)
        Image.fromarray((np.asarray(coarse) + fine).clip(0, 255).astype(np.uint8)).save(photo, quality=90)
        command = [
            sys.executable,
            "-m",
            "theodolite",
            "predict",
            str(photo),
            "--out",
            folder,
            "--fov",
            "65",
            "--overwrite",
        ]
        return _command("theodolite predict, 12-megapixel JPEG, default files", command, repeats, memory=True)


def embedded_network(repeats: int) -> Timing:
    """The embedded network alone, at the canvas of a 4:3 photo."""
    from theodolite.camera.canvas import choose_canvas
    from theodolite.inference.predictor import load

    predictor = load()
    canvas = choose_canvas(*_PHONE, predictor.facts.multiple, predictor.canvas_pixels)
    pixels = np.zeros((1, 3, canvas.height, canvas.width), np.float32)
    seconds = _repeat(lambda: predictor.backend.run(pixels), repeats)
    return Timing(f"{predictor.facts.name}, network only, {canvas.height}x{canvas.width}", seconds)


def network(variant: str, size: tuple[int, int], dtype: str, repeats: int) -> Timing:
    """A PyTorch network with random weights (speed does not depend on them), in its own process.

    Args:
        size: (h, w) of the input, px.
        dtype: "float32", or "bfloat16" for autocast.
    """
    command = [
        sys.executable,
        "-m",
        "theodolite.evaluation.speed",
        variant,
        str(size[0]),
        str(size[1]),
        dtype,
        str(repeats),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise TheodoliteError(f"Measuring {variant} failed: {result.stderr.strip().splitlines()[-1]}")
    measured = json.loads(result.stdout.splitlines()[-1])
    what = f"{variant}, network only, {size[0]}x{size[1]}, torch {dtype}"
    return Timing(what, tuple(measured["seconds"]), measured["peak_bytes"])


def synthetic_scenes(repeats: int, device: str = "cpu", processes: int | None = None) -> Timing:
    """Mixed scenes built and rendered at 224x304 with exact depth, normals and shadows, kept in memory.

    Args:
        device: "cpu", or "cuda" for a graphics card that all processes share.
        processes: as many as there are cores, by default.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    processes = processes or os.cpu_count() or 1
    each = 48 if device == "cpu" else 512
    what = f"synth, {processes} processes on {device}, 224x304, scenes built and rendered"
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:

        def run() -> None:
            starts = [k * each for k in range(processes)]
            list(pool.map(_make_scenes, starts, [each] * processes, [device] * processes))

        # First calls compile kernels and draw textures; a second, in case one process took the work of two.
        seconds = _repeat(run, repeats, warm_ups=2)
    return Timing(what, seconds, images=processes * each)


def _make_scenes(start: int, count: int, device: str) -> None:
    import torch

    from theodolite.synth.shards import Order, make

    torch.set_num_threads(1)  # the processes share the cores already
    order = Order(Path(), start + count, 224, 304, seed=2024, device=device)
    for _ in make(order, range(start, start + count)):
        pass


def _measure_network(variant: str, height: int, width: int, dtype: str, repeats: int) -> None:
    import torch

    from theodolite.inference.backends.base import ModelFacts
    from theodolite.inference.backends.torch import TorchBackend
    from theodolite.network import build

    torch.manual_seed(0)
    net = build(variant)
    backend = TorchBackend(net, ModelFacts(variant, 1000.0, net.multiple, height * width), dtype=dtype)
    pixels = np.random.default_rng(0).standard_normal((1, 3, height, width), dtype=np.float32)
    seconds = _repeat(lambda: backend.run(pixels), repeats)
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_bytes("self")}))


def _repeat(run, repeats: int, warm_ups: int = 1) -> tuple[float, ...]:
    for _ in range(warm_ups):
        run()  # first calls allocate and choose kernels
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return tuple(seconds)


def _command(what: str, command: Sequence[str], repeats: int, memory: bool = False) -> Timing:
    seconds = []
    for counted in range(-1, repeats):
        started = time.perf_counter()
        result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        if counted >= 0:
            seconds.append(time.perf_counter() - started)
        if result.returncode:
            last = result.stderr.strip().splitlines() or ["no message"]
            raise TheodoliteError(f"{what} failed: {last[-1]}")
    # The system tells the largest child so far: asked only of the command that is larger than those before it.
    return Timing(what, tuple(seconds), peak_bytes("children") if memory else 0)


def peak_bytes(whose: str) -> int:
    """Largest resident memory of this process, "self", or of the largest of its "children" so far; 0 where unknown."""
    try:
        import resource
    except ImportError:  # Windows has no such figure
        return 0
    who = resource.RUSAGE_SELF if whose == "self" else resource.RUSAGE_CHILDREN
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit


if __name__ == "__main__":
    _measure_network(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
