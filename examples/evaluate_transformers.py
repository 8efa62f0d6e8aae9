"""Depth networks of Hugging Face transformers on a benchmark: Depth Anything V2, relative and metric, and Depth Pro.

    pip install transformers torch torchvision
    theodolite evaluate examples/evaluate_transformers.py:DepthAnything nyuv2 --data NYU

Depth Anything never hears of the camera. Depth Pro guesses the focal length, and its depth is proportional to it, so
the true one takes the guess's place; the "depth-estimation" pipeline keeps the guess to itself, so it is not used.
"""

import numpy as np

import theodolite
from theodolite.evaluation.estimate import Estimate


class DepthAnything:
    weights = "depth-anything/Depth-Anything-V2-Small-hf"
    kind, space = "affine_invariant", "inverse_depth"

    def __init__(self) -> None:
        import torch
        from transformers import AutoImageProcessor, AutoModelForDepthEstimation

        self.torch = torch
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.processor = AutoImageProcessor.from_pretrained(self.weights)
        self.model = AutoModelForDepthEstimation.from_pretrained(self.weights).to(self.device).eval()

    def __call__(self, image: np.ndarray, camera: theodolite.Camera) -> Estimate:
        from PIL import Image

        inputs = self.processor(images=Image.fromarray(image), return_tensors="pt").to(self.device)
        with self.torch.inference_mode():
            outputs = self.model(**inputs)
        (found,) = self.processor.post_process_depth_estimation(outputs, [image.shape[:2]])
        depth = found["predicted_depth"].float()
        if (guess := found.get("focal_length")) is not None:
            depth = depth * (camera.fx / guess)
        return Estimate(depth.cpu().numpy(), kind=self.kind, space=self.space)


class DepthAnythingRooms(DepthAnything):
    weights = "depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf"
    kind, space = "metric", "depth"


class DepthAnythingStreets(DepthAnythingRooms):
    weights = "depth-anything/Depth-Anything-V2-Metric-Outdoor-Small-hf"


class DepthPro(DepthAnythingRooms):
    weights = "apple/DepthPro-hf"
