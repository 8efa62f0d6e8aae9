import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from theodolite.errors import CheckpointError, OutputError
from theodolite.weights.checkpoint import read
from theodolite.weights.pth import read_pth, write_pth

STATE = {"a.weight": torch.arange(6.0).view(2, 3), "a.bias": torch.ones(3)}


class Payload:
    """Unpickled by an unrestricted reader, it calls a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def payloads(marker: Path) -> dict[str, Payload]:
    """Ways to make a reader create the file `marker`."""
    return {
        "system": Payload(os.system, f"touch {marker}"),
        "exec": Payload(exec, f"open({str(marker)!r}, 'w').close()"),
        "eval": Payload(eval, f"open({str(marker)!r}, 'w')"),
        "open": Payload(open, str(marker), "w"),
        "nested": Payload(getattr, Payload(__import__, "pathlib"), "Path"),
        "numpy": Payload(
            np.float64(0).__reduce__()[0], np.dtype(object), pickle.dumps(Payload(open, str(marker), "w"))
        ),
    }


PAYLOADS = sorted(payloads(Path()))


def pack(content, path: Path, archive: bool) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=archive)


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("name", PAYLOADS)
def test_a_malicious_pickle_is_refused_and_never_run(tmp_path, monkeypatch, name, archive, forced):
    if forced:  # PyTorch's own switch to lower its guard must not reach here
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    marker = tmp_path / "ran"
    for place in ({"model_state_dict": STATE, "optimizer": payloads(marker)[name]}, payloads(marker)[name]):
        pack(place, tmp_path / "evil.pth", archive)
        with pytest.raises(CheckpointError) as refusal:
            read(tmp_path / "evil.pth")
        assert not marker.exists()
        assert "\n" not in str(refusal.value)


def test_the_payloads_are_live(tmp_path):
    for name in ("system", "exec", "open"):
        marker = tmp_path / name
        pack(payloads(marker)[name], tmp_path / "evil.pth", True)
        loaded = torch.load(tmp_path / "evil.pth", weights_only=False)
        if hasattr(loaded, "close"):
            loaded.close()
        assert marker.exists()


def test_the_refusal_names_what_was_asked_for(tmp_path):
    pack(payloads(tmp_path / "ran")["system"], tmp_path / "evil.pth", True)
    with pytest.raises(CheckpointError, match=r"asks for (posix|nt)\.system, .* nothing in it was run"):
        read(tmp_path / "evil.pth")


@pytest.mark.parametrize("archive", [True, False])
def test_tensors_are_read_and_what_a_trainer_leaves_beside_them_is_ignored(tmp_path, archive):
    beside = {"optimizer": {"state": {0: {"step": 3}}}, "best": np.float64(0.5), "step": np.int64(7), "scaler": None}
    pack({"model_state_dict": STATE, **beside}, tmp_path / "a.pth", archive)
    found = read_pth(tmp_path / "a.pth", archive)
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[name], STATE[name]) for name in STATE)


def test_reading_maps_the_file_instead_of_copying_it(tmp_path):
    torch.save({"model_state_dict": STATE}, tmp_path / "a.pth")
    before = (tmp_path / "a.pth").read_bytes()
    read_pth(tmp_path / "a.pth")["a.weight"].zero_()
    assert (tmp_path / "a.pth").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "holds list"),
        ({}, "holds no entry"),
        ({"model_state_dict": {}}, "holds no entry"),
        ({"epoch": 3, "note": "hello"}, "other things than named tensors: 'epoch', 'note'"),
        ({1: torch.zeros(1)}, "other things than named tensors: 1"),
        ({"a": torch.zeros(2, 2).to_sparse()}, "sparse"),
        ({"a": torch.zeros(2, device="meta")}, "sparse, quantised or empty"),
        (torch.zeros(3), "holds Tensor"),
    ],
)
def test_a_file_without_named_plain_tensors_is_refused(tmp_path, content, said):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match=said):
        read(tmp_path / "a.pth")


@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("keep", [0.01, 0.3, 0.7, 0.99])
def test_a_file_cut_off_anywhere_is_refused(tmp_path, archive, keep):
    pack({"model_state_dict": {f"{i}": torch.randn(50, 50) for i in range(20)}}, tmp_path / "a.pth", archive)
    content = (tmp_path / "a.pth").read_bytes()
    (tmp_path / "a.pth").write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(CheckpointError, match="cut off"):
        read(tmp_path / "a.pth")


def test_damaged_bytes_end_in_our_error_or_in_other_names_but_never_in_a_traceback(tmp_path):
    torch.save({"model_state_dict": STATE}, tmp_path / "a.pth")
    content = bytearray((tmp_path / "a.pth").read_bytes())
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content)
        for place in random.integers(4, len(content), 5):
            damaged[place] = random.integers(256)
        (tmp_path / "b.pth").write_bytes(damaged)
        with pytest.raises(CheckpointError):
            read(tmp_path / "b.pth")


def test_a_compressed_archive_is_refused_before_it_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("archive/data.pkl", bytes(50_000_000))
    with pytest.raises(CheckpointError, match="compressed zip"):
        read(tmp_path / "bomb.pth")


def test_an_archive_whose_entries_overlap_is_refused(tmp_path):
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w") as bomb:
        bomb.writestr("archive/data.pkl", bytes(10_000))
        # Entries of the directory that all point at the same bytes.
        for number in range(100):
            twin = zipfile.ZipInfo(f"archive/data/{number}")
            first = bomb.infolist()[0]
            twin.file_size, twin.compress_size, twin.CRC = first.file_size, first.compress_size, first.CRC
            twin.header_offset = first.header_offset
            bomb.filelist.append(twin)
        bomb._didModify = True
    with pytest.raises(CheckpointError, match="more than its own size"):
        read(path)


def test_other_archives_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as other:
        other.writestr("readme.txt", "hello")
    with pytest.raises(CheckpointError, match="not one that PyTorch wrote"):
        read(tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as script:
        script.writestr("a/data.pkl", "")
        script.writestr("a/constants.pkl", "")
    with pytest.raises(CheckpointError, match="TorchScript"):
        read(tmp_path / "a.pth")


def test_a_slice_is_written_without_the_tensor_it_was_cut_from(tmp_path):
    large = torch.zeros(1_000_000)
    write_pth(tmp_path / "a.pth", {"a": large[:10], "b": large[10:20]})
    assert (tmp_path / "a.pth").stat().st_size < 10_000


def test_two_names_of_one_tensor_are_stored_once(tmp_path):
    tensor = torch.zeros(10_000)
    write_pth(tmp_path / "a.pth", {"a": tensor, "b": tensor})
    assert (tmp_path / "a.pth").stat().st_size < 60_000
    assert read_pth(tmp_path / "a.pth").keys() == {"a", "b"}


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(content, path):
        path.write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OutputError, match="file write failed"):
        write_pth(tmp_path / "a.pth", STATE)
    assert list(tmp_path.iterdir()) == []
