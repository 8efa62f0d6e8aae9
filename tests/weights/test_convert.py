import pytest
import torch

from theodolite.errors import CheckpointError, OutputError
from theodolite.weights.checkpoint import read, write
from theodolite.weights.convert import convert
from theodolite.weights.releases import RELEASES
from theodolite.weights.store import place

PUBLISHED = ["vit-small", "vit-giant2", "convnext-tiny"]


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("name", PUBLISHED)
def test_official_to_ours_to_official_changes_no_bit(tiny, tmp_path, name):
    official = tiny.published(name)
    torch.save({"model_state_dict": official}, tmp_path / "a.pth")
    convert(tmp_path / "a.pth", tmp_path / "b.safetensors")
    convert(tmp_path / "b.safetensors", tmp_path / "c.pth")
    back = torch.load(tmp_path / "c.pth", weights_only=True)
    assert back.keys() == {"model_state_dict"}
    assert same(back["model_state_dict"], official)


def test_a_release_passes_its_licence_on(tiny, tmp_path):
    file = place(RELEASES["vit-small.official"])
    file.parent.mkdir(parents=True)
    torch.save({"model_state_dict": tiny.published("vit-small")}, file)
    convert("vit-small", tmp_path / "a.safetensors")
    assert read(tmp_path / "a.safetensors").metadata == {
        "release": "vit-small.official",
        "licence": "none stated by the publisher",
    }


@pytest.mark.parametrize("storage", ["float16", "bfloat16"])
def test_half_precision_is_stored_when_asked_for(tiny, tmp_path, storage):
    torch.save(tiny.published("vit-small"), tmp_path / "a.pth")
    convert(tmp_path / "a.pth", tmp_path / "b.safetensors", storage=storage)
    assert {tensor.dtype for tensor in read(tmp_path / "b.safetensors").state.values()} == {getattr(torch, storage)}


def test_half_precision_becomes_float32_on_the_way_back(tiny, tmp_path):
    state = tiny.network("vit-small").state_dict()
    write(tmp_path / "half.safetensors", state, "vit-small", 1000.0, dtype=torch.float16)
    convert(tmp_path / "half.safetensors", tmp_path / "a.pth")
    assert {tensor.dtype for tensor in read(tmp_path / "a.pth").state.values()} == {torch.float32}


def test_what_was_there_is_kept_unless_told_otherwise(tiny, tmp_path):
    torch.save(tiny.published("vit-small"), tmp_path / "a.pth")
    target = tmp_path / "b.safetensors"
    target.write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        convert(tmp_path / "a.pth", target)
    assert target.read_text() == "mine"
    assert read(convert(tmp_path / "a.pth", target, overwrite=True)).name == "vit-small"


def test_a_file_can_be_converted_onto_itself(tiny, tmp_path):
    path = tmp_path / "a.safetensors"
    write(path, tiny.network("vit-small").state_dict(), "vit-small", 1000.0)
    convert(path, path, storage="float16", overwrite=True)
    assert read(path).name == "vit-small"


@pytest.mark.parametrize("target", ["a.onnx", "a", "a.pth.zip"])
def test_a_target_of_another_kind_is_refused(tiny, tmp_path, target):
    with pytest.raises(OutputError, match="should end in"):
        convert(tmp_path / "a.pth", tmp_path / target)


def test_the_published_layout_takes_no_half_precision(tmp_path):
    with pytest.raises(OutputError, match="float32"):
        convert(tmp_path / "a.safetensors", tmp_path / "b.pth", storage="float16")


def test_our_own_network_has_no_published_layout(tiny, tmp_path):
    write(tmp_path / "a.safetensors", tiny.network("pocket").state_dict(), "pocket", 1000.0)
    with pytest.raises(CheckpointError):
        convert(tmp_path / "a.safetensors", tmp_path / "b.pth")
    assert not (tmp_path / "b.pth").exists()
