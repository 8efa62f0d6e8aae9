"""The joint network, layer by layer, against arrays stored from the authors' implementation."""

import pytest
import torch

from theodolite.network.layers import resize_to

CASES = {
    "vit_small_294x322": (1, 294, 322),  # an odd patch grid
    "vit_small_280x448_batch2": (2, 280, 448),
    "vit_small": (1, 616, 1064),
}
STAGES = {
    "the tokens": "tokens|tokens_prefix",
    "the encoder, block by block,": "block_.*|encoder_norm",
    "the maps made of tokens": "read_.",
    "the fusion trunk": "upconv_.*",
    "the depth head": "depth_logits",
    "the first state": "state_00",
    "hidden states and context": "hidden_init_.|context_zrq_.",
    "every refinement step": "(hidden_._iter|mask_iter|delta_iter|state)_0[1-4]",
    "the maps of every step": "(depth|confidence|normal)_iter_..",
    "final depth": "depth|depth_(top_left|bottom_right|center)",
    "final normals": "normal|normal_(top_left|center)",
    "final confidence": "confidence",
}
BLOCKS = (0, 2, 5, 8, 11)
LEVELS = tuple(enumerate((14, 8, 4)))


@pytest.fixture(scope="module", params=CASES)
def case(request, compare, watch):
    def arrays(network, pixels):
        with torch.inference_mode():
            estimate, found = _first_estimate(network, pixels, watch)
            return found | _refinement(network, estimate) | _maps(network(pixels, all_steps=True))

    return compare(request.param, "vit-small", CASES[request.param], arrays)


@pytest.mark.parametrize("stage", STAGES)
def test_agrees(case, stage):
    case.check(STAGES[stage])


def test_nothing_stored_is_left_uncompared(case):
    assert case.found.keys() == case.stored.keys()


def _first_estimate(network, pixels, watch):
    blocks = [f"encoder.blocks.{i}" for i in BLOCKS]
    trunk = ["decoder.trunk.out", "decoder.trunk.fusions.0", "decoder.trunk"]
    parts = [*blocks, "encoder.norm", "decoder.neck", *trunk, "decoder.depth_head", "decoder.context"]
    with watch(network, parts) as (given, gives):
        estimate = network.decoder.estimate(network.encoder(pixels), pixels)
    (tokens,), maps, fused = given["encoder.blocks.0"], gives["decoder.neck"], gives["decoder.trunk"]
    found = {
        "tokens": tokens[:, ::23, ::4],
        "tokens_prefix": tokens[:, :5],
        "encoder_norm": gives["encoder.norm"][:, ::23, ::4],
        "upconv_3": gives["decoder.trunk.out"][:, ::8, ::4, ::4],
        "upconv_2": resize_to(gives["decoder.trunk.fusions.0"], maps[1])[:, ::8, ::8, ::8],
        "upconv_1": fused[:, :-2:4, ::8, ::8],
        "upconv_1_confidence": fused[:, -2:, ::4, ::4],
        "depth_logits": gives["decoder.depth_head"][:, ::16, ::8, ::8],
        "state_00": estimate.state[:, :, ::2, ::2],
    }
    found |= {f"block_{i:02}": gives[name][:, ::23, ::4] for i, name in zip(BLOCKS, blocks, strict=True)}
    found |= {f"read_{i}": maps[i][:, ::4, ::k, ::k] for i, k in enumerate((14, 8, 4, 4))}
    hidden, context = gives["decoder.context"]
    found |= {f"hidden_init_{level}": hidden[level][:, ::6, ::k, ::k] for level, k in LEVELS}
    found |= {f"context_zrq_{level}": context[level][:, ::6, ::k, ::k] for level, k in LEVELS}
    return estimate, found


def _refinement(network, estimate):
    found = {}
    for step in range(1, 5):
        estimate = network.decoder.refine(estimate)
        found[f"state_{step:02}"] = estimate.state[:, :, ::4, ::4]
        found[f"delta_iter_{step:02}"] = network.decoder.delta(estimate.hidden[0])[:, :, ::4, ::4]
        found[f"mask_iter_{step:02}"] = network.decoder.mask(estimate.hidden[0])[:, ::8, ::14, ::14]
        for level, k in LEVELS:
            found[f"hidden_{level}_iter_{step:02}"] = estimate.hidden[level][:, ::6, ::k, ::k]
    return found


def _maps(raw):
    depth, normal = raw.canonical_depth, torch.cat([raw.normals, raw.kappa], 1)
    y, x = depth.shape[-2] // 2, depth.shape[-1] // 2
    found = {
        "depth": depth[:, :, ::2, ::2],
        "depth_top_left": depth[:, :, :24, :24],
        "depth_bottom_right": depth[:, :, -24:, -24:],
        "depth_center": depth[:, :, y : y + 96, x : x + 96],
        "normal": normal[:, :, ::4, ::4],
        "normal_top_left": normal[:, :, :24, :24],
        "normal_center": normal[:, :, y : y + 48, x : x + 48],
        "confidence": raw.confidence[:, :, ::4, ::4],
    }
    for step, maps in enumerate(raw.steps, start=1):
        found[f"depth_iter_{step:02}"] = maps.canonical_depth[:, :, ::8, ::8]
        found[f"confidence_iter_{step:02}"] = maps.confidence[:, :, ::8, ::8]
        found[f"normal_iter_{step:02}"] = torch.cat([maps.normals, maps.kappa], 1)[:, :, ::8, ::8]
    return found
