"""A sequence with its depth in the layout of TUM RGB-D, which SLAM systems read.

rgb/ and depth/ (16-bit PNG, metres = value / 5000, 0 where unknown) with times for names, rgb.txt, depth.txt,
associations.txt; camera.yaml with the settings of ORB-SLAM3, calib.txt with fx fy cx cy as DROID-SLAM and DPVO take
them; trajectory.txt. Pictures are without lens distortion, so no program has to know the lens.

Source: the benchmark's page "File formats"; ORB-SLAM3, Examples/RGB-D/TUM1.yaml; DROID-SLAM, demo.py. Not verified on
the data: a run of these programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theodolite.apps.frames import Frame, Frames
from theodolite.apps.predicted_depth import DepthOf
from theodolite.apps.trajectory import Trajectory, write_tum
from theodolite.camera.pinhole import Camera
from theodolite.errors import TheodoliteError
from theodolite.types import Float
from theodolite.weights.atomic import writing

STEPS = 5000  # of a metre, the benchmark's; 16 bits then reach 13.1 m
_HIGHEST = 65535


@dataclass(frozen=True)
class Exported:
    """One picture of the folder.

    Args:
        rgb, depth: paths relative to the folder; none where the picture could not be read, and then the reason.
        beyond: share of its known depth that 16 bits do not reach.
    """

    time: float
    rgb: str = ""
    depth: str = ""
    camera: Camera | None = None
    beyond: float = 0.0
    error: str = ""


def export_pictures(
    folder: Path,
    frames: Frames,
    depth: DepthOf,
    steps: float = STEPS,
    factor: Callable[[float], float] = lambda time: 1.0,
    overwrite: bool = False,
) -> Iterator[Exported]:
    """Write the pictures and their depth, one after the other; those that are there are kept.

    Args:
        steps: of a metre, in the depth pictures.
        factor: what depth is taken by, over time.
    Raises: OutputError.
    """
    for item in frames.read():
        if isinstance(item, TheodoliteError):
            yield Exported(float("nan"), error=str(item))
            continue
        name = f"{item.time:.6f}.png"
        rgb, deep = f"rgb/{name}", f"depth/{name}"
        beyond = 0.0
        if overwrite or not ((folder / rgb).is_file() and (folder / deep).is_file()):
            beyond = _write_pictures(folder / rgb, folder / deep, item, depth(item) * factor(item.time), steps)
        yield Exported(item.time, rgb, deep, item.camera, beyond)


def write_lists(
    folder: Path, exported: Sequence[Exported], steps: float = STEPS, path: Trajectory | None = None
) -> None:
    """The lists, the camera's files, and the path if there is one. Raises: OutputError."""
    done = [each for each in exported if each.camera is not None]
    lines = {
        "rgb.txt": ["# timestamp filename", *(f"{each.time:.6f} {each.rgb}" for each in done)],
        "depth.txt": ["# timestamp filename", *(f"{each.time:.6f} {each.depth}" for each in done)],
        "associations.txt": [f"{each.time:.6f} {each.rgb} {each.time:.6f} {each.depth}" for each in done],
    }
    if done:
        camera = done[0].camera
        assert camera is not None
        gaps = np.diff([each.time for each in done])
        fps = float(1 / np.median(gaps)) if len(gaps) else 30.0
        lines["calib.txt"] = [f"{camera.fx:.6f} {camera.fy:.6f} {camera.cx:.6f} {camera.cy:.6f}"]
        lines["camera.yaml"] = _orb_slam(camera, fps, steps)
    for name, text in lines.items():
        with writing(folder / name) as temporary:
            temporary.write_text("\n".join(text) + "\n", "utf-8")
    if path is not None:
        write_tum(folder / "trajectory.txt", path)


def _write_pictures(rgb: Path, deep: Path, frame: Frame, depth: Float[np.ndarray, "h w"], steps: float) -> float:
    from PIL import Image

    known = np.isfinite(depth) & (depth > 0)
    values = np.rint(np.where(known, depth, 0) * steps)
    beyond = values > _HIGHEST
    with writing(rgb) as temporary:
        Image.fromarray(frame.image).save(temporary, format="PNG")
    with writing(deep) as temporary:
        Image.fromarray(np.where(beyond, 0, values).astype(np.uint16)).save(temporary, format="PNG")
    return float(beyond.sum() / max(known.sum(), 1))


def _orb_slam(camera: Camera, fps: float, steps: float) -> list[str]:
    settings = {
        "File.version": '"1.0"',
        "Camera.type": '"PinHole"',
        **{f"Camera1.{name}": f"{getattr(camera, name):.6f}" for name in ("fx", "fy", "cx", "cy")},
        **{f"Camera1.{name}": "0.0" for name in ("k1", "k2", "p1", "p2")},
        "Camera.width": camera.width,
        "Camera.height": camera.height,
        "Camera.fps": max(1, round(fps)),
        "Camera.RGB": 1,
        # Metres: the stereo pair that depth is treated as, and beyond how many of its widths a point is far.
        "Stereo.b": "0.08",
        "Stereo.ThDepth": "40.0",
        "RGBD.DepthMapFactor": f"{steps:.1f}",
        "ORBextractor.nFeatures": 1000,
        "ORBextractor.scaleFactor": "1.2",
        "ORBextractor.nLevels": 8,
        "ORBextractor.iniThFAST": 20,
        "ORBextractor.minThFAST": 7,
        "Viewer.KeyFrameSize": "0.05",
        "Viewer.KeyFrameLineWidth": "1.0",
        "Viewer.GraphLineWidth": "0.9",
        "Viewer.PointSize": "2.0",
        "Viewer.CameraSize": "0.08",
        "Viewer.CameraLineWidth": "3.0",
        "Viewer.ViewpointX": "0.0",
        "Viewer.ViewpointY": "-0.7",
        "Viewer.ViewpointZ": "-1.8",
        "Viewer.ViewpointF": "500.0",
    }
    return ["%YAML:1.0", *(f"{name}: {value}" for name, value in settings.items())]
