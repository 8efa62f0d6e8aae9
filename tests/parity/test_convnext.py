"""The depth-only network, layer by layer, against arrays stored from the authors' implementation."""

import pytest
import torch

CASES = {"convnext_tiny_160x224_batch2": (2, 160, 224), "convnext_tiny": (1, 544, 1216)}
STAGES = {
    "the encoder": "stem|stage_.",
    "the fusion": "upconv_.*",
    "the hourglass": "hourglass_.*",
    "the depth head": "depth_logits|depth_lowres",
    "the confidence": "confidence_lowres",
    "the residual": "residual",
    "the final depth": "depth|depth_(top_left|bottom_right|center)",
}


@pytest.fixture(scope="module", params=CASES)
def case(request, compare, watch):
    def arrays(network, pixels):
        with torch.inference_mode(), watch(network, _PARTS) as (_, gives):
            raw = network(pixels)
        return {**_encoder(gives), **_fusion(gives), **_hourglass(gives), **_depth(gives, raw)}

    return compare(request.param, "convnext-tiny", CASES[request.param], arrays)


@pytest.mark.parametrize("stage", STAGES)
def test_agrees(case, stage):
    case.check(STAGES[stage])


def test_nothing_stored_is_left_uncompared(case):
    assert case.found.keys() == case.stored.keys()


_JOINS = ("coarse", "middle", "fine")
_PARTS = [
    "encoder.downsample.0",
    *(f"encoder.stages.{i}" for i in range(4)),
    *(f"decoder.fusion.{join}{part}" for join in _JOINS for part in ("", ".narrow")),
    "decoder.hourglass.entry",
    *(f"decoder.hourglass.{way}.{i}" for way in ("down", "up") for i in range(3)),
    *(f"decoder.{part}" for part in ("out", "depth_head", "expectation", "residual")),
]


def _encoder(gives):
    found = {f"stage_{i}": gives[f"encoder.stages.{i}"][:, ::8, ::k, ::k] for i, k in enumerate((8, 4, 4, 2))}
    return {"stem": gives["encoder.downsample.0"][:, ::8, ::8, ::8], **found}


def _fusion(gives):
    found = {}
    for number, join, narrow, whole in zip((3, 2, 1), _JOINS, (2, 4, 4), (4, 4, 8), strict=True):
        narrowed = torch.nn.functional.elu(gives[f"decoder.fusion.{join}.narrow"])
        found[f"upconv_{number}_0"] = narrowed[:, ::8, ::narrow, ::narrow]
        found[f"upconv_{number}_1"] = gives[f"decoder.fusion.{join}"][:, ::8, ::whole, ::whole]
    return found


def _hourglass(gives):
    found = {"hourglass_conv0": gives["decoder.hourglass.entry"][:, ::8, ::8, ::8]}
    for i, down, up in zip(range(3), (4, 2, 1), (8, 4, 2), strict=True):
        found[f"hourglass_down_{i}"] = gives[f"decoder.hourglass.down.{i}"][:, ::4, ::down, ::down]
        found[f"hourglass_up_{i}"] = gives[f"decoder.hourglass.up.{i}"][:, ::4, ::up, ::up]
    found["hourglass_out"] = gives["decoder.out"][:, :-1:8, ::8, ::8]
    return found


def _depth(gives, raw):
    depth = raw.canonical_depth
    y, x = depth.shape[-2] // 2, depth.shape[-1] // 2
    return {
        "depth_logits": gives["decoder.depth_head"][:, ::32, ::8, ::8],
        "depth_lowres": gives["decoder.expectation"],
        "confidence_lowres": gives["decoder.out"][:, -1:],
        "residual": gives["decoder.residual"][:, :, ::4, ::4],
        "depth": depth[:, :, ::2, ::2],
        "depth_top_left": depth[:, :, :24, :24],
        "depth_bottom_right": depth[:, :, -24:, -24:],
        "depth_center": depth[:, :, y : y + 96, x : x + 96],
    }
