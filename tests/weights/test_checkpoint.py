import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from theodolite.errors import CheckpointError, OutputError
from theodolite.network import build, skeleton
from theodolite.network.variants import VARIANTS
from theodolite.weights.checkpoint import Checkpoint, describe, identify, load_network, read, write
from theodolite.weights.official import to_official
from theodolite.weights.releases import RELEASES
from theodolite.weights.sniff import header
from theodolite.weights.store import place

PUBLISHED = ["vit-small", "vit-giant2", "convnext-tiny"]


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def ours(tiny, tmp_path):
    """A file of ours with a tiny network."""
    path = tmp_path / "ours.safetensors"
    write(path, tiny.network("vit-small").state_dict(), "vit-small", 1000.0, {"licence": "Apache-2.0"})
    return path


def rewritten(path, **header_changes):
    """The same tensors under a header with other values; None removes one."""
    metadata = header(path)["__metadata__"] | {f"theodolite.{key}": value for key, value in header_changes.items()}
    save_file(load_file(path), path, {key: value for key, value in metadata.items() if value is not None})


@pytest.mark.parametrize("name", ["vit-small", "vit-giant2", "convnext-tiny", "pocket"])
def test_what_was_written_is_read_back_without_being_told_what_it_is(tiny, tmp_path, name):
    state = tiny.network(name).state_dict()
    write(tmp_path / "a", state, name, 850.0, {"training": "step 12"})
    found = read(tmp_path / "a")
    assert same(found.state, state)
    assert (found.variant, found.name, found.canonical_focal) == (tiny.TINY[name], name, 850.0)
    assert found.metadata == {"training": "step 12"}


def test_a_network_in_no_table_opens_too(tiny, tmp_path):
    variant = dataclasses.replace(tiny.TINY["pocket"], steps=3)
    write(tmp_path / "a", build(variant).state_dict(), variant, 1000.0)
    network, facts = load_network(tmp_path / "a")
    assert network.variant == variant
    assert facts.variant == "custom"


def test_the_description_needs_no_tensors(ours, tiny):
    said = describe(ours)
    assert (said.variant, said.canonical_focal, said.metadata) == (
        tiny.TINY["vit-small"],
        1000.0,
        {"licence": "Apache-2.0"},
    )


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_published_file_is_recognised_by_its_tensors(tiny, tmp_path, name, wrapped):
    state = tiny.published(name)
    extra = {"optimizer": {"lr": 0.1}, "max_iter": 800_000}
    torch.save({"model_state_dict": state, **extra} if wrapped else state, tmp_path / "a.pth")
    found = read(tmp_path / "a.pth")
    assert (found.name, found.canonical_focal) == (name, 1000.0)
    assert same(found.state, tiny.network(name).state_dict())


def test_published_names_in_safetensors_are_recognised(tiny, tmp_path):
    state = {name: tensor.clone() for name, tensor in tiny.published("vit-small").items()}
    save_file(state, tmp_path / "a.safetensors")
    assert same(read(tmp_path / "a.safetensors").state, tiny.network("vit-small").state_dict())


def test_a_parallel_prefix_is_accepted(tiny, tmp_path):
    torch.save({f"module.{name}": tensor for name, tensor in tiny.published("vit-small").items()}, tmp_path / "a.pth")
    assert read(tmp_path / "a.pth").name == "vit-small"


def test_the_name_of_a_file_does_not_matter(ours, tiny, tmp_path):
    assert read(ours.rename(tmp_path / "ours.bin")).name == "vit-small"


@pytest.mark.parametrize("name", sorted(set(VARIANTS) - {"pocket"}))
def test_every_published_variant_is_told_by_its_real_shapes(name):
    assert identify(to_official(skeleton(name).state_dict(), name), Path("a.pth")) == name


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("name", sorted(set(VARIANTS) - {"pocket"}))
def test_the_listed_names_and_shapes_of_the_published_files_are_accepted(shared, tmp_path, name, bare):
    state = {}
    for line in (shared / "spec" / "parameters" / f"{name.replace('-', '_')}.tsv").read_text().splitlines():
        tensor, shape, _ = line.split("\t")
        dtype = torch.int64 if tensor.endswith("num_batches_tracked") else torch.float32
        # One stored number, however large the tensor: the files of all five stay small.
        state[tensor] = torch.ones((), dtype=dtype).expand([int(side) for side in shape.split(",") if side])
    if bare:  # what training deletes, as some of the published files may lack it
        unused = ["mask_token", *(["norm.weight", "norm.bias"] if name == "vit-giant2" else [])]
        state = {key: value for key, value in state.items() if key.removeprefix("depth_model.encoder.") not in unused}
    torch.save({"model_state_dict": state}, tmp_path / "a.pth")
    assert read(tmp_path / "a.pth").name == name


