"""Depth Pro, its authors' own code, on a benchmark: metric depth, with the focal length given or guessed.

    git clone https://github.com/apple/ml-depth-pro.git && cd ml-depth-pro
    pip install -e . && source get_pretrained_models.sh
    theodolite evaluate .../examples/evaluate_depth_pro.py:DepthPro nyuv2 --data NYU

It looks for checkpoints/depth_pro.pt where it is started. `evaluate_transformers.py` runs that network without a clone.
"""

import numpy as np

import theodolite
from theodolite.evaluation.estimate import Estimate


class DepthPro:
    guess_focal = False

    def __init__(self) -> None:
        import depth_pro
        import torch

        self.torch = torch
        on_card = torch.cuda.is_available()
        self.model, self.transform = depth_pro.create_model_and_transforms(
            device=torch.device("cuda" if on_card else "cpu"), precision=torch.half if on_card else torch.float32
        )
        self.model.eval()

    def __call__(self, image: np.ndarray, camera: theodolite.Camera) -> Estimate:
        from PIL import Image

        # A tensor, for `infer` squeezes it.
        focal = None if self.guess_focal else self.torch.tensor(camera.fx)
        found = self.model.infer(self.transform(Image.fromarray(image)), f_px=focal)
        return Estimate(found["depth"].float().cpu().numpy())


class DepthProAlone(DepthPro):
    guess_focal = True
