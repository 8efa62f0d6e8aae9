"""From words to a model to evaluate: a release or checkpoint, a folder of saved predictions, or any function."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np

from theodolite.camera.pinhole import Camera
from theodolite.errors import TheodoliteError
from theodolite.evaluation.estimate import Estimate, Model
from theodolite.inference.prediction import Prediction
from theodolite.inference.predictor import Predictor
from theodolite.types import UInt8
from theodolite.weights.releases import RELEASES


class Evaluated(Protocol):
    """A model as an evaluation sees it."""

    @property
    def name(self) -> str: ...

    @property
    def facts(self) -> dict[str, Any]:
        """What decides its results, as plain values: a run whose facts differ is another run."""
        ...

    def stamp(self, name: str) -> str:
        """Of what is kept for an example, where that can change between two runs of the same facts; else empty."""
        ...

    def estimate(self, name: str, image: UInt8[np.ndarray, "h w 3"], camera: Camera) -> Estimate:
        """What it says of an example. Raises: TheodoliteError."""
        ...


@dataclass(frozen=True)
class ModelChoice:
    """Which model, in words, and how it is run; small enough to be sent to other processes.

    Args:
        words: a release name; a checkpoint, .onnx, .safetensors or .pth; a folder of saved predictions; or a function,
            "package.module:name" or "file.py:name". A release's name is the release, whatever folders there are.
        canvas_pixels, backend, device, dtype, accept_licence: of `inference.predictor.load`.
        depth_scale: steps per metre of saved 16-bit PNGs that do not say it themselves.
    """

    words: str
    canvas_pixels: int | None = None
    backend: str | None = None
    device: str | None = None
    dtype: str | None = None
    accept_licence: bool = False
    depth_scale: float | None = None

    def open(self, parity: bool = False, threads: int = 0, names: Sequence[str] = ()) -> Evaluated:
        """The model.

        Args:
            parity: networks that were published run as published.
            threads: of the processor; 0: as many as fit.
            names: of the examples, by which saved predictions are looked for.
        Raises: TheodoliteError, when there is no such model, or an option does not belong to it.
        """
        if self.words not in RELEASES and Path(self.words).is_dir():
            from theodolite.evaluation.saved import SavedPredictions

            self._refuse("canvas_pixels", "backend", "device", "dtype")
            last = Counter(PurePosixPath(name).name for name in names)
            short = frozenset(name for name, count in last.items() if count == 1)
            return OfFolder(SavedPredictions(Path(self.words), self.depth_scale, short))
        self._refuse("depth_scale")
        if is_callable(self.words):
            from theodolite.evaluation.callables import code_of, load_callable

            self._refuse("canvas_pixels", "backend", "device", "dtype")
            function, code = load_callable(self.words), code_of(self.words)
            return OfFunction(self.words, function, {} if code is None else {"code": _digest_of(code)})
        from theodolite.inference.predictor import load

        predictor = load(
            self.words,
            backend=self.backend,
            device=self.device,
            dtype=self.dtype,
            canvas_pixels=self.canvas_pixels,
            accept_licence=self.accept_licence,
            threads=threads,
        )
        return OfPredictor(predictor, parity, _digest(self.words))

    def _refuse(self, *names: str) -> None:
        for name in names:
            if getattr(self, name) is not None:
                raise TheodoliteError(f"--{name.replace('_', '-')} does not go with the model {self.words}.")


def is_callable(words: str) -> bool:
    """Whether these words name a function rather than a release or a file."""
    before, colon, name = words.rpartition(":")
    return (
        bool(colon)
        and name.isidentifier()
        and (before.endswith(".py") or all(map(str.isidentifier, before.split("."))))
    )


@dataclass(frozen=True)
class OfPredictor:
    """One of our networks, or a published one.

    Args:
        digest: of its weights; empty when they are not in a file.
    """

    predictor: Predictor
    parity: bool = False
    digest: str = ""

    @property
    def name(self) -> str:
        return self.predictor.facts.name

    @property
    def facts(self) -> dict[str, Any]:
        known = self.predictor.facts
        return {
            "model": known.name,
            "licence": known.licence or "not stated",
            "runtime": self.predictor.backend.runtime,
            "input": _canvas_words(self.predictor) if not self._as_published else "as published",
            "canonical focal length": f"{known.canonical_focal:g} px",
            "weights": self.digest,
        }

    @property
    def _as_published(self) -> bool:
        return self.parity and self.predictor.facts.reference_canvas is not None

    def stamp(self, name: str) -> str:
        return ""

    def estimate(self, name: str, image: UInt8[np.ndarray, "h w 3"], camera: Camera) -> Estimate:
        return estimate_of(self.predictor.predict(image, camera=camera, parity=self._as_published))


def estimate_of(prediction: Prediction) -> Estimate:
    """What one of our predictions says."""
    return Estimate(
        depth=prediction.depth,
        normals=prediction.normals,
        confidence=prediction.confidence,
        kappa=prediction.kappa,
        stated_error=True,
    )


@dataclass(frozen=True)
class OfFolder:
    """Predictions that somebody saved."""

    saved: Any

    @property
    def name(self) -> str:
        return self.saved.name

    @property
    def facts(self) -> dict[str, Any]:
        return {"model": self.name, **self.saved.facts}

    def stamp(self, name: str) -> str:
        return self.saved.stamp(name)

    def estimate(self, name: str, image: UInt8[np.ndarray, "h w 3"], camera: Camera) -> Estimate:
        return self.saved.estimate(name)


@dataclass(frozen=True)
class OfFunction:
    """Any function of a picture and its camera."""

    words: str
    function: Model
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.words.rpartition(":")[2]

    @property
    def facts(self) -> dict[str, Any]:
        return {"model": self.name, "function": self.words, **self.about}

    def stamp(self, name: str) -> str:
        return ""

    def estimate(self, name: str, image: UInt8[np.ndarray, "h w 3"], camera: Camera) -> Estimate:
        return Estimate.of(self.function(image, camera))


def _canvas_words(predictor: Predictor) -> str:
    return f"about {predictor.canvas_pixels} px, sides multiples of {predictor.facts.multiple} px"


def _digest(words: str) -> str:
    """The start of the SHA-256 of the weights' file."""
    from theodolite.weights.store import locate

    return _digest_of(locate(words, download=False))


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
