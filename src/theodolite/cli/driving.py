"""`theodolite driving`: pictures of a vehicle's camera as pseudo-LiDAR, camera height and bird's-eye view."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from theodolite.cli.interrupts import interruptible
from theodolite.errors import TheodoliteError

if TYPE_CHECKING:
    from theodolite.apps.driving import Drive
    from theodolite.apps.driving_files import DrivingFiles
    from theodolite.inference.predictor import Predictor


def driving(
    pictures: Annotated[
        list[Path],
        typer.Argument(help="Pictures, folders of pictures, or a folder as KITTI has it.", show_default=False),
    ],
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="KITTI's calib.txt or raw folder, nuScenes' tables, or a rig's JSON. Default: KITTI's places."
        ),
    ] = None,
    camera: Annotated[
        str | None, typer.Option(help="Projection or channel: P2, P_rect_02, CAM_FRONT.", show_default=False)
    ] = None,
    sweep: Annotated[
        Path | None, typer.Option(help="LiDAR sweep to compare with (.bin), or a folder. Default: KITTI's places.")
    ] = None,
    depth: Annotated[
        Path | None,
        typer.Option(help="Folder of measured depth (16-bit PNG, metres = value / 256) instead of a network."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("out"),
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """Points in a scanner's axes (.bin), the camera's height above the road, a view from above; and with a LiDAR sweep
    the errors by distance. Of pictures taken at one time by the cameras of one rig's JSON, whether they agree.
    """
    from theodolite.apps.driving_files import driving_files, driving_pictures
    from theodolite.inference.bulk import stems
    from theodolite.inference.predictor import load

    files = driving_pictures(pictures)
    if not files:
        raise TheodoliteError(f"There is no picture in {', '.join(map(str, pictures))}.")
    predictor = None if depth else load(model, accept_licence=accept_license)
    rigs: dict[Path, list[Drive]] = defaultdict(list)
    rows: list[dict[str, Any]] = []
    with interruptible() as heed:
        for picture, stem in zip(files, stems(files), strict=True):
            heed()
            try:
                known = driving_files(picture, calibration, sweep, camera)
                result = _one(known, predictor, depth)
                written = result.save(out, stem, overwrite)
            except TheodoliteError as error:
                typer.echo(f"theodolite: {error}", err=True)
                rows.append({"photo": str(picture), "error": str(error)})
                continue
            rows.append(result.facts() | {"photo": str(picture), "files": [str(file) for file in written]})
            if known.calibration.suffix.lower() == ".json":
                rigs[known.calibration].append(result)
            if not json_output:
                typer.echo(_told(result, out))
    pairs = [pair for drives in rigs.values() for pair in _pairs(drives)]
    if json_output:
        typer.echo(json.dumps({"results": rows, "agreement": pairs}, indent=1))
    else:
        for pair in pairs:
            typer.echo(
                f"{pair['second']} sees at {pair['ratio']:.3f} of the depth of {pair['first']}, ±{pair['spread']:.3f}, "
                f"{pair['points']} points"
            )
    if any("error" in row for row in rows):
        raise typer.Exit(1)


def _one(files: DrivingFiles, predictor: Predictor | None, depth: Path | None) -> Drive:
    from theodolite.apps.driving import drive
    from theodolite.apps.driving_files import check_inside, measured_prediction
    from theodolite.apps.pseudo_lidar import read_sweep
    from theodolite.camera.calibrated import CalibratedCamera
    from theodolite.camera.photo import Photo

    mounted = None

    def lens(width: int, height: int) -> CalibratedCamera:
        nonlocal mounted
        mounted = files.mounted((width, height))
        return mounted.lens

    if predictor is not None:
        prediction = predictor.predict(files.picture, camera=lens)
    else:
        assert depth is not None
        prediction = measured_prediction(Photo.open(files.picture, lens), depth)
    assert mounted is not None
    sweep = check_inside(read_sweep(files.sweep), files.sweep) if files.sweep else None
    return drive(prediction, mounted, sweep)


def _pairs(drives: list[Drive]) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from theodolite.apps.driving import agreements

    return [{"first": first, "second": second} | asdict(result) for first, second, result in agreements(drives)]


def _told(result: Drive, folder: Path) -> str:
    name, camera, ground = result.prediction.name, result.prediction.camera, result.ground
    lines = [f"{name}  {camera.width}x{camera.height} px, focal length {camera.focal:.0f} px"]
    if ground is None:
        lines.append(f"  ground   {result.reason}")
    else:
        lines.append(
            f"  ground   camera {ground.height:.2f} m above it, give or take {result.height_sigma:.2f} m; "
            f"{ground.tilt(result.up):.1f} degrees from the vehicle's level"
        )
    lines.extend(
        f"  sweep    depth is {band['ratio']:.2f} of the LiDAR's, {100 * band['relative']:.0f} % off, "
        f"{band['points']} points"
        for band in result.facts().get("sweep", [])[:1]
    )
    lines.append(f"  points   {len(result.points)} in the axes of the {result.mounted.body}")
    lines.append(f"  files    {folder}/: .bin, _birdseye.png, _driving.json")
    return "\n".join(lines)
