"""`theodolite scale`: a path or a reconstruction that is known up to scale, in metres."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from theodolite.cli import camera_options
from theodolite.cli.interrupts import interruptible
from theodolite.cli.odometry import DepthFolder, DepthSteps, _depth

if TYPE_CHECKING:
    from theodolite.apps.path_scale import ViewFactor
    from theodolite.apps.views import Views
    from theodolite.camera.photo import CameraGiven


def scale(
    trajectory: Annotated[
        Path,
        typer.Argument(help="Path in TUM's or KITTI's form, or a folder with a COLMAP model.", show_default=False),
    ],
    images: Annotated[Path | None, typer.Option(help="Folder of its pictures; COLMAP's usual places else.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("out"),
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    focal_px: camera_options.FocalPx = None,
    focal_35mm: camera_options.Focal35mm = None,
    fov: camera_options.Fov = None,
    calibration: camera_options.Calibration = None,
    strict_camera: camera_options.StrictCamera = False,
    assume_fov: camera_options.AssumeFov = 60.0,
    pictures: Annotated[int, typer.Option(min=3, help="Look at so many pictures, spread over the path.")] = 100,
    constant: Annotated[bool, typer.Option("--constant", help="One scale for all: correct no drift.")] = False,
    depth: DepthFolder = None,
    depth_steps: DepthSteps = 1000.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """The path in metres, its drift of scale taken out: trajectory.txt (TUM's form) and trajectory_kitti.txt."""
    from theodolite.apps.path_scale import path_scale
    from theodolite.apps.path_scale_files import FILES, facts_of, path_of_views, write_scaled
    from theodolite.errors import OutputError, TheodoliteError

    existing = next((out / name for name in FILES if (out / name).exists()), None)
    if existing is not None and not overwrite:
        raise OutputError(f"{existing} is there already. Give another folder with --out, or --overwrite.")
    if not trajectory.is_dir() and images is None:
        raise TheodoliteError(f"{trajectory} needs its pictures: give their folder with --images.")
    given = camera_options.resolve_camera_option(focal_px, focal_35mm, fov, calibration)
    views, warnings = _views(trajectory, images, given, strict_camera, assume_fov)
    depth_of = _depth(depth, depth_steps, model, accept_license)
    found = _look(views, depth_of, pictures)
    slow = path_scale(found, *([1] if constant else []))
    path = path_of_views(views, trajectory)
    facts = facts_of(slow, path, found, views) | {"trajectory": str(trajectory), "notes": [*warnings, *views.skipped]}
    files = write_scaled(out, slow.corrected(path), facts)
    for note in facts["notes"][:10]:
        typer.echo(f"warning: {note}", err=True)
    if json_output:
        typer.echo(json.dumps(facts | {"files": [str(file) for file in files]}, indent=1))
    else:
        typer.echo(_told(facts, out))


def _views(
    trajectory: Path, images: Path | None, given: CameraGiven | None, strict: bool, assume_fov: float
) -> tuple[Views, tuple[str, ...]]:
    from theodolite.apps.path_scale_files import camera_of_pictures, views_of_path
    from theodolite.apps.view_readers import read_views

    if trajectory.is_dir():
        return read_views(trajectory, images, calibration=given), ()
    assert images is not None
    warnings: tuple[str, ...] = ()
    if given is None:
        given, warnings = camera_of_pictures(images, assume_fov, strict)
    return views_of_path(trajectory, images, given), warnings


def _look(views: Views, depth: Any, pictures: int) -> list[ViewFactor]:
    from theodolite.apps.path_scale import view_factors

    found = []
    with interruptible() as heed:
        for factor in view_factors(views.views, depth, pictures):
            found.append(factor)
            heed()
    return found


def _told(facts: dict[str, Any], out: Path) -> str:
    sigma = facts["sigma"]
    sure = "" if sigma is None else f" ±{100 * sigma:.1f} %"
    by = " and ".join(f"{count} by {name}" for name, count in facts["told_by"].items())
    drift = f"{100 * facts['drift']:.1f} % along the path, taken out" if facts["corners"] > 1 else "none found"
    return "\n".join(
        [
            f"{facts['trajectory']}  {facts['poses']} poses",
            f"  scale   {facts['factor']:.5g} m for each unit{sure}; {facts['told']} of {facts['looked_at']} pictures "
            f"tell it ({by}), a single one within {100 * facts['spread']:.0f} %",
            f"  drift   {drift}",
            f"  path    {facts['length_metres']:.2f} m",
            f"  files   {out}/: {', '.join(Path(name).name for name in facts['names'])}",
        ]
    )
