"""ONNX Runtime: the default, and all that the embedded model needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from theodolite.errors import CheckpointError, TheodoliteError
from theodolite.inference.backends.base import ModelFacts
from theodolite.network.outputs import RawMaps
from theodolite.types import Float

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "coreml": "CoreMLExecutionProvider"}


class OnnxBackend:
    """A network in an `.onnx` file that this project exported.

    Args:
        path: the file; its metadata name the release, canonical focal and canvas.
        device: "cpu", "cuda" or "coreml", as far as the installed onnxruntime has them.
        threads: 0 lets the runtime choose.
    Raises: CheckpointError, when the file is damaged or lacks the metadata; TheodoliteError, for a device that
        is not there.
    """

    def __init__(self, path: Path, device: str | None = None, threads: int = 0) -> None:
        import onnxruntime

        self._device = device or "cpu"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        provider = self._provider(onnxruntime.get_available_providers())
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
        except Exception as error:
            raise CheckpointError(
                f"{path}: ONNX Runtime cannot open it as a network ({_first_line(error)})."
            ) from error
        self._version = onnxruntime.__version__
        self.facts = self._read_facts(path)
        self._outputs = [output.name for output in self._session.get_outputs()]

    @property
    def runtime(self) -> str:
        return f"onnxruntime {self._version} {self._device} float32"

    def run(self, pixels: Float[np.ndarray, "b 3 h w"]) -> RawMaps:
        maps = dict(zip(self._outputs, self._session.run(None, {"pixels": pixels}), strict=True))
        return RawMaps(maps["canonical_depth"], maps.get("normals"), maps.get("kappa"), maps["confidence"])

    def _provider(self, available: list[str]) -> str:
        if self._device not in PROVIDERS:
            raise TheodoliteError(
                f"ONNX Runtime runs here on {', '.join(PROVIDERS)}; got device {self._device!r}. "
                "Use backend='torch' for others."
            )
        if PROVIDERS[self._device] not in available:
            raise TheodoliteError(
                f"The installed onnxruntime has no {self._device} support (it has {', '.join(available)}). "
                "Install onnxruntime-gpu, or leave device out."
            )
        return PROVIDERS[self._device]

    def _read_facts(self, path: Path) -> ModelFacts:
        stored = self._session.get_modelmeta().custom_metadata_map
        try:
            canvas = stored.get("theodolite.reference_canvas", "")
            height, _, width = canvas.partition("x")
            return ModelFacts(
                name=stored["theodolite.release"],
                canonical_focal=float(stored["theodolite.canonical_focal"]),
                multiple=int(stored["theodolite.stride"]),
                canvas_pixels=int(stored["theodolite.canvas_pixels"]),
                reference_canvas=(int(height), int(width)) if canvas else None,
                licence=stored["theodolite.licence"],
                far=float(stored["theodolite.far"]) if "theodolite.far" in stored else None,
            )
        except (KeyError, ValueError) as error:
            raise CheckpointError(
                f"{path} is an ONNX network, but not one exported by `theodolite export`: its metadata lack {error}."
            ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
