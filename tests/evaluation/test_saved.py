"""Predictions read back from files, whoever wrote them, and refused by name."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image

import theodolite
from theodolite.camera.pinhole import Camera
from theodolite.datasets.arrays import write_png16
from theodolite.evaluation.estimate import Estimate, EstimateError
from theodolite.evaluation.saved import SavedPredictions, save_estimate

DEPTH = np.linspace(1, 9, 12, dtype=np.float32).reshape(3, 4)


def test_an_estimate_comes_back_as_it_was_saved(tmp_path):
    normals = np.random.default_rng(0).normal(size=(3, 4, 3)).astype(np.float32)
    estimate = Estimate(DEPTH, normals, confidence=DEPTH / 9, kappa=DEPTH, stated_error=True)
    save_estimate(tmp_path, "scene/0001", estimate)
    found = SavedPredictions(tmp_path).estimate("scene/0001")
    for name in ("depth", "normals", "confidence", "kappa"):
        np.testing.assert_array_equal(getattr(found, name), getattr(estimate, name))
    assert (found.kind, found.space, found.stated_error) == ("metric", "depth", True)


def test_what_the_depth_means_is_kept_for_the_folder(tmp_path):
    relative = Estimate(DEPTH, kind="affine_invariant", space="inverse_depth")
    save_estimate(tmp_path, "a", relative)
    assert SavedPredictions(tmp_path).estimate("a").kind == "affine_invariant"
    with pytest.raises(EstimateError, match="of another kind"):
        save_estimate(tmp_path, "b", Estimate(DEPTH))


def test_a_prediction_of_ours_is_read_with_everything_it_says(tmp_path):
    scene = theodolite.load("pocket").predict(np.zeros((56, 84, 3), np.uint8))
    scene.save(tmp_path, ["npz"], stem="a")
    found = SavedPredictions(tmp_path).estimate("a")
    np.testing.assert_array_equal(found.depth, scene.depth)
    assert found.stated_error
    assert found.normals is not None
    assert found.kappa is not None


def test_our_depth_png_says_its_scale_and_brings_its_normals(tmp_path):
    scene = theodolite.load("pocket").predict(np.zeros((56, 84, 3), np.uint8))
    scene.save(tmp_path, ["depth-png", "normal-png"], stem="a")
    (tmp_path / "a_depth.png").rename(tmp_path / "a.png")
    found = SavedPredictions(tmp_path).estimate("a")
    np.testing.assert_allclose(found.depth, scene.depth, rtol=1e-3)
    assert found.normals is not None


@pytest.mark.parametrize("ending", ["npy", "pfm", "npz"])
def test_plain_arrays_are_depth(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    if ending == "npy":
        np.save(path, DEPTH[None])
    elif ending == "npz":
        np.savez(path, anything=DEPTH)
    else:
        path.write_bytes(b"Pf\n4 3\n-1\n" + DEPTH[::-1].astype("<f4").tobytes())
    np.testing.assert_array_equal(SavedPredictions(tmp_path).estimate("a").depth, DEPTH)


def test_exr_is_read(tmp_path):
    import OpenEXR

    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, {"Y": DEPTH}).write(str(tmp_path / "a.exr"))
    np.testing.assert_array_equal(SavedPredictions(tmp_path).estimate("a").depth, DEPTH)


def test_a_png_needs_its_steps_per_metre_and_zero_is_unknown(tmp_path):
    steps = np.rint(DEPTH * 256).astype(np.uint16)
    steps[0, 0] = 0
    write_png16(tmp_path / "a.png", steps)
    with pytest.raises(EstimateError, match=r"a\.png does not state its scale"):
        SavedPredictions(tmp_path).estimate("a")
    found = SavedPredictions(tmp_path, scale=256).estimate("a").depth
    assert np.isnan(found[0, 0])
    np.testing.assert_allclose(found[1:], DEPTH[1:], atol=1 / 256)
    (tmp_path / "model.json").write_text(json.dumps({"scale": 256, "name": "theirs"}))
    assert SavedPredictions(tmp_path).name == "theirs"
    np.testing.assert_array_equal(SavedPredictions(tmp_path).estimate("a").depth, found)


def test_the_scale_that_a_png_states_goes_before_one_that_is_given(tmp_path):
    scene = theodolite.load("pocket").predict(np.zeros((56, 84, 3), np.uint8))
    scene.save(tmp_path, ["depth-png"], stem="a")
    found = SavedPredictions(tmp_path, scale=7).estimate("a").depth
    np.testing.assert_allclose(found, scene.depth, rtol=1e-3)
    # Written anew by another program, it has lost its text; the JSON beside it still says so.
    with Image.open(tmp_path / "a_depth.png") as picture:
        Image.fromarray(np.asarray(picture)).save(tmp_path / "a_depth.png")
    np.testing.assert_array_equal(SavedPredictions(tmp_path, scale=7).estimate("a").depth, found)
    (tmp_path / "a_depth.json").unlink()
    assert np.nanmedian(SavedPredictions(tmp_path, scale=7).estimate("a").depth) > 2 * np.nanmedian(found)


def test_pngs_of_other_programs_do_not_wait_for_our_own_reader(tmp_path, monkeypatch):
    steps = np.rint(DEPTH * 256).astype(np.uint16)
    Image.fromarray(steps).save(tmp_path / "a.png")
    Image.fromarray(steps.astype(np.uint8)).save(tmp_path / "dim.png")
    monkeypatch.setattr("theodolite.inference.files.depth_png.read_depth_png", None)
    saved = SavedPredictions(tmp_path, scale=256)
    np.testing.assert_array_equal(saved.estimate("a").depth, steps / np.float32(256))
    with pytest.raises(EstimateError, match=r"dim\.png: is not a 16-bit"):
        saved.estimate("dim")


@pytest.mark.parametrize("ending", ["npz", "npy", "tif"])
def test_whole_numbers_are_steps_in_any_file(tmp_path, ending):
    steps = np.rint(DEPTH * 1000).astype(np.uint16)
    steps[1, 1] = 0
    if ending == "tif":
        Image.fromarray(steps).save(tmp_path / "a.tif")
    elif ending == "npz":
        np.savez(tmp_path / "a.npz", depth=steps)
    else:
        np.save(tmp_path / "a.npy", steps)
    with pytest.raises(EstimateError, match=rf"a\.{ending}: holds whole numbers"):
        SavedPredictions(tmp_path).estimate("a")
    found = SavedPredictions(tmp_path, scale=1000).estimate("a").depth
    assert np.isnan(found[1, 1])
    np.testing.assert_allclose(found[2], DEPTH[2], atol=1e-3)


def test_a_scale_that_is_none_is_refused_and_one_that_is_belongs_to_the_facts(tmp_path):
    for scale in (0, -1, float("nan"), float("inf")):
        with pytest.raises(EstimateError, match="positive number of steps"):
            SavedPredictions(tmp_path, scale=scale)
    assert SavedPredictions(tmp_path, scale=256).facts != SavedPredictions(tmp_path).facts


def test_depth_stays_where_ours_says_that_it_is_not_valid(tmp_path):
    about = json.dumps({"camera": asdict(Camera(5, 5, 1.5, 1, 4, 3))})
    np.savez(tmp_path / "a.npz", depth=DEPTH, valid=np.zeros(DEPTH.shape, bool), confidence=DEPTH / 9, about=about)
    found = SavedPredictions(tmp_path).estimate("a")
    np.testing.assert_array_equal(found.depth, DEPTH)
    assert found.stated_error
    np.savez(tmp_path / "b.npz", depth=DEPTH, confidence=DEPTH / 9)
    assert not SavedPredictions(tmp_path).estimate("b").stated_error


def test_a_name_may_be_a_path_or_its_parts_joined(tmp_path):
    np.save(tmp_path / "a_b.npy", DEPTH)
    assert SavedPredictions(tmp_path).estimate("a/b").depth.shape == (3, 4)


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "", "."])
def test_a_name_cannot_leave_the_folder(tmp_path, name):
    np.save(tmp_path.parent / "a.npy", DEPTH)
    with pytest.raises(EstimateError, match="no name of an example"):
        SavedPredictions(tmp_path).estimate(name)
    with pytest.raises(EstimateError, match="no name of an example"):
        save_estimate(tmp_path, name, Estimate(DEPTH))
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_read_is_told_by_name(tmp_path):
    saved = SavedPredictions(tmp_path)
    with pytest.raises(EstimateError, match=r"gone: there is no prediction .*\.npz"):
        saved.estimate("gone")
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04 and no more")
    np.savez(tmp_path / "other.npz", a=DEPTH, b=DEPTH)
    np.save(tmp_path / "flat.npy", DEPTH.ravel())
    np.savez(tmp_path / "half.npz", depth=DEPTH)
    (tmp_path / "half.npz").write_bytes((tmp_path / "half.npz").read_bytes()[:100])
    (tmp_path / "stub.npy").write_bytes(b"\x93NUMPY")
    np.savez(tmp_path / "words.npz", depth=np.array([["far"]]))
    np.savez(tmp_path / "narrow.npz", depth=DEPTH, normals=np.ones((3, 3, 3)))
    np.savez(tmp_path / "bytes.npz", depth=DEPTH, normals=np.ones((3, 4, 3), np.uint8))
    Image.new("RGB", (4, 3)).save(tmp_path / "colour.png")
    for name, words in (
        ("cut", r"cut\.npz: is no NPZ archive"),
        ("other", "no array 'depth', but a, b"),
        ("flat", r"flat\.npy: .*shape \(12,\)"),
        ("colour", r"colour\.png is not a 16-bit"),
        ("half", r"half\.npz: is no NPZ archive, or is damaged"),
        ("stub", r"stub\.npy: cannot be read"),
        ("words", r"words\.npz: one channel of depth is needed"),
        ("narrow", r"narrow\.npz: .*normals has shape"),
        ("bytes", r"bytes\.npz: normals in floats are needed, found uint8"),
    ):
        with pytest.raises(EstimateError, match=words):
            saved.estimate(name)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no valid JSON"),
        ('{"colour": 1}', "an object with any of"),
        ("[]", "an object with any of"),
        ('{"kind": "relative"}', r"model\.json: .*kind is one of"),
        ('{"stated_error": "yes"}', "stated_error true or false"),
        ('{"name": 3}', "the name is a text"),
        ('{"scale": true}', "positive number"),
        ('{"scale": -1}', "positive number"),
        ('{"scale": "many"}', "positive number"),
    ],
)
def test_a_description_that_is_none_is_refused(tmp_path, content, words):
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(EstimateError, match=words):
        SavedPredictions(tmp_path)


def test_a_stamp_changes_with_the_file_and_with_nothing_else(tmp_path):
    saved = SavedPredictions(tmp_path)
    assert saved.stamp("a") == ""
    save_estimate(tmp_path, "a", Estimate(DEPTH))
    first = saved.stamp("a")
    save_estimate(tmp_path, "b", Estimate(DEPTH))
    assert saved.stamp("a") == first != ""
    save_estimate(tmp_path, "a", Estimate(DEPTH * 2))
    assert saved.stamp("a") != first


def test_the_camera_of_a_prediction_of_ours_comes_with_it(tmp_path):
    scene = theodolite.load("pocket").predict(np.zeros((56, 84, 3), np.uint8))
    scene.save(tmp_path, ["npz"], stem="a")
    assert SavedPredictions(tmp_path).estimate("a").camera == scene.camera


def test_a_name_may_be_short_where_it_is_said_to_tell_enough(tmp_path):
    save_estimate(tmp_path, "0001", Estimate(DEPTH))
    with pytest.raises(EstimateError, match="no prediction of this name"):
        SavedPredictions(tmp_path).estimate("scene/0001")
    found = SavedPredictions(tmp_path, short=frozenset({"0001"})).estimate("scene/0001")
    np.testing.assert_array_equal(found.depth, DEPTH)
