"""`theodolite export`: a network as an ONNX file, compared with PyTorch before it counts as done."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# Relative depth error, and absolute errors of the rest, that other orders of summation explain.
_TOLERANCE = 2e-3


def export(
    model: Annotated[str, typer.Argument(help="Release name, or a .safetensors or .pth file.")],
    out: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    full: Annotated[bool, typer.Option("--full", help="Store float32 weights: twice the size.")] = False,
    int8: Annotated[
        bool, typer.Option("--int8", help="Store 8-bit weights with a scale for each output channel: half the size.")
    ] = False,
    canvas_pixels: Annotated[
        int | None, typer.Option(min=1024, help="Input area to recommend, px; default: the model's own.")
    ] = None,
    facts: Annotated[
        Path | None, typer.Option(help="Also write a JSON file of facts: checksum, origin, training.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """Write a network as an ONNX file that takes pictures of any size."""
    import json
    from dataclasses import asdict

    from theodolite.errors import CheckpointError, OutputError
    from theodolite.export.facts import facts_of, write_facts
    from theodolite.export.onnx import label_of, write_onnx
    from theodolite.export.parity import compare_onnx
    from theodolite.weights.atomic import writing
    from theodolite.weights.checkpoint import load_network

    if full and int8:
        raise typer.BadParameter("Weights are stored in one way: --full or --int8.")
    storage = "float32" if full else "int8" if int8 else "float16"
    for path in (out, facts):
        if path is not None and path.exists() and not overwrite:
            raise OutputError(f"{path} is there already. Give --overwrite to replace it.")
    net, loaded = load_network(model, accept_licence=accept_license)
    label = label_of(net, loaded, canvas_pixels)
    with writing(out) as unproven:
        written = write_onnx(net, unproven, label, storage=storage)
        deviation = compare_onnx(unproven, written, net.multiple)
        compared = (deviation.canonical_depth, deviation.normals, deviation.confidence)
        # Not the largest of them, which of a NaN and a number is either.
        if not all(difference <= _TOLERANCE for difference in compared):
            raise CheckpointError(
                f"The file does not compute what {model} does, and was not kept: {asdict(deviation)}."
            )
    if facts is not None:
        write_facts(facts, facts_of(out, net, label, loaded, deviation))
    document = {
        "file": str(out),
        "megabytes": round(out.stat().st_size / 1e6, 2),
        "metadata": label.metadata(net.multiple),
        "deviation": asdict(deviation),
    }
    if json_output:
        typer.echo(json.dumps(document, indent=1))
    else:
        sizes = ", ".join(f"{columns}x{rows}" for rows, columns in deviation.sizes)
        typer.echo(f"{out}: {document['megabytes']} MB, {label.variant}, canonical focal {label.canonical_focal:g} px")
        typer.echo(
            f"largest deviation from PyTorch at {sizes}: depth {deviation.canonical_depth:.1e} relative, "
            f"normals {deviation.normals:.1e}, kappa {deviation.kappa:.1e}, confidence {deviation.confidence:.1e}"
        )
