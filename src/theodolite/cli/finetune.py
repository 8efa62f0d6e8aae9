"""`theodolite finetune`: a finished network goes on learning, from one's own samples."""

from __future__ import annotations

from typing import Annotated

import typer

from theodolite.cli import training as shared
from theodolite.cli.dataset import Root
from theodolite.cli.sizes import parse_size


def finetune(
    model: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A release (theodolite models list), or a file.")],
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="MANIFEST...",
            help="PATH or PATH=SHARE: manifests (.jsonl), folders with frames.json, folders of rendered scenes, "
            "annotations (.json, or .json@PROFILE).",
        ),
    ],
    out: shared.Out,
    mode: Annotated[
        str, typer.Option(help="What learns: full, decoder, or lora (decoder, and the encoder by low-rank updates).")
    ] = "full",
    rank: Annotated[int, typer.Option(min=1, help="Of the low-rank updates.")] = 8,
    recipe: Annotated[str, typer.Option(help="finetune, or the published kitti and nyu.")] = "finetune",
    canvas: Annotated[
        str | None, typer.Option(help="Size of samples, HEIGHTxWIDTH; default: 4:3, as large as the network's own.")
    ] = None,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept that published weights state no licence.")
    ] = False,
    profile: shared.Profile = None,
    root: Root = None,
    validate: shared.Validate = None,
    held_out: shared.HeldOut = 0,
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
    resume: shared.Resume = False,
) -> None:
    """Fine-tune a checkpoint on your own frames: all of it, its decoder, or by low-rank updates of its encoder.

    The result is a checkpoint like any other: theodolite predict --model RUN/model-....safetensors.
    """
    from theodolite.extras import require

    require("torch", "train", "Training")
    from theodolite.training.recipes import RECIPES
    from theodolite.training.start import MODES, fine_tune

    if recipe not in ("finetune", "kitti", "nyu"):
        raise typer.BadParameter(f"A fine-tune's recipe is finetune, kitti or nyu, got {recipe!r}.")
    if mode not in MODES:
        raise typer.BadParameter(f"--mode is one of {', '.join(MODES)}, got {mode!r}.")
    wanted = shared.resized(RECIPES[recipe](), minutes, steps, batch, seed)
    asked, size = shared.parse_data(data, profile, root), None if canvas is None else parse_size(canvas)
    try:
        chosen = fine_tune(model, wanted, mode, rank=rank, canvas=size, accept_licence=accept_license)
    except ValueError as error:
        if size is None:
            raise
        raise typer.BadParameter(f"--canvas {canvas} does not suit this network. {error}") from error
    shared.run(
        chosen.recipe,
        asked,
        out,
        hardware={
            "device": device,
            "micro_batch": micro_batch,
            "workers": workers,
            "threads": threads,
            "compile": compile_,
            "fsdp": fsdp,
        },
        held_out=held_out,
        validate=validate,
        minutes=minutes,
        resume=resume,
        start=chosen.start,
    )
