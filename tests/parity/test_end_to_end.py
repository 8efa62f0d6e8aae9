"""From a demo picture to metres through the public classes, against the reference implementation's numbers."""

import importlib.util
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite import Camera, Predictor
from theodolite.camera.canonical import CanonicalTransform
from theodolite.camera.canvas import Canvas
from theodolite.inference.backends.base import ModelFacts
from theodolite.inference.backends.torch import TorchBackend
from theodolite.network import build
from theodolite.weights.official import from_official

PICTURES = {"kitti": "kitti_demo_0000000050.png", "nyu": "nyu_demo_rgb_00050.png"}

# The limits that the reference numbers come with.
METRES, NORMAL = 2e-3, 5e-4


def _synthetic():
    spec = importlib.util.spec_from_file_location("synthetic", Path(__file__).with_name("synthetic.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def predictor(shared) -> Predictor:
    state = _synthetic().official_state(shared / "spec/parameters/vit_small.tsv")
    network = build("vit-small")
    network.load_state_dict(from_official(state, "vit-small"))
    facts = ModelFacts("vit-small.synthetic", 1000.0, 28, 616 * 1064, reference_canvas=(616, 1064))
    return Predictor(TorchBackend(network, facts))


@pytest.fixture(scope="module", params=sorted(PICTURES))
def case(request, shared, predictor):
    golden = np.load(shared / f"goldens/e2e_{request.param}.npz")
    image = np.asarray(Image.open(shared / "goldens/images" / PICTURES[request.param]).convert("RGB"))
    assert zlib.crc32(np.ascontiguousarray(image).tobytes()) == int(golden["rgb_crc32"])
    height, width = image.shape[:2]
    camera = Camera(*golden["intrinsics"].tolist(), width, height)
    return golden, image, camera, predictor.predict(image, camera=camera, parity=True)


def test_the_network_sees_the_reference_picture_to_the_bit(case):
    golden, image, camera, _ = case
    transform = CanonicalTransform.fit(camera, 1000.0, Canvas(616, 1064, reference=True))
    seen = transform.apply_8bit(image)
    assert zlib.crc32(np.ascontiguousarray(seen).tobytes()) == int(golden["network_rgb_crc32"])
    np.testing.assert_allclose(transform.apply(image)[:, :, ::28, ::28], golden["network_input"], atol=1e-6)


def test_metric_depth_is_the_reference_depth(case):
    golden, _, _, prediction = case
    expected = golden["depth_mean_focal_masked"]
    ours = prediction.depth[::4, ::4]
    known = expected > 0
    assert np.array_equal(np.isfinite(ours), known)
    assert np.abs(ours[known] - expected[known]).max() < METRES


def test_depth_of_the_hub_example_differs_by_the_focal_convention_only(case):
    golden, _, camera, prediction = case
    expected = golden["depth_fx_clamped"]
    ours = np.clip(np.nan_to_num(prediction.depth[::2, ::2], nan=300.0), 0, 300) * (camera.fx / camera.focal)
    inside = expected < 299
    assert np.abs(ours[inside] - expected[inside]).max() < METRES


def test_normals_are_the_reference_normals_at_unit_length(case):
    golden, _, _, prediction = case
    expected = golden["normal_resized"][0] if golden["normal_resized"].ndim == 4 else golden["normal_resized"]
    length = np.linalg.norm(expected[:3], axis=0)
    ours = np.moveaxis(prediction.normals, -1, 0)[:, ::4, ::4]
    # Where opposite normals met in the resize, the direction that is left of them is rounding.
    sound = length > 0.2
    assert sound.mean() > 0.99
    assert np.abs(ours - expected[:3] / length)[:, sound].max() < NORMAL


def test_the_prediction_says_how_it_was_made(case):
    *_, prediction = case
    assert prediction.provenance["parity"] is True
    assert prediction.provenance["canvas"] == [1064, 616]
