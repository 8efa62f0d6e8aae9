"""The networks can be traced, with sides that are not known beforehand."""

import warnings

import numpy as np
import pytest
import torch

from theodolite.network import Variant, build
from theodolite.network.variants import DPT, ConvNeXt, ViT, find

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

NETWORKS = {
    "pyramid": Variant(ConvNeXt((8, 16, 24, 32), (1, 1, 1, 1)), find("pocket-lite0").decoder, steps=1),
    "transformer": Variant(ViT(dim=32, depth=1, heads=2, ffn=64), DPT((8, 16, 32, 32), hidden=4), steps=1),
}


class Maps(torch.nn.Module):
    """A network whose output is a tuple, which is what files of this kind can express."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, pixels):
        raw = self.network(pixels)
        return raw.canonical_depth, raw.normals, raw.kappa, raw.confidence


@pytest.mark.parametrize("kind", NETWORKS)
def test_one_exported_file_takes_pictures_of_any_size(kind, tmp_path):
    torch.manual_seed(0)
    network = Maps(build(NETWORKS[kind])).eval()
    multiple = NETWORKS[kind].multiple
    free = torch.export.Dim.DYNAMIC
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            network,
            (torch.randn(2, 3, 2 * multiple, 3 * multiple),),
            dynamo=True,
            dynamic_shapes={"pixels": {0: free, 2: free, 3: free}},
        )
    program.save(tmp_path / "network.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "network.onnx")
    for batch, rows, columns in ((2, 2, 3), (1, 3, 2), (1, 5, 4), (1, 4, 4)):
        pixels = torch.randn(batch, 3, rows * multiple, columns * multiple)
        with torch.inference_mode():
            wanted = network(pixels)
        got = session.run(None, {"pixels": pixels.numpy()})
        for ours, theirs in zip(wanted, got, strict=True):
            np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-4)
