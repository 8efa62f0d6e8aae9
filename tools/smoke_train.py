"""Shows that learning is real: trains the small network for minutes on rendered scenes, whole and with parts left out.

Usage: python tools/smoke_train.py OUT (`make smoke-train`), or with `--study withheld` (`make smoke-normals`). Renders
indoor and outdoor scenes of many focal lengths, trains networks of equal start and equal steps, two at a time, and
judges each on scenes it has not seen, some of families that no training draws from, beside what one constant would
score. Writes OUT/report.md, OUT/report.json and OUT/chart.png; exits with 1 when less is shown than the study claims.

The study `parts` leaves out one part of the method at a time. The study `withheld` gives no normals for the scenes
indoors, with and without the consistency term.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from theodolite.datasets.sample import Sample
from theodolite.evaluation.depth_metrics import depth_metrics
from theodolite.evaluation.speed import machine
from theodolite.synth.shards import Order, write_shards
from theodolite.training.augment import Framing, Jitter
from theodolite.training.batch import Batch
from theodolite.training.config import Hardware, LossWeights, Recipe
from theodolite.training.data import Part, SampleSet, Source, Stream
from theodolite.training.distributed import Team
from theodolite.training.losses.normal import angle_between
from theodolite.training.losses.total import Objective
from theodolite.training.model import new_network
from theodolite.training.optim import MovingAverage, optimiser, set_rates
from theodolite.training.recipes import pocket_lite
from theodolite.training.scenes import Scenes
from theodolite.training.step import training_step
from theodolite.training.unroll import Unrolled, as_maps

SIZE = (112, 144)  # px of a rendered view; windows of it are the samples
CANVAS = (96, 128)
BATCH = 4
REFINEMENTS = 1  # steps; half the time of two
HELD_OUT = 48  # of each set
FOCAL = (0.4, 2.5)  # image widths, of the cameras in the scenes
ZOOM = 0.75  # smallest window, as a share of the picture
DOMAINS = {"indoors": ("room", "corridor"), "outdoors": ("street", "country")}
UNSEEN = ("courtyard", "attic")  # families that no training draws from
EVALUATIONS = 4  # through training, beside the one before it
LEAST_DEPTH, MOST_DEPTH = 0.1, 80.0  # metres, that scores are about


@dataclass(frozen=True)
class Trial:
    """One network: what is left out of its training, in words and as a change of the recipe.

    Args:
        refines: with refinement steps.
        withheld: the domain whose normals are not given.
    """

    words: str
    change: Callable[[Recipe], Recipe] = lambda recipe: recipe
    refines: bool = True
    withheld: str | None = None


def _without(term: str) -> Callable[[Recipe], Recipe]:
    return lambda recipe: replace(recipe, weights=replace(recipe.weights, **{term: 0.0}))


TRIALS = {
    "whole": Trial("everything"),
    "no-transform": Trial("without the canonical transform", lambda recipe: replace(recipe, canonical=False)),
    "no-gru": Trial("without refinement (no GRU)", refines=False),
    "no-rpnl": Trial("without RPNL", _without("proposals")),
    "no-consistency": Trial("without consistency", _without("consistency")),
    "withheld": Trial("no normal labels indoors", withheld="indoors"),
    "withheld-no-consistency": Trial(
        "no normal labels indoors, without consistency", _without("consistency"), withheld="indoors"
    ),
}


@dataclass(frozen=True)
class Study:
    """Trials that belong together, and what they have to show: factors between errors on held-out scenes, at least."""

    trials: tuple[str, ...]
    steps: int
    claims: dict[str, float]


FALLS, FACES = "depth error falls, start over end", "normal error falls, start over end"
BEATS, TURNS = (
    "depth: the median depth everywhere over the network",
    "normals: the mean normal everywhere over the network",
)
CAMERA = "depth, unseen places too: without the canonical transform over with it"
AGREES = "normals where none are given: without consistency over with it"
STUDIES = {
    "parts": Study(
        ("whole", "no-transform", "no-gru", "no-rpnl", "no-consistency"),
        360,
        {FALLS: 3.0, FACES: 1.5, BEATS: 1.15, TURNS: 1.3, CAMERA: 1.15},
    ),
    "withheld": Study(("withheld", "withheld-no-consistency"), 700, {AGREES: 1.2}),
}


@dataclass(frozen=True)
class WithoutNormals:
    """A source whose normals are not told."""

    source: Source

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Sample:
        return replace(self.source[index], normals=None)


def recipe_of(steps: int) -> Recipe:
    """The pocket recipe on thumbnails, its encoder frozen, on cameras whose focal lengths vary sixfold."""
    return replace(
        pocket_lite(),
        canvases=(CANVAS,),
        canvas_shares=(1.0,),
        batch=BATCH,
        steps=steps,
        frozen=1.0,
        thawed=0,
        warmup=min(30, steps // 5),
        average=0.98,
        rate_decoder=1.5e-3,
        precision="fp32",
        framing=Framing(zoom=ZOOM),
        jitter=Jitter(weather=0.0, blur=0.1, noise=0.2, jpeg=0.1, resample=0.0),
        weights=LossWeights(consistency=1.0),
    )


def render(folder: Path, count: int, lane: int, lanes: int) -> None:
    """Scenes of every family in equal numbers for its set; each lane renders some of the families."""
    wanted = {family: -(-(count + HELD_OUT) // len(families)) for families in DOMAINS.values() for family in families}
    wanted |= {family: -(-HELD_OUT // len(UNSEEN)) for family in UNSEEN}
    for family in list(wanted)[lane::lanes]:
        for path in write_shards(Order(folder / family, wanted[family], *SIZE, family=family, focal=FOCAL)):
            print(path, flush=True)


@dataclass(frozen=True)
class Mixed:
    """Several sources in turn, so that any stretch holds all of them."""

    sources: Sequence[Source]

    def __len__(self) -> int:
        return len(self.sources) * min(map(len, self.sources))

    def __getitem__(self, index: int) -> Sample:
        number, which = divmod(index, len(self.sources))
        return self.sources[which][number]


def sources(folder: Path) -> tuple[dict[str, Source], dict[str, Source]]:
    """What is trained on, and what is held out, by domain."""

    def mixed(families: Sequence[str]) -> Mixed:
        return Mixed([Scenes([folder / family]) for family in families])

    whole = {name: mixed(families) for name, families in DOMAINS.items()}
    learnt: dict[str, Source] = {name: Part(source, HELD_OUT, len(source)) for name, source in whole.items()}
    held: dict[str, Source] = {name: Part(source, 0, HELD_OUT) for name, source in whole.items()}
    return learnt, held | {"unseen": mixed(UNSEEN)}


def run(name: str, folder: Path, out: Path, steps: int) -> None:
    """Train one network and write its scores through training."""
    trial, recipe = TRIALS[name], TRIALS[name].change(recipe_of(steps))
    team = Team(Hardware("cpu", threads=1))
    learnt, held = sources(folder)
    if trial.withheld:
        learnt[trial.withheld] = WithoutNormals(learnt[trial.withheld])
    stream = Stream(recipe, [SampleSet(domain, source) for domain, source in learnt.items()])
    judges = {domain: judged(recipe, source) for domain, source in held.items()}
    net = new_network(recipe)
    net.variant = replace(net.variant, steps=REFINEMENTS if trial.refines else 0)
    unrolled = team.wrap(Unrolled(net))
    optim, average = optimiser(net, recipe), MovingAverage(net, recipe.average)
    objective = Objective(recipe.weights, recipe.far)
    curve = []
    started = time.monotonic()
    for step in range(steps + 1):
        if step % max(steps // EVALUATIONS, 1) == 0 or step == steps:
            curve.append({"step": step} | {domain: score(net, average, batches) for domain, batches in judges.items()})
        if step < steps:
            set_rates(optim, recipe, step, step / steps)
            training_step(unrolled, optim, [stream.batch(step)], objective, team, recipe.clip)
            average.update(net, step + 1)
    result = {
        "name": name,
        "words": trial.words,
        "seconds": time.monotonic() - started,
        "constants": {domain: constants(batches) for domain, batches in judges.items()},
        "curve": curve,
    }
    (out / f"{name}.json").write_text(json.dumps(result))


def judged(recipe: Recipe, source: Source) -> list[Batch]:
    """Windows of held-out scenes, of many focal lengths, the same for every trial."""
    still = replace(recipe, framing=Framing(zoom=ZOOM, flip=0, border=0), jitter=calm(), batch=16, seed=1)
    stream = Stream(still, [SampleSet("held out", source)])
    return [stream.batch(step) for step in range(HELD_OUT // 16)]


def calm() -> Jitter:
    """No photometric change at all."""
    return Jitter(weather=0, tone=0, grey=0, blur=0, resample=0, noise=0, jpeg=0)


MEASURES = ("abs_rel", "delta1", "normals")


@torch.no_grad()
def score(net: torch.nn.Module, average: MovingAverage, batches: Sequence[Batch]) -> dict[str, float]:
    """Mean over pictures of AbsRel in metres, delta1, and the mean angle of normals in degrees."""
    own = {name: value.detach().clone() for name, value in net.named_parameters() if name in average.state}
    net.load_state_dict(average.state, strict=False)
    rows = []
    for batch in batches:
        maps = as_maps(Unrolled(net)(batch.pixels))[-1]
        assert maps.normals is not None
        depth = maps.canonical_depth / batch.scale[:, None, None, None]
        rows += [_score_one(depth[i], maps.normals[i], batch, i) for i in range(len(batch))]
    net.load_state_dict(own, strict=False)
    return _means(rows)


def constants(batches: Sequence[Batch]) -> dict[str, float]:
    """Scores of these pictures' own median depth, and of the mean normal, as if everywhere."""
    truths = [(*_truth(batch, i), batch, i) for batch, i in _pictures(batches)]
    best = torch.cat([truth[valid] for truth, valid, _, _ in truths]).median()
    normals = torch.cat([batch.normals[i][:, batch.has_normals[i, 0]] for batch, i in _pictures(batches)], dim=1)
    facing = torch.nn.functional.normalize(normals.mean(dim=1), dim=0)[:, None, None]
    return _means(
        [
            _score_one(torch.full_like(truth, float(best)), facing.expand_as(batch.normals[i]), batch, i)
            for truth, _, batch, i in truths
        ]
    )


