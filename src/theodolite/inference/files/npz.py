"""The NPZ file: every map as it is, with camera and provenance, read back without loss or pickle."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.errors import OutputError
from theodolite.inference.files.facts import plain
from theodolite.inference.files.options import SaveOptions
from theodolite.inference.prediction import Prediction

MAPS = ("depth", "normals", "confidence", "kappa", "valid", "image")
LAYOUT = 1


def write_npz(prediction: Prediction, options: SaveOptions, file: BinaryIO) -> None:
    """Arrays under their names (absent where the prediction has none), `K`, and `about`: the rest as JSON text."""
    arrays = {name: getattr(prediction, name) for name in MAPS if getattr(prediction, name) is not None}
    arrays["K"] = prediction.camera.K
    arrays["about"] = np.array(json.dumps(about_of(prediction), default=plain))
    # Stored, not deflated: float maps shrink by a few percent only, and it would take longer than predicting them.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, values in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = zipfile.ZIP_DEFLATED if name == "valid" else zipfile.ZIP_STORED
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(values, order="C"), allow_pickle=False)


def read_npz(path: str | Path) -> Prediction:
    """The prediction that `write_npz` wrote.

    Raises: OutputError, when the file cannot be read, is damaged, or holds something else.
    """
    try:
        # Opened here: NumPy leaves a damaged file open.
        with Path(path).open("rb") as file:
            if file.read(2) != b"PK":  # NumPy would take it for a pickle, and advise to open it unsafely
                raise ValueError("it is no NPZ archive")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                about = json.loads(str(archive["about"]))
                maps: dict[str, Any] = {name: archive[name] if name in archive.files else None for name in MAPS}
        if about["layout"] != LAYOUT:
            raise OutputError(f"{path} has layout {about['layout']}; this version reads {LAYOUT}. Update theodolite.")
        return Prediction(**maps, **told(about))
    except OSError as error:
        raise OutputError(f"Cannot read {path}: {(error.strerror or str(error)).lower()}.") from error
    except OutputError:
        raise
    except Exception as error:  # archives, arrays and JSON are each damaged in many ways
        raise OutputError(f"{path} is not a prediction saved by theodolite, or is damaged ({error}).") from error


def told(about: dict[str, Any]) -> dict[str, Any]:
    """What `about_of` holds, as arguments of `Prediction`. Raises: KeyError, TypeError, CameraError."""
    return {
        "camera": Camera(**about["camera"]),
        "name": about["name"],
        "model": about["model"],
        "photo_size": tuple(about["photo_size"]),
        "warnings": tuple(about["warnings"]),
        "provenance": about["provenance"],
    }


def about_of(prediction: Prediction) -> dict[str, Any]:
    """All that is known of a prediction beside its maps, as values that JSON can hold, but for `facts.plain`'s."""
    return {
        "layout": LAYOUT,
        "camera": asdict(prediction.camera),
        "name": prediction.name,
        "model": prediction.model,
        "photo_size": prediction.photo_size,
        "warnings": prediction.warnings,
        "provenance": dict(prediction.provenance),
    }
