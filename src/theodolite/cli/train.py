"""`theodolite train`: a network from a recipe and sets of samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from theodolite.cli import training as shared
from theodolite.cli.dataset import Root


def train(
    recipe: Annotated[
        str, typer.Argument(help="Name of a recipe: pocket, smoke (a minute, to see that all runs), vit_large, ...")
    ],
    data: Annotated[
        list[str],
        typer.Option(
            help="PATH or PATH=SHARE: a folder that `theodolite synth` wrote, a manifest (.jsonl), a folder with "
            "frames.json in it or in its folders, or annotations (.json, or .json@PROFILE). May be repeated; every "
            "batch draws from each by its share, 1 if none is given. render:mix or render:room is no path: scenes "
            "of that kind, rendered while the run goes on."
        ),
    ],
    out: shared.Out,
    profile: shared.Profile = None,
    root: Root = None,
    validate: shared.Validate = None,
    held_out: shared.HeldOut = 64,
    init: Annotated[
        Path | None,
        typer.Option(help="Weights to start from: a checkpoint, or a DINOv2 backbone for a ViT; --resume needs none."),
    ] = None,
    minutes: shared.Minutes = None,
    steps: shared.Steps = None,
    batch: shared.Size = None,
    seed: shared.Seed = None,
    micro_batch: shared.Micro = None,
    workers: shared.Workers = 0,
    threads: shared.Threads = None,
    device: shared.Device = "",
    compile_: shared.Compile = False,
    fsdp: shared.Fsdp = False,
    features: Annotated[
        Path | None,
        typer.Option(
            help="Folder where recipes with a frozen encoder and fixed views (pocket) keep what it makes of each, "
            "about a megabyte a view; later epochs, and other runs, find it there."
        ),
    ] = None,
    stock: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            help="GiB on the device for views that are learnt from several times while --workers make new ones: a "
            "graphics card learns faster than processors render.",
        ),
    ] = None,
    textures: Annotated[
        Path | None, typer.Option(help="Pictures of surfaces for render:, see theodolite synth.")
    ] = None,
    meshes: Annotated[Path | None, typer.Option(help="Furniture and things for render:, see theodolite synth.")] = None,
    resume: shared.Resume = False,
) -> None:
    """Train a network; a run that was stopped goes on with --resume as if it had not been.

    With --steps, or the recipe's own, a resumed run ends with the very weights of an uninterrupted one. For several
    processes: accelerate launch --num-processes N -m theodolite train ...
    """
    from dataclasses import replace

    from theodolite.extras import require

    require("torch", "train", "Training")
    from theodolite.training.recipes import RECIPES
    from theodolite.training.start import open_start, remembered_start

    if recipe not in RECIPES:
        raise typer.BadParameter(f"There is no recipe {recipe!r}. Known: {', '.join(RECIPES)}.")
    chosen = shared.resized(RECIPES[recipe](), minutes, steps, batch, seed)
    asked = shared.live(shared.parse_data(data, profile, root), textures, meshes, chosen.seed)
    start = open_start(init, chosen.variant) if init else None
    if resume and start is None:
        start = remembered_start(out)
    if start is not None:
        chosen = replace(chosen, start="given")
    elif chosen.start == "given":
        raise typer.BadParameter(f"The recipe {recipe} starts from weights: give --init FILE.")
    shared.run(
        chosen,
        asked,
        out,
        hardware={
            "device": device,
            "micro_batch": micro_batch,
            "workers": workers,
            "threads": threads,
            "compile": compile_,
            "fsdp": fsdp,
            "features": features,
            "stock": stock,
        },
        held_out=held_out,
        validate=validate,
        minutes=minutes,
        resume=resume,
        start=start,
    )
