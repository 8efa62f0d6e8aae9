from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from theodolite.network.variants import ViT
from theodolite.network.vit import Attention, GatedFeedForward, PositionEmbedding, ViTEncoder

SPEC = ViT(dim=32, depth=3, heads=2, ffn=64)


def randomised(module):
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter.data, std=0.3)
    return module.eval()


def test_attention_is_the_textbook_formula():
    attention = randomised(Attention(32, 4))
    x = torch.randn(2, 7, 32)
    q, k, v = (part.unflatten(-1, (4, 8)).transpose(1, 2) for part in attention.qkv(x).chunk(3, dim=-1))
    weights = (q @ k.transpose(-1, -2) / 8**0.5).softmax(-1)
    torch.testing.assert_close(attention(x), attention.out((weights @ v).transpose(1, 2).flatten(2)))


def test_the_first_half_of_a_gated_network_is_the_gate():
    network = GatedFeedForward(4, 6)
    with torch.no_grad():
        network.expand.bias[:6] = -50.0  # shuts the gate
    torch.testing.assert_close(network(torch.randn(1, 2, 4)), network.project.bias.expand(1, 2, 4))


def test_positions_are_used_as_stored_on_the_stored_grid():
    position = PositionEmbedding(8, 5)
    torch.testing.assert_close(torch.cat(position(5, 5), dim=1), position.grid)


def test_positions_are_sampled_where_the_published_offset_puts_them():
    position = PositionEmbedding(1, 37)
    rows = torch.arange(37.0).repeat_interleave(37)
    with torch.no_grad():
        position.grid[0, 1:, 0] = rows  # a ramp, which shows where it was sampled, to the ripple of bicubic weights
    got = position(10, 20)[1].view(10, 20)[2:-2, 7]
    wanted = (torch.arange(10) + 0.5) * 37 / 10.1 - 0.5
    torch.testing.assert_close(got, wanted[2:-2], rtol=0, atol=0.05)


@pytest.mark.parametrize("size", [(10, 20), (44, 76), (37, 36), (1, 1), (50, 3)])
def test_positions_are_resampled_as_pytorch_does_it(size):
    position = randomised(PositionEmbedding(8, 37))
    stored = position.grid[:, 1:].unflatten(1, (37, 37)).permute(0, 3, 1, 2)
    factors = tuple((side + 0.1) / 37 for side in size)
    wanted = F.interpolate(stored, scale_factor=factors, mode="bicubic").flatten(2).transpose(1, 2)
    torch.testing.assert_close(position(*size)[1], wanted, rtol=0, atol=2e-5)


def test_resampled_positions_are_kept_until_weights_or_grid_change():
    position = PositionEmbedding(8, 5)
    with torch.no_grad():
        first = position(3, 4)[1]
        assert position(3, 4)[1] is first
        assert position(4, 3)[1] is not first
        position.grid.mul_(2)
        torch.testing.assert_close(position(3, 4)[1], 2 * first)
        position.grid.data.mul_(2)  # leaves no trace in the version
        torch.testing.assert_close(position(3, 4)[1], 4 * first)
        position.grid.data = position.grid.data / 4
        torch.testing.assert_close(position(3, 4)[1], first)
        position.load_state_dict({"grid": torch.ones(1, 26, 8)}, assign=True)
        torch.testing.assert_close(position(3, 4)[1], torch.ones(1, 12, 8))


def test_resampled_positions_made_for_use_are_not_reused_for_training():
    position = PositionEmbedding(8, 5)
    with torch.inference_mode():
        position(3, 4)
    position(3, 4)[1].sum().backward()
    assert position.grid.grad.abs().sum() > 0


def test_the_four_taps_are_one_tensor_unless_blocks_are_named():
    pixels = torch.randn(2, 3, 28, 42)
    taps = ViTEncoder(SPEC)(pixels)
    assert taps[0].special.shape == (2, 5, 32)
    assert taps[0].patches.shape == (2, 2, 3, 32)
    assert len({tap.patches.data_ptr() for tap in taps}) == 1


def test_named_blocks_are_tapped_before_the_final_norm():
    encoder = randomised(ViTEncoder(ViT(dim=32, depth=4, heads=2, ffn=64, taps=(1, 2, 3, 4))))
    before = encoder(torch.ones(1, 3, 28, 28))
    randomised(encoder.norm)
    after = encoder(torch.ones(1, 3, 28, 28))
    assert all(torch.equal(a.patches, b.patches) for a, b in zip(before, after, strict=True))
    assert len({tap.patches.data_ptr() for tap in after}) == 4


def test_registers_have_no_position_and_the_class_token_has():
    encoder = randomised(ViTEncoder(SPEC))
    seen = []
    encoder.blocks[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    encoder(torch.randn(1, 3, 28, 42))
    torch.testing.assert_close(seen[0][:, 1:5], encoder.registers)
    torch.testing.assert_close(seen[0][:, :1], encoder.class_token + encoder.position.grid[:, :1])


def test_a_side_that_is_no_multiple_of_14_is_stretched_to_the_next():
    encoder = randomised(ViTEncoder(SPEC))
    pixels = torch.randn(1, 3, 30, 42)
    stretched = F.interpolate(pixels, size=(42, 42), mode="bilinear", align_corners=False)
    torch.testing.assert_close(encoder(pixels)[0].patches, encoder(stretched)[0].patches)


def test_levelled_taps_have_mean_0_and_deviation_1():
    spec = replace(SPEC, depth=4, taps=(1, 2, 3, 4), registers=0)
    levelled = ViTEncoder(replace(spec, level_taps=True))
    raw = ViTEncoder(spec)
    raw.load_state_dict(levelled.state_dict())
    pixels = torch.randn(1, 3, 28, 42)
    for ours, theirs in zip(levelled(pixels), raw(pixels), strict=True):
        torch.testing.assert_close(ours.patches.mean(-1), torch.zeros(1, 2, 3), atol=1e-5, rtol=0)
        torch.testing.assert_close(ours.patches.std(-1, correction=0), torch.ones(1, 2, 3), atol=0.02, rtol=0)
        assert ours.special.shape == (1, 1, spec.dim)
        direction = theirs.patches - theirs.patches.mean(-1, keepdim=True)
        cosine = F.cosine_similarity(ours.patches, direction, dim=-1)
        torch.testing.assert_close(cosine, torch.ones_like(cosine), atol=1e-4, rtol=0)


@pytest.mark.parametrize("taps", [(), (1, 2, 3, 4)])
def test_only_what_is_never_used_is_frozen(taps):
    encoder = ViTEncoder(ViT(dim=32, depth=4, heads=2, ffn=64, taps=taps))
    frozen = {name for name, parameter in encoder.named_parameters() if not parameter.requires_grad}
    assert frozen == {"mask_token"} | ({"norm.weight", "norm.bias"} if taps else set())
