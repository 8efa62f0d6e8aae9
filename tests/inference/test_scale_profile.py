"""A stored scale profile corrects the photos of its camera, says so, and leaves all others alone."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import theodolite
from theodolite.errors import CameraError
from theodolite.inference.scale_profile import ENDING, ScaleProfile, profile_text, profiles_folder, read_profile

PROFILE = ScaleProfile(
    make="Kamera",
    camera="K 1",
    focal_mm=4.0,
    view=28 / 43.2666 * 1.25,
    network="pocket",
    log_factor=math.log(1.25),
    slope=0.0,
    middle=1.0,
    reach=(0.0, 2.0),
    sigma=0.03,
    witnesses=5,
    before=0.25,
    after=0.05,
)


@pytest.fixture(scope="module")
def model():
    return theodolite.load()


@pytest.fixture
def photo(tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Kamera", "K 1"
    exif.get_ifd(0x8769)[0x920A], exif.get_ifd(0x8769)[0xA405] = 4.0, 28
    noise = np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8)
    Image.fromarray(noise).resize((160, 120)).save(tmp_path / "photo.jpg", exif=exif)
    return tmp_path / "photo.jpg"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "profiles"
    monkeypatch.setenv("THEODOLITE_PROFILES", str(folder))
    return folder


def keep(folder, profile):
    folder.mkdir(exist_ok=True)
    (folder / f"{profile.name}{ENDING}").write_text(profile_text(profile))


def test_a_matching_photo_is_corrected_and_says_so(model, photo, folder):
    plain = model.predict(photo)
    keep(folder, PROFILE)
    found = model.predict(photo)
    assert found.depth == pytest.approx(plain.depth * 1.25, rel=1e-6, nan_ok=True)
    assert np.array_equal(found.normals, plain.normals)
    assert found.camera.focal == plain.camera.focal
    assert found.camera.rel_sigma == pytest.approx(math.hypot(plain.camera.rel_sigma, 0.03))
    assert "by the scale profile kamera-k-1-4mm-pocket" in found.camera.detail
    assert any("was corrected" in text and "--no-profile" in text for text in found.warnings)
    assert found.provenance["scale_profile"]["factor"] == pytest.approx(1.25)


@pytest.mark.parametrize(
    "change",
    [
        {"camera": "K 2"},
        {"make": "Other"},
        {"view": PROFILE.view * 1.05},
        {"focal_mm": 4.2},
        {"network": "vit-small.official"},
    ],
)
def test_photos_of_other_cameras_and_networks_stay_as_they_are(model, photo, folder, change):
    plain = model.predict(photo)
    keep(folder, replace(PROFILE, **change))
    found = model.predict(photo)
    assert np.array_equal(found.depth, plain.depth, equal_nan=True)
    assert found.warnings == plain.warnings
    assert "scale_profile" not in found.provenance


def test_it_is_left_out_when_asked_and_for_pictures_without_a_file(model, photo, folder):
    keep(folder, PROFILE)
    assert "scale_profile" not in model.predict(photo, profile=None).provenance
    assert "scale_profile" not in model.predict(np.asarray(Image.open(photo))).provenance


def test_a_named_profile_is_used_whatever_the_photo_says(model, photo, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(profile_text(replace(PROFILE, make="", camera="")))
    found = model.predict(np.asarray(Image.open(photo)), profile=str(path))
    assert found.provenance["scale_profile"]["factor"] == pytest.approx(1.25)
    path.write_text(profile_text(replace(PROFILE, network="other")))
    with pytest.raises(CameraError, match="of other, not of pocket"):
        model.predict(photo, profile=str(path))


def test_a_damaged_profile_is_told_and_left_out(model, photo, folder):
    keep(folder, PROFILE)
    (folder / f"broken{ENDING}").write_text("{}")
    found = model.predict(photo)
    assert found.provenance["scale_profile"]["factor"] == pytest.approx(1.25)
    assert any("is no scale profile" in text for text in found.warnings)


@pytest.mark.parametrize(
    "change",
    [{"log_factor": "x"}, {"log_factor": 9.0}, {"slope": 2}, {"sigma": -1}, {"reach": [1]}, {"layout": 2}, {"x": 1}],
)
def test_profiles_that_make_no_sense_are_refused(tmp_path, change):
    path = tmp_path / "p.json"
    path.write_text(json.dumps(json.loads(profile_text(PROFILE)) | change))
    with pytest.raises(CameraError, match=r"p\.json is no scale profile"):
        read_profile(path)


def test_the_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("THEODOLITE_PROFILES", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert profiles_folder() == tmp_path / "theodolite"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert profiles_folder() == tmp_path / ".config/theodolite"


@pytest.mark.parametrize(
    "change",
    [
        '"make": null',
        '"network": 5',
        '"focal_mm": "x"',
        '"focal_mm": 0',
        '"focal_mm": -3',
        '"view": true',
        f'"view": {10**400}',
        '"sigma": 50',
        '"reach": [5, 1]',
        '"before": "q"',
    ],
)
def test_a_profile_that_somebody_spoilt_is_left_out_with_a_warning(model, photo, folder, change):
    plain = model.predict(photo)
    keep(folder, PROFILE)
    (file,) = folder.iterdir()
    name = change.partition(":")[0]
    lines = [line for line in file.read_text().splitlines() if name not in line or name == '"reach"']
    # Of two members of one name JSON takes the last.
    file.write_text("\n".join(lines).rstrip("}\n").rstrip(",") + f",\n{change}\n}}")
    found = model.predict(photo)
    assert np.array_equal(found.depth, plain.depth, equal_nan=True)
    assert any("is no scale profile" in text for text in found.warnings)
