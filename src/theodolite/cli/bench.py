"""`theodolite bench`: speed and memory on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from theodolite.cli.sizes import parse_size


def bench(
    subject: Annotated[
        list[str] | None,
        typer.Argument(
            help="Of: startup, predict, embedded, network, synth, scoring. Default: all.", show_default=False
        ),
    ] = None,
    network: Annotated[str, typer.Option(help="Variant measured by `network`.")] = "vit-small",
    size: Annotated[str, typer.Option(help="Its input, HEIGHTxWIDTH.")] = "616x1064",
    dtype: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    device: Annotated[str, typer.Option(help="What renders for `synth`: cpu or cuda.")] = "cpu",
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Processes of `synth` and `scoring`. Default: one for each core.", show_default=False),
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="Predictions that `scoring` scores.")] = 1000,
    repeats: Annotated[int, typer.Option(min=1, help="Counted runs, after one warm-up.")] = 3,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Time and memory of start-up, a cold prediction, networks, rendered scenes, and scoring saved predictions.

    Numbers mean something on an idle machine only.
    """
    import json
    from dataclasses import asdict

    from theodolite.evaluation import speed
    from theodolite.evaluation.scoring_speed import scoring

    subjects = {
        "startup": lambda: speed.startup(repeats),
        "predict": lambda: [speed.cold_prediction(repeats)],
        "embedded": lambda: [speed.embedded_network(max(repeats, 5))],
        "network": lambda: [speed.network(network, parse_size(size), dtype, repeats)],
        "synth": lambda: [speed.synthetic_scenes(repeats, device, processes)],
        "scoring": lambda: [scoring(images, processes)],
    }
    for name in subject or ():
        if name not in subjects:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(subjects)}.")
    timings = []
    if not json_output:
        typer.echo(speed.machine())
    for name in subject or subjects:
        for timing in subjects[name]():
            timings.append(timing)
            if not json_output:
                memory = f"   peak {timing.peak_bytes / 1e6:.0f} MB" if timing.peak_bytes else ""
                rate = f"   {timing.images_per_second:.1f} images/s" if timing.images else ""
                spread = f"{min(timing.seconds):.3f} to {max(timing.seconds):.3f}"
                typer.echo(f"{timing.what:58} {timing.median:8.3f} s  ({spread}){memory}{rate}")
    if json_output:
        rows = [asdict(timing) | {"median": timing.median} for timing in timings]
        typer.echo(json.dumps({"machine": speed.machine(), "timings": rows}, indent=1))
