"""`theodolite video`: depth and normals of a clip, with one camera, one scale and one range of colours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from theodolite.cli import camera_options, save_options
from theodolite.cli.interrupts import interruptible

if TYPE_CHECKING:
    from theodolite.apps.clips.run import ClipSettings
    from theodolite.inference.predictor import Predictor


def video(
    clip: Annotated[Path, typer.Argument(help="A video, or a folder of pictures.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("out"),
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    formats: Annotated[
        str,
        typer.Option(help="Files of every picture, comma-separated, as predict has them; 'none' for the film alone."),
    ] = "depth-png,normal-png",
    focal_px: camera_options.FocalPx = None,
    focal_35mm: camera_options.Focal35mm = None,
    fov: camera_options.Fov = None,
    calibration: camera_options.Calibration = None,
    strict_camera: camera_options.StrictCamera = False,
    assume_fov: camera_options.AssumeFov = 60.0,
    estimate_focal: Annotated[
        bool,
        typer.Option(
            "--estimate-focal",
            help="Where no focal length is known, estimate it from the lines in several pictures.",
            rich_help_panel="Camera",
        ),
    ] = False,
    fps: Annotated[
        float | None, typer.Option(min=0.001, help="Pictures a second, of a folder whose names are no times. [30]")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Take one of so many pictures.")] = 1,
    max_side: Annotated[int, typer.Option(min=0, help="Reduce pictures to this longer side, px; 0 does not.")] = 640,
    near: Annotated[float | None, typer.Option(min=0.001, help="Nearest colour, metres. [by the clip]")] = None,
    far: Annotated[float | None, typer.Option(min=0.001, help="Farthest colour, metres. [by the clip]")] = None,
    no_steady: Annotated[
        bool, typer.Option("--no-steady", help="Lock the scale only; leave flicker within the picture.")
    ] = False,
    backend: Annotated[str | None, typer.Option(help="onnx or torch; default: by the file.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
    normal_convention: save_options.NormalConvention = "opencv",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start anew, and replace files.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """Metric depth and normals of a clip that do not flicker: side-by-side.mp4, frames/ and video.json.

    Work that was interrupted goes on where it ended when it is started again.
    """
    from theodolite.apps.clips.run import clip_to_folder
    from theodolite.apps.clips.source import estimated, open_clip
    from theodolite.apps.frames import Opening
    from theodolite.inference.predictor import load

    settings = _settings(formats, near, far, normal_convention, steady=not no_steady)
    camera = camera_options.resolve_camera_option(focal_px, focal_35mm, fov, calibration)
    opened = open_clip(clip, Opening(camera, max_side, assume_fov, strict_camera), every=every, fps=fps)
    predictor: Predictor = load(model, backend=backend, device=device, accept_licence=accept_license)
    if estimate_focal:
        opened = estimated(opened, predictor)
    with interruptible() as heed:
        count = _counter(2 * len(opened))

        def after_each(number: int) -> None:
            count()
            heed()

        summary = clip_to_folder(predictor, opened, out, settings, overwrite=overwrite, heed=after_each)
    for note in summary["notes"]:
        typer.echo(f"warning: {note}", err=True)
    for reason in summary["failed"]:
        typer.echo(f"theodolite: {reason}", err=True)
    typer.echo(json.dumps(summary | {"out": str(out)}, indent=1) if json_output else _told(summary, out))
    if summary["failed"]:
        raise typer.Exit(1)


def _settings(
    formats: str, near: float | None, far: float | None, normal_convention: str, *, steady: bool
) -> ClipSettings:
    from theodolite.apps.clips.run import ClipSettings

    wanted = [name for name in save_options.formats_of(formats) if name != "none"]
    options = save_options.save_options(wanted, normal_convention=normal_convention, near=near, far=far)
    return ClipSettings(tuple(wanted), steady, options)


def _counter(total: int) -> Callable[[], None]:
    """A line on stderr that counts both passes, where somebody can see it."""
    import sys

    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        if sys.stderr.isatty():
            share = f" of about {total}" if total else ""
            print(f"\r{done}{share} steps", end="\n" if done == total else "", file=sys.stderr, flush=True)

    return count


def _told(summary: dict[str, Any], out: Path) -> str:
    camera, colours, flicker = summary["camera"], summary["colours"], summary["flicker"]
    focal = (camera["fx"] + camera["fy"]) / 2
    sure = f" ±{100 * camera['rel_sigma']:.0f} %" if camera["rel_sigma"] else ""
    scenes = "" if summary["scenes"] == 1 else f", {summary['scenes']} scenes"
    lines = [
        f"{summary['clip']}  {summary['pictures']} pictures, {summary['seconds']:.1f} s{scenes}",
        f"  camera  focal length {focal:.0f} px of {camera['width']}{sure}, {camera['source']}: "
        f"{camera['detail'] or 'camera= was given'}",
        f"  colours {colours['near']:.2f} to {colours['far']:.2f} m",
    ]
    if flicker["before"] and flicker["after"]:
        before, after = flicker["before"], flicker["after"]
        lines.append(
            f"  flicker scale {_percent(before['scale'])} -> {_percent(after['scale'])}, "
            f"within {_percent(before['shape'])} -> {_percent(after['shape'])} from picture to picture"
        )
    kept = "; done already, kept (--overwrite starts anew)" if summary["kept"] else ""
    lines.append(f"  files   {out}/: side-by-side.mp4, frames/, video.json{kept}")
    return "\n".join(lines)


def _percent(value: float) -> str:
    return f"{100 * value:.2g} %"
