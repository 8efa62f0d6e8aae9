"""Photo in, metres out: the main path, one stage a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from theodolite import __version__
from theodolite.camera.canonical import CanonicalTransform
from theodolite.camera.canvas import Canvas, choose_canvas
from theodolite.camera.photo import CameraGiven, Photo
from theodolite.errors import TheodoliteError
from theodolite.inference.backends.base import Backend, ModelFacts
from theodolite.inference.prediction import Prediction
from theodolite.inference.scale_profile import with_profile

if TYPE_CHECKING:
    from PIL.Image import Image

    _One = str | Path | Image | np.ndarray | bytes

# From this share of the largest depth on, a depth means "beyond".
_SKY = 0.9

# What `Photo.open` takes: a path, the bytes of a file, a PIL image or a uint8 array.
Source = Any


@dataclass(frozen=True)
class Settings:
    """How photos are taken in.

    Args:
        parity: the published pre- and post-processing, to the bit, instead of a canvas that fits the picture.
        max_side: photos are reduced to this longer side, px, and so are the maps; None keeps every pixel.
        strict_camera: refuse photos without camera data.
        assume_fov: degrees along the longer side, for photos without camera data.
        profile: scale profile that corrects depth: "auto" takes the one of the photo's camera where there is one, a
            path names one, None leaves depth as it is; so does `parity`.
    """

    parity: bool = False
    max_side: int | None = None
    strict_camera: bool = False
    assume_fov: float = 60.0
    profile: str | None = "auto"


class Predictor:
    """A loaded model. Make one with `load`.

    Args:
        backend: what runs the network.
        canvas_pixels: network input area, px; default: the model's own.
    """

    def __init__(self, backend: Backend, canvas_pixels: int | None = None) -> None:
        self.backend = backend
        self.canvas_pixels = canvas_pixels or backend.facts.canvas_pixels

    @property
    def facts(self) -> ModelFacts:
        return self.backend.facts

    @overload
    def predict(self, source: list[Source], camera: CameraGiven | None = None, **settings: Any) -> list[Prediction]: ...

    @overload
    def predict(self, source: _One, camera: CameraGiven | None = None, **settings: Any) -> Prediction: ...

    def predict(
        self, source: Source | list[Source], camera: CameraGiven | None = None, **settings: Any
    ) -> Prediction | list[Prediction]:
        """Metric depth and normals of a photo, or of each photo in a list.

        Args:
            source: path, PIL image, or uint8 array (h, w, 3) RGB; or a list of these.
            camera: overrides what the photo says; of the upright photo, or a function of (width, height) giving it.
            settings: fields of `Settings`.
        Raises: PhotoError; UnknownCamera, with `strict_camera`, when the photo does not say what took it.
        """
        if isinstance(source, list):
            return list(self.predict_many(source, camera, batch=4, **settings))
        chosen = Settings(**settings)
        return next(self._predict_batch([self._open(source, camera, chosen)], chosen))

    def predict_many(
        self,
        sources: Iterable[Source],
        cameras: CameraGiven | Sequence[CameraGiven | None] | None = None,
        *,
        batch: int = 1,
        **settings: Any,
    ) -> Iterator[Prediction]:
        """Predictions in the order of the sources, `batch` photos in memory at a time.

        Sizes and cameras may be mixed: photos whose canvas agrees go through the network together.

        Args:
            cameras: one for all, or one for each source.
        Raises: at the first photo that cannot be used; `attempt_many` goes on.
        """
        for result in self.attempt_many(sources, cameras, batch=batch, **settings):
            if isinstance(result, TheodoliteError):
                raise result
            yield result

    def attempt_many(
        self,
        sources: Iterable[Source],
        cameras: CameraGiven | Sequence[CameraGiven | None] | None = None,
        *,
        batch: int = 1,
        **settings: Any,
    ) -> Iterator[Prediction | TheodoliteError]:
        """As `predict_many`, but a photo that cannot be used gives the reason in its place."""
        chosen = Settings(**settings)
        for jobs in _chunks(_with_cameras(sources, cameras), batch):
            opened = self._open_all(jobs, chosen)
            predictions = self._predict_batch([photo for photo in opened if isinstance(photo, Photo)], chosen)
            for result in opened:
                yield next(predictions) if isinstance(result, Photo) else result

    def _open(self, source: Source, camera: CameraGiven | None, settings: Settings) -> Photo:
        return Photo.open(
            source,
            camera,
            strict=settings.strict_camera,
            assume_fov=settings.assume_fov,
            # Reduced while decoding; the published pre-processing has to see every pixel.
            max_side=None if settings.parity else settings.max_side,
        )

    def _open_all(self, jobs: list[_Job], settings: Settings) -> list[Photo | TheodoliteError]:
        def attempt(job: _Job) -> Photo | TheodoliteError:
            try:
                return self._open(*job, settings)
            except TheodoliteError as error:
                return error

        if len(jobs) == 1:
            return [attempt(jobs[0])]
        # Decoders release the interpreter's lock.
        with ThreadPoolExecutor(max_workers=4) as pool:
            return list(pool.map(attempt, jobs))

    def _predict_batch(self, photos: list[Photo], settings: Settings) -> Iterator[Prediction]:
        transforms = [self._transform(photo, settings) for photo in photos]
        raws: dict[int, tuple[Any, int]] = {}
        for canvas in dict.fromkeys(transform.canvas for transform in transforms):
            alike = [index for index, transform in enumerate(transforms) if transform.canvas == canvas]
            pixels = np.concatenate([transforms[index].apply(photos[index].image) for index in alike])
            raw = self.backend.run(pixels)
            raws |= {index: (raw, place) for place, index in enumerate(alike)}
        for index, (photo, transform) in enumerate(zip(photos, transforms, strict=True)):
            raw, place = raws.pop(index)
            yield self._finish(photo, transform, raw, place, settings)

    def _transform(self, photo: Photo, settings: Settings) -> CanonicalTransform:
        return CanonicalTransform.fit(photo.camera, self.facts.canonical_focal, self._canvas(photo, settings))

    def _canvas(self, photo: Photo, settings: Settings) -> Canvas:
        if not settings.parity:
            return choose_canvas(photo.camera.width, photo.camera.height, self.facts.multiple, self.canvas_pixels)
        if self.facts.reference_canvas is None:
            raise TheodoliteError(
                f"Parity is with published networks, and {self.facts.name} is none: leave parity out, "
                "or load one of the .official models."
            )
        return Canvas(*self.facts.reference_canvas, reference=True)

    def _finish(
        self, photo: Photo, transform: CanonicalTransform, raw: Any, place: int, settings: Settings
    ) -> Prediction:
        maps = transform.invert(raw, index=place)
        prediction = Prediction(
            depth=maps.depth,
            normals=maps.normals,
            confidence=maps.confidence,
            kappa=maps.kappa,
            valid=self._usable(maps.depth, transform.scale),
            camera=maps.camera,
            image=photo.image,
            name=photo.name,
            model=self.facts.name,
            photo_size=photo.original_size or (photo.camera.width, photo.camera.height),
            warnings=tuple(f"{photo.name} {note}" for note in photo.notes),
            provenance={
                "theodolite": __version__,
                "model": self.facts.name,
                "licence": self.facts.licence,
                "runtime": self.backend.runtime,
                "canonical_focal": self.facts.canonical_focal,
                "canvas": [transform.canvas.width, transform.canvas.height],
                "parity": settings.parity,
            },
        )
        return with_profile(prediction, photo.path, None if settings.parity else settings.profile)

    def _usable(self, depth: np.ndarray, scale: float) -> np.ndarray:
        """Where depth is known and is not just as far as the network can say, which is what it says of the sky."""
        if self.facts.far is None:
            return np.isfinite(depth)
        return depth < _SKY * self.facts.far / scale  # false where NaN


def load(
    model: str | Path = "pocket",
    *,
    backend: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    canvas_pixels: int | None = None,
    accept_licence: bool = False,
    threads: int = 0,
) -> Predictor:
    """A predictor with a model's weights.

    Args:
        model: release name ("pocket", "vit-large.official"), or a path to .onnx, .safetensors or .pth.
        backend: "onnx" or "torch"; default: by the file.
        device: "cpu" unless given; "cuda", "cuda:1", "mps" with torch, "cuda", "coreml" with ONNX Runtime.
        dtype: "float32" (default), or "bfloat16", "float16" with torch.
        canvas_pixels: network input area, px, instead of the model's own.
        accept_licence: fetch weights whose licence has to be accepted.
        threads: of the processor; 0 lets the runtime choose.
    Raises: UnknownModel, CheckpointError, DownloadError, LicenceNotAccepted, MissingExtra.
    """
    from theodolite.inference.backends.loading import open_backend

    return Predictor(open_backend(model, backend, device, dtype, accept_licence, threads), canvas_pixels)


_Job = tuple[Source, CameraGiven | None]


def _with_cameras(
    sources: Iterable[Source], cameras: CameraGiven | Sequence[CameraGiven | None] | None
) -> Iterator[_Job]:
    if cameras is None or not isinstance(cameras, Sequence):
        yield from ((source, cameras) for source in sources)
        return
    sources = list(sources)
    if len(sources) != len(cameras):
        raise TheodoliteError(f"One camera for each photo is needed: {len(sources)} photos, {len(cameras)} cameras.")
    yield from zip(sources, cameras, strict=True)


def _chunks(jobs: Iterator[_Job], size: int) -> Iterator[list[_Job]]:
    if size < 1:
        raise TheodoliteError(f"A batch has at least one photo, got {size}.")
    while chunk := list(islice(jobs, size)):
        yield chunk
