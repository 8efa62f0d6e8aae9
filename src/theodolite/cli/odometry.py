"""`theodolite odometry`: the path of a moving camera in metres, from a video or a folder of pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from theodolite.cli import camera_options
from theodolite.cli.interrupts import interruptible

if TYPE_CHECKING:
    from theodolite.apps.frames import Frames
    from theodolite.apps.odometry import Tracker
    from theodolite.apps.odometry_path import OdometryPath
    from theodolite.apps.predicted_depth import DepthOf

DepthFolder = Annotated[
    Path | None,
    typer.Option(help="Folder of measured depth on the pictures' pixels (16-bit PNG), instead of a network."),
]
DepthSteps = Annotated[float, typer.Option(min=1, help="Metres = value / this, in measured depth.")]


def odometry(
    source: Annotated[Path, typer.Argument(help="A video, or a folder of pictures.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("out"),
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    focal_px: camera_options.FocalPx = None,
    focal_35mm: camera_options.Focal35mm = None,
    fov: camera_options.Fov = None,
    calibration: camera_options.Calibration = None,
    strict_camera: camera_options.StrictCamera = False,
    assume_fov: camera_options.AssumeFov = 60.0,
    fps: Annotated[
        float | None, typer.Option(min=0.001, help="Pictures a second, of pictures whose names are no times. [30]")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Take one of so many pictures.")] = 1,
    max_side: Annotated[int, typer.Option(min=0, help="Reduce pictures to this longer side, px; 0 does not.")] = 1280,
    depth: DepthFolder = None,
    depth_steps: DepthSteps = 1000.0,
    drift_corners: Annotated[
        int, typer.Option(min=1, help="Corners of the curve by which the scale may change along the path.")
    ] = 1,
    export_rgbd: Annotated[
        Path | None, typer.Option(help="Also write all pictures with depth in TUM RGB-D's layout, for SLAM.")
    ] = None,
    rgbd_steps: Annotated[float, typer.Option(min=1, help="Metres = value / this, in the depth written.")] = 5000.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start anew, and replace files.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """Where the camera was at each picture, in metres: trajectory.txt (TUM's form) and trajectory_kitti.txt.

    What was begun in the same folder goes on where it ended, so an interrupted run can simply be started again.
    """
    from theodolite.apps.frames import Opening, open_frames
    from theodolite.apps.odometry_files import path_facts, write_path
    from theodolite.apps.odometry_path import path_of

    camera = camera_options.resolve_camera_option(focal_px, focal_35mm, fov, calibration)
    frames = open_frames(source, Opening(camera, max_side, assume_fov, strict_camera), fps, every)
    depth_of = _depth(depth, depth_steps, model, accept_license)
    about = {"source": str(source.resolve()), "every": every, "max_side": max_side, "depth": str(depth or model)}
    about |= {"camera": [focal_px, focal_35mm, fov, str(calibration or "")], "fps": fps}
    tracker = _tracker(out, about, depth_of, measured=depth is not None, overwrite=overwrite)
    notes: list[str] = []
    try:
        _follow(tracker, frames, out, about, notes)
    finally:  # interrupted too: what is done is written
        if tracker.map.path:
            path = path_of(tracker.map, drift_corners)
            facts = path_facts(path) | {"notes": notes, **about}
            files = write_path(out, path, facts)
    path = path_of(tracker.map, drift_corners)
    if export_rgbd is not None:
        facts["rgbd"] = _export(export_rgbd, frames, depth_of, path, rgbd_steps, overwrite)
    if json_output:
        typer.echo(json.dumps(facts | {"files": [str(file) for file in files]}, indent=1))
    else:
        typer.echo(_told(facts, out))


def _depth(folder: Path | None, steps: float, model: str, accept_license: bool) -> DepthOf:
    from theodolite.apps.predicted_depth import measured_depth, predicted_depth
    from theodolite.inference.predictor import load

    if folder is not None:
        return measured_depth(folder, steps)
    return predicted_depth(load(model, accept_licence=accept_license))


def _tracker(out: Path, about: dict[str, Any], depth: DepthOf, *, measured: bool, overwrite: bool) -> Tracker:
    from theodolite.apps.bundle import SENSOR, Trust
    from theodolite.apps.odometry import Settings, Tracker
    from theodolite.apps.odometry_files import STATE, load_map, refuse_foreign

    refuse_foreign(out, overwrite)
    known = load_map(out / STATE, about) if (out / STATE).is_file() and not overwrite else None
    return Tracker(depth, Settings(trust=SENSOR if measured else Trust()), known)


def _follow(tracker: Tracker, frames: Frames, out: Path, about: dict[str, Any], notes: list[str]) -> None:
    from theodolite.apps.odometry import follow_frames
    from theodolite.apps.odometry_files import STATE, save_map

    saved = len(tracker.map.keyframes)
    advance = _counter(len(frames))
    with interruptible() as heed:
        for note in follow_frames(tracker, frames):
            if note:
                notes.append(note)
                typer.echo(f"theodolite: {note}", err=True)
            if len(tracker.map.keyframes) > saved:
                save_map(out / STATE, tracker.map, about)
                saved = len(tracker.map.keyframes)
            advance(len(tracker.map.path))
            heed()
    for warning in tracker.warnings:
        notes.append(warning)
        typer.echo(f"warning: {warning}", err=True)


def _counter(total: int) -> Callable[[int], None]:
    """A line on stderr that counts, where somebody can see it."""
    import sys

    if not sys.stderr.isatty():
        return lambda done: None
    return lambda done: print(f"\r{done} of {total} pictures", end="\n" if done >= total else "", file=sys.stderr)


def _export(
    folder: Path, frames: Frames, depth: DepthOf, path: OdometryPath, steps: float, overwrite: bool
) -> dict[str, Any]:
    from theodolite.apps.rgbd_export import export_pictures, write_lists

    exported = []
    with interruptible() as heed:
        for picture in export_pictures(folder, frames, depth, steps, path.depth_factor, overwrite):
            exported.append(picture)
            heed()
    write_lists(folder, exported, steps, path.trajectory)
    beyond = max((picture.beyond for picture in exported), default=0.0)
    if beyond > 0.1:
        typer.echo(
            f"warning: up to {100 * beyond:.0f} % of a picture is beyond {65535 / steps:.1f} m, the most 16 bits hold "
            f"at {steps:g} steps a metre, and unknown in the files; a smaller --rgbd-steps reaches further.",
            err=True,
        )
    return {"folder": str(folder), "pictures": sum(p.camera is not None for p in exported), "beyond_range": beyond}


def _told(facts: dict[str, Any], out: Path) -> str:
    sigma = facts["scale_sigma"]
    sure = "" if sigma is None else f", scale ±{100 * sigma:.1f} % by its own {facts['keyframes']} key pictures"
    lines = [
        f"{Path(facts['source']).name}  {facts['placed']} pictures placed",
        f"  path    {facts['length_metres']:.2f} m{sure}",
        f"  files   {out}/: trajectory.txt, trajectory_kitti.txt, odometry.json",
    ]
    if "rgbd" in facts:
        lines.append(f"  rgbd    {facts['rgbd']['folder']}/: {facts['rgbd']['pictures']} pictures with depth")
    return "\n".join(lines)
