"""Compares trainings of the small network on real frames: other encoders, or other data, each for the same time.

Usage:
  python tools/compare_trainings.py OUT --minutes 7 --judge FRAMES --run "ViT-S" pocket scenes,frames=0.1 \
      --run "Lite0" pocket-lite0 scenes,frames=0.1

Each run trains the recipe `pocket` with a variant, from the pretrained weights there are for its encoder, on its data
(PATH or PATH=SHARE, as for `theodolite train --data`), alone on so many threads; minutes count everything but
validation, the encoder's work too. Encoders without pretrained weights learn from the first step, the others stay
frozen. Then the model is judged on folders with a `frames.json`, by groups of sets. Writes OUT/report.md and a JSON
file for each run; runs that have one are not repeated.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from theodolite.datasets.readers import list_examples
from theodolite.evaluation.collecting import Collected
from theodolite.evaluation.judging import Judge
from theodolite.evaluation.models import OfPredictor
from theodolite.evaluation.protocols import find_protocol
from theodolite.evaluation.runner import outcomes_of
from theodolite.evaluation.speed import machine
from theodolite.evaluation.summary import summarise
from theodolite.inference.predictor import Predictor, load
from theodolite.network.variants import ConvNeXt, ViT, find
from theodolite.training.config import Hardware, Recipe
from theodolite.training.loop import train
from theodolite.training.prepare import Asked, prepare
from theodolite.training.recipes import pocket

# Of about the same area; sides are multiples of 28 for transformers, and of 32 for pyramids.
CANVASES = {28: (196, 252), 32: (192, 256)}
GROUPS = {
    "rooms": ("nyu_demo", "nyu_dining_5", "tum_fr1_desk_pair", "redkitchen_a"),
    "driving": ("kitti_demo", "kitti_object_3", "driving_multicam_a"),
}
FRAMES = 12  # of a set, evenly spread, are enough to compare by


@dataclass(frozen=True)
class Run:
    """One training.

    Args:
        data: as `theodolite train --data` takes it, one after another.
    """

    label: str
    variant: str
    data: tuple[str, ...]

    @property
    def slug(self) -> str:
        return "".join(c if c.isalnum() else "-" for c in self.label.lower())


def recipe_of(run: Run, batch: int, seed: int) -> Recipe:
    """The recipe `pocket` with the run's variant; the first estimate alone for two thirds of the time."""
    encoder = find(run.variant).encoder
    learns = isinstance(encoder, ConvNeXt)  # there are no weights to start from
    canvas = CANVASES[encoder.multiple]
    return replace(
        pocket(),
        name=run.slug,
        variant=run.variant,
        start="dinov2" if isinstance(encoder, ViT) else "random" if learns else "imagenet",
        canvases=(canvas,),
        canvas_shares=(1.0,),
        canvas_pixels=canvas[0] * canvas[1],
        views=None if learns else 1,
        frozen=0.0 if learns else 1.0,
        thawed=None if learns else 0,
        rate_encoder=1e-3 if learns else 0.0,
        batch=batch,
        seed=seed,
        precision="fp32",
        first_estimate=0.67,
        warmup=100,
        average=0.998,
        validate_every=1e6,
    )


def carried_out(run: Run, recipe: Recipe, out: Path, minutes: float, threads: int, judge: Path) -> dict:
    """Train, judge, and say what came of it."""
    stream, _ = prepare(recipe, [Asked.parse(text) for text in run.data], 0)
    hardware = Hardware("cpu", threads=threads, features=out / "features" / run.slug)
    model = train(stream, out / run.slug, hardware=hardware, minutes=minutes)
    torch.set_num_threads(threads)
    predictor = load(str(model))
    return {
        "label": run.label,
        "data": run.data,
        "parameters": sum(p.numel() for p in predictor.backend.network.parameters()),
        "samples": int(model.stem.split("-")[1]) * recipe.batch,
        "sets": judged(predictor, judge),
    }


def judged(predictor: Predictor, judge: Path) -> dict[str, dict[str, float | None]]:
    """Of each set that a group has, AbsRel as predicted and aligned, and the mean angle of normals where known."""
    frames, protocol = list_examples("frames", judge), find_protocol("frames")
    chosen = []
    for name in [name for sets in GROUPS.values() for name in sets]:
        ours = [frame for frame in frames if frame.group == name]
        chosen += ours[:: max(len(ours) // FRAMES, 1)]
    collected = Collected()
    for outcome in outcomes_of(Judge(protocol), OfPredictor(predictor), chosen):
        collected.add(outcome)
    return {
        part.name: {
            "metric": part.depth["full", "metric"]["abs_rel"],
            "aligned": part.depth["full", "median"]["abs_rel"],
            "normals": part.normals["network"]["mean"] if "network" in part.normals else None,
        }
        for part in summarise(collected, protocol)
        if part.kind == "group"
    }


def table(results: list[dict]) -> str:
    """Markdown: a run a row; of each group the mean over its sets, metric and aligned."""
    heads = ["run", "parameters, M", "samples"]
    heads += [*(f"{group}, {kind}" for group in GROUPS for kind in ("metric", "aligned")), "normals, degrees"]
    rows = [heads, ["---", *["--:"] * (len(heads) - 1)]]
    for result in results:
        row = [result["label"], f"{result['parameters'] / 1e6:.1f}", str(result["samples"])]
        found = result["sets"]
        row += [
            f"{np.mean([found[name][kind] for name in sets if name in found]):.3f}"
            for sets in GROUPS.values()
            for kind in ("metric", "aligned")
        ]
        angles = [scores["normals"] for scores in found.values() if scores["normals"] is not None]
        rows.append([*row, f"{np.mean(angles):.1f}"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--run", nargs=3, action="append", required=True, metavar=("LABEL", "VARIANT", "DATA"))
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=7.0)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="another one shows how much is chance")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    results = []
    for label, variant, data in given.run:
        run = Run(label, variant, tuple(data.split(",")))
        told = given.out / f"{run.slug}.json"
        if not told.exists():
            recipe = recipe_of(run, given.batch, given.seed)
            result = carried_out(run, recipe, given.out, given.minutes, given.threads, given.judge)
            told.write_text(json.dumps(result, indent=1) + "\n")
        results.append(json.loads(told.read_text()))
        print(table(results[-1:]).splitlines()[-1], flush=True)
    report = f"{given.minutes:g} minutes each, batch {given.batch}, {given.threads} thread(s), {machine()}\n\n"
    (given.out / "report.md").write_text(report + table(results) + "\n")
    print(report + table(results))


if __name__ == "__main__":
    main()
