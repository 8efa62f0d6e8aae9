"""UniDepth V2 (github.com/lpiccinelli-eth/UniDepth, installed from there) on a benchmark, given its camera.

theodolite evaluate examples/evaluate_unidepth.py:UniDepth nyuv2 --data DIR
"""

from theodolite.evaluation.estimate import Estimate


class UniDepth:
    """Metric depth and a confidence, which orders pixels and states no error."""

    def __init__(self, name="lpiccinelli/unidepth-v2-vitl14"):
        import torch
        from unidepth.models import UniDepthV2
        from unidepth.utils.camera import Pinhole

        self.torch, self.pinhole = torch, Pinhole
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = UniDepthV2.from_pretrained(name).to(self.device).eval()

    def __call__(self, image, camera):
        pixels = self.torch.from_numpy(image.copy()).permute(2, 0, 1).to(self.device)
        matrix = self.torch.from_numpy(camera.K).float()[None].to(self.device)
        found = self.model.infer(pixels, self.pinhole(K=matrix))
        confidence = found.get("confidence")
        return Estimate(
            depth=found["depth"].squeeze().cpu().numpy(),
            confidence=None if confidence is None else confidence.squeeze().cpu().numpy(),
        )
