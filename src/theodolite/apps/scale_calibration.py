"""From known lengths and measured photos to a stored scale profile: photos predicted, witnesses heard, file written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from theodolite.apps.scale_profile import learn_profile
from theodolite.apps.scale_witnesses import KnownLength, MeasuredPhoto, Testimony, Witness, check_testimony
from theodolite.camera.decode import read_header
from theodolite.camera.exif import Exif
from theodolite.camera.photo import CameraGiven
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError, OutputError
from theodolite.inference.predictor import Predictor
from theodolite.inference.scale_profile import ENDING, SAME_FOCAL, ScaleProfile, profile_text, profiles_folder
from theodolite.weights.atomic import writing


@dataclass(frozen=True)
class Calibrated:
    """What was learnt: the profile, and the factor each witness asks for by itself."""

    profile: ScaleProfile
    witnesses: tuple[Witness, ...]


def calibrate(
    testimonies: Sequence[Testimony],
    predictor: Predictor,
    camera: CameraGiven | None = None,
    max_side: int | None = 2048,
) -> Calibrated:
    """A profile of one camera at one focal length.

    Args:
        camera: of photos that do not say it.
    Raises: TheodoliteError, in one line, when the photos cannot be used, or do not suffice, or disagree.
    """
    check_testimony(testimonies)
    known: list[Testimony] = sorted(dict.fromkeys(testimonies), key=lambda each: str(each.photo))
    witnesses: list[Witness] = []
    cameras: dict[Path, tuple[Camera, Exif]] = {}
    prediction = None
    for number, testimony in enumerate(known):
        if prediction is None or testimony.photo != known[number - 1].photo or isinstance(testimony, MeasuredPhoto):
            given = testimony.given() if isinstance(testimony, MeasuredPhoto) else None
            prediction = predictor.predict(testimony.photo, camera=given or camera, max_side=max_side, profile=None)
            if prediction.camera.source == "assumed":
                raise DatasetError(
                    f"{testimony.photo.name} has no known focal length, so a factor on its depth means nothing. "
                    "Give --focal-px or --fov."
                )
            exif = read_header(testimony.photo, testimony.photo.name).exif
            cameras[testimony.photo] = (prediction.camera, exif)
        witnesses.append(testimony.witness(prediction))
    _check_alike(cameras)
    first, exif = next(iter(cameras.values()))
    profile = learn_profile(witnesses, first, predictor.facts.name, exif)
    return Calibrated(profile, tuple(witnesses))


def store(profile: ScaleProfile, path: str | Path | None = None, overwrite: bool = False) -> Path:
    """Write a profile; without a path, where later predictions find it.

    Raises: OutputError, when it is there already, cannot be written, or has no make and model to be found by.
    """
    if path is None and not (profile.make or profile.camera):
        raise OutputError(
            "The photos name no make and model that later photos could be recognised by. Give --out FILE, and later "
            "predictions --profile FILE."
        )
    target = Path(path) if path else profiles_folder() / f"{profile.name}{ENDING}"
    if target.exists() and not overwrite:
        raise OutputError(f"{target} is there already; --overwrite replaces it.")
    with writing(target) as temporary:
        temporary.write_text(profile_text(profile), encoding="utf-8")
    return target


def _check_alike(cameras: dict[Path, tuple[Camera, Exif]]) -> None:
    """Raises: DatasetError, when photos are of several cameras or focal lengths."""
    (first_path, (first, exif)), *others = cameras.items()
    view = first.focal / max(first.width, first.height)
    for path, (camera, other) in others:
        apart = abs(math.log(camera.focal / max(camera.width, camera.height) / view))
        if (exif.make, exif.model) != (other.make, other.model):
            raise DatasetError(
                f"{first_path.name} and {path.name} are of two cameras, {exif.camera or 'an unnamed one'} and "
                f"{other.camera or 'an unnamed one'}; a profile is of one."
            )
        if apart > SAME_FOCAL:
            raise DatasetError(
                f"{first_path.name} and {path.name} have focal lengths {100 * math.expm1(apart):.0f} % apart; "
                "a profile is of one focal length."
            )


__all__ = ["Calibrated", "KnownLength", "MeasuredPhoto", "calibrate", "store"]
