"""Depth models of Hugging Face transformers (pip install transformers) on a benchmark.

theodolite evaluate examples/evaluate_transformers.py:DepthAnything nyuv2 --data DIR
"""

from theodolite.evaluation.estimate import Estimate


class Pipeline:
    """Any model of the pipeline "depth-estimation", with what its numbers mean."""

    name, kind, space = "", "metric", "depth"

    def __init__(self, model=None):
        import torch
        from transformers import pipeline

        device = 0 if torch.cuda.is_available() else -1
        self.pipeline = pipeline("depth-estimation", model=model or self.name, device=device)

    def __call__(self, image, camera):
        from PIL import Image

        found = self.pipeline(Image.fromarray(image))["predicted_depth"]
        return Estimate(found.squeeze().float().cpu().numpy(), kind=self.kind, space=self.space)


class DepthAnything(Pipeline):
    """Relative: inverse depth whose scale and shift are unknown."""

    name = "depth-anything/Depth-Anything-V2-Large-hf"
    kind, space = "affine_invariant", "inverse_depth"


class DepthAnythingRooms(Pipeline):
    """Metres, of a network tuned on rendered rooms."""

    name = "depth-anything/Depth-Anything-V2-Metric-Indoor-Large-hf"


class DepthAnythingStreets(Pipeline):
    """Metres, of a network tuned on rendered streets."""

    name = "depth-anything/Depth-Anything-V2-Metric-Outdoor-Large-hf"
