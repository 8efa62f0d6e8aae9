"""UniDepth on a benchmark, told the camera: metric depth of its version 2, or 1 (`UniDepth1`).

    git clone https://github.com/lpiccinelli-eth/UniDepth.git && pip install -e UniDepth
    theodolite evaluate examples/evaluate_unidepth.py:UniDepth nyuv2 --data NYU

Its confidence is left out: its authors' notes and its name disagree on which way it runs.
"""

import numpy as np

import theodolite
from theodolite.evaluation.estimate import Estimate


class UniDepth:
    network = "UniDepthV2"
    weights = "lpiccinelli/unidepth-v2-vitl14"

    def __init__(self) -> None:
        import torch
        import unidepth.models

        self.torch = torch
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model = getattr(unidepth.models, self.network)
        self.model = model.from_pretrained(self.weights).to(device).eval()

    def __call__(self, image: np.ndarray, camera: theodolite.Camera) -> Estimate:
        K = self.torch.tensor(camera.K, dtype=self.torch.float32)
        K[:2, 2] += 0.5  # there, the centre of the top-left pixel is (0.5, 0.5)
        found = self.model.infer(self.torch.tensor(image).permute(2, 0, 1), K)
        return Estimate(found["depth"][0, 0].float().cpu().numpy())


class UniDepth1(UniDepth):
    network = "UniDepthV1"
    weights = "lpiccinelli/unidepth-v1-vitl14"
