"""`theodolite camera`: which focal length a photo has, where that comes from, and how sure it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from theodolite.cli import camera_options

if TYPE_CHECKING:
    from theodolite.camera.photo import CameraReport


def camera(
    photos: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.", show_default=False)],
    focal_px: camera_options.FocalPx = None,
    focal_35mm: camera_options.Focal35mm = None,
    fov: camera_options.Fov = None,
    calibration: camera_options.Calibration = None,
    strict_camera: camera_options.StrictCamera = False,
    assume_fov: camera_options.AssumeFov = 60.0,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Where nothing is known, estimate it from the lines in the picture.")
    ] = False,
    save: Annotated[
        bool, typer.Option("--save", help="Write PHOTO.camera.json beside each photo; later commands use it.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a camera file that is there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Which focal length photos have, where it comes from, how sure it is, and the field of view it means.

    Every metre that is measured in a photo is as uncertain as this focal length, at least.
    """
    from theodolite.camera.photo import CameraReport
    from theodolite.errors import TheodoliteError
    from theodolite.inference.bulk import expand

    given = camera_options.resolve_camera_option(focal_px, focal_35mm, fov, calibration)
    improve = _estimator(strict_camera) if estimate else None
    found: list[tuple[Path, CameraReport | TheodoliteError]] = []
    for path in expand(photos):
        try:
            strict = strict_camera and improve is None
            report = CameraReport.of(path, given, strict=strict, assume_fov=assume_fov)
            report = improve(path, report) if improve else report
            if save:
                _save(path, report, overwrite)
            found.append((path, report))
        except TheodoliteError as error:
            found.append((path, error))
            typer.echo(f"theodolite: {error}", err=True)
    if json_output:
        typer.echo(json.dumps([_facts(path, result) for path, result in found], indent=2))
    else:
        good = [(path, result) for path, result in found if not isinstance(result, TheodoliteError)]
        _print_one(*good[0]) if len(found) == len(good) == 1 else _print_table(good)
    if not found:
        typer.echo("theodolite: no pictures found.", err=True)
    if not found or any(isinstance(result, TheodoliteError) for _, result in found):
        raise typer.Exit(1)


def _estimator(strict: bool) -> Callable[[Path, CameraReport], CameraReport]:
    """What replaces an assumed camera by an estimated one; the network is loaded when the first is met."""
    from functools import cache

    from theodolite.apps.focal_search import estimated_report
    from theodolite.inference.predictor import load

    model = cache(load)

    def improve(path: Path, report: CameraReport) -> CameraReport:
        assumed = report.lens.camera.source == "assumed"
        return estimated_report(path, report, model(), strict=strict) if assumed else report

    return improve


def _save(path: Path, report: CameraReport, overwrite: bool) -> None:
    from theodolite.camera.sidecar import sidecar_paths, write_sidecar
    from theodolite.errors import CameraError

    if report.lens.camera.source == "assumed":
        raise CameraError(f"{path.name} has an assumed camera, which is not worth keeping. Give --focal-px or --fov.")
    if report.lens.distortion is not None:
        raise CameraError("A lens with distortion cannot be saved beside a photo; go on using --calibration.")
    if sidecar_paths(path)[0].exists() and not overwrite:
        raise CameraError(f"{sidecar_paths(path)[0]} is there already; --overwrite replaces it.")
    write_sidecar(path, report.lens.camera)


def _facts(path: Path, result: CameraReport | Exception) -> dict[str, Any]:
    from dataclasses import asdict

    if isinstance(result, Exception):
        return {"photo": str(path), "error": str(result)}
    camera = result.lens.camera
    lens = result.lens.distortion
    return {
        "photo": str(path),
        **asdict(camera),
        "focal_px": camera.focal,
        "fov_degrees": dict(zip(("horizontal", "vertical", "diagonal"), camera.fov, strict=True)),
        "distortion": lens and {"model": type(lens).__name__, **asdict(lens)},  # type: ignore[call-overload]
        "notes": list(result.notes),
    }


def _print_one(path: Path, report: CameraReport) -> None:
    camera = report.lens.camera
    across, down, diagonal = camera.fov
    typer.echo(f"{path.name}  {camera.width}x{camera.height} px")
    typer.echo(f"  focal length   {_focal(report)} px, {_sureness(report)} ({camera.source})")
    typer.echo(f"  field of view  {across:.1f} degrees across, {down:.1f} down, {diagonal:.1f} diagonal")
    typer.echo(f"  found from     {camera.detail or camera.source}")
    if report.lens.distortion is not None:
        typer.echo(f"  lens           {report.lens.distortion}")
    for note in report.notes:
        typer.echo(f"  note           {path.name} {note}")


def _print_table(found: list[tuple[Path, CameraReport]]) -> None:
    rows = [("photo", "pixels", "focal px", "sure to", "source", "field of view", "found from")]
    for path, report in found:
        camera = report.lens.camera
        across, down, _ = camera.fov
        size, view = f"{camera.width}x{camera.height}", f"{across:.0f} x {down:.0f}"
        rows.append((path.name, size, _focal(report), _sureness(report), camera.source, view, camera.detail))
    if len(rows) == 1:
        return
    # The last column is free text, so it goes without padding and the table fits a pipe as well as a terminal.
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:6], widths, strict=True)]
        typer.echo("  ".join([*cells, row[6]]).rstrip())
    for path, report in found:
        for note in report.notes:
            typer.echo(f"{path.name} {note}", err=True)


def _focal(report: CameraReport) -> str:
    camera = report.lens.camera
    return f"{camera.fx:.1f} x {camera.fy:.1f}" if abs(camera.fx / camera.fy - 1) > 1e-3 else f"{camera.focal:.1f}"


def _sureness(report: CameraReport) -> str:
    sigma = report.lens.camera.rel_sigma
    return f"±{100 * sigma:.1f} %" if sigma else "as given"
