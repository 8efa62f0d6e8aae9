"""`theodolite predict`: depth and normals of photos, as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from theodolite.cli import camera_options, save_options
from theodolite.cli.interrupts import interruptible
from theodolite.errors import TheodoliteError

if TYPE_CHECKING:
    from rich.console import Console

    from theodolite.inference.bulk import Outcome


def _list_formats(asked: bool) -> None:
    if not asked:
        return
    from theodolite.inference.files import DEFAULT_FORMATS, FORMATS

    for name, form in FORMATS.items():
        typer.echo(f"{name:14}{form.what}{'  (default)' if name in DEFAULT_FORMATS else ''}")
    raise typer.Exit()


def predict(
    photos: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("out"),
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    formats: Annotated[
        str, typer.Option(help="Comma-separated; --list-formats says which there are.", show_default=False)
    ] = "",
    list_formats: Annotated[
        bool, typer.Option("--list-formats", help="Print the file formats.", is_eager=True, callback=_list_formats)
    ] = False,
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
            help="Where no focal length is known, estimate it from the lines in the picture.",
            rich_help_panel="Camera",
        ),
    ] = False,
    no_profile: camera_options.NoProfile = False,
    profile: camera_options.Profile = None,
    max_side: Annotated[
        int, typer.Option(min=0, help="Reduce photos, and so the maps, to this longer side, px; 0 keeps every pixel.")
    ] = 2048,
    parity: Annotated[bool, typer.Option("--parity", help="The published pre- and post-processing, exactly.")] = False,
    backend: Annotated[str | None, typer.Option(help="onnx or torch; default: by the file.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or float16 (torch).")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Photos in memory at a time.")] = 1,
    normal_convention: save_options.NormalConvention = "opencv",
    triangles: save_options.Triangles = 200_000,
    mesh_error: save_options.MeshError = None,
    up_axis: save_options.UpAxis = "camera",
    level: save_options.Level = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """Metric depth and surface normals of photos.

    The focal length comes from the options, a file beside the photo, or its EXIF data; failing these it is assumed, and
    said so. What is done already is kept, so an interrupted run can simply be started again.
    """
    import json

    from rich.console import Console

    from theodolite.inference.bulk import expand, predict_to_folder
    from theodolite.inference.files import DEFAULT_FORMATS
    from theodolite.inference.predictor import load

    messages = Console(stderr=True, highlight=False, soft_wrap=True)
    wanted = save_options.formats_of(formats) or list(DEFAULT_FORMATS)
    options = save_options.save_options(
        wanted,
        normal_convention=normal_convention,
        triangles=triangles,
        mesh_error=mesh_error,
        up_axis=up_axis,
        level=level,
    )
    camera = camera_options.resolve_camera_option(focal_px, focal_35mm, fov, calibration)
    if estimate_focal and strict_camera:
        raise typer.BadParameter(
            "--strict-camera refuses the photos that --estimate-focal is for; leave one of them out."
        )
    files = expand(photos)
    if not files:
        raise TheodoliteError(f"There is no picture in {', '.join(str(path) for path in photos)}.")
    predictor = load(model, backend=backend, device=device, dtype=dtype, accept_licence=accept_license)
    if estimate_focal:
        from theodolite.apps.focal_search import FocalEstimating

        predictor = FocalEstimating.of(predictor)
    outcomes = []
    results = predict_to_folder(
        predictor,
        files,
        out,
        formats=wanted,
        overwrite=overwrite,
        options=options,
        camera=camera,
        batch=batch,
        parity=parity,
        max_side=max_side or None,
        strict_camera=strict_camera,
        assume_fov=assume_fov,
        profile=camera_options.profile_setting(no_profile, profile),
    )
    with _progress(messages, len(files)) as advance, interruptible() as heed:
        for outcome in results:
            heed()
            outcomes.append(outcome)
            advance()
            _tell(outcome, messages)
            if outcome.status == "done" and not json_output:
                typer.echo(_facts(outcome))
    if json_output:
        typer.echo(json.dumps({"model": predictor.facts.name, "results": [_row(o) for o in outcomes]}, indent=1))
    elif len(files) > 1:
        counts = ", ".join(f"{sum(o.status == s for o in outcomes)} {s}" for s in ("done", "kept", "failed"))
        typer.echo(f"{len(files)} photos: {counts}")
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(1)


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[], None]]:
    """A bar with the time to go, on stderr, where there is more than one photo and somebody to see it."""
    if total < 2 or not console.is_terminal:
        yield lambda: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("to go"), TimeRemainingColumn())
    with Progress(TextColumn("photos"), *columns, console=console) as bar:
        task = bar.add_task("photos", total=total)
        yield lambda: bar.advance(task)


def _tell(outcome: Outcome, console: Console) -> None:
    if outcome.status == "failed":
        console.print(f"theodolite: {outcome.error}", style="red", markup=False)
    elif outcome.status == "kept":
        console.print(f"{outcome.photo} is done already; its files are kept (--overwrite replaces them).", markup=False)
    for warning in outcome.facts.get("warnings", ()):
        console.print(f"warning: {warning}", style="yellow", markup=False)


def _facts(outcome: Outcome) -> str:
    known = outcome.facts
    (width, height), (map_width, map_height) = known["photo_size"], known["map_size"]
    camera, depth = known["camera"], known["depth_metres"]
    # The focal length of the photo, not of maps that may be smaller.
    focal = (camera["fx"] + camera["fy"]) / 2 * width / map_width
    sure = f" ±{100 * camera['rel_sigma']:.0f} %" if camera["rel_sigma"] else ""
    lines = [
        f"{outcome.photo.name}  {width}x{height} px",
        f"  camera  focal length {focal:.0f} px{sure}, {camera['source']}: {camera['detail'] or 'camera= was given'}",
    ]
    if depth["median"] is None:
        lines.append("  depth   unknown everywhere")
    else:
        beyond = 1 - known["valid_share"]
        sky = f"; {100 * beyond:.0f} % of the picture is sky or unknown" if beyond > 0.005 else ""
        lines.append(
            f"  depth   {depth['nearest']:.2f} to {depth['farthest']:.2f} m, median {depth['median']:.2f} m{sky}"
        )
    if (map_width, map_height) != (width, height):
        lines.append(f"  maps    {map_width}x{map_height} px (--max-side 0 for every pixel of the photo)")
    folder = outcome.files[0].parent
    lines.append(f"  files   {folder}/: {', '.join(file.name for file in outcome.files)}")
    return "\n".join(lines)


def _row(outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {"photo": str(outcome.photo), "status": outcome.status}
    if outcome.error:
        row["error"] = outcome.error
    row |= outcome.facts | {"files": [str(file) for file in outcome.files]}
    if outcome.status == "done":
        row["seconds"] = round(outcome.seconds, 3)
    return row
