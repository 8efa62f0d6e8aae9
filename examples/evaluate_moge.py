"""MoGe on a benchmark, told the camera's field of view: metric depth and normals of its version 2, or depth of unknown
scale of version 1 (`MoGe1`).

    pip install git+https://github.com/microsoft/MoGe.git
    theodolite evaluate examples/evaluate_moge.py:MoGe nyuv2 --data NYU

Its normals are in the axes of OpenCV and face the camera, so nothing has to be turned. Depth is taken unmasked, as its
authors evaluate it. The principal point is the picture's middle to it, wherever the camera has its own.
"""

import importlib

import numpy as np

import theodolite
from theodolite.evaluation.estimate import Estimate


class MoGe:
    module = "moge.model.v2"
    weights = "Ruicheng/moge-2-vitl-normal"
    kind = "metric"

    def __init__(self) -> None:
        import torch

        self.torch = torch
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        model = importlib.import_module(self.module).MoGeModel
        self.model = model.from_pretrained(self.weights).to(self.device).eval()

    def __call__(self, image: np.ndarray, camera: theodolite.Camera) -> Estimate:
        picture = self.torch.tensor(image, device=self.device).permute(2, 0, 1) / 255
        found = self.model.infer(picture, fov_x=camera.fov[0], apply_mask=False, use_fp16=self.device == "cuda")
        maps = {name: found[name].cpu().numpy() for name in ("depth", "normal") if name in found}
        return Estimate(maps["depth"], maps.get("normal"), kind=self.kind)


class MoGe1(MoGe):
    module = "moge.model.v1"
    weights = "Ruicheng/moge-vitl"
    kind = "scale_invariant"