def _pictures(batches: Sequence[Batch]) -> list[tuple[Batch, int]]:
    return [(batch, i) for batch in batches for i in range(len(batch))]


def _means(rows: Sequence[tuple[float, float, float]]) -> dict[str, float]:
    return dict(zip(MEASURES, np.nanmean(np.array(rows), axis=0).tolist(), strict=True))


def _truth(batch: Batch, i: int) -> tuple[torch.Tensor, torch.Tensor]:
    """True depth of one picture in metres, and where scores are about it: (1, h, w)."""
    truth = batch.depth[i] / batch.scale[i]
    return truth, batch.valid[i] & (truth > LEAST_DEPTH) & (truth < MOST_DEPTH)


def _score_one(depth: torch.Tensor, normals: torch.Tensor, batch: Batch, i: int) -> tuple[float, float, float]:
    """Scores of one picture: depth (1, h, w) in metres, normals (3, h, w)."""
    truth, valid = _truth(batch, i)
    metrics = depth_metrics(depth.numpy(), truth.numpy(), valid.numpy())
    if metrics is None:
        return (np.nan,) * 3
    angles = angle_between(normals[None], batch.normals[i : i + 1])[batch.has_normals[i : i + 1]]
    return (
        metrics.abs_rel,
        metrics.delta1,
        float(torch.rad2deg(angles).mean()) if len(angles) else np.nan,
    )


