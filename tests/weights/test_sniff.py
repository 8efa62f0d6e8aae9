import json
import pickle
import struct

import pytest

from theodolite.errors import CheckpointError
from theodolite.weights.sniff import Kind, header, recognise


def safetensors(metadata: dict) -> bytes:
    text = json.dumps({"__metadata__": metadata}).encode()
    return struct.pack("<Q", len(text)) + text


GOOD = {
    Kind.SAFETENSORS: safetensors({"a": "b"}),
    Kind.TORCH: b"PK\x03\x04" + bytes(60),
    Kind.OLD_TORCH: pickle.dumps([1], protocol=2),
    Kind.ONNX: b"\x08\x08\x12\x07pytorch",
}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_told_by_its_content(tmp_path, kind):
    file = tmp_path / ("weights.onnx" if kind is Kind.ONNX else "weights.bin")
    file.write_bytes(GOOD[kind])
    assert recognise(file) is kind


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>Sign in</html>", "a web page"),
        (b"\n  <html>404</html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a Git LFS pointer"),
        (b"Entry not found", "plain text"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "of no known format"),
        (b"\x08\x08\x12\x07pytorch", "of no known format"),
        (bytes(7), "of no known format"),
        (safetensors({"a": "b"})[:-3], "cut off"),
    ],
)
def test_what_is_no_weights_file_is_named(tmp_path, content, said):
    file = tmp_path / "weights.pth"
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match=said):
        recognise(file)


def test_a_path_to_nothing_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "absent.pth", tmp_path):
        with pytest.raises(CheckpointError, match="was expected"):
            recognise(path)


def test_a_header_is_read_without_torch(tmp_path):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(safetensors({"a": "b"}))
    assert header(file) == {"__metadata__": {"a": "b"}}


@pytest.mark.parametrize("text", [b"{", b"{\xff}", b"[1]", b'{"a": 3}', b"{" * 100_000, b'{"a":' * 100_000])
def test_a_damaged_header_is_refused(tmp_path, text):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(CheckpointError, match="damaged safetensors header"):
        header(file)
