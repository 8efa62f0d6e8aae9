import json

import pytest
import torch
from typer.testing import CliRunner

from theodolite.cli.models import app
from theodolite.errors import CheckpointError, LicenceNotAccepted, OutputError, TheodoliteError, UnknownModel
from theodolite.network import build
from theodolite.weights.checkpoint import read, write
from theodolite.weights.releases import RELEASES


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("THEODOLITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("THEODOLITE_ACCEPT_LICENSE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "mine.safetensors"
    write(path, build("pocket-lite0").state_dict(), "pocket-lite0", 1000.0, {"licence": "MIT"})
    return path


def run(*arguments, error: type[TheodoliteError] | None = None) -> str:
    """What a command prints; with `error`, the message it must fail with."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if error is not None:
        assert isinstance(result.exception, error), result.output
        return str(result.exception)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_the_list_names_every_release():
    text = run("list")
    assert all(name in text for name in RELEASES)
    assert [row["name"] for row in json.loads(run("list", "--json"))] == list(RELEASES)


def test_the_list_fits_a_terminal_of_eighty_columns():
    assert max(len(line.rstrip()) for line in run("list").splitlines()) <= 80


def test_info_of_a_release_and_of_a_file(weights):
    assert json.loads(run("info", "vit-large", "--json"))["name"] == "vit-large.official"
    assert "licence situation" in run("info", "vit-large")
    assert json.loads(run("info", weights, "--json"))["variant"] == "pocket-lite0"
    assert "vit-large" in run("info", "vit-larg", error=UnknownModel)


def test_download_stops_at_the_licence(cache):
    assert "--accept-license" in run("download", "vit-small", error=LicenceNotAccepted)
    assert not cache.exists()


def test_download_prints_where_the_weights_are(monkeypatch, cache):
    def fetch(release, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"weights")
        fetched.append(release.name)

    fetched: list[str] = []
    monkeypatch.setattr("theodolite.weights.download.fetch", fetch)
    paths = json.loads(run("download", "vit-small", "vit-large", "--accept-license", "--json"))
    assert list(paths) == fetched == ["vit-small.official", "vit-large.official"]
    assert all(path.startswith(str(cache)) for path in paths.values())
    run("download", "vit-small")
    assert len(fetched) == 2
    run("download", "vit-small", "--overwrite")
    assert len(fetched) == 3


def test_convert_writes_half_precision(weights, tmp_path):
    facts = json.loads(run("convert", weights, tmp_path / "half.safetensors", "--half", "--json"))
    assert facts["bytes"] < 0.6 * weights.stat().st_size
    assert torch.float16 in {tensor.dtype for tensor in read(tmp_path / "half.safetensors").state.values()}
    assert "exists" in run("convert", weights, tmp_path / "half.safetensors", error=OutputError)
    run("convert", weights, tmp_path / "half.safetensors", "--bfloat16", "--overwrite")


def test_two_precisions_at_once_are_a_wrong_call(weights, tmp_path):
    result = CliRunner().invoke(app, ["convert", str(weights), str(tmp_path / "a.safetensors"), "--half", "--bfloat16"])
    assert result.exit_code == 2
    assert not (tmp_path / "a.safetensors").exists()


def test_verify_says_sound_or_what_is_wrong(weights):
    assert "verdict: sound" in run("verify", weights)
    verdict = json.loads(run("verify", weights, "--run", "--json"))
    assert (verdict["variant"], verdict["ran"], verdict["verdict"]) == ("pocket-lite0", True, "sound")
    weights.write_bytes(weights.read_bytes()[:-10])
    assert "cut off" in run("verify", weights, error=CheckpointError)
