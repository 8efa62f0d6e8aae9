"""MoGe-2 (github.com/microsoft/MoGe, installed from there) on a benchmark.

theodolite evaluate examples/evaluate_moge.py:MoGe nyuv2 --data DIR --unknown far
"""

import numpy as np

from theodolite.evaluation.estimate import Estimate
from theodolite.geometry.unproject import unproject


class MoGe:
    """Given the camera's field of view. What it masks, such as the sky, is unknown."""

    def __init__(self, name="Ruicheng/moge-2-vitl-normal"):
        import torch
        from moge.model.v2 import MoGeModel

        self.torch = torch
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = MoGeModel.from_pretrained(name).to(self.device).eval()

    def __call__(self, image, camera):
        pixels = self.torch.from_numpy(image.copy()).permute(2, 0, 1).float().div(255).to(self.device)
        found = self.model.infer(pixels, fov_x=camera.fov[0])
        depth = found["depth"].cpu().numpy()
        depth = np.where(np.isfinite(depth), depth, np.nan).astype(np.float32)  # infinite where masked
        normals = found.get("normal")
        if normals is not None:
            normals = self._facing(normals.cpu().numpy(), camera)
        return Estimate(depth, normals)

    def _facing(self, normals, camera):
        """OpenCV axes already; those that would show a surface's back are turned to face the camera."""
        rays = unproject(np.ones(normals.shape[:2]), camera)
        away = (normals * rays).sum(axis=-1, keepdims=True) > 0
        return np.where(away, -normals, normals)