def shown(results: dict[str, dict]) -> dict[str, float]:
    """The factor found for each claim that these results can speak of."""

    def error(name: str, measure: str, at: int = -1, domains: Sequence[str] = tuple(DOMAINS)) -> float:
        return float(np.mean([results[name]["curve"][at][domain][measure] for domain in domains]))

    def constant(measure: str) -> float:
        return float(np.mean([results["whole"]["constants"][domain][measure] for domain in DOMAINS]))

    found = {}
    if "whole" in results:
        found |= {
            FALLS: error("whole", "abs_rel", at=0) / error("whole", "abs_rel"),
            FACES: error("whole", "normals", at=0) / error("whole", "normals"),
            BEATS: constant("abs_rel") / error("whole", "abs_rel"),
            TURNS: constant("normals") / error("whole", "normals"),
        }
    if {"whole", "no-transform"} <= results.keys():
        everywhere = (*DOMAINS, "unseen")
        without, with_it = (error(name, "abs_rel", domains=everywhere) for name in ("no-transform", "whole"))
        found[CAMERA] = without / with_it
    pair = [name for name in ("withheld-no-consistency", "withheld") if name in results]
    if len(pair) == 2:
        without, with_it = (error(name, "normals", domains=[TRIALS[name].withheld or ""]) for name in pair)
        found[AGREES] = without / with_it
    return found


