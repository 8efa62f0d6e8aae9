"""`theodolite calibrate`: what it learns, where it keeps it, and that later predictions use it."""

import json

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

import theodolite
from theodolite.cli.calibrate import calibrate
from theodolite.errors import TheodoliteError


@pytest.fixture
def run():
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(calibrate)
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Three photos with EXIF, and depth PNGs that say that all is 1.4 times as far as predicted."""
    monkeypatch.setenv("THEODOLITE_PROFILES", str(tmp_path / "profiles"))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Kamera", "K 1"
    exif.get_ifd(0x8769)[0x920A], exif.get_ifd(0x8769)[0xA405] = 4.0, 28
    model, rng = theodolite.load(), np.random.default_rng(0)
    pairs = []
    for name in "abc":
        photo, depth = tmp_path / f"{name}.jpg", tmp_path / f"{name}_depth.png"
        Image.fromarray(rng.integers(0, 255, (6, 8, 3), np.uint8)).resize((160, 120)).save(photo, exif=exif)
        seen = model.predict(photo).depth
        Image.fromarray(np.rint(np.nan_to_num(seen) * 1400).clip(0, 65535).astype(np.uint16)).save(depth)
        pairs += ["--pair", f"{photo}={depth}"]
    return [*pairs, "--depth-scale", "1000"]


def test_a_profile_is_learnt_kept_and_used(run, photos, tmp_path):
    result = run(*photos)
    assert result.exit_code == 0
    assert "depth times 1.400" in result.stdout
    assert "error at witnesses left out of the fit: 40.0 % before, 0.0 % after" in result.stdout
    (path,) = (tmp_path / "profiles").iterdir()
    assert path.name == "kamera-k-1-4mm-pocket.profile.json"
    found = theodolite.load().predict(tmp_path / "a.jpg")
    assert found.provenance["scale_profile"]["factor"] == pytest.approx(1.4, rel=1e-3)


def test_a_dry_run_stores_nothing(run, photos, tmp_path):
    result = run(*photos, "--dry-run", "--json")
    found = json.loads(result.stdout)
    assert found["file"] is None
    assert found["profile"]["witnesses"] == len(found["witnesses"]) == 3
    assert not (tmp_path / "profiles").exists()


def test_too_little_is_refused_in_one_line(run, photos):
    with pytest.raises(TheodoliteError, match="Nothing to learn"):
        raise run().exception
    with pytest.raises(TheodoliteError, match="1 known lengths or photos with measured depth are too few"):
        raise run(*photos[:2], *photos[-2:]).exception
    with pytest.raises(TheodoliteError, match="A pair is"):
        raise run("--pair", "photo.jpg").exception
