import torch
import torch.nn.functional as F

from theodolite.network.hourglass import HourglassBody, HourglassDecoder, ResidualHead, reflected_conv3
from theodolite.network.variants import Bins, Hourglass

SPEC = Hourglass(fusion=(6, 8, 10), widths=(16, 8, 8, 4), features=12, bins=Bins(16, 0.3, 150.0))
CHANNELS = (3, 4, 5, 6)


def taps(batch=1, height=64, width=96):
    return [torch.randn(batch, c, height // s, width // s) for c, s in zip(CHANNELS, (4, 8, 16, 32), strict=True)]


def test_depth_and_confidence_have_the_size_of_the_picture():
    decoder = HourglassDecoder(SPEC, CHANNELS).eval()
    raw = decoder.maps(decoder.estimate(taps(2)))
    assert raw.canonical_depth.shape == raw.confidence.shape == (2, 1, 64, 96)
    assert raw.normals is None
    assert raw.kappa is None


def test_the_residual_sees_depth_column_and_row_before_the_features():
    decoder = HourglassDecoder(SPEC, CHANNELS).eval()
    seen = []
    decoder.residual.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    decoder.estimate(taps())
    columns, rows = torch.meshgrid(torch.arange(24.0), torch.arange(16.0), indexing="xy")
    assert seen[0].shape[1] == 3 + SPEC.features
    torch.testing.assert_close(seen[0][0, 1], columns)
    torch.testing.assert_close(seen[0][0, 2], rows)


def test_a_tenth_of_the_residual_is_added_to_blocks_of_depth():
    decoder = HourglassDecoder(SPEC, CHANNELS).eval()
    kept = {}
    decoder.expectation.register_forward_hook(lambda *call: kept.update(depth=call[2]))
    decoder.residual.register_forward_hook(lambda *call: kept.update(residual=call[2]))
    depth = decoder.estimate(taps()).depth
    blocks = kept["depth"].repeat_interleave(4, 2).repeat_interleave(4, 3)
    torch.testing.assert_close(depth, blocks + 0.1 * kept["residual"])


def test_convolutions_of_the_fusion_see_a_mirrored_border():
    conv = reflected_conv3(2, 3)
    x = torch.randn(1, 2, 4, 5)
    torch.testing.assert_close(conv(x), F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), conv.weight, conv.bias))


def test_the_hourglass_returns_to_its_entrance():
    assert HourglassBody(6, (16, 8, 8, 4))(torch.randn(1, 6, 8, 16)).shape == (1, 16, 8, 16)


def test_the_residual_has_four_times_the_size():
    assert ResidualHead(5)(torch.randn(1, 5, 3, 4)).shape == (1, 1, 12, 16)
