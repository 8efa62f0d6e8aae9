from dataclasses import fields

import pytest
import torch

from theodolite.errors import SizeMismatch, UnknownModel
from theodolite.network import VARIANTS, build, skeleton
from theodolite.network.joint import JointDecoder


def maps_of(raw):
    return {f.name: value for f in fields(raw) if isinstance(value := getattr(raw, f.name), torch.Tensor)}


def assert_same(one, other, **limits):
    for name, value in maps_of(one).items():
        torch.testing.assert_close(value, getattr(other, name), **limits)


def pixels(variant, batch=1, rows=2, columns=3):
    return torch.randn(batch, 3, rows * variant.multiple, columns * variant.multiple)


@pytest.fixture
def network(small):
    torch.manual_seed(0)
    return build(small).eval()


def test_every_variant_gives_maps_of_the_inputs_size(name):
    network = skeleton(name)  # shapes need no numbers
    variant = VARIANTS[name]
    raw = network(torch.empty(2, 3, 2 * variant.multiple, 3 * variant.multiple, device="meta"))
    shape = (2, 1, 2 * variant.multiple, 3 * variant.multiple)
    assert raw.canonical_depth.shape == raw.confidence.shape == shape
    if variant.refines:
        assert raw.kappa.shape == shape
        assert raw.normals.shape == (2, 3, *shape[2:])
    else:
        assert raw.normals is None


def test_values_lie_in_their_ranges(refining):
    raw = build(refining).eval()(pixels(refining))
    state = refining.decoder.depth
    assert raw.canonical_depth.min() >= state.near - 1e-6
    assert raw.canonical_depth.max() <= state.far + 1e-6
    torch.testing.assert_close(raw.normals.norm(dim=1), torch.ones_like(raw.kappa[:, 0]))
    assert raw.kappa.min() > 0.01


def test_a_picture_does_not_see_its_neighbours_in_the_batch(network):
    x = pixels(network.variant, batch=3)
    together = network(x)
    alone = network(x[1:2])
    for name, value in maps_of(alone).items():
        torch.testing.assert_close(value, getattr(together, name)[1:2], rtol=1e-4, atol=1e-4)


def test_the_same_input_gives_the_same_output_and_stays_as_it_was(network):
    x = pixels(network.variant)
    before = x.clone()
    assert_same(network(x), network(x), rtol=0, atol=0)
    assert torch.equal(x, before)


def test_inference_and_training_modes_of_torch_give_the_same_numbers(network):
    x = pixels(network.variant)
    with torch.inference_mode():
        fast = network(x)
    assert_same(fast, network(x))


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_any_number_of_steps_may_be_asked_for(refining, steps):
    network, x = build(refining).eval(), pixels(refining)
    raw = network(x, steps=steps, all_steps=True)
    assert len(raw.steps) == steps
    assert_same(raw, network(x, steps=steps))
    assert_same(raw, raw.steps[-1] if steps else raw.initial)
    for number, step in enumerate(raw.steps, start=1):
        assert_same(step, network(x, steps=number))


def test_the_initial_estimate_is_that_of_no_steps_at_all(refining):
    network, x = build(refining).eval(), pixels(refining)
    assert_same(network(x, all_steps=True).initial, network(x, steps=0))


def test_the_number_of_steps_is_the_variants_unless_given(refining):
    raw = build(refining).eval()(pixels(refining), all_steps=True)
    assert len(raw.steps) == refining.steps


def test_steps_that_cannot_be_taken_are_refused(network):
    with pytest.raises(ValueError, match="-1 refinement steps"):
        network(pixels(network.variant), steps=-1)
    if not network.variant.refines:
        with pytest.raises(ValueError, match="2 refinement steps were asked of a network with a Hourglass decoder"):
            network(pixels(network.variant), steps=2)


def test_a_network_without_steps_has_none_to_show(network):
    if not network.variant.refines:
        raw = network(pixels(network.variant), all_steps=True)
        assert raw.steps == ()
        assert_same(raw.initial, raw)


@pytest.mark.parametrize(("size", "output"), [((294, 322), (292, 320)), ((300, 400), (308, 404)), ((70, 98), (68, 96))])
def test_a_transformer_takes_any_size_and_gives_four_times_its_finest_map(size, output):
    raw = skeleton("vit-small")(torch.empty(1, 3, *size, device="meta"))
    assert raw.canonical_depth.shape == (1, 1, *output)


@pytest.mark.parametrize("name", ["convnext-tiny", "pocket-lite0"])
def test_a_pyramid_refuses_sides_it_cannot_halve(name):
    with pytest.raises(SizeMismatch, match="multiples of 32"):
        build(name)(torch.zeros(1, 3, 100, 128))


def test_a_map_of_details_wants_sides_that_both_its_grids_divide():
    with pytest.raises(SizeMismatch, match="multiples of 28"):
        build("pocket")(torch.zeros(1, 3, 100, 140))


def test_every_trained_parameter_gets_a_gradient(small):
    torch.manual_seed(0)
    network = build(small).train()
    raw = network(pixels(small, batch=2), all_steps=True)
    loss = sum(value.float().square().mean() for step in (raw.initial, *raw.steps) for value in maps_of(step).values())
    loss.backward()
    without = [
        name
        for name, p in network.named_parameters()
        if p.requires_grad and p.numel() and (p.grad is None or not p.grad.any())
    ]
    assert not without
    assert all(p.grad.isfinite().all() for p in network.parameters() if p.grad is not None)


def test_a_gradient_is_the_slope_of_the_output(refining):
    torch.manual_seed(0)
    network = build(refining).eval().double()
    x = pixels(refining).double()
    weight = network.decoder.delta.depth.weight

    def total():
        return network(x).canonical_depth.mean()

    (slope,) = torch.autograd.grad(total(), weight)
    direction = torch.randn_like(weight)
    step = 1e-6
    with torch.no_grad():
        weight += step * direction
        above = total()
        weight -= 2 * step * direction
        below = total()
    torch.testing.assert_close((above - below) / (2 * step), (slope * direction).sum(), rtol=1e-4, atol=1e-9)


def test_a_skeleton_filled_with_weights_is_the_network(network):
    twin = skeleton(network.variant).eval()
    assert all(parameter.is_meta for parameter in twin.parameters())
    twin.load_state_dict(network.state_dict(), assign=True)
    x = pixels(network.variant)
    assert_same(twin(x), network(x), rtol=0, atol=0)


@pytest.mark.parametrize("casting", ["automatic", "whole"])
def test_half_precision_gives_single_precision_maps(refining, casting):
    network, x = build(refining).eval(), pixels(refining)
    if casting == "whole":
        network, x = network.to(torch.bfloat16), x.to(torch.bfloat16)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=casting == "automatic"):
        raw = network(x)
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in maps_of(raw).values())


def test_the_embedded_model_is_small():
    assert sum(parameter.numel() for parameter in skeleton("pocket").parameters()) < 25_000_000


def test_encoder_and_decoder_are_two_parts_for_two_learning_rates(network):
    assert {name.split(".")[0] for name, _ in network.named_parameters()} == {"encoder", "decoder"}
    assert isinstance(network.decoder, JointDecoder) == network.variant.refines


def test_building_an_unknown_network_lists_the_known_ones():
    with pytest.raises(UnknownModel, match="vit-giant2"):
        build("vit-giant")
