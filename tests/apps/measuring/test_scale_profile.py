"""Learning a scale profile: the factor and slope that witnesses were made with, and what is refused."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from theodolite.apps.scale_calibration import calibrate, store
from theodolite.apps.scale_profile import learn_profile
from theodolite.apps.scale_witnesses import Witness, parse_known, read_frames, read_known
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError, OutputError
from theodolite.inference.prediction import Prediction
from theodolite.inference.scale_profile import read_profile

CAMERA = Camera.from_focal(150, 200, 150)


def witnesses(factor=1.3, count=12, spread=0.05, slope=0.0, seed=0):
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        depth = rng.uniform(np.log(1), np.log(10), 4)
        ratio = math.log(factor) + slope * (depth - np.log(3)) + rng.normal(0, spread)
        found.append(Witness(f"{number}.jpg", ratio, depth, 0.02))
    return found


def test_the_factor_is_found_and_its_uncertainty_is_the_spread_over_the_root_of_the_number():
    profile = learn_profile(witnesses(), CAMERA, "net")
    assert profile.factor == pytest.approx(1.3, rel=0.05)
    assert 0.5 < profile.sigma / (0.05 / math.sqrt(12)) < 2
    assert profile.slope == 0
    assert profile.before > 0.25 > 0.1 > profile.after


def test_stated_and_true_uncertainty_of_the_factor_agree():
    scores = []
    for seed in range(60):
        profile = learn_profile(witnesses(seed=seed), CAMERA, "net")
        scores.append(abs(profile.log_factor - math.log(1.3)) / profile.sigma)
    assert 0.5 < np.mean(np.array(scores) < 1) < 0.85
    assert np.mean(np.array(scores) < 2) > 0.85


def test_one_wrong_witness_of_twelve_hardly_counts():
    good = witnesses()
    profile = learn_profile([*good[:-1], Witness("bad.jpg", np.array([-1.5]), np.array([1.0]), 0.02)], CAMERA, "net")
    assert profile.factor == pytest.approx(1.3, rel=0.06)


def test_a_slope_is_taken_where_it_helps_at_witnesses_left_out():
    profile = learn_profile(witnesses(slope=0.25, spread=0.02), CAMERA, "net")
    assert profile.slope == pytest.approx(0.25, abs=0.05)
    depth = np.array([1.5, 3.0, 8.0])
    wanted = depth * 1.3 * (depth / 3) ** 0.25
    assert profile.corrected(depth) == pytest.approx(wanted, rel=0.06)
    # Beyond what it was learnt from, the correction stays as it is there.
    assert profile.corrected(np.array([100.0]))[0] / 100 == pytest.approx(profile.corrected(np.array([200.0]))[0] / 200)
    assert np.isnan(profile.corrected(np.array([np.nan], np.float32)))[0]


def test_too_little_contradictory_and_useless_data_are_refused():
    with pytest.raises(DatasetError, match="too few"):
        learn_profile(witnesses(count=2), CAMERA, "net")
    with pytest.raises(DatasetError, match="contradict"):
        learn_profile(witnesses(spread=0.8), CAMERA, "net")
    with pytest.raises(DatasetError, match="would not help"):
        learn_profile(witnesses(factor=1.001, spread=0.1), CAMERA, "net")


class Short:
    """A predictor that sees a wall, which is 2 m away, at 1.6 m."""

    facts = SimpleNamespace(name="short")

    def predict(self, photo, camera=None, **settings):
        assert settings["profile"] is None
        if callable(camera):
            camera = camera(200, 150)
        shape = 150, 200
        return Prediction(
            depth=np.full(shape, 1.6, np.float32),
            normals=None,
            confidence=np.full(shape, 0.9, np.float32),
            kappa=None,
            valid=np.ones(shape, bool),
            camera=camera or CAMERA,
            image=np.zeros((*shape, 3), np.uint8),
            name=photo.name,
            model="short",
        )


def picture(path, make="Kamera", model="K 1"):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = make, model
    Image.new("RGB", (200, 150), (90, 90, 90)).save(path, exif=exif)
    return path


def test_known_lengths_and_measured_depth_become_a_file(tmp_path):
    for name in "abc":
        picture(tmp_path / f"{name}.jpg")
    # 75 px at 2 m and 150 px of focal length are a metre.
    table = "photo,u1,v1,u2,v2,metres\n" + "".join(f"{name}.jpg,50,70,125,70,1.0\n" for name in "abc")
    (tmp_path / "known.csv").write_text(table)
    known = [*read_known(tmp_path / "known.csv"), parse_known(f"{tmp_path / 'a.jpg'}:60,20:135,20=1.0")]
    found = calibrate(known, Short())
    assert found.profile.factor == pytest.approx(1.25, rel=1e-3)
    assert found.profile.camera == "K 1"
    path = store(found.profile, tmp_path / "kamera.json")
    assert read_profile(path) == found.profile
    with pytest.raises(OutputError, match="--overwrite"):
        store(found.profile, path)


def test_a_folder_with_frames_json_is_read(tmp_path):
    entries = []
    for number in range(3):
        picture(tmp_path / f"{number}.jpg")
        Image.fromarray(np.full((75, 100), 2000, np.uint16)).save(tmp_path / f"{number}_d.png")
        entry = {"rgb": f"{number}.jpg", "depth": f"{number}_d.png", "depth_scale": 1000, "cam_in": [150, 150, 99, 74]}
        entries.append(entry)
    (tmp_path / "frames.json").write_text(json.dumps({"files": [*entries, {"rgb": "x.jpg"}]}))
    found = calibrate(read_frames(tmp_path), Short())
    assert found.profile.factor == pytest.approx(1.25, rel=1e-3)
    assert found.profile.witnesses == 3


def test_photos_of_two_cameras_or_of_none_are_refused(tmp_path):
    known = [parse_known(f"{picture(tmp_path / f'{n}.jpg', model=f'K {n}')}:50,70:125,70=1") for n in range(3)]
    with pytest.raises(DatasetError, match="two cameras"):
        calibrate(known, Short())
    assumed = Camera.from_fov(60, 200, 150, source="assumed", rel_sigma=0.3)
    with pytest.raises(DatasetError, match="no known focal length"):
        calibrate(known, Short(), camera=assumed)


@pytest.mark.parametrize("text", ["a.jpg", "a.jpg:1,2=3", "a.jpg:1,2:3,4", "a.jpg:1,2:3,x=4", "a.jpg:1,2:3,4=-1"])
def test_known_lengths_that_make_no_sense_are_refused(text):
    with pytest.raises(DatasetError, match=r"PHOTO:U,V:U,V=METRES|positive"):
        parse_known(text)


def test_damaged_lists_are_refused_by_name(tmp_path):
    (tmp_path / "known.csv").write_text("photo,u1\na.jpg,3\n")
    with pytest.raises(DatasetError, match=r"known\.csv: the columns"):
        read_known(tmp_path / "known.csv")
    with pytest.raises(DatasetError, match=r"frames\.json cannot be read"):
        read_frames(tmp_path)
    (tmp_path / "frames.json").write_text("[]")
    with pytest.raises(DatasetError, match="no list of frames"):
        read_frames(tmp_path)


def test_witnesses_of_one_photo_are_left_out_together_and_do_not_suffice_alone():
    one = [Witness("a.jpg", np.array([0.3 + 0.01 * n]), np.array([1.0]), 0.02) for n in range(4)]
    with pytest.raises(DatasetError, match="All known lengths are in one photo"):
        learn_profile(one, CAMERA, "net")
    other = [Witness("b.jpg", np.array([0.1]), np.array([1.0]), 0.02)]
    # Whichever photo is left out, the other one knows nothing of the difference of 0.2 between them.
    assert learn_profile([*one, *other], CAMERA, "net").after > 0.1


def test_measured_depth_of_another_shape_is_refused(tmp_path):
    entries = []
    for number in range(3):
        picture(tmp_path / f"{number}.jpg")
        Image.fromarray(np.full((100, 75), 2000, np.uint16)).save(tmp_path / f"{number}_d.png")
        entries.append({"rgb": f"{number}.jpg", "depth": f"{number}_d.png", "depth_scale": 1000})
    (tmp_path / "frames.json").write_text(json.dumps({"files": entries}))
    with pytest.raises(DatasetError, match=r"75x100 px, 0\.jpg 200x150 px: that is another view"):
        calibrate(read_frames(tmp_path), Short())


def test_a_profile_that_leaves_a_third_is_refused():
    rng = np.random.default_rng(0)
    wild = [Witness(f"{n}.jpg", 1.5 + rng.normal(0, 0.8, 8), rng.uniform(0, 2, 8), 0.02) for n in range(6)]
    with pytest.raises(DatasetError, match="do not show the same"):
        learn_profile(wild, CAMERA, "net")
