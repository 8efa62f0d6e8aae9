"""`theodolite priors`: depth, normals, masks and an initial cloud for NeRF and Gaussian splatting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from theodolite.cli import camera_options
from theodolite.cli.interrupts import interruptible

if TYPE_CHECKING:
    from rich.console import Console

    from theodolite.apps.priors.report import Report

_STAGES = {"predict": "predicting", "write": "writing", "fuse": "cloud"}


def priors(
    folder: Annotated[Path, typer.Argument(help="Pictures with poses: COLMAP, nerfstudio, TUM, ...")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the results; the folder itself without.")
    ] = None,
    trainers: Annotated[
        list[str] | None,
        typer.Option(
            "--for", help="nerfstudio, gaussian-splatting, dn-splatter or sdfstudio; several times for several."
        ),
    ] = None,
    align: Annotated[
        str, typer.Option(help="auto, scale, scale-shift, scale-shift-inverse (of inverse depth) or none.")
    ] = "auto",
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    images: Annotated[Path | None, typer.Option(help="Folder of the pictures, where it is not the usual one.")] = None,
    poses: Annotated[Path | None, typer.Option(help="Path of the camera, in the form of TUM or KITTI.")] = None,
    calibration: camera_options.Calibration = None,
    focal_px: camera_options.FocalPx = None,
    pose_scale: Annotated[
        float | None, typer.Option(help="Metres for each unit of the poses, where no sparse points tell.")
    ] = None,
    points: Annotated[int, typer.Option(min=0, help="At most so many in the initial cloud; 0: no cloud.")] = 500_000,
    least_confidence: Annotated[float, typer.Option(help="Trust no pixel of less.")] = 0.5,
    use_masks: Annotated[
        bool, typer.Option("--use-masks", help="nerfstudio: leave untrusted pixels out of training, colours too.")
    ] = False,
    keep_untrusted: Annotated[
        bool, typer.Option("--keep-untrusted", help="nerfstudio, dn-splatter: depth at untrusted pixels as well.")
    ] = False,
    depth_format: Annotated[str, typer.Option(help="nerfstudio's depth: png, npy, or auto by its range.")] = "auto",
    max_side: Annotated[int, typer.Option(min=64, help="Reduce pictures to this longer side to predict, px.")] = 1024,
    backend: Annotated[str | None, typer.Option(help="onnx or torch; default: by the file.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace priors that are there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """Depth aligned to the sparse points, normals, confidence masks, a dense cloud: written as trainers read them.

    Written into the folder itself, where trainers look; a file of yours that has to change is kept beside it, named
    "original". Interrupted, it goes on where it was when started again.
    """
    from rich.console import Console

    from theodolite.apps.priors import Settings, make_priors
    from theodolite.inference.predictor import load

    try:
        settings = Settings(
            tuple(trainers or ()),
            align,
            pose_scale,
            points,
            least_confidence,
            max_side,
            use_masks,
            keep_untrusted,
            depth_format,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    camera = camera_options.resolve_camera_option(focal_px, calibration=calibration)
    predictor = load(model, backend=backend, device=device, accept_licence=accept_license)
    messages = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        with interruptible() as heed, _shown(messages, heed) as progress:
            report = make_priors(
                folder,
                predictor,
                settings,
                out=out,
                images=images,
                poses=poses,
                calibration=camera,
                overwrite=overwrite,
                progress=progress,
            )
    except KeyboardInterrupt as interrupt:
        messages.print("theodolite: interrupted; predictions are kept, and the same command goes on with them.")
        raise typer.Exit(130) from interrupt
    for line in report.left_out:
        messages.print(f"left out: {line}", style="yellow", markup=False)
    for view in report.failed:
        messages.print(f"theodolite: {view.error}", style="red", markup=False)
    for note in report.notes:
        messages.print(f"warning: {note}", style="yellow", markup=False)
    facts = report.facts()
    typer.echo(json.dumps(facts, indent=1) if json_output else told(report, facts))
    if report.failed:
        raise typer.Exit(1)


@contextmanager
def _shown(messages: Console, heed: Callable[[], None]) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stage, where somebody looks; an interrupt is heeded between one view and the next."""
    from rich.progress import Progress

    with Progress(console=messages, disable=not messages.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(_STAGES[stage], total=total)
            bars.update(tasks[stage], completed=done)
            heed()

        yield progress


def told(report: Report, facts: dict[str, Any]) -> str:
    """What was done, in a few lines."""
    views, alignment = facts["views"], facts["alignment"]
    rest = "".join(f", {views[name]} {name.replace('_', ' ')}" for name in ("failed", "left_out") if views[name])
    kinds = ", ".join(f"{count} by {kind}" for kind, count in alignment["kinds"].items())
    by = {"points": alignment["sparse_points"] or "points", "pictures": "parallax", "set": "the others' median"}
    from_ = ", ".join(f"{count} from {by.get(name, name)}" for name, count in alignment["by"].items() if name != "none")
    spread = "" if alignment["spread"] is None else f" ±{100 * alignment['spread']:.0f} %"
    lines = [
        f"{report.out}  priors of {views['done']} views{rest}",
        f"  depth   aligned: {kinds}" + (f" ({from_})" if from_ else ""),
        f"  unit    {1 / alignment['units_per_metre']:.4g} m for each unit of the poses{spread}",
    ]
    if (residual := report.residual) is not None:
        lines.append(f"  error   {100 * residual:.1f} % at the points, median of the views")
    if report.cloud is not None:
        lines.append(f"  cloud   {report.cloud[0]} points, voxels of {report.cloud[1]:.3g}")
    for name, done in report.written.items():
        lines.append(f"  files   {name}: {', '.join(str(file) for file in done.files)}")
        lines.append(f"  train   {done.command}")
    return "\n".join(lines)
