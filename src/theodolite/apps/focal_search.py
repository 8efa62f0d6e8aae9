"""The focal length of a photo without camera data, from what it shows: lines, surfaces and one prediction.

Two witnesses are heard, each weighed by its variance. Three directions at right angles show in the lines of buildings
and furniture (`vanishing`), and fix the focal length well where two of them run away from the camera. The predicted
depth and the predicted normals agree at one focal length only (`focal_normals`), which says a little more. The canvas a
photo is put on depends on its size alone, and so does canonical depth: the network runs once, and another focal length
only rescales its depth.

Where the two together are no surer than the usual assumption, there is no estimate: views along a street, whose only
vanishing point not at infinity lies in the middle; walls seen squarely; forests and fields, without lines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.apps.focal_normals import NormalFocal, compare_normals, sure_normals
from theodolite.apps.segments import find_segments
from theodolite.apps.vanishing import Directions, find_directions
from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.photo import CameraReport
from theodolite.camera.pinhole import Camera
from theodolite.errors import UnknownCamera
from theodolite.inference.prediction import Prediction
from theodolite.inference.predictor import Predictor

# Standard deviation of ln(f) = hypot(least, what resampling says), for lines and for normals. Measured on rendered
# scenes, see docs/focal.md; the least of the lines is wider than there, as real lenses bend lines.
LINES_LEAST, NORMALS_LEAST = 0.05, 0.3
# Normals are heard when this share of the picture is flat and slanted: of fewer the answer is too short, by a factor.
TOLD = 0.15
# Lines are heard when this share of their length meets the three vanishing points, and the second of those that are not
# at infinity has this share of it.
EXPLAINED, SECOND = 0.45, 0.05
# An estimate less sure than this, in ln(f), is no better than the usual assumption.
WORST = 0.2
# Photos of which only the camera is asked are reduced to this longer side, px.
SIDE = 1024
# What the announcement of an assumed camera says, which an estimate makes untrue.
_ASSUMED = "has no usable focal length; assumed"
# Normals looked at beside the lines, along the longer side.
_NORMALS = 64


@dataclass(frozen=True, eq=False)
class FocalEstimate:
    """What a picture says about its focal length.

    Args:
        camera: of the prediction's maps, source "estimated"; None where the picture does not tell.
        reason: why not, the end of a sentence that begins with the photo's name; empty with a camera.
        lines, normals: the two witnesses, heard or not; None where there is nothing to hear.
    """

    camera: Camera | None
    reason: str
    lines: Directions | None
    normals: NormalFocal | None


def estimate_focal(prediction: Prediction, seed: int = 0) -> FocalEstimate:
    """The focal length of a photo, whatever camera its prediction was made with.

    The principal point is taken to be where that camera has it: of a crop the answer is wrong, and nothing shows it.

    Args:
        seed: of the random choices; the same seed gives the same answer.
    """
    here = math.log(prediction.camera.focal)
    normals, lines = compare_normals(prediction, seed), _directions(prediction, seed)
    heard: list[tuple[float, float]] = []
    if lines is not None and lines.share >= EXPLAINED and lines.second >= SECOND:
        heard.append((math.log(lines.focal), math.hypot(LINES_LEAST, lines.log_sigma)))
    if normals is not None and normals.share >= TOLD:
        heard.append((here + normals.log_factor, math.hypot(NORMALS_LEAST, normals.log_sigma)))
    if not heard:
        return FocalEstimate(None, f"does not tell its focal length: {_why(lines)}", lines, normals)
    logs, sigmas = np.array(heard).T
    weights = sigmas**-2
    sigma = float(weights.sum() ** -0.5)
    if sigma > WORST:
        reason = f"tells its focal length only to {100 * sigma:.0f} %: {_why(lines)}"
        return FocalEstimate(None, reason, lines, normals)
    log_focal = float(logs @ weights / weights.sum())
    return FocalEstimate(_camera(prediction.camera, log_focal, sigma), "", lines, normals)


def refocused(prediction: Prediction, camera: Camera) -> Prediction:
    """The prediction as it would be had the photo been said to have this camera's focal length: depth scales with it.

    Args:
        camera: of the maps.
    """
    factor = np.float32(camera.focal / prediction.camera.focal)
    return replace(prediction, depth=prediction.depth * factor, camera=camera)


class FocalEstimating(Predictor):
    """A predictor that estimates the focal length of photos whose camera would be assumed.

    It says so in the camera's source, the warnings and the provenance, whether that worked or not.
    """

    @classmethod
    def of(cls, predictor: Predictor) -> FocalEstimating:
        made = cls.__new__(cls)
        vars(made).update(vars(predictor))  # whatever a predictor holds
        return made

    def _finish(self, *parts: Any, **named: Any) -> Prediction:
        prediction = super()._finish(*parts, **named)
        return prediction if prediction.camera.source != "assumed" else _announced(prediction)


def estimated_report(path: Path, report: CameraReport, predictor: Predictor, *, strict: bool = False) -> CameraReport:
    """What is known of a photo's camera, with an estimate in place of an assumption, where there is one.

    Args:
        strict: refuse to fall back on the assumption.
    Raises: UnknownCamera, when `strict` and the picture does not tell; PhotoError.
    """
    given = report.lens.camera
    if given.source != "assumed":
        return report
    prediction = predictor.predict(path, camera=given, max_side=SIDE)
    estimate = estimate_focal(prediction)
    if estimate.camera is not None:
        camera = estimate.camera.resized(given.width, given.height)
        notes = tuple(note for note in report.notes if _ASSUMED not in note)
        return replace(report, lens=CalibratedCamera(camera), notes=notes)
    if strict:
        raise UnknownCamera(f"{path.name} has no usable focal length, and {estimate.reason}. Give --focal-px or --fov.")
    return replace(report, notes=(*report.notes, f"{estimate.reason}; the assumption stands"))


def _announced(prediction: Prediction) -> Prediction:
    estimate, name = estimate_focal(prediction), prediction.name
    if estimate.camera is None:
        warning = f"{name} {estimate.reason}. The assumption stands."
        return replace(prediction, warnings=(*prediction.warnings, warning))
    camera = estimate.camera
    warning = (
        f"{name} has no usable focal length; estimated from {camera.detail}: {camera.fov[0]:.0f} degrees across, "
        f"uncertain by {100 * camera.rel_sigma:.0f} %, and so is every length."
    )
    others = [text for text in prediction.warnings if _ASSUMED not in text]
    provenance = {**prediction.provenance, "focal_estimate": {"before_px": prediction.camera.focal}}
    return replace(refocused(prediction, camera), warnings=(warning, *others), provenance=provenance)


def _directions(prediction: Prediction, seed: int) -> Directions | None:
    """Of the prediction's picture, with the focal length in pixels of its maps."""
    segments = find_segments(prediction.image, prediction.camera)
    normals = None
    if prediction.normals is not None:
        some, good = sure_normals(prediction, max(1, max(prediction.size) // _NORMALS))
        normals = some[good].astype(float)
    found = find_directions(segments, normals, seed)
    return found and replace(found, focal=found.focal * prediction.camera.width / segments.camera.width)


def _camera(before: Camera, log_focal: float, sigma: float) -> Camera:
    # Pixels keep the shape they had.
    factor = math.exp(log_focal) / before.focal
    # Surfaces alone are never sure enough, so there always were lines.
    detail = "lines at right angles in the picture"
    return replace(
        before, fx=before.fx * factor, fy=before.fy * factor, source="estimated", rel_sigma=sigma, detail=detail
    )


def _why(lines: Directions | None) -> str:
    if lines is None:
        return "it has too few straight lines"
    if lines.share < EXPLAINED:
        return "its lines do not run in three directions at right angles"
    if lines.second < SECOND:
        return "fewer than two directions of its lines run away from the camera"
    return "its lines allow several"
