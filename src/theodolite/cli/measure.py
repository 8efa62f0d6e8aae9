"""`theodolite measure`: distances, heights, angles, surfaces and boxes in a photo, each with its uncertainty."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from theodolite.cli import camera_options
from theodolite.errors import OutputError, TheodoliteError

if TYPE_CHECKING:
    from theodolite.apps.known_scale import KnownScale
    from theodolite.apps.measure_requests import Request
    from theodolite.apps.quantity import Measurement
    from theodolite.inference.prediction import Prediction

_SCALE = "Scale"
_PIXEL = re.compile(r"-?[\d.]+,-?[\d.]+")


class PairsCommand(TyperCommand):
    """Takes two pixels after an option, "--height U,V U,V", as one value, so that such options can be repeated."""

    pairs = ("--height", "--angle", "--reference-object")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        joined: list[str] = []
        rest = list(args)
        while rest:
            word = rest.pop(0)
            if word in self.pairs and len(rest) > 1 and all(_PIXEL.fullmatch(pixel) for pixel in rest[:2]):
                joined += [word, f"{rest.pop(0)},{rest.pop(0)}"]
            else:
                joined.append(word)
        return super().parse_args(ctx, joined)


def measure(
    photo: Annotated[Path, typer.Argument(help="A picture, or a prediction saved as .npz.", show_default=False)],
    start: Annotated[list[str] | None, typer.Option("--from", help="Pixel U,V a distance begins at.")] = None,
    end: Annotated[list[str] | None, typer.Option("--to", help="Pixel U,V it ends at.")] = None,
    heights: Annotated[
        list[str] | None, typer.Option("--height", help="Foot and top pixel of an upright thing: U,V U,V.")
    ] = None,
    angles: Annotated[
        list[str] | None, typer.Option("--angle", help="Two places U,V U,V: the angle between their surfaces.")
    ] = None,
    regions: Annotated[
        list[str] | None, typer.Option("--region", help="Polygon U,V,U,V,...: area and slope of the surface inside.")
    ] = None,
    boxes: Annotated[
        list[str] | None, typer.Option("--box", help="Polygon U,V,U,V,...: the upright box of the object inside.")
    ] = None,
    reference_object: Annotated[
        str | None,
        typer.Option(help="Two pixels U,V U,V a known length apart.", rich_help_panel=_SCALE),
    ] = None,
    reference_length: Annotated[float | None, typer.Option(help="That length, metres.", rich_help_panel=_SCALE)] = None,
    camera_height: Annotated[
        float | None, typer.Option(help="Height of the camera above the ground seen, metres.", rich_help_panel=_SCALE)
    ] = None,
    reference_sigma: Annotated[
        float | None,
        typer.Option(help="Standard uncertainty of either, metres; default: 1 % of it.", rich_help_panel=_SCALE),
    ] = None,
    vertical: Annotated[
        str, typer.Option(help="Up: auto, level, or x,y,z in camera axes (x right, y down, z forward).")
    ] = "auto",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Picture with lines and numbers, PNG or JPEG.")
    ] = None,
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    focal_px: camera_options.FocalPx = None,
    focal_35mm: camera_options.Focal35mm = None,
    fov: camera_options.Fov = None,
    calibration: camera_options.Calibration = None,
    strict_camera: camera_options.StrictCamera = False,
    assume_fov: camera_options.AssumeFov = 60.0,
    no_profile: camera_options.NoProfile = False,
    profile: camera_options.Profile = None,
    max_side: Annotated[
        int, typer.Option(min=0, help="Reduce the photo to this longer side, px; 0 keeps every pixel.")
    ] = 2048,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a picture that is there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """Measure in a photo. Pixels are U,V of the upright photo at its full size; options may be given several times.

    Each result has its standard uncertainty: the truth lies within it two times in three, within twice of it 19 times
    in 20, as far as the errors are of the assumed kind. A known length in the picture makes all results surer.
    """
    from theodolite.apps.basis import Basis
    from theodolite.apps.measure_requests import carry_out, is_saved, parse_vertical
    from theodolite.apps.measured_picture import write_measured

    try:
        requests = _requests(start or [], end or [], heights or [], angles or [], regions or [], boxes or [])
        scale = _scale(reference_object, reference_length, camera_height, reference_sigma)
        basis = Basis(scale, parse_vertical(vertical))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    camera = camera_options.resolve_camera_option(focal_px, focal_35mm, fov, calibration)
    if camera is not None and is_saved(photo):
        raise typer.BadParameter(f"{photo.name} has the camera it was predicted with; leave the camera options out.")
    if out is not None and out.exists() and not overwrite:
        raise OutputError(f"{out} is there already; --overwrite replaces it.")
    settings = {
        "max_side": max_side or None,
        "strict_camera": strict_camera,
        "assume_fov": assume_fov,
        "profile": camera_options.profile_setting(no_profile, profile),
    }
    prediction = _prediction(photo, camera, model, accept_license, settings)
    done, failed = carry_out(prediction, requests, basis)
    if out is not None and done:
        write_measured(out, prediction, done)
    factor = None
    try:
        factor = _factor(prediction, basis.scale) if basis.scale and done else None
    except TheodoliteError as error:  # what needs no scale, as angles do, was measured all the same
        if str(error) not in map(str, failed):
            failed.append(error)
    for text in prediction.warnings:
        typer.echo(f"warning: {text}", err=True)
    for reason in failed:
        typer.echo(f"theodolite: {reason}", err=True)
    if json_output:
        typer.echo(json.dumps(_facts(prediction, done, failed, factor, out), indent=1))
    else:
        typer.echo(_table(prediction, done, factor))
    if failed:
        raise typer.Exit(1)


def _requests(
    start: list[str], end: list[str], heights: list[str], angles: list[str], regions: list[str], boxes: list[str]
) -> list[Request]:
    from theodolite.apps.measure_requests import Request, parse_pair, parse_pixels

    if len(start) != len(end):
        raise ValueError(f"Each --from needs a --to: got {len(start)} and {len(end)}.")
    found = [
        Request("distance", (*parse_pixels(a, "--from", 1, 1), *parse_pixels(b, "--to", 1, 1)))
        for a, b in zip(start, end, strict=True)
    ]
    found += [Request("height", parse_pair(text, "--height")) for text in heights]
    found += [Request("angle", parse_pair(text, "--angle")) for text in angles]
    found += [Request("region", parse_pixels(text, "--region", 3)) for text in regions]
    found += [Request("box", parse_pixels(text, "--box", 3)) for text in boxes]
    if not found:
        raise ValueError("Nothing to measure: give --from and --to, --height, --angle, --region or --box.")
    return found


def _scale(
    reference: str | None, length: float | None, camera_height: float | None, sigma: float | None
) -> KnownScale | None:
    from theodolite.apps.known_scale import CameraHeight, ReferenceObject
    from theodolite.apps.measure_requests import parse_pair

    if (reference is None) != (length is None):
        raise ValueError("--reference-object and --reference-length belong together.")
    if reference is not None and camera_height is not None:
        raise ValueError("--reference-object and --camera-height both fix the scale; give one of them.")
    try:
        if reference is not None and length is not None:
            return ReferenceObject(*parse_pair(reference, "--reference-object"), length, sigma)
        return None if camera_height is None else CameraHeight(camera_height, sigma)
    except TheodoliteError as error:
        raise ValueError(str(error)) from error


def _prediction(photo: Path, camera: Any, model: str, accept: bool, settings: dict[str, Any]) -> Prediction:
    from theodolite.apps.measure_requests import is_saved
    from theodolite.inference.prediction import Prediction
    from theodolite.inference.predictor import load

    if is_saved(photo):
        return Prediction.load(photo)
    return load(model, accept_licence=accept).predict(photo, camera=camera, **settings)


def _factor(prediction: Prediction, scale: KnownScale) -> tuple[float, float]:
    from theodolite.apps.known_scale import scale_factor

    return scale_factor(prediction, scale)


def _facts(
    prediction: Prediction,
    done: list[Measurement],
    failed: list[TheodoliteError],
    factor: tuple[float, float] | None,
    out: Path | None,
) -> dict[str, Any]:
    from theodolite.inference.files.facts import facts

    known = facts(prediction)
    return {
        "photo": {name: known[name] for name in ("name", "model", "photo_size", "camera", "warnings", "provenance")},
        "scale": None if factor is None else {"factor": factor[0], "sigma": factor[1]},
        "measurements": [measurement.facts() for measurement in done],
        "errors": [str(error) for error in failed],
        "picture": None if out is None or not done else str(out),
    }


def _table(prediction: Prediction, done: list[Measurement], factor: tuple[float, float] | None) -> str:
    camera, (width, height) = prediction.camera, prediction.photo_size
    lines = [
        f"{prediction.name}  {width}x{height} px, focal length {camera.focal * width / camera.width:.0f} px "
        f"({camera.source}), model {prediction.model}"
    ]
    if factor is not None:
        lines.append(f"  scale     lengths times {factor[0]:.3f} ± {factor[1]:.3f}, by the reference")
    for measurement in done:
        pixels = " ".join(f"{u:g},{v:g}" for u, v in measurement.pixels)
        for quantity in measurement.quantities:
            name = quantity.name if quantity.name == measurement.kind else f"{measurement.kind} {quantity.name}"
            whole = sum(part**2 for part in quantity.causes.values()) or 1.0
            parts = [f"{cause} {100 * part**2 / whole:.0f} %" for cause, part in quantity.causes.items()]
            mostly = ", ".join(part for part in parts[:3] if not part.endswith(" 0 %"))
            lines.append(f"  {name:22}{quantity!s:>20}   {mostly}")
        lines.append(f"    at {pixels}")
        lines.extend(f"    {note}" for note in measurement.notes)
    return "\n".join(lines)
