"""A program: trains on walls as told, alone or as one of several processes; the tests start, kill and resume it."""

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from conftest import Walls
from theodolite.errors import DatasetError
from theodolite.training.config import Hardware
from theodolite.training.data import SampleSet, Stream
from theodolite.training.loop import train
from theodolite.training.recipes import smoke


@dataclass(frozen=True)
class Holed(Walls):
    every: int = 2

    def __getitem__(self, index: int):
        if index % self.every == 0:
            raise DatasetError(f"line {index}: depth: gone")
        return super().__getitem__(index)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--micro", type=int)
    parser.add_argument("--frozen", type=float, default=0.5)
    parser.add_argument("--thawed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--holes", type=int, help="every so many samples cannot be used")
    parser.add_argument("--apart", action="store_true", help="processes do not see the folder of the first")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--fsdp", action="store_true")
    parser.add_argument("--compile", action="store_true")
    given = parser.parse_args()
    # So that whoever started this can find and kill all of its processes.
    pids = given.run.with_suffix(".pids")
    pids.mkdir(parents=True, exist_ok=True)
    (pids / str(os.getpid())).touch()
    recipe = replace(
        smoke(),
        steps=given.steps,
        batch=given.batch,
        canvases=((64, 64),),
        warmup=2,
        precision="fp32",
        frozen=given.frozen,
        thawed=given.thawed,
        save_every=1e-6,
        validate_every=1e6,
    )
    near = Holed(7, every=given.holes) if given.holes else Walls(7)
    sets = [SampleSet("near", near), SampleSet("far", Walls(5), 2.0)]
    hardware = Hardware("cpu", given.micro, given.workers, threads=1, fsdp=given.fsdp, compile=given.compile)
    rank = os.environ.get("RANK", "0")
    run = given.run / f"disk-{rank}" if given.apart and rank != "0" else given.run
    print(train(Stream(recipe, sets), run, hardware=hardware, resume=given.resume))


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True, warn_only=True)
    main()
