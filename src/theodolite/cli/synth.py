"""`theodolite synth`: renders scenes with exact depth and normals."""

from pathlib import Path
from typing import Annotated

import typer

from theodolite.cli.sizes import parse_size


def synth(
    out: Annotated[Path, typer.Option(help="Folder for the shards; what is finished there is kept.")],
    count: Annotated[int, typer.Option(min=1, help="How many samples.")] = 100,
    size: Annotated[str, typer.Option(help="Height x width in pixels.")] = "224x304",
    family: Annotated[
        str, typer.Option(help="One kind of place; a wrong one lists them. mix draws from several.")
    ] = "mix",
    seed: Annotated[int, typer.Option(min=0, help="Sets with different seeds share no scene.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that render.")] = 1,
    photographs: Annotated[Path | None, typer.Option(help="Folder of pictures to hang on walls.")] = None,
    textures: Annotated[
        Path | None,
        typer.Option(help="Folder of pictures of surfaces. Names say of which: bricks/a.jpg, planks-oak.jpg."),
    ] = None,
    meshes: Annotated[Path | None, typer.Option(help="Folder of furniture and things (GLB, OBJ) for rooms.")] = None,
    focal: Annotated[
        str | None,
        typer.Option(help="Focal length, or LOW:HIGH, in image widths. Default: what suits each scene, 0.4 to 3."),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:1.")] = "cpu",
    preview: Annotated[bool, typer.Option(help="Also write preview.png: image, depth, normals, planes.")] = False,
) -> None:
    """Render random rooms, streets, shelves and other places with exact depth, normals, planes and cameras."""
    from theodolite.extras import require

    require("torch", "torch", "Rendering synthetic scenes")
    from theodolite.synth.families import FAMILIES
    from theodolite.synth.mesh_library import open_library
    from theodolite.synth.shards import Order, write_shards
    from theodolite.synth.sheet import write_sheet

    if family != "mix" and family not in FAMILIES:
        raise typer.BadParameter(f"one of {', '.join(FAMILIES)} or mix, got {family}", param_hint="--family")
    height, width = parse_size(size)
    if min(height, width) < 16:
        raise typer.BadParameter(f"at least 16 pixels a side, got {size}", param_hint="--size")
    if meshes is not None:
        require("embreex", "train", "Placing triangle meshes")
        open_library(meshes)  # a folder without any is refused before the work begins
    for option, folder in (("--photographs", photographs), ("--textures", textures)):
        if folder is not None and not folder.is_dir():
            raise typer.BadParameter(f"a folder of pictures, got {folder}", param_hint=option)
    order = Order(
        out,
        count,
        height,
        width,
        family,
        seed,
        photographs=photographs,
        textures=textures,
        meshes=meshes,
        focal=_focal(focal),
        device=_device(device),
    )
    for path in write_shards(order, workers):
        typer.echo(path)
    if preview:
        typer.echo(write_sheet(order.path(0), out / "preview.png"))


def _focal(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    low, _, high = text.partition(":")
    try:
        given = float(low), float(high or low)
    except ValueError:
        given = 0.0, 0.0
    if not 0.1 <= given[0] <= given[1] <= 10:
        raise typer.BadParameter(
            f"one focal length or LOW:HIGH, image widths between 0.1 and 10, got {text}", param_hint="--focal"
        )
    return given


def _device(name: str) -> str:
    import torch

    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or not (number or "0").isdigit():
        raise typer.BadParameter(f"cpu, cuda or cuda:1, got {name}", param_hint="--device")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise typer.BadParameter(
            f"PyTorch finds {torch.cuda.device_count()} CUDA devices here, got {name}", param_hint="--device"
        )
    return name
