"""`theodolite reconstruct`: pictures with poses into one mesh."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from theodolite.cli import camera_options
from theodolite.cli.interrupts import interruptible
from theodolite.errors import DatasetError, OutputError
from theodolite.extras import require

if TYPE_CHECKING:
    from rich.console import Console

    from theodolite.apps.reconstruct import Reconstruction, Settings
    from theodolite.inference.predictor import Predictor


def reconstruct(
    folder: Annotated[Path, typer.Argument(help="Pictures with poses, as COLMAP, nerfstudio, TUM, ... leave them.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Mesh file, .ply or .glb.")] = Path("mesh.ply"),
    cloud: Annotated[Path | None, typer.Option(help="Also the fused points, a .ply file.")] = None,
    depth: Annotated[
        str, typer.Option(help="model: predicted. sensor: as measured, where the folder has it.")
    ] = "model",
    model: Annotated[str, typer.Option(help="Release name, or a .onnx, .safetensors or .pth file.")] = "pocket",
    images: Annotated[Path | None, typer.Option(help="Folder of the pictures, where it is not the usual one.")] = None,
    poses: Annotated[Path | None, typer.Option(help="Path of the camera, in the form of TUM or KITTI.")] = None,
    calibration: camera_options.Calibration = None,
    focal_px: camera_options.FocalPx = None,
    voxel: Annotated[float | None, typer.Option(help="Side of a voxel, m; chosen by the scene's depth.")] = None,
    range_: Annotated[float | None, typer.Option("--range", help="Depth beyond which nothing is used, m.")] = None,
    truncation: Annotated[
        float | None, typer.Option(help="Distance within which surfaces are made one, m; predicted ones: at least.")
    ] = None,
    pose_scale: Annotated[
        float | None, typer.Option(help="Metres for each unit of the poses; found if needed.")
    ] = None,
    align: Annotated[bool, typer.Option("--align/--no-align", help="Find a factor for the depth of each view.")] = True,
    every: Annotated[int, typer.Option(min=1, help="Use every so many views.")] = 1,
    least_views: Annotated[int, typer.Option(min=1, help="Leave out surface that fewer views saw.")] = 1,
    least_faces: Annotated[int, typer.Option(min=0, help="Leave out pieces of fewer triangles.")] = 100,
    triangles: Annotated[
        int | None, typer.Option("--mesh-triangles", min=100, help="At most about so many; default: all there are.")
    ] = None,
    memory: Annotated[float, typer.Option(min=1, help="For voxels, MB.")] = 2000.0,
    backend: Annotated[str | None, typer.Option(help="onnx or torch; default: by the file.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Accept the licence situation of weights that are fetched.")
    ] = False,
) -> None:
    """One mesh of a scene, from pictures with poses.

    Depth of each picture is predicted, its scale fitted to the poses, and all of it fused. Interrupted, it writes the
    mesh of what is fused so far.
    """
    from rich.console import Console

    from theodolite.apps.reconstruct import Settings
    from theodolite.apps.view_readers import read_views
    from theodolite.inference.predictor import load

    if depth not in ("model", "sensor"):
        raise typer.BadParameter(f"it is model or sensor, got {depth!r}.", param_hint="--depth")
    for name, value in (
        ("--voxel", voxel),
        ("--range", range_),
        ("--truncation", truncation),
        ("--pose-scale", pose_scale),
    ):
        if value is not None and not 0 < value < float("inf"):
            raise typer.BadParameter(f"it is a positive number, got {value:g}.", param_hint=name)
    _refuse_kept([out] if cloud is None else [out, cloud], overwrite)
    if triangles:
        # Before minutes of work, not after.
        require("fast_simplification", "recon", "--mesh-triangles")
    camera = camera_options.resolve_camera_option(focal_px, calibration=calibration)
    views = read_views(folder, images, poses, camera)
    messages = Console(stderr=True, highlight=False, soft_wrap=True)
    for line in views.skipped:
        messages.print(f"left out: {line}", style="yellow", markup=False)
    settings = Settings(voxel, range_, truncation, align, pose_scale, every, memory, least_views)
    predictor = None
    if depth == "model":
        predictor = load(model, backend=backend, device=device, accept_licence=accept_license)
    scene = _started(views, predictor, settings)
    whole = _fuse(scene, messages)
    _write(scene, out, cloud, least_faces, triangles, json_output)
    if not whole:
        messages.print(f"theodolite: interrupted after {scene.fused} of {len(scene.views)} views.", markup=False)
        raise typer.Exit(130)
    if scene.fused < len(scene.views):
        raise typer.Exit(1)


def _refuse_kept(files: list[Path], overwrite: bool) -> None:
    """Before minutes of work, not after. Raises: OutputError."""
    from theodolite.apps.mesh_files import check_ending

    check_ending(files[0])
    kept = [file for file in files if file.exists()]
    if kept and not overwrite:
        raise OutputError(f"{kept[0]} is there already and is kept; --overwrite replaces it.")


def _started(views: object, predictor: Predictor | None, settings: Settings) -> Reconstruction:
    from theodolite.apps.reconstruct import start

    try:
        return start(views, predictor, settings)  # type: ignore[arg-type]
    except ValueError as error:  # a grid that does not go together
        raise typer.BadParameter(str(error)) from error


def _fuse(scene: Reconstruction, messages: Console) -> bool:
    """Whether all views were gone through; False after Ctrl-C with something to show for it."""
    from rich.progress import track

    shown = track(scene.frames(), "views", len(scene.views), console=messages, disable=not messages.is_terminal)
    try:
        with interruptible() as heed:
            for frame in shown:
                heed()
                if frame.error:
                    messages.print(f"theodolite: {frame.error}", style="red", markup=False)
    except KeyboardInterrupt:
        if not scene.fused:
            raise
        return False
    if not scene.fused:
        raise DatasetError(f"None of the {len(scene.views)} views could be used.")
    return True


def _write(
    scene: Reconstruction, out: Path, cloud: Path | None, least_faces: int, triangles: int | None, json_output: bool
) -> None:
    import json

    from theodolite.apps.fewer_triangles import with_fewer_triangles
    from theodolite.apps.mesh_files import write_mesh, write_points

    surface = scene.surface(least_faces)
    comment = "theodolite: metres, axes of the poses"
    whole = surface
    if triangles:
        surface = with_fewer_triangles(whole, triangles)
    write_mesh(out, surface, comment)
    if cloud is not None:
        write_points(cloud, whole, comment)
    files = [str(file) for file in (out, cloud) if file is not None]
    facts = scene.facts() | {"vertices": len(surface.vertices), "faces": len(surface.faces), "files": files}
    typer.echo(json.dumps(facts, indent=1) if json_output else _told(scene, facts))


def _told(scene: Reconstruction, facts: dict) -> str:
    grid, views = scene.grid, facts["views"]
    rest = "".join(f", {views[name]} {name}" for name in ("failed", "skipped") if views[name])
    grows = f", at least {100 * grid.growth:.0f} % of the depth" if grid.growth else ""
    lines = [f"{facts['vertices']} vertices, {facts['faces']} triangles from {views['fused']} views{rest}"]
    if scene.unit.by != "poses":
        spread = f" ±{100 * scene.unit.spread:.0f} %" if scene.unit.spread else ""
        lines.append(f"  poses   {scene.unit.metres:.4g} m for each unit{spread}, from {scene.unit.by}")
    if scene.aligned:
        used = [frame.scale for frame in scene.done if frame.scale]
        factors = sorted(scale.factor for scale in used)
        kinds = [f"{sum(s.by == by for s in used)} by {by}" for by in ("points", "pictures", "model")]
        none = sum(scale.by == "none" for scale in used)
        kinds += [f"{none} without evidence"] if none else []
        told = ", ".join(kind for kind in kinds if not kind.startswith("0 "))
        lines.append(
            f"  depth   times {factors[0]:.2f} to {factors[-1]:.2f}, median {factors[len(factors) // 2]:.2f} ({told})"
        )
    lines.append(f"  voxels  {grid.voxel:g} m, to {grid.farthest:g} m, truncation {grid.truncation:g} m{grows}")
    lines.append(f"  memory  {scene.volume.megabytes:.0f} MB of voxels")
    if scene.volume.refused:
        lines.append("          full: part of the scene is missing. Give a larger --voxel, or more --memory.")
    lines.append(f"  files   {', '.join(facts['files'])}")
    return "\n".join(lines)
