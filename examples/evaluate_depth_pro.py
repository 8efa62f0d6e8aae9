"""Depth Pro (github.com/apple/ml-depth-pro, installed from there) on a benchmark, given the focal length.

theodolite evaluate examples/evaluate_depth_pro.py:DepthPro nyuv2 --data DIR
"""

from theodolite.evaluation.estimate import Estimate


class DepthPro:
    """Metric depth; with `focal=False` at the focal length that it guesses itself."""

    def __init__(self, focal=True):
        import depth_pro
        import torch

        self.torch, self.focal = torch, focal
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model, self.transform = depth_pro.create_model_and_transforms(device=device)
        self.model.eval()

    def __call__(self, image, camera):
        # A tensor, for the model squeezes it.
        focal = self.torch.tensor(camera.focal, dtype=self.torch.float32) if self.focal else None
        found = self.model.infer(self.transform(image), f_px=focal)
        return Estimate(found["depth"].squeeze().float().cpu().numpy())


class DepthProAlone(DepthPro):
    """As if nobody knew the camera."""

    def __init__(self):
        super().__init__(focal=False)
