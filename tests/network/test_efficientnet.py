"""The EfficientNet-Lite encoder: its maps, its padding, its range of pixels."""

import pytest
import torch

from theodolite.errors import SizeMismatch
from theodolite.network.efficientnet import ConvNorm, EfficientNetLiteEncoder, renormalised
from theodolite.network.variants import EfficientNetLite


@pytest.fixture(scope="module")
def encoder():
    return EfficientNetLiteEncoder(EfficientNetLite()).eval()


@pytest.mark.parametrize("size", [(32, 32), (64, 96), (96, 32)])
def test_four_maps_at_their_strides(encoder, size):
    with torch.inference_mode():
        maps = encoder(torch.zeros(1, 3, *size))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (channels, size[0] // stride, size[1] // stride)
        for channels, stride in zip(encoder.channels, encoder.strides, strict=True)
    ]
    assert encoder.channels == (24, 40, 112, 320)


def test_other_sizes_are_refused(encoder):
    with pytest.raises(SizeMismatch, match="32"):
        encoder(torch.zeros(1, 3, 64, 100))


def test_the_size_of_the_encoder_is_that_of_lite0_without_its_classifier(encoder):
    # 4 652 008 parameters, less 320 x 1280 + 2 x 1280 of the head and 1280 x 1000 + 1000 of the classifier.
    assert sum(p.numel() for p in encoder.parameters()) == 4_652_008 - 409_600 - 2_560 - 1_281_000


@pytest.mark.parametrize(("kernel", "first_seen"), [(3, 0), (5, -1)])
def test_halving_pads_less_before_than_after(kernel, first_seen):
    layer = ConvNorm(1, 1, kernel, 2, relu=False)
    torch.nn.init.zeros_(layer.conv.weight)
    layer.conv.weight.data[..., 0, 0] = 1
    column = torch.arange(8.0).view(1, 1, 1, 8).expand(1, 1, 8, 8)
    seen = layer.eval()(column)[0, 0, 2]
    wanted = [max(first_seen + 2 * i, 0) if first_seen + 2 * i >= 0 else 0 for i in range(4)]
    torch.testing.assert_close(seen, torch.tensor(wanted) / (1 + 1e-3) ** 0.5)


def test_pixels_arrive_in_the_range_of_the_weights():
    levels = torch.tensor([0.0, 127.0, 255.0])
    mean, deviation = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
    pixels = ((levels - mean) / deviation).view(1, 3, 1, 1)
    torch.testing.assert_close(renormalised(pixels).flatten(), torch.tensor([-127 / 128, 0.0, 1.0]), atol=1e-6, rtol=0)
