"""A clip's pictures, all with one camera: that of the first, given or found beside it, or estimated from several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from theodolite.apps.clips.film import Film
from theodolite.apps.focal_search import LINES_LEAST, estimate_focal
from theodolite.apps.frames import Frame, Opening, Pictures, open_frames
from theodolite.camera.pinhole import Camera
from theodolite.camera.sidecar import find_sidecar, read_sidecar
from theodolite.errors import DatasetError, SizeMismatch, TheodoliteError
from theodolite.inference.bulk import stems
from theodolite.inference.predictor import Predictor

_ASKED = 8  # pictures, for an estimate


@dataclass(frozen=True, eq=False)
class Clip:
    """Pictures of one camera.

    Args:
        frames: as they are read.
        camera: of every picture, at the size they are read at.
        notes: what is worth knowing about camera and file, each the end of a sentence that starts with the clip's name.
        every, fps: as they were asked for.
    """

    path: Path
    frames: Film | Pictures
    camera: Camera
    notes: tuple[str, ...] = ()
    every: int = 1
    fps: float | None = None

    def __len__(self) -> int:
        return len(self.frames)

    def read(self) -> Iterator[Frame | TheodoliteError]:
        """Each with the clip's camera; of a picture of another size, or one that cannot be read, the reason."""
        for frame in self.frames.read():
            if isinstance(frame, TheodoliteError):
                yield frame
            elif (size := frame.image.shape[1::-1]) != (self.camera.width, self.camera.height):
                yield SizeMismatch(
                    f"{self.path}: picture {frame.name} has {size[0]}x{size[1]} px, those before it "
                    f"{self.camera.width}x{self.camera.height}: a clip is of one camera."
                )
            else:
                yield replace(frame, camera=self.camera, notes=())

    def stem(self) -> Callable[[Frame], str]:
        """How the files of a frame are called: after its picture, or its number in the film."""
        if isinstance(self.frames, Film):
            return lambda frame: frame.name
        names = stems(self.frames.files)
        return lambda frame: names[frame.number]


def open_clip(path: str | Path, opening: Opening | None = None, *, every: int = 1, fps: float | None = None) -> Clip:
    """A video, or a folder of pictures in the order of their numbers or times.

    Args:
        fps: pictures a second, of a folder whose pictures' names are no times.
    Raises: DatasetError, when there is no picture; UnknownCamera.
    """
    path, opening = Path(path), opening or Opening()
    frames: Film | Pictures
    if path.exists() and not path.is_dir():
        sidecar = find_sidecar(path)
        if opening.camera is None and sidecar is not None:
            opening = replace(opening, camera=lambda width, height: read_sidecar(sidecar, width, height))
        frames = Film(path, every, opening)
    else:
        found = open_frames(path, opening, fps, every)
        assert isinstance(found, Pictures)
        frames = found
    first = _first(frames, path)
    return Clip(path, frames, first.camera, first.notes, every, fps)


def estimated(clip: Clip, predictor: Predictor) -> Clip:
    """The clip with a focal length estimated from several of its pictures, where it would be assumed.

    Where they do not tell, the assumption stands, and a note says so.
    """
    if clip.camera.source != "assumed":
        return clip
    heard = [
        estimate.camera
        for frame in _spread(clip)
        if (estimate := estimate_focal(predictor.predict(frame.image, clip.camera))).camera is not None
    ]
    if not heard:
        note = "does not tell its focal length by the lines in its pictures; the assumption stands"
        return replace(clip, notes=(*clip.notes, note))
    camera = _mean(heard)
    note = (
        f"has no usable focal length; estimated from the lines in {len(heard)} of its pictures: {camera.fov[0]:.0f} "
        f"degrees across, uncertain by {100 * camera.rel_sigma:.0f} %, and so is every length"
    )
    notes = tuple(note for note in clip.notes if "assumed" not in note)
    return replace(clip, camera=camera, notes=(note, *notes))


def _mean(cameras: Sequence[Camera]) -> Camera:
    logs, sigmas = np.array([(np.log(camera.focal), camera.rel_sigma) for camera in cameras]).T
    weights = sigmas**-2.0
    # Pictures of one place err alike: several are hardly surer than the best of them.
    sigma = max(LINES_LEAST, float(np.hypot(sigmas.min(), logs.std() / np.sqrt(len(logs)))))
    factor = float(np.exp(logs @ weights / weights.sum())) / cameras[0].focal
    one = cameras[0]
    return replace(one, fx=one.fx * factor, fy=one.fy * factor, rel_sigma=sigma, detail=f"{len(cameras)} pictures")


def _spread(clip: Clip) -> Iterator[Frame]:
    """Some pictures, evenly over the clip."""
    step = max(1, len(clip) // _ASKED)
    for number, frame in enumerate(clip.read()):
        if number % step == 0 and isinstance(frame, Frame):
            yield frame
        if number >= step * _ASKED:
            return


def _first(frames: Film | Pictures, path: Path) -> Frame:
    reasons = []
    for frame in frames.read():
        if isinstance(frame, Frame):
            return frame
        reasons.append(str(frame))
        if len(reasons) == _ASKED:
            break
    raise DatasetError(reasons[0] if reasons else f"{path} holds no picture.")
