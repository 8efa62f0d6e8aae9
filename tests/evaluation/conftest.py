"""Small folders of frames, and a stand-in model whose errors on them are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite import Predictor
from theodolite.evaluation.collecting import Collected
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.judging import Judge
from theodolite.evaluation.models import Evaluated, ModelChoice, OfPredictor
from theodolite.evaluation.protocols import find_protocol
from theodolite.evaluation.runner import Task, outcomes_of
from theodolite.inference.backends.base import ModelFacts
from theodolite.network.outputs import RawMaps

SIDE = 64


class Wall:
    """Sees a wall square to the view, two metres ahead, whose normals it believes to lean by 20 degrees."""

    facts = ModelFacts("wall <model>", float(SIDE), 32, SIDE * SIDE)
    runtime = "stand-in"

    def run(self, pixels):
        depth = np.full((len(pixels), 1, SIDE, SIDE), 2, np.float32)
        normals = np.zeros((len(pixels), 3, SIDE, SIDE), np.float32)
        normals[:, 0], normals[:, 2] = np.sin(np.radians(20)), -np.cos(np.radians(20))
        return RawMaps(depth, normals, np.ones_like(depth), np.ones_like(depth))


def write_set(folder: Path, depths: dict[str, np.ndarray], focal: float = SIDE) -> Path:
    """A folder with a frames.json: a frame of each name, metres."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, depth in depths.items():
        Image.new("RGB", (SIDE, SIDE), (90, 100, 110)).save(folder / f"{name}.png")
        Image.fromarray((np.nan_to_num(depth) * 1000).round().astype(np.uint16)).save(folder / f"{name}_depth.png")
        intrinsics = [focal, focal, SIDE / 2 - 0.5, SIDE / 2 - 0.5]
        files.append({"rgb": f"{name}.png", "depth": f"{name}_depth.png", "depth_scale": 1000, "cam_in": intrinsics})
    (folder / "frames.json").write_text(json.dumps({"files": files}))
    return folder


@pytest.fixture
def predictor() -> Predictor:
    return Predictor(Wall())


@pytest.fixture
def walls(tmp_path) -> Path:
    """Two sets: walls seen densely at three distances, and one of few points, whose second frame is broken."""
    dense = {f"at {metres} m": np.full((SIDE, SIDE), metres) for metres in (2.0, 2.5, 4.0)}
    dense["at 4.0 m"][:, : SIDE // 4] = 3.0  # what no scale can mend
    write_set(tmp_path / "walls", dense)
    points = np.full((SIDE, SIDE), np.nan)
    points[::8, ::8] = 2.0
    write_set(tmp_path / "points & <lines>", {"sweep": points, "lost": points})
    (tmp_path / "points & <lines>" / "lost_depth.png").write_bytes(b"no picture")
    return tmp_path


@pytest.fixture
def wall_model(predictor) -> Evaluated:
    return OfPredictor(predictor)


@pytest.fixture
def task(walls) -> Task:
    """Its model's words stand for `wall_model`, and cannot be opened."""
    return Task(ModelChoice("wall"), find_protocol("frames"), walls)


@pytest.fixture
def evaluation(task, wall_model) -> Evaluation:
    """Of four images; the fifth cannot be read."""
    examples = task.examples()
    collected = Collected()
    for outcome in outcomes_of(Judge(task.protocol), wall_model, examples):
        collected.add(outcome)
    return Evaluation(task.settings(wall_model, examples), collected, len(examples))
