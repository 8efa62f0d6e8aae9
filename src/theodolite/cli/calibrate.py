"""`theodolite calibrate`: a camera's scale profile, learnt from known lengths or measured depth."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from theodolite.cli import camera_options
from theodolite.errors import DatasetError

if TYPE_CHECKING:
    from theodolite.apps.scale_calibration import Calibrated
    from theodolite.apps.scale_witnesses import Testimony


def calibrate(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(help="CSV files of known lengths, folders with frames.json.", show_default=False),
    ] = None,
    known: Annotated[
        list[str] | None, typer.Option("--known", help="A known length: PHOTO:U,V:U,V=METRES.", show_default=False)
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option("--pair", help="PHOTO=DEPTH.png, measured depth of the view.", show_default=False),
    ] = None,
    depth_scale: Annotated[
        float | None, typer.Option(help="Steps per metre of these depth PNGs, where they do not state it.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write instead of the folder of profiles.")
    ] = None,
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    focal_px: camera_options.FocalPx = None,
    focal_35mm: camera_options.Focal35mm = None,
    fov: camera_options.Fov = None,
    calibration: camera_options.Calibration = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what was found, and store nothing.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a profile that is there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """Learn by what factor a camera's depths are off, and keep it: later photos of that camera are corrected.

    Three known lengths, or three photos with measured depth, at least; all of one camera at one focal length.
    """
    from theodolite.apps.scale_calibration import calibrate as learn
    from theodolite.apps.scale_calibration import store
    from theodolite.apps.scale_witnesses import check_testimony
    from theodolite.inference.predictor import load

    camera = camera_options.resolve_camera_option(focal_px, focal_35mm, fov, calibration)
    testimonies = _testimonies(sources or [], known or [], pair or [], depth_scale)
    check_testimony(testimonies)
    predictor = load(model, accept_licence=accept_license)
    found = learn(testimonies, predictor, camera)
    path = None if dry_run else store(found.profile, out, overwrite)
    if json_output:
        facts = {"profile": asdict(found.profile), "file": None if path is None else str(path)}
        rows = [{"photo": w.photo, "factor": math.exp(w.middle)} for w in found.witnesses]
        typer.echo(json.dumps(facts | {"witnesses": rows}, indent=1))
    else:
        typer.echo(_told(found, path))


def _testimonies(sources: list[Path], known: list[str], pairs: list[str], scale: float | None) -> list[Testimony]:
    from theodolite.apps.scale_witnesses import MeasuredPhoto, parse_known, read_sources

    found = [*read_sources(sources), *(parse_known(text) for text in known)]
    for text in pairs:
        photo, _, depth = text.rpartition("=")
        if not photo or not depth:
            raise DatasetError(f"A pair is PHOTO=DEPTH.png, got {text!r}.")
        found.append(MeasuredPhoto(Path(photo), Path(depth), scale))
    return found


def _told(found: Calibrated, path: Path | None) -> str:
    profile = found.profile
    lines = [f"{w.photo:32} asks for times {math.exp(w.middle):.3f}" for w in found.witnesses]
    who = " ".join(word for word in (profile.make, profile.camera) if word) or "an unnamed camera"
    lens = f" at {profile.focal_mm:.3g} mm" if profile.focal_mm else ""
    lines.append(
        f"{who}{lens}, {profile.network}: depth times {profile.factor:.3f} ± {profile.factor * profile.sigma:.3f}"
    )
    if profile.slope:
        near, far = (math.exp(x) for x in profile.reach)
        lines.append(
            f"  times depth to the power of {profile.slope:+.3f}, about {math.exp(profile.middle):.2f} m; "
            f"between {near:.2f} and {far:.2f} m"
        )
    before, after = 100 * profile.before, 100 * profile.after
    lines.append(f"  error at witnesses left out of the fit: {before:.1f} % before, {after:.1f} % after")
    lines.append(f"  {'not stored (--dry-run)' if path is None else f'kept in {path}'}")
    return "\n".join(lines)
