"""A camera's scale profile: what predicted depth has to be multiplied by, learnt from known lengths, kept as JSON.

A profile belongs to one make, model, focal length and network. Photos whose EXIF data match are corrected, and it is
announced: in the warnings, the provenance and the camera's detail. `theodolite calibrate` makes profiles.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from theodolite.camera.decode import read_header
from theodolite.camera.exif import Exif
from theodolite.camera.pinhole import Camera
from theodolite.errors import CameraError, TheodoliteError
from theodolite.inference.prediction import Prediction
from theodolite.types import Float

ENDING = ".profile.json"
LAYOUT = 1
# How far two focal lengths may lie apart and still be the same: zoom lenses write theirs in rounded steps.
SAME_FOCAL = 0.02


@dataclass(frozen=True)
class ScaleProfile:
    """depth · exp(log_factor + slope · (ln depth - middle)), ln depth taken inside `reach`.

    Args:
        make, camera: as EXIF has them; empty in a profile that is only used when it is named.
        focal_mm: true focal length; None where EXIF does not tell it.
        view: focal length in longer sides of the photo.
        network: the model whose depth this corrects.
        middle, reach: of ln depth, metres, where it was learnt.
        sigma: relative standard uncertainty of the factor.
        witnesses: known lengths, and photos with measured depth, that it was learnt from.
        before, after: typical relative error at witnesses that were left out of the fit, without and with it.
    """

    make: str
    camera: str
    focal_mm: float | None
    view: float
    network: str
    log_factor: float
    slope: float
    middle: float
    reach: tuple[float, float]
    sigma: float
    witnesses: int
    before: float
    after: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "reach", tuple(self.reach))
        numbers = (self.view, self.log_factor, self.slope, self.middle, *self.reach, self.sigma)
        if len(self.reach) != 2 or not all(map(_is_number, (*numbers, self.before, self.after))):
            raise CameraError("A scale profile needs finite numbers for its factor, slope, range and uncertainty.")
        if not all(isinstance(text, str) for text in (self.make, self.camera, self.network)):
            raise CameraError("A scale profile names make, camera and network in words.")
        if self.focal_mm is not None and not (_is_number(self.focal_mm) and self.focal_mm > 0):
            raise CameraError("A scale profile's focal length is positive, in millimetres, or null.")
        if abs(self.log_factor) > 3 or abs(self.slope) > 0.9 or not 0 <= self.sigma <= 1 or self.view <= 0:
            raise CameraError("A scale profile whose factor, slope or uncertainty is out of all reason.")
        if self.reach[0] > self.reach[1]:
            raise CameraError("A scale profile's range begins at its smaller end.")

    @property
    def factor(self) -> float:
        """At the middle of what it was learnt from."""
        return math.exp(self.log_factor)

    @property
    def name(self) -> str:
        words = [self.make, self.camera, f"{self.focal_mm:.3g}mm" if self.focal_mm else "", self.network]
        text = "-".join(word for word in " ".join(words).lower().split() if word)
        return "".join(letter if letter.isalnum() or letter in "-._" else "-" for letter in text)

    def corrected(self, depth: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
        """Metres from metres; NaN stays NaN."""
        if self.slope == 0:
            return depth * np.asarray(self.factor, depth.dtype)
        with np.errstate(invalid="ignore", divide="ignore"):
            along = np.clip(np.log(depth), *self.reach) - self.middle
        return (depth * np.exp(self.log_factor + self.slope * along)).astype(depth.dtype)

    def suits(self, exif: Exif, camera: Camera, network: str) -> bool:
        """Whether a photo was taken by this camera at this focal length, and predicted by this network."""
        same = (exif.make.lower(), exif.model.lower()) == (self.make.lower(), self.camera.lower())
        if not same or not (self.make or self.camera) or camera.source == "assumed" or network != self.network:
            return False
        return _close(camera.focal / max(camera.width, camera.height), self.view) and (
            self.focal_mm is None or exif.focal_mm is None or _close(exif.focal_mm, self.focal_mm)
        )


def profiles_folder() -> Path:
    """THEODOLITE_PROFILES when set, else theodolite in the user's configuration folder. Not created here."""
    if chosen := os.environ.get("THEODOLITE_PROFILES"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "theodolite"


def read_profile(path: str | Path) -> ScaleProfile:
    """Raises: CameraError, when the file cannot be read or is no profile."""
    try:
        content = json.loads(Path(path).read_text("utf-8"))
        if content.pop("layout") != LAYOUT:
            raise ValueError("it was written by another version")
        return ScaleProfile(**content)
    except OSError as error:
        raise CameraError(
            f"The scale profile {path} cannot be read: {(error.strerror or str(error)).lower()}."
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, CameraError) as error:
        raise CameraError(f"{path} is no scale profile: {error}. `theodolite calibrate` makes them.") from error


def profile_text(profile: ScaleProfile) -> str:
    return json.dumps({"layout": LAYOUT} | asdict(profile), indent=2) + "\n"


def with_profile(prediction: Prediction, photo: Path | None, wanted: str | None) -> Prediction:
    """The prediction, corrected by the profile that suits its photo, if there is one, and saying so.

    Args:
        photo: the file; pictures that come from elsewhere tell no make and model.
        wanted: "auto", the path of a profile to use whatever the photo says, or None.
    Raises: CameraError, when a profile was named that cannot be read or is of another network.
    """
    if wanted is None:
        return prediction
    if wanted != "auto":
        profile = read_profile(wanted)
        if profile.network != prediction.model:
            raise CameraError(f"{wanted} is a scale profile of {profile.network}, not of {prediction.model}.")
        return _corrected(prediction, profile)
    try:
        files = sorted(entry.path for entry in os.scandir(profiles_folder()) if entry.name.endswith(ENDING))
    except OSError:  # mostly there is none, and nothing more is looked at
        return prediction
    if not files or photo is None:
        return prediction
    exif = read_header(photo, prediction.name).exif
    for file in files:
        try:
            profile = read_profile(file)
        except TheodoliteError as error:
            prediction = replace(prediction, warnings=(*prediction.warnings, f"{error} It is left out."))
            continue
        if profile.suits(exif, prediction.camera, prediction.model):
            return _corrected(prediction, profile)
    return prediction


def _corrected(prediction: Prediction, profile: ScaleProfile) -> Prediction:
    camera, name = prediction.camera, profile.name
    told = f"depth times {profile.factor:.3f} by the scale profile {name}"
    camera = replace(
        camera,
        # Along the optical axis the factor's error acts as one of the focal length would, whatever is measured.
        rel_sigma=math.hypot(camera.rel_sigma, profile.sigma),
        detail=f"{camera.detail}; {told}".removeprefix("; "),
    )
    slope = f", and by depth to the power of {profile.slope:+.2f}" if profile.slope else ""
    sure = f"(±{100 * profile.sigma:.1f} %{slope})"
    warning = f"{prediction.name} was corrected: {told} {sure}; --no-profile leaves it as it is."
    used: dict[str, Any] = {"name": name, "factor": profile.factor, "slope": profile.slope, "sigma": profile.sigma}
    return replace(
        prediction,
        depth=profile.corrected(prediction.depth),
        camera=camera,
        warnings=(*prediction.warnings, warning),
        provenance={**prediction.provenance, "scale_profile": used},
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _close(one: float, other: float) -> bool:
    return abs(math.log(one / other)) < SAME_FOCAL
