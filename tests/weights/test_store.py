import sys
from pathlib import Path

import pytest

from theodolite.errors import CheckpointError, DownloadError, LicenceNotAccepted, UnknownModel
from theodolite.weights import store
from theodolite.weights.record import Record, digest
from theodolite.weights.releases import RELEASES

OFFICIAL = RELEASES["vit-small.official"]


@pytest.fixture
def fetched(cache) -> Path:
    """A release that lies in the cache."""
    file = store.place(OFFICIAL)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    Record(digest(file), 7, "test").write(file)
    return file


def test_the_cache_is_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv("THEODOLITE_CACHE", str(tmp_path / "here"))
    assert store.cache_folder() == tmp_path / "here"


def test_without_the_variable_the_platform_decides(monkeypatch, tmp_path):
    monkeypatch.delenv("THEODOLITE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store.cache_folder() == tmp_path / "theodolite"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    assert store.cache_folder() == tmp_path / ".cache" / "theodolite"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert store.cache_folder() == tmp_path / "Library" / "Caches" / "theodolite"


def test_a_cached_release_is_found_without_network_and_without_a_question(fetched):
    assert store.locate("vit-small.official") == store.locate("vit-small", download=False) == fetched


def test_a_file_placed_by_hand_is_taken(fetched):
    fetched.with_name(f"{fetched.name}.json").unlink()
    assert store.locate("vit-small") == fetched


def test_a_cached_file_of_another_size_is_refused_with_the_cure(fetched):
    fetched.write_bytes(b"wei")
    with pytest.raises(CheckpointError, match=r"holds 3 bytes where 7 .* download vit-small\.official --overwrite"):
        store.locate("vit-small")


def test_an_absent_release_is_not_fetched_when_told_not_to(cache):
    with pytest.raises(DownloadError, match=r"theodolite models download vit-small\.official"):
        store.locate("vit-small", download=False)
    assert not cache.exists()


def test_an_absent_release_is_not_fetched_before_acceptance(hub):
    with pytest.raises(LicenceNotAccepted):
        store.locate("vit-small")
    assert hub.ranges == []


def test_once_accepted_it_is_fetched_then_found(hub):
    file = store.locate("vit-small", accept_licence=True)
    assert file.read_bytes() == hub.content
    assert store.locate("vit-small") == file
    assert len(hub.ranges) == 1


def test_discarding_leaves_nothing_behind(fetched):
    fetched.with_name(f".{fetched.name}.0123.part").write_bytes(b"half")
    store.discard(OFFICIAL)
    assert list(fetched.parent.iterdir()) == []


def test_a_path_to_a_file_is_itself(tmp_path):
    file = tmp_path / "mine.safetensors"
    file.write_bytes(b"x")
    assert store.locate(str(file)) == store.locate(file) == file


@pytest.mark.parametrize("name", ["absent.pth", "absent.onnx", "./pocket", Path("pocket")])
def test_a_path_to_nothing_says_so(name):
    with pytest.raises(CheckpointError, match="where nothing is"):
        store.locate(name)


def test_a_folder_is_no_weights_file(tmp_path):
    with pytest.raises(CheckpointError, match="where a folder is"):
        store.locate(tmp_path)


def test_a_file_without_a_telling_name_is_found_unless_a_release_is_called_so(tmp_path, monkeypatch, fetched):
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "vit-small"):
        (tmp_path / name).write_bytes(b"x")
    assert store.locate("mine") == Path("mine")
    assert store.locate("vit-small") == fetched
    assert store.locate("./vit-small") == Path("vit-small")


def test_an_unknown_name_is_no_path():
    with pytest.raises(UnknownModel):
        store.locate("vit-huge")


def test_a_package_without_its_embedded_model_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "place", lambda release: tmp_path / "pocket.onnx")
    with pytest.raises(CheckpointError, match="installation is not complete"):
        store.locate("pocket")


def test_the_embedded_model_lies_in_the_package():
    assert store.place(RELEASES["pocket"]).parts[-4:] == ("theodolite", "weights", "embedded", "pocket.onnx")
