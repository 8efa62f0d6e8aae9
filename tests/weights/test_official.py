"""Published names, to ours and back."""

import numpy as np
import pytest
import torch

from theodolite.errors import CheckpointError, UnknownModel
from theodolite.network import VARIANTS, Variant, build, skeleton
from theodolite.network.variants import DPT, ViT
from theodolite.weights.official import from_official, to_official

PUBLISHED = ("vit-small", "vit-large", "vit-giant2", "convnext-tiny", "convnext-large")
PARAMETERS = {
    "vit-small": 37_495_051,
    "vit-large": 411_941_915,
    "vit-giant2": 1_377_675_099,
    "convnext-tiny": 30_931_634,
    "convnext-large": 203_243_090,
}

# Small enough for tests that need numbers; no published width plays a part in the table.
TINY = Variant(ViT(dim=16, depth=2, heads=2, ffn=64), DPT(features=(4, 8, 16, 16), hidden=2), steps=1)
TINY_TAPPED = Variant(
    ViT(dim=16, depth=4, heads=2, ffn=24, gated=True, taps=(1, 2, 3, 4)),
    DPT(features=(4, 8, 16, 16), hidden=2),
    steps=1,
)
NORM3 = "depth_model.decoder.context_feature_encoder.outputs04.0.0.norm3.weight"
DOWNSAMPLE1 = "depth_model.decoder.context_feature_encoder.outputs04.0.0.downsample.1.weight"
MASK_TOKEN = "depth_model.encoder.mask_token"


def published_table(shared, name):
    table = shared / "spec" / "parameters" / f"{name.replace('-', '_')}.tsv"
    rows = (line.split("\t") for line in table.read_text().splitlines())
    return {name: tuple(int(side) for side in shape.split(",") if side) for name, shape, _ in rows}


