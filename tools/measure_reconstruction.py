"""Measures `theodolite reconstruct` where depth was measured: predicted against measured, halves against halves.

    python tools/measure_reconstruction.py FOLDER [--model pocket] [--calibration FILE] [--focal-px F] [--json FILE]

FOLDER holds posed pictures with measured depth, in any form that `reconstruct` reads. Three comparisons, F-score at
5 cm and Chamfer distance of points thinned to one for each 2 cm:

    halves       measured depth of every second view against that of the others: the application's own error
    predicted    predicted depth, each view's factor found, against measured depth of all views
    unaligned    predicted depth as it is, against the same

Predictions are fused at the pixels where depth was measured: what the sensor did not see, it cannot judge. With
`--everywhere` they are fused at all pixels.
"""

import argparse
import json
import platform
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import theodolite
from theodolite.apps.depth_sources import Maps, measured, predicted
from theodolite.apps.reconstruct import Reconstruction, Settings, start
from theodolite.apps.view_readers import read_views
from theodolite.apps.views import View, Views
from theodolite.camera.pinhole import Camera
from theodolite.evaluation.cloud_metrics import CloudMetrics, cloud_metrics, voxel_downsample


def main() -> None:
    arguments = parsed()
    focal = arguments.focal_px
    camera = (lambda width, height: Camera.from_focal(focal, width, height)) if focal else arguments.calibration
    views = read_views(arguments.folder, calibration=camera)
    rows: dict[str, object] = {"folder": str(arguments.folder), "views": len(views.views), "model": arguments.model}
    truth = fused(views, None, Settings(), rows, "measured")
    halves = [fused(half(views, first), None, Settings(), rows, "half") for first in (0, 1)]
    told(rows, "halves", halves[0], halves[1])
    predictor = theodolite.load(arguments.model)
    for name, aligned in (("predicted", True), ("unaligned", False)):
        points = fused(views, predictor, Settings(align=aligned), rows, name, not arguments.everywhere)
        told(rows, name, points, truth)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))
    print(f"{platform.processor() or platform.machine()}, {time.strftime('%Y-%m-%d')}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--calibration", type=Path, help="of the pictures, where it is not that of the depth")
    parser.add_argument("--focal-px", type=float, help="of the pictures, about their middle")
    parser.add_argument("--everywhere", action="store_true", help="fuse predictions at all pixels")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def half(views: Views, first: int) -> Views:
    return replace(views, views=views.views[first::2])


def fused(
    views: Views,
    predictor: theodolite.inference.predictor.Predictor | None,
    settings: Settings,
    rows: dict[str, object],
    name: str,
    where_measured: bool = False,
) -> np.ndarray:
    """Vertices of the mesh."""
    began = time.perf_counter()
    scene = start(views, predictor, settings)
    if where_measured and predictor is not None:
        scene.source = at_measured(predicted(predictor))
    for frame in scene.frames():
        if frame.error:
            print(frame.error)
    surface = scene.surface()
    rows[f"{name}_facts"] = {
        "seconds": round(time.perf_counter() - began, 1),
        "vertices": len(surface.vertices),
        "megabytes": round(scene.volume.megabytes, 1),
        "factors": factors(scene),
    }
    return surface.vertices


def factors(scene: Reconstruction) -> dict[str, float]:
    """How far each view's factor is from the one that makes the medians of predicted and measured depth equal."""
    if not scene.aligned:
        return {}
    errors = []
    for view, frame in zip(scene.views, scene.done, strict=True):
        if frame.scale is not None and view.read_depth is not None:
            ratio = np.log(measured(view).depth / scene.source(view).depth)
            errors.append(np.log(frame.scale.factor) - np.nanmedian(ratio))
    before = np.array(errors) - np.log([frame.scale.factor for frame in scene.done if frame.scale is not None])
    return {
        "median_error": round(float(np.median(np.abs(errors))), 4),
        "median_error_of_one": round(float(np.median(np.abs(before))), 4),
        "found": round(float(np.mean([frame.scale.by != "none" for frame in scene.done if frame.scale])), 3),
    }


def at_measured(source):
    """The source, known only where the sensor measured something."""

    def of(view: View) -> Maps:
        maps = source(view)
        return replace(maps, depth=np.where(np.isfinite(measured(view).depth), maps.depth, np.float32(np.nan)))

    return of


def told(rows: dict[str, object], name: str, points: np.ndarray, truth: np.ndarray) -> None:
    found: CloudMetrics | None = cloud_metrics(voxel_downsample(points), voxel_downsample(truth))
    assert found is not None
    rows[name] = found.as_dict()
    print(
        f"{name:10} F-score {found.f_score:.3f} (precision {found.precision:.3f}, recall {found.recall:.3f}), "
        f"Chamfer {1000 * found.chamfer_l1:.0f} mm"
    )


if __name__ == "__main__":
    main()
