"""`theodolite train` and `finetune`: from files to a model, past samples that are wrong, and called wrongly."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

import theodolite
from theodolite.cli.finetune import finetune
from theodolite.cli.train import train
from theodolite.errors import CheckpointError, DatasetError, TheodoliteError
from theodolite.training.model import new_network
from theodolite.training.recipes import RECIPES, pocket_lite
from theodolite.weights import checkpoint

app = typer.Typer()
app.command("train")(train)
app.command("finetune")(finetune)


@pytest.fixture(scope="module")
def run():
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Processors without bfloat16 take many times longer with it."""
    for name in ("smoke", "finetune"):
        monkeypatch.setitem(RECIPES, name, lambda given=RECIPES[name]: replace(given(), precision="fp32"))


def lines(out: Path) -> list[dict]:
    return [json.loads(text) for text in (out / "log.jsonl").read_text().splitlines()]


def words(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def test_a_short_run_leaves_a_model_a_log_and_its_recipe(run, shards, tmp_path):
    out = tmp_path / "run"
    asked = ("--data", shards, "--out", out, "--steps", 2, "--held-out", 2, "--threads", 1, "--device", "cpu")
    result = run("train", "smoke", *asked)
    assert result.exit_code == 0, result.output
    assert f"smoke: {shards.name} 10 samples (100% of each batch); 2 held out" in result.stdout
    assert result.stdout.strip().endswith("model-000002.safetensors")
    summary = words(result.stdout)
    for told in (
        "rendered abs_rel",
        "rendered normals",
        "steps 2",
        "steps skipped, not finite 0",
        "samples left out 0",
    ):
        assert told in summary
    assert "AbsRel" in result.stderr
    assert json.loads((out / "recipe.json").read_text())["steps"] == 2
    assert lines(out)[-1]["scores"]["rendered"]["pictures"] == 2
    again = run("train", "smoke", *asked)
    assert isinstance(again.exception, CheckpointError)
    resumed = run("train", "smoke", *asked, "--resume")
    assert resumed.exit_code == 0
    assert resumed.stdout.strip().endswith("model-000002.safetensors")


def records(folder: Path) -> Path:
    """A manifest of twelve walls, five of them wrong, each in a way of its own."""
    made = []
    for number in range(12):
        Image.fromarray(np.full((72, 104, 3), 20 * number, np.uint8)).save(folder / f"{number}.png")
        depth = np.full((72, 104), 2000 + 100 * number, np.uint16)
        Image.fromarray(depth).save(folder / f"{number}_d.png")
        record = {
            "image": f"{number}.png",
            "camera": [100, 100, 51.5, 35.5],
            "kind": "sensor",
            "depth": f"{number}_d.png",
            "depth_encoding": {"kind": "png16", "scale": 1000},
        }
        made.append(record)
    made[1]["depth_encoding"] = {"kind": "png16", "scale": 1}
    (folder / "3_d.png").unlink()
    np.save(folder / "5_d.npy", np.full((72, 104), np.nan, np.float32))
    made[5] |= {"depth": "5_d.npy", "depth_encoding": {"kind": "npy"}}
    made[7]["camera"] = [-100, 100, 51.5, 35.5]
    Image.fromarray(np.full((72, 72), 2000, np.uint16)).save(folder / "9_d.png")
    path = folder / "walls.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in made))
    return path


WRONG = {
    2: ("depth", "is the scale of depth_encoding right?"),
    4: ("depth", "3_d.png"),
    6: ("depth", "5_d.npy"),
    8: ("camera", "focal lengths must be positive"),
    10: ("depth", "9_d.png"),
}


def test_wrong_samples_are_left_out_told_and_counted_and_the_run_goes_on(run, tmp_path):
    out = tmp_path / "run"
    manifest = records(tmp_path)
    asked = ("--data", manifest, "--out", out, "--steps", 3, "--threads", 1, "--device", "cpu")
    result = run("train", "smoke", *asked)
    assert result.exit_code == 0, result.output
    told = [line["rejected"] for line in lines(out) if "rejected" in line]
    assert len(told) == len(set(told)) == len(WRONG)
    for line, (field, reason) in WRONG.items():
        (found,) = (text for text in told if f"{manifest}, line {line}:" in text)
        assert f": {field}: " in found
        assert reason in found
        assert "\n" not in found
        assert f"left out: {found}" in result.stderr
    last = next(line for line in reversed(lines(out)) if "loss" in line)
    assert last["rejected_samples"] >= len(WRONG)
    assert np.isfinite(last["loss"])
    assert f"samples left out {last['rejected_samples']}" in words(result.stdout)


def test_a_manifest_without_a_usable_sample_ends_the_run_in_words(run, tmp_path):
    manifest = records(tmp_path)
    kept = manifest.read_text().splitlines()
    manifest.write_text(kept[3] + "\n" + kept[7] + "\n")
    result = run("train", "smoke", "--data", manifest, "--out", tmp_path / "run", "--device", "cpu")
    assert isinstance(result.exception, DatasetError)
    assert "20 samples in a row could not be used" in str(result.exception)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "mine.safetensors"
    state = new_network(replace(pocket_lite(), start="random")).state_dict()
    checkpoint.write(path, state, "pocket-lite0", 300.0, {"licence": "CC-BY-4.0", "canvas_pixels": str(64 * 64)})
    return path


@pytest.mark.parametrize("mode", ["lora", "decoder"])
def test_a_fine_tune_gives_a_model_that_opens_and_predicts(run, model, walls, tmp_path, mode):
    out, manifest = tmp_path / "tuned", records(tmp_path)
    size = ("--steps", 3, "--batch", 2, "--canvas", "64x64", "--threads", 1, "--device", "cpu")
    result = run("finetune", model, manifest, "--out", out, "--mode", mode, "--rank", 2, *size)
    assert result.exit_code == 0, result.output
    assert "finetune: walls 12 samples (100% of each batch); 0 held out" in result.stdout
    path = Path(result.stdout.strip().splitlines()[-1])
    assert path == out / "model-000003.safetensors"
    before, after = checkpoint.read(model), checkpoint.read(path, "pocket-lite0")
    assert (after.canonical_focal, after.metadata["licence"]) == (300.0, "CC-BY-4.0")
    assert after.metadata["encoder"] == "mine.safetensors"
    changed = {name for name in before.state if not before.state[name].equal(after.state[name])}
    assert any(name.startswith("decoder.") for name in changed)
    assert any(name.startswith("encoder.") for name in changed) == (mode == "lora")
    found = theodolite.load(str(path)).predict(walls[0].image, camera=walls[0].camera)
    assert np.isfinite(found.depth).all()
    assert found.normals is not None


@pytest.mark.parametrize("size", ["500x500", "0x0"])
def test_a_canvas_that_the_network_cannot_take_is_refused_with_the_sizes_it_can(run, model, tmp_path, size):
    result = run("finetune", model, records(tmp_path), "--out", tmp_path / "run", "--canvas", size)
    assert result.exit_code == 2
    assert f"--canvas {size} does not suit this network" in words(result.stderr)
    assert "multiples of 32" in words(result.stderr)


def test_a_run_from_given_weights_resumes_without_them_and_keeps_their_licence(run, model, shards, tmp_path):
    out = tmp_path / "run"
    asked = ("--data", shards, "--out", out, "--steps", 2, "--held-out", 0, "--threads", 1, "--device", "cpu")
    first = run("train", "smoke", *asked, "--init", model)
    assert first.exit_code == 0, first.output
    finished = out / "model-000002.safetensors"
    before = checkpoint.read(finished)
    finished.unlink()
    resumed = run("train", "smoke", *asked, "--resume")
    assert resumed.exit_code == 0, resumed.output
    after = checkpoint.read(finished)
    assert all(before.state[name].equal(after.state[name]) for name in before.state)
    for facts in (before.metadata, after.metadata):
        assert (facts["licence"], facts["encoder"]) == ("CC-BY-4.0", "mine.safetensors")


def test_sets_of_annotations_are_trained_on_each_by_its_profile_with_roots_given_by_name(run, tmp_path):
    records(tmp_path)
    (tmp_path / "lists").mkdir()
    data = []
    for name, profile in (("a", "nyu"), ("b", "scannet")):
        entry = {"rgb": "0.png", "depth": "0_d.png", "cam_in": [100, 100, 51.5, 35.5]}
        path = tmp_path / "lists" / f"{name}.json"
        path.write_text(json.dumps({"files": [entry]}))
        data += ["--data", f"{path}@{profile}=0.5"]
    asked = ("--out", tmp_path / "run", "--steps", 1, "--threads", 1, "--device", "cpu")
    result = run("train", "smoke", *data, *asked, "--root", f"data={tmp_path}", "--root", f"depth={tmp_path}")
    assert result.exit_code == 0, result.output
    assert "a 1 samples (50% of each batch), b 1 samples (50% of each batch)" in result.stdout
    assert not [line for line in lines(tmp_path / "run") if "rejected" in line]


@pytest.mark.parametrize(
    ("device", "told"),
    [
        ("gpu", "There is no device 'gpu' here; there is cpu"),
        ("cuda:1", "got 'cuda:1': give cuda and choose among several by CUDA_VISIBLE_DEVICES=1."),
        ("cpu:0", "got 'cpu:0': give cpu."),
    ],
)
def test_devices_that_a_run_cannot_take_are_refused_in_a_line(run, shards, tmp_path, monkeypatch, device, told):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    result = run("train", "smoke", "--data", shards, "--out", tmp_path / "run", "--held-out", 2, "--device", device)
    assert isinstance(result.exception, TheodoliteError)
    assert told in str(result.exception)


def test_resuming_a_run_that_is_not_there_is_refused(run, shards, tmp_path):
    result = run("train", "smoke", "--data", shards, "--out", tmp_path / "none", "--held-out", 2, "--resume")
    assert isinstance(result.exception, CheckpointError)


def test_a_folder_without_samples_is_refused(run, tmp_path):
    result = run("train", "smoke", "--data", tmp_path, "--out", tmp_path / "run")
    assert isinstance(result.exception, DatasetError)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train", "unheard-of"], "Known: pocket, pocket_lite, smoke"),
        (["train", "smoke", "--steps", "2", "--minutes", "1"], "not both"),
        (["train", "vit_large"], "starts from weights: give --init FILE"),
        (["train", "smoke", "--steps", "0"], "Invalid value for '--steps'"),
        (["train", "smoke", "--data", "rooms=much"], "PATH or PATH=SHARE"),
        (["train", "vit_large", "--resume"], "starts from weights: give --init FILE"),
        (["train", "smoke", "--data", "a.json", "--data", "b.json", "--profile", "nyu"], "and 2 need to be told"),
        (["train", "smoke", "--data", "a.json@kitti", "--profile", "nyu"], "and 0 need to be told"),
        (["train", "smoke", "--data", "a.json@kitti", "--root", "rgb=x"], "--root is FOLDER or NAME=FOLDER"),
        (["train", "smoke", "--data", "a.json@kitti", "--root", "x", "--root", "data=y"], "once each of data, depth"),
        (["train", "smoke", "--root", "x"], "--root is for annotation files"),
        (["finetune", "x.safetensors", "a.json", "b.json", "--profile", "nyu"], "and 2 need to be told"),
        (["finetune", "x.safetensors", "a.jsonl", "--mode", "half"], "--mode is one of full, decoder, lora"),
        (["finetune", "x.safetensors", "a.jsonl", "--recipe", "pocket"], "recipe is finetune, kitti or nyu"),
        (["finetune", "x.safetensors", "a.jsonl", "--canvas", "64"], "HEIGHTxWIDTH, got '64'"),
        (["finetune", "x.safetensors", "a.jsonl", "--steps", "2", "--minutes", "1"], "not both"),
    ],
)
def test_wrong_calls_are_refused_before_anything_is_read(run, tmp_path, arguments, told):
    data = [] if arguments[0] == "finetune" else ["--data", tmp_path]
    result = run(*arguments, *data, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert told in words(result.stderr)
    assert not (tmp_path / "run").exists()