def test_another_variant_than_the_wanted_one_is_refused(ours, tiny, tmp_path):
    with pytest.raises(CheckpointError, match="holds vit-small, where convnext-tiny was expected"):
        read(ours, "convnext-tiny")
    torch.save(tiny.published("vit-giant2"), tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match="vit-giant2"):
        read(tmp_path / "a.pth", "vit-small")


def test_missing_unexpected_and_misshapen_tensors_are_named(tiny, tmp_path):
    state = dict(tiny.network("vit-small").state_dict())
    first, second, *_ = state
    state["extra.weight"] = state.pop(first)
    state[second] = torch.zeros(3)
    with pytest.raises(CheckpointError) as refusal:
        write(tmp_path / "a", state, "vit-small", 1000.0)
    for part in (
        f"1 missing (first: {first})",
        "1 unexpected (first: extra.weight)",
        f"1 of another shape (first: {second})",
    ):
        assert part in str(refusal.value)
    assert not (tmp_path / "a").exists()


def test_a_published_file_that_lacks_a_tensor_is_refused(tiny, tmp_path):
    state = tiny.published("vit-small")
    del state["depth_model.encoder.patch_embed.proj.weight"]
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match=r"a\.pth: .*missing.*patch_embed\.proj\.weight"):
        read(tmp_path / "a.pth")


