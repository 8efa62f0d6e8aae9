import pytest
import torch

from theodolite.errors import CheckpointError, UnknownModel
from theodolite.network import skeleton
from theodolite.weights import store
from theodolite.weights.checkpoint import write
from theodolite.weights.record import Record
from theodolite.weights.releases import RELEASES
from theodolite.weights.survey import inspect, survey


def test_every_release_has_a_row_and_says_where_it_is():
    rows = {row["name"]: row for row in survey()}
    assert rows.keys() == RELEASES.keys()
    assert rows["vit-large.official"]["where"] == "downloadable"
    assert rows["pocket"]["where"] in ("embedded", "missing")


def test_a_cached_release_shows_its_size():
    file = store.place(RELEASES["vit-small.official"])
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    row = next(row for row in survey() if row["name"] == "vit-small.official")
    assert (row["where"], row["bytes"]) == ("cached", 7)


@pytest.mark.parametrize("release", [r for r in RELEASES.values() if r.parameters], ids=lambda release: release.name)
def test_the_stated_number_of_parameters_is_the_networks(release):
    assert sum(parameter.numel() for parameter in skeleton(release.variant).parameters()) == release.parameters


def test_a_release_is_described_without_being_loaded():
    file = store.place(RELEASES["vit-small.official"])
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    Record("0" * 64, 7, "JUGGHM/Metric3D@abc").write(file)
    found = inspect("vit-small")
    assert (found["sha256"], found["origin"], found["stride"]) == ("0" * 64, "JUGGHM/Metric3D@abc", 28)
    assert "states no licence" in found["licence_situation"]


def test_a_file_of_ours_describes_itself(tiny, tmp_path):
    state = tiny.network("vit-small").state_dict()
    write(tmp_path / "a.safetensors", state, "vit-small", 900.0, {"licence": "MIT"}, dtype=torch.float16)
    found = inspect(tmp_path / "a.safetensors")
    assert (found["variant"], found["canonical_focal"], found["dtypes"]) == ("vit-small", 900.0, ["F16"])
    assert found["metadata"] == {"licence": "MIT"}
    assert found["elements"] == sum(tensor.numel() for tensor in state.values())


def test_a_published_file_says_at_least_what_it_is(tiny, tmp_path):
    torch.save(tiny.published("vit-small"), tmp_path / "a.pth")
    assert inspect(str(tmp_path / "a.pth"))["content"] == "PyTorch archive"


def test_neither_unknown_names_nor_other_files_are_described(tmp_path):
    with pytest.raises(UnknownModel):
        inspect("vit-huge")
    (tmp_path / "a.pth").write_text("hello")
    with pytest.raises(CheckpointError, match="plain text"):
        inspect(tmp_path / "a.pth")