@pytest.fixture
def official():
    return to_official(build(TINY).state_dict(), TINY)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_names_and_shapes_are_exactly_the_published_ones(shared, name):
    found = {key: tuple(tensor.shape) for key, tensor in to_official(skeleton(name).state_dict(), name).items()}
    assert found == published_table(shared, name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_state_fits_our_network_strictly(shared, name):
    table = published_table(shared, name)
    state = {
        key: torch.empty(shape, dtype=torch.int64 if key.endswith("tracked") else None, device="meta")
        for key, shape in table.items()
    }
    network = skeleton(name)
    network.load_state_dict(from_official(state, name), assign=True)
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize(
    "variant", [TINY, TINY_TAPPED, VARIANTS["convnext-tiny"]], ids=["vit", "tapped vit", "convnext"]
)
def test_there_and_back_nothing_is_lost(variant):
    ours = build(variant).state_dict()
    again = from_official(to_official(ours, variant), variant)
    assert again.keys() == ours.keys()
    assert all(torch.equal(again[name], tensor) and again[name].dtype == tensor.dtype for name, tensor in ours.items())


def test_a_tensor_that_needs_no_rearranging_is_not_copied(official):
    ours = from_official(official, TINY)
    published = official["depth_model.encoder.blocks.0.1.attn.qkv.weight"]
    assert ours["encoder.blocks.1.attention.qkv.weight"].data_ptr() == published.data_ptr()


def test_no_two_published_tensors_share_storage(official):
    pointers = [tensor.untyped_storage().data_ptr() for tensor in official.values()]
    assert len(set(pointers)) == len(pointers)


def test_gates_of_one_map_share_a_convolution(official):
    gates = from_official(official, TINY)["decoder.update.fine.gates.weight"]
    update, reset = (official[f"depth_model.decoder.update_block.gru08.conv{gate}.weight"][:, :2] for gate in "zr")
    assert torch.equal(gates, torch.cat([update, reset]))


def test_wrappers_and_prefixes_of_trainers_are_taken_off(official):
    wrapped = {"model_state_dict": {f"module.{name}": t for name, t in official.items()}, "optimizer": {"state": []}}
    ours = from_official(wrapped, TINY)
    assert ours.keys() == build(TINY).state_dict().keys()


def test_a_tensor_with_and_without_a_wrappers_prefix_is_refused(official):
    official["module.depth_model.encoder.cls_token"] = torch.zeros(1, 1, 16)
    with pytest.raises(CheckpointError, match=r"with the prefix module\. and without"):
        from_official(official, TINY)


@pytest.mark.parametrize("value", [None, "text", np.zeros((1, 1, 16), np.float32)], ids=["none", "text", "numpy"])
def test_an_entry_that_is_no_tensor_is_named(official, value):
    official["depth_model.encoder.cls_token"] = value
    with pytest.raises(CheckpointError, match=r"'depth_model\.encoder\.cls_token' is a"):
        from_official(official, TINY)


@pytest.mark.parametrize("state", [[1, 2], {"model_state_dict": None}, {3: torch.zeros(1)}])
def test_what_is_no_dictionary_of_names_is_refused(state):
    with pytest.raises(CheckpointError, match=r"a checkpoint (is a dictionary of|holds) named tensors"):
        from_official(state, TINY)


def test_the_name_may_be_spelt_with_underscores(shared):
    state = to_official(skeleton("vit-small").state_dict(), "vit_small")
    assert from_official(state, "vit_small").keys() == skeleton("vit-small").state_dict().keys()


def test_a_mask_token_may_be_absent(official):
    del official[MASK_TOKEN]
    assert not from_official(official, TINY)["encoder.mask_token"].any()


def test_a_final_norm_may_be_absent_only_where_blocks_are_tapped():
    for variant in (TINY_TAPPED, TINY):
        state = to_official(build(variant).state_dict(), variant)
        del state["depth_model.encoder.norm.weight"], state["depth_model.encoder.norm.bias"]
        if variant is TINY_TAPPED:
            assert from_official(state, variant)["encoder.norm.weight"].eq(1).all()
        else:
            with pytest.raises(CheckpointError, match=r"2 missing: depth_model\.encoder\.norm\.weight"):
                from_official(state, variant)


def test_counters_of_batches_may_be_absent():
    variant = VARIANTS["convnext-tiny"]
    state = to_official(skeleton(variant).state_dict(), variant)
    state = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    counter = from_official(state, variant)["decoder.hourglass.entry.norm.num_batches_tracked"]
    assert counter.dtype == torch.int64
    assert counter == 0


def test_of_two_names_of_one_tensor_the_one_used_last_in_the_original_counts(official):
    official[NORM3] = official[NORM3] + 1
    ours = from_official(official, TINY)["decoder.context.hidden.0.skip_norm.weight"]
    assert torch.equal(ours, official[DOWNSAMPLE1])


def test_one_of_two_names_is_enough(official):
    wanted = official.pop(DOWNSAMPLE1)
    assert torch.equal(from_official(official, TINY)["decoder.context.hidden.0.skip_norm.weight"], wanted)


def test_what_is_missing_unexpected_or_misshapen_is_named(official):
    del official["depth_model.encoder.cls_token"]
    official["depth_model.encoder.spare"] = torch.zeros(1)
    official["depth_model.encoder.pos_embed"] = torch.zeros(1, 10, 16)
    with pytest.raises(CheckpointError) as error:
        from_official(official, TINY)
    message = str(error.value)
    assert "1 missing: depth_model.encoder.cls_token" in message
    assert "1 unexpected: depth_model.encoder.spare" in message
    assert "1 of another shape: depth_model.encoder.pos_embed (1, 10, 16) instead of (1, 1370, 16)" in message


def test_long_lists_of_names_are_cut_short(official):
    for name in [name for name in official if ".blocks." in name]:
        del official[name]
    with pytest.raises(CheckpointError, match=r"28 missing: \S+, \S+, \S+, \.\.\."):
        from_official(official, TINY)


@pytest.mark.parametrize(("held", "asked"), [("vit-large", "vit-small"), ("convnext-tiny", "convnext-large")])
def test_a_checkpoint_of_another_variant_is_recognised(held, asked):
    state = to_official(skeleton(held).state_dict(), held)
    with pytest.raises(CheckpointError, match=f"a checkpoint of {asked} was wanted.* This looks like {held}"):
        from_official(state, asked)


def test_our_own_names_and_foreign_ones_are_recognised():
    with pytest.raises(CheckpointError, match="this project's own names for vit-small"):
        from_official(skeleton("vit-small").state_dict(), "vit-small")
    with pytest.raises(CheckpointError, match="no published Metric3D checkpoint"):
        from_official({"backbone.weight": torch.zeros(1)}, "vit-small")


def test_a_state_of_another_variant_is_not_given_published_names():
    with pytest.raises(CheckpointError, match="the state of a vit-small was wanted"):
        to_official(build(TINY).state_dict(), "vit-small")


def test_a_network_that_was_never_published_has_no_published_names():
    with pytest.raises(CheckpointError, match="no published one has"):
        to_official(skeleton("pocket").state_dict(), "pocket")


def test_an_unknown_variant_is_refused_with_the_known_ones():
    with pytest.raises(UnknownModel, match="vit-small"):
        from_official({}, "vit-huge")