def report(study: Study, results: dict[str, dict], found: dict[str, float], minutes: float) -> str:
    """A table of every trial, and of every claim, in Markdown."""
    domains = (*DOMAINS, "unseen")
    first = next(iter(results.values()))
    steps, size = first["curve"][-1]["step"], f"{CANVAS[0]}x{CANVAS[1]}"
    lines = [
        f"{time.strftime('%Y-%m-%d')}, {machine()}: {minutes:.1f} minutes, "
        f"{steps} steps of {BATCH} windows of {size} px each.",
        "",
        f"AbsRel in metres; mean angle of normals, degrees. Unseen: {' and '.join(UNSEEN)}, in no training.",
        "",
        "| trial | " + " | ".join(f"{domain}: AbsRel | normals" for domain in domains) + " |",
        "|---" * (1 + 2 * len(domains)) + "|",
    ]
    rows = [("before training", first["curve"][0])]
    rows.append(("the median depth and mean normal of these very pictures", first["constants"]))
    rows += [(result["words"], result["curve"][-1]) for result in results.values()]
    for words, scores in rows:
        cells = (f"{scores[domain]['abs_rel']:.3f} | {scores[domain]['normals']:.1f}" for domain in domains)
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    lines += ["", "| shown on held-out scenes, indoors and outdoors together | factor | at least |", "|---|---|---|"]
    lines += [f"| {claim} | {found[claim]:.2f} | {least:.2f} |" for claim, least in study.claims.items()]
    return "\n".join(lines) + "\n"


def chart(results: dict[str, dict], path: Path) -> None:
    """Errors on held-out scenes through training, a line for each trial."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, len(DOMAINS) + 1, figsize=(15, 8), sharex=True, layout="constrained")
    for column, domain in enumerate((*DOMAINS, "unseen")):
        for row, (measure, label) in enumerate((("abs_rel", "AbsRel"), ("normals", "normals, degrees"))):
            axis = axes[row][column]
            for result in results.values():
                steps = [point["step"] for point in result["curve"]]
                style = {"linewidth": 2.5, "color": "black"} if result["name"] == "whole" else {"linewidth": 1.2}
                axis.plot(steps, [point[domain][measure] for point in result["curve"]], label=result["words"], **style)
            constant = results[next(iter(results))]["constants"][domain][measure]
            axis.axhline(constant, color="grey", linestyle=":", label="median depth, mean normal")
            axis.set(title=f"{domain}, held out", ylabel=label, xlabel="steps" if row else "")
            axis.set_ylim(0, 2 * constant)  # what the start is, the table says
            axis.grid(alpha=0.3)
    axes[0][-1].legend(fontsize=8)
    figure.savefig(path, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--study", choices=STUDIES, default="parts")
    parser.add_argument("--count", type=int, default=480, help="rendered training views of each domain")
    parser.add_argument("--steps", type=int, help="of each network; by default as many as the study takes")
    parser.add_argument("--lanes", type=int, default=2, help="networks trained at a time")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.steps = given.steps or STUDIES[given.study].steps
    given.out.mkdir(parents=True, exist_ok=True)
    scenes = given.out / "scenes"
    if given.only and given.only.startswith("render"):
        render(scenes, given.count, int(given.only.removeprefix("render-")), given.lanes)
    elif given.only:
        run(given.only, scenes, given.out, given.steps)
    else:
        sys.exit(_conduct(given))


def _conduct(given: argparse.Namespace) -> int:
    study, started = STUDIES[given.study], time.monotonic()
    again = [sys.executable, __file__, str(given.out), "--count", str(given.count), "--steps", str(given.steps)]
    again += ["--lanes", str(given.lanes), "--only"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}

    def process(what: str) -> None:
        subprocess.run([*again, what], check=True, env=environment)
        print(f"{what}: done after {(time.monotonic() - started) / 60:.1f} minutes", flush=True)

    with ThreadPoolExecutor(given.lanes) as lanes:
        list(lanes.map(process, [f"render-{lane}" for lane in range(given.lanes)]))
        list(lanes.map(process, study.trials))
    results = {name: json.loads((given.out / f"{name}.json").read_text()) for name in study.trials}
    found = shown(results)
    text = report(study, results, found, (time.monotonic() - started) / 60)
    chart(results, given.out / "chart.png")
    (given.out / "report.md").write_text(text)
    (given.out / "report.json").write_text(json.dumps({"factors": found, "results": results}, indent=1))
    print(text)
    broken = [claim for claim, least in study.claims.items() if not found[claim] >= least]
    for claim in broken:
        print(f"Not shown: {claim}: {found[claim]:.2f}, at least {study.claims[claim]}.", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    main()