def test_the_weights_of_something_else_are_refused(tmp_path):
    torch.save({"fc.weight": torch.zeros(3)}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match=r"no network known here .*fc\.weight"):
        read(tmp_path / "a.pth")


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_off_anywhere_is_refused(ours, keep):
    content = ours.read_bytes()
    ours.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(CheckpointError, match="cut off"):
        read(ours)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "2"}, "newer theodolite"),
        ({"format": "one"}, "does not describe a network"),
        ({"network": None}, "does not describe a network"),
        ({"network": "{"}, "does not describe a network"),
        ({"network": '{"encoder": 1}'}, "does not describe a network"),
        ({"network": "[]"}, "does not describe a network"),
        ({"canonical_focal": "nan"}, "canonical focal length is positive"),
        ({"canonical_focal": "-1"}, "canonical focal length is positive"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(ours, changes, said):
    rewritten(ours, **changes)
    with pytest.raises(CheckpointError, match=said):
        read(ours)


def test_a_header_with_an_absurd_network_is_refused(ours):
    row = json.loads(header(ours)["__metadata__"]["theodolite.network"])
    row["encoder"]["kind"] = "os.system"
    rewritten(ours, network=json.dumps(row))
    with pytest.raises(CheckpointError, match="does not describe a network"):
        read(ours)


def test_an_onnx_file_is_sent_elsewhere(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"\x08\x08\x12\x07pytorch")
    with pytest.raises(CheckpointError, match="ONNX Runtime"):
        read(tmp_path / "a.onnx")


def test_half_precision_halves_the_file_and_loads_as_float32(ours, tiny, tmp_path):
    state = tiny.network("vit-small").state_dict()
    write(tmp_path / "half", state, "vit-small", 1000.0, dtype=torch.float16)
    assert (tmp_path / "half").stat().st_size < 0.55 * ours.stat().st_size
    network, _ = load_network(tmp_path / "half")
    assert all(tensor.dtype == torch.float32 for tensor in network.state_dict().values())
    assert all(torch.allclose(t, state[name], rtol=1e-3, atol=1e-6) for name, t in network.state_dict().items())


def test_counters_stay_integers_in_half_precision(tiny, tmp_path):
    write(tmp_path / "half", tiny.network("convnext-tiny").state_dict(), "convnext-tiny", 1000.0, dtype=torch.bfloat16)
    dtypes = {tensor.dtype for tensor in read(tmp_path / "half").state.values()}
    assert dtypes == {torch.bfloat16, torch.int64}


def test_numbers_that_do_not_fit_half_precision_are_refused(tiny, tmp_path):
    state = tiny.network("vit-small").state_dict()
    next(iter(state.values())).fill_(1e6)
    with pytest.raises(CheckpointError, match="too large"):
        write(tmp_path / "half", state, "vit-small", 1000.0, dtype=torch.float16)
    write(tmp_path / "half", state, "vit-small", 1000.0, dtype=torch.bfloat16)


def test_a_written_file_has_the_permissions_of_any_other(ours, tmp_path):
    (tmp_path / "other").write_text("")
    assert ours.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_cannot_be_made_is_told_in_words(tiny, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be written"):
        write(tmp_path / "file" / "a", tiny.network("vit-small").state_dict(), "vit-small", 1000.0)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(ours, tiny, monkeypatch):
    before = ours.read_bytes()

    def full(state, path, metadata):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write(ours, tiny.network("vit-small").state_dict(), "vit-small", 1000.0)
    assert ours.read_bytes() == before
    assert [file.name for file in ours.parent.iterdir()] == [ours.name]


@pytest.mark.parametrize("name", [*PUBLISHED, "pocket"])
def test_a_loaded_network_computes_what_the_saved_one_did(tiny, tmp_path, name):
    network = tiny.network(name)
    write(tmp_path / "a", network.state_dict(), name, 1000.0, {"licence": "MIT"})
    loaded, facts = load_network(tmp_path / "a")
    assert not loaded.training
    assert (facts.name, facts.variant, facts.canonical_focal, facts.licence) == ("a", name, 1000.0, "MIT")
    pixels = torch.randn(1, 3, 2 * network.multiple, 3 * network.multiple, generator=torch.Generator().manual_seed(0))
    mine, theirs = network.state_dict(), loaded.state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    # Weights that lie in a mapped file are aligned differently, and matrix products may then sum in another order.
    with torch.inference_mode():
        torch.testing.assert_close(
            loaded(pixels).canonical_depth, network(pixels).canonical_depth, rtol=1e-4, atol=1e-4
        )


def test_loading_draws_no_random_numbers(ours):
    before = torch.get_rng_state()
    load_network(ours)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loaded_network_can_be_trained_without_changing_the_file(ours, tiny):
    before = ours.read_bytes()
    network, _ = load_network(ours)
    pixels = torch.randn(1, 3, 56, 84)
    network.train()(pixels).canonical_depth.mean().backward()
    torch.optim.SGD(network.parameters(), lr=1.0).step()
    assert ours.read_bytes() == before


def test_a_release_is_loaded_from_the_cache_with_its_facts(tiny, cache):
    file = place(RELEASES["vit-small.official"])
    file.parent.mkdir(parents=True)
    torch.save({"model_state_dict": tiny.published("vit-small")}, file)
    network, facts = load_network("vit-small")
    assert same(network.state_dict(), tiny.network("vit-small").state_dict())
    assert (facts.name, facts.canvas, facts.licence) == (
        "vit-small.official",
        (616, 1064),
        "none stated by the publisher",
    )


def test_a_release_whose_file_holds_another_variant_is_refused(tiny, cache):
    file = place(RELEASES["vit-small.official"])
    file.parent.mkdir(parents=True)
    torch.save({"model_state_dict": tiny.published("vit-giant2")}, file)
    with pytest.raises(CheckpointError, match="vit-giant2"):
        load_network("vit-small")


def test_the_embedded_model_has_weights_for_pytorch_only_where_they_lie_beside_it(tiny, tmp_path, monkeypatch):
    (tmp_path / "pocket.onnx").write_bytes(b"\x08\x08\x12\x07pytorch")
    monkeypatch.setattr("theodolite.weights.store.place", lambda release: tmp_path / release.file)
    with pytest.raises(CheckpointError, match="PyTorch cannot take weights from it"):
        load_network("pocket")
    write(tmp_path / "pocket.safetensors", tiny.network("pocket").state_dict(), "pocket", 1000.0)
    network, facts = load_network("pocket")
    assert (facts.name, facts.licence) == ("pocket", "Apache-2.0")
    assert same(network.state_dict(), tiny.network("pocket").state_dict())


def test_a_checkpoint_is_frozen(ours):
    with pytest.raises(dataclasses.FrozenInstanceError):
        read(ours).canonical_focal = 1.0


def test_a_canonical_focal_length_is_positive(tiny):
    for nonsense in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(CheckpointError, match="positive"):
            Checkpoint(tiny.TINY["vit-small"], nonsense)
