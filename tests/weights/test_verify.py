import dataclasses
import json

import pytest
import torch

from theodolite.errors import CheckpointError, DownloadError
from theodolite.weights import store
from theodolite.weights.checkpoint import write
from theodolite.weights.record import Record, digest
from theodolite.weights.releases import RELEASES
from theodolite.weights.verify import verify

OFFICIAL = RELEASES["vit-small.official"]


def onnx_file(path, factor: float = 1.0, metadata: bool = True):
    """A network of two operators, with the inputs, outputs and metadata of an exported one."""
    import onnx
    from onnx import TensorProto, helper

    shape = ["b", "c", "h", "w"]
    inputs = [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("canonical_depth", "confidence")]
    weight = helper.make_tensor("weight", TensorProto.FLOAT, [], [factor])
    nodes = [helper.make_node("Exp", ["pixels"], ["confidence"])]
    nodes += [helper.make_node("Div", ["confidence", "weight"], ["canonical_depth"])]
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(
        helper.make_graph(nodes, "g", inputs, outputs, [weight]), opset_imports=opset, ir_version=8
    )
    if metadata:
        helper.set_model_props(model, {"theodolite.stride": "32", "theodolite.variant": "pocket"})
    onnx.save(model, path)
    return path


@pytest.fixture
def cached(tiny, cache):
    """The published release in the cache, tiny, with its record."""
    file = store.place(OFFICIAL)
    file.parent.mkdir(parents=True)
    torch.save({"model_state_dict": tiny.published("vit-small")}, file)
    Record(digest(file), file.stat().st_size, "JUGGHM/Metric3D@abc").write(file)
    return file


@pytest.fixture
def embedded(tmp_path, monkeypatch):
    """An embedded model with the facts beside it, in a folder of its own."""
    path = onnx_file(tmp_path / "pocket.onnx")
    (tmp_path / "pocket.json").write_text(json.dumps({"sha256": digest(path), "parameters": 123}))
    original = store.place
    monkeypatch.setattr(store, "place", lambda release: path if release.embedded else original(release))
    return path


@pytest.mark.parametrize("run", [False, True])
def test_a_sound_release_is_described(cached, tiny, run):
    verdict = verify("vit-small", run=run)
    assert (verdict.sha256, verdict.compared_with) == (digest(cached), "recorded from JUGGHM/Metric3D@abc")
    assert (verdict.variant, verdict.ran) == ("vit-small", run)
    assert verdict.parameters == sum(p.numel() for p in tiny.network("vit-small").parameters())


def test_one_changed_byte_is_noticed(cached):
    content = bytearray(cached.read_bytes())
    content[len(content) // 2] ^= 1
    cached.write_bytes(content)
    with pytest.raises(CheckpointError, match="sha256"):
        verify("vit-small")


def test_a_hash_fixed_in_the_table_wins_over_the_record(cached, monkeypatch):
    monkeypatch.setitem(RELEASES, OFFICIAL.name, dataclasses.replace(OFFICIAL, sha256="0" * 64))
    with pytest.raises(CheckpointError, match="fixed in theodolite"):
        verify("vit-small")


def test_a_file_placed_by_hand_is_remembered_and_a_later_change_noticed(cached):
    cached.with_name(f"{cached.name}.json").unlink()
    assert verify("vit-small").compared_with is None
    assert Record.of(cached).origin == "placed by hand"
    with cached.open("r+b") as file:
        file.seek(200)
        file.write(b"\xff\xfe")
    with pytest.raises(CheckpointError, match="placed by hand"):
        verify("vit-small")


def test_what_is_absent_is_not_fetched(hub):
    with pytest.raises(DownloadError, match="theodolite models download"):
        verify("vit-small")
    assert hub.ranges == []


def test_a_file_is_verified_by_its_path(tiny, tmp_path):
    write(tmp_path / "a.safetensors", tiny.network("convnext-tiny").state_dict(), "convnext-tiny", 1000.0)
    verdict = verify(tmp_path / "a.safetensors", run=True)
    assert (verdict.variant, verdict.compared_with, verdict.ran) == ("convnext-tiny", None, True)


def test_weights_that_are_not_finite_are_found_by_running(tiny, tmp_path):
    state = tiny.network("vit-small").state_dict()
    next(iter(state.values())).fill_(float("nan"))
    write(tmp_path / "a.safetensors", state, "vit-small", 1000.0)
    verify(tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match="not finite"):
        verify(tmp_path / "a.safetensors", run=True)


@pytest.mark.parametrize("run", [False, True])
def test_the_embedded_model_is_compared_with_the_facts_beside_it(embedded, run):
    verdict = verify("pocket", run=run)
    assert (verdict.variant, verdict.parameters, verdict.compared_with) == ("pocket", 123, "the facts beside it")


def test_a_changed_embedded_model_is_noticed(embedded):
    embedded.with_name("pocket.json").write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(CheckpointError, match="Reinstall"):
        verify("pocket")


def test_a_damaged_onnx_file_is_refused(tmp_path):
    path = onnx_file(tmp_path / "a.onnx")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(CheckpointError, match="ONNX Runtime"):
        verify(path)


def test_a_foreign_onnx_file_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="none that `theodolite export` wrote"):
        verify(onnx_file(tmp_path / "a.onnx", metadata=False))


def test_an_onnx_file_that_computes_infinity_is_found_by_running(tmp_path):
    path = onnx_file(tmp_path / "a.onnx", factor=0.0)
    verify(path)
    with pytest.raises(CheckpointError, match="not finite"):
        verify(path, run=True)


def test_the_model_in_this_package_is_sound():
    assert verify("pocket", run=True).compared_with == "the facts beside it"
    assert float(store.embedded_facts(RELEASES["pocket"])["canonical_focal"]) == RELEASES["pocket"].canonical_focal
