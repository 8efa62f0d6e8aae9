"""Features of fixed views are computed once, are the encoder's own, and are never taken for another encoder's."""

from dataclasses import replace

import pytest
import torch

from theodolite.network import build
from theodolite.network.variants import Variant, ViT, find
from theodolite.network.vit import Partway
from theodolite.training.config import Hardware
from theodolite.training.data import SampleSet, Stream
from theodolite.training.features import Features
from theodolite.training.loop import train
from theodolite.training.resume import load_state

TINY = ViT(dim=32, depth=4, heads=2, ffn=64, taps=(1, 2, 3, 4), registers=0, positions=3, level_taps=True)
NETS = {
    "pyramid": (find("pocket-lite0"), (64, 64)),
    "transformer": (Variant(TINY, find("pocket-lite0").decoder, steps=1), (224, 224)),
}


@pytest.fixture(params=NETS)
def case(request, small, walls):
    """A stream of fixed views, and an encoder that counts the pictures it is shown."""
    variant, canvas = NETS[request.param]
    torch.manual_seed(0)
    encoder = build(variant).eval().encoder
    recipe = replace(small, views=2, canvases=(canvas,), thawed=1)
    return Stream(recipe, [SampleSet("walls", walls)]), encoder


def counted(encoder) -> list[int]:
    shown: list[int] = []
    first = next(module for module in encoder.modules() if isinstance(module, torch.nn.Conv2d))
    first.register_forward_hook(lambda _, given, __: shown.append(len(given[0])))
    return shown


def tensors(begun) -> list[torch.Tensor]:
    return [begun.sequence, *begun.taps] if isinstance(begun, Partway) else begun


def made(encoder, pixels):
    """What the encoder's frozen part gives: of a transformer, all but its last block."""
    with torch.no_grad():
        return encoder.begin(pixels, 3) if hasattr(encoder, "begin") else encoder(pixels)


def test_kept_taps_are_the_encoders_rounded_and_it_is_not_asked_again(case, tmp_path):
    stream, encoder = case
    batch = stream.batch(0)
    wanted = made(encoder, batch.pixels)
    shown = counted(encoder)
    features = Features(tmp_path, stream, encoder)
    first, again = features.begun(batch, False), features.begun(batch, False)
    assert shown == [2]
    assert type(first) is type(wanted)
    for kept, later, exact in zip(tensors(first), tensors(again), tensors(wanted), strict=True):
        assert kept.shape == exact.shape
        assert torch.equal(kept, exact.half().float())
        assert torch.equal(kept, later)


def test_another_process_finds_them_and_asks_for_what_is_absent(case, tmp_path):
    stream, encoder = case
    batches = [stream.batch(step) for step in range(3)]
    before = [Features(tmp_path, stream, encoder).begun(batch, False) for batch in batches[:2]]
    shown = counted(encoder)
    features = Features(tmp_path, stream, encoder)
    for batch, kept in zip(batches, before, strict=False):
        assert all(map(torch.equal, tensors(features.begun(batch, False)), tensors(kept)))
    assert sum(shown) == 1  # one look at how a row is divided
    features.begun(batches[2], False)
    assert sum(shown) == 3


def test_other_weights_or_other_views_share_nothing(case, tmp_path):
    stream, encoder = case
    batch = stream.batch(0)
    Features(tmp_path, stream, encoder).begun(batch, False)
    darker = Stream(replace(stream.recipe, jitter=replace(stream.recipe.jitter, brightness=0.9)), stream.sets)
    Features(tmp_path, darker, encoder)
    with torch.no_grad():
        next(encoder.parameters()).mul_(1.5)
    shown = counted(encoder)
    Features(tmp_path, stream, encoder).begun(batch, False)
    assert shown == [2]
    encoder.spec = "tapped elsewhere"
    Features(tmp_path, stream, encoder)
    assert len(list(tmp_path.iterdir())) == 4


def test_features_of_other_pixels_under_the_same_number_are_not_taken(case, walls, tmp_path):
    stream, encoder = case
    other = Stream(stream.recipe, [SampleSet("first", walls), SampleSet("walls", walls, 1e-6)])
    Features(tmp_path, stream, encoder).begun(stream.batch(0), False)
    batch = stream.batch(0)
    moved = replace(batch, pixels=batch.pixels.roll(1, dims=-1), views=tuple((1, row) for _, row in batch.views))
    found = Features(tmp_path, other, encoder).begun(moved, False)
    wanted = tensors(made(encoder, moved.pixels))
    assert all(torch.equal(a, b.half().float()) for a, b in zip(tensors(found), wanted, strict=True))


def test_blocks_that_learn_go_on_from_what_is_kept_whatever_they_have_learnt(case, tmp_path):
    stream, encoder = case
    batch = stream.batch(0)
    features = Features(tmp_path, stream, encoder)
    features.begun(batch, False)
    if not hasattr(encoder, "begin"):
        assert features.begun(batch, encoder_learns=True) is None
        return
    with torch.no_grad():
        encoder.blocks[-1].ffn.project.weight.mul_(3)
        wanted = encoder(batch.pixels)
    shown = counted(encoder)
    again = Features(tmp_path, stream, encoder)
    found = encoder.finish(again.begun(batch, encoder_learns=True))
    assert shown == [1]  # one look at how a row is divided
    for ours, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours.patches, theirs.patches, atol=5e-3, rtol=0)
    found[-1].patches.sum().backward()
    learning = {name.split(".")[1] for name, p in encoder.named_parameters() if p.grad is not None}
    assert learning == {"3"}


@pytest.mark.parametrize("change", [{"views": None}, {"thawed": None}, {"lora": 4}])
def test_encoders_that_learn_as_a_whole_keep_nothing(case, change, tmp_path):
    stream, encoder = case
    with pytest.raises(ValueError, match="never learns"):
        Features(tmp_path, Stream(replace(stream.recipe, **change), stream.sets), encoder)


def test_views_come_again_in_turn(small, walls):
    stream = Stream(replace(small, views=2, batch=12), [SampleSet("walls", walls)])
    epochs = [dict(zip(b.views, b.pixels, strict=True)) for b in (stream.batch(step) for step in range(4))]
    assert epochs[0].keys() == epochs[2].keys() != epochs[1].keys() == epochs[3].keys()
    assert all(torch.equal(epochs[0][view], epochs[2][view]) for view in epochs[0])
    both = [{row // 2: pixels for (_, row), pixels in epoch.items()} for epoch in epochs[:2]]
    assert not any(torch.equal(both[0][index], both[1][index]) for index in range(12))


def test_a_run_learns_the_same_whether_features_are_made_or_found(small, walls, tmp_path):
    recipe = replace(small, views=1, steps=3, frozen=1.0, thawed=0, validate_every=1e6)
    hardware = Hardware("cpu", features=tmp_path / "features")
    for run in ("made", "found"):
        train(Stream(recipe, [SampleSet("walls", walls)]), tmp_path / run, hardware=hardware)
    first, found = (load_state(tmp_path / run)[0] for run in ("made", "found"))
    assert all(torch.equal(first[name], found[name]) for name in first)
    train(Stream(recipe, [SampleSet("walls", walls)]), tmp_path / "without", hardware=Hardware("cpu"))
    without = load_state(tmp_path / "without")[0]
    for name in first:
        if name.startswith("network.decoder"):
            torch.testing.assert_close(first[name], without[name], atol=2e-3, rtol=0)
