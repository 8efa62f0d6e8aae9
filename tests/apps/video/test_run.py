import json
import tracemalloc

import numpy as np
import pytest
from PIL import Image
from tests.apps import slam_scene
from tests.apps.video.clip_scene import COUNT, OPENING, Counting, Knowing, wobble, write_pictures
from tests.apps.video.films import cut_off

from theodolite.apps.clips.film import Film
from theodolite.apps.clips.film_writer import film_writer
from theodolite.apps.clips.run import ClipSettings, clip_to_folder
from theodolite.apps.clips.source import open_clip
from theodolite.apps.frames import Opening
from theodolite.errors import DatasetError, MissingExtra, OutputError
from theodolite.inference.files import SaveOptions, read_depth_png
from theodolite.inference.prediction import Prediction

for needed in ("av", "cv2", "scipy"):
    pytest.importorskip(needed)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("room"))


@pytest.fixture(scope="module")
def done(pictures, tmp_path_factory):
    """Depth that wobbles by a tenth from picture to picture, locked."""
    out = tmp_path_factory.mktemp("done")
    summary = clip_to_folder(Knowing(), open_clip(pictures, OPENING, fps=10), out / "out")
    return out / "out", summary


def scale_errors(out):
    return np.array(
        [
            np.nanmedian(np.log(read_depth_png(out / f"frames/{n:04d}_depth.png") / slam_scene.depth(frame)))
            for n in range(COUNT)
            if (frame := slam_scene.frame(n))
        ]
    )


def test_the_scale_is_one_for_the_whole_clip_and_keeps_its_mean(done):
    out, summary = done
    errors = scale_errors(out)
    assert errors.std() < 0.05 * wobble().std()
    assert errors.mean() == pytest.approx(np.median(wobble()), abs=0.03)
    factors = np.log([frame["scale_factor"] for frame in summary["frames"]])
    np.testing.assert_allclose(factors + wobble(), (factors + wobble()).mean(), atol=0.01)
    assert summary["scenes"] == 1


def test_flicker_is_told_before_and_after(done):
    flicker = done[1]["flicker"]
    steps = np.abs(np.diff(wobble()))
    assert flicker["before"]["scale"] == pytest.approx(np.median(steps), rel=0.05)
    assert flicker["after"]["scale"] < 0.03 * flicker["before"]["scale"]
    assert flicker["before"]["pairs"] == COUNT - 1


def test_the_folder_holds_a_film_files_of_every_picture_and_the_summary(done):
    out, summary = done
    assert sorted(file.name for file in out.iterdir()) == ["frames", "side-by-side.mp4", "video.json"]
    assert len(list((out / "frames").glob("*_depth.png"))) == COUNT
    assert len(list((out / "frames").glob("*_normals.png"))) == COUNT
    assert json.loads((out / "video.json").read_text()) | {"kept": False} == summary
    shown = list(Film(out / "side-by-side.mp4", opening=Opening()).read())
    assert [frame.time for frame in shown] == pytest.approx([n / 10 for n in range(COUNT)], abs=1e-3)
    width = slam_scene.CAMERA.width
    assert shown[0].image.shape == (slam_scene.CAMERA.height, 3 * width + 16, 3)
    assert np.abs(shown[3].image[:, :width].astype(int) - slam_scene.frame(3).image).mean() < 12


def test_one_range_of_colours_and_one_scale_of_depth_pngs_serve_all_pictures(done):
    out, summary = done
    stated = {json.loads(file.read_text())["depth_scale"] for file in (out / "frames").glob("*_depth.json")}
    assert stated == {summary["depth_scale"]}
    assert 0.3 < summary["colours"]["near"] < summary["colours"]["far"] < 6


def test_what_is_complete_is_kept_and_another_wish_is_refused(done, pictures):
    out, _ = done
    predictor = Knowing()
    assert clip_to_folder(predictor, open_clip(pictures, OPENING, fps=10), out)["kept"]
    assert predictor.asked == []
    with pytest.raises(OutputError, match="another formats"):
        clip_to_folder(predictor, open_clip(pictures, OPENING, fps=10), out, ClipSettings(("npz",)))
    with pytest.raises(OutputError, match="another size of the source, every"):
        clip_to_folder(predictor, open_clip(pictures, OPENING, fps=10, every=2), out)


@pytest.mark.parametrize("stop", [9, COUNT + 5])
def test_work_broken_off_in_either_pass_goes_on_to_the_same_result(done, pictures, tmp_path, stop):
    calls = []

    def impatient(number):
        calls.append(number)
        if len(calls) == stop:
            raise KeyboardInterrupt

    predictor, clip = Knowing(), open_clip(pictures, OPENING, fps=10)
    with pytest.raises(KeyboardInterrupt):
        clip_to_folder(predictor, clip, tmp_path / "out", heed=impatient)
    assert not list((tmp_path / "out").glob("*.mp4"))
    assert not list((tmp_path / "out").rglob(".*"))
    clip_to_folder(predictor, clip, tmp_path / "out")
    assert len(predictor.asked) == COUNT  # each once
    for name in ("frames/0000_depth.png", "frames/0023_depth.png", "frames/0011_normals.png"):
        assert (tmp_path / "out" / name).read_bytes() == (done[0] / name).read_bytes()


def test_somebodys_own_files_are_not_written_over_and_overwrite_leaves_no_old_frames(pictures, tmp_path):
    (tmp_path / "frames").mkdir()
    with pytest.raises(OutputError, match="is there already"):
        clip_to_folder(Knowing(), open_clip(pictures, OPENING), tmp_path)
    (tmp_path / "frames/mine.txt").write_text("mine")
    first = ClipSettings(("depth-png",))
    clip_to_folder(Knowing(), open_clip(pictures, OPENING, every=4), tmp_path, first, overwrite=True)
    clip_to_folder(Knowing(), open_clip(pictures, OPENING, every=8), tmp_path, first, overwrite=True)
    names = sorted(file.name for file in (tmp_path / "frames").iterdir())
    assert names == [*(f"{n:04d}_depth.{end}" for n in (0, 8, 16) for end in ("json", "png")), "mine.txt"]


def test_every_map_is_there_for_those_who_ask(pictures, tmp_path):
    settings = ClipSettings(("npz",), steady=False, options=SaveOptions(near=1, far=3))
    summary = clip_to_folder(Knowing(), open_clip(pictures, OPENING, fps=10), tmp_path, settings)
    last = Prediction.load(tmp_path / "frames/0023.npz")
    own = last.provenance["clip"]
    assert own == {"time": 2.3, "scale_factor": pytest.approx(own["scale_factor"]), "scene": 0, "steadied": False}
    exact = slam_scene.depth(slam_scene.frame(23)) * np.exp(wobble()[23]) * own["scale_factor"]
    np.testing.assert_allclose(last.depth, exact, rtol=1e-5)
    assert summary["colours"] == {"near": 1, "far": 3}


def test_a_picture_that_is_broken_or_of_another_size_is_told_and_the_rest_done(tmp_path):
    folder = write_pictures(tmp_path / "room", range(8))
    (folder / "0003.png").write_bytes(b"no picture")
    Image.fromarray(slam_scene.frame(5).image[:100]).save(folder / "0005.png")
    summary = clip_to_folder(Knowing(), open_clip(folder, OPENING), tmp_path / "out")
    assert summary["pictures"] == 6
    assert "0003.png" in summary["failed"][0]
    assert "a clip is of one camera" in summary["failed"][1]
    assert summary["scenes"] == 1
    assert len(list((tmp_path / "out/frames").glob("*_depth.png"))) == 6


def test_a_film_cut_off_in_the_middle_is_done_up_to_there(tmp_path):
    with film_writer(tmp_path / "film.mp4", 10) as show:
        for number in range(COUNT):
            show(slam_scene.frame(number).image, number / 10)
    cut_off(tmp_path / "film.mp4", 0.7)
    summary = clip_to_folder(Counting(), open_clip(tmp_path / "film.mp4", OPENING), tmp_path / "out")
    assert len(summary["failed"]) == 1
    assert "breaks off after" in summary["failed"][0]
    assert 5 < summary["pictures"] < COUNT
    shown = list(Film(tmp_path / "out/side-by-side.mp4", opening=Opening()).read())
    assert len(shown) == summary["pictures"]


def test_memory_does_not_grow_with_the_clip(tmp_path):
    def peak(count):
        folder = tmp_path / f"{count}"
        folder.mkdir()
        for number in range(count):  # to and fro
            back = number // (COUNT - 1) % 2
            at = number % (COUNT - 1)
            Image.fromarray(slam_scene.frame(COUNT - 1 - at if back else at).image).save(folder / f"{number:04d}.png")
        clip, predictor = open_clip(folder, OPENING), Knowing()
        tracemalloc.start()
        clip_to_folder(predictor, clip, tmp_path / f"out{count}")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(3)  # what is loaded once
    short, long = peak(10), peak(30)
    picture = slam_scene.frame(0).image.nbytes
    assert long - short < 2 * picture  # of 20 pictures more


def test_a_camera_beside_the_film_is_used_for_all_of_it(tmp_path):
    from theodolite.camera.sidecar import write_sidecar

    with film_writer(tmp_path / "film.mp4", 10) as show:
        for number in range(3):
            show(slam_scene.frame(number).image, number / 10)
    assert open_clip(tmp_path / "film.mp4").camera.source == "assumed"
    write_sidecar(tmp_path / "film.mp4", slam_scene.CAMERA)
    clip = open_clip(tmp_path / "film.mp4")
    assert clip.camera.source == "sidecar"
    assert {frame.camera for frame in clip.read()} == {clip.camera}


def test_nothing_usable_and_a_missing_extra_are_said(pictures, tmp_path, monkeypatch):
    with pytest.raises(DatasetError, match="not there"):
        open_clip(tmp_path / "absent.mp4")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/a.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"a\.png"):
        open_clip(tmp_path / "bad")
    import sys

    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"theodolite\[video\]"):
        clip_to_folder(Knowing(), open_clip(pictures, OPENING), tmp_path / "out")


def test_flicker_of_a_real_recording_falls_and_its_depth_gets_no_worse(shared, tmp_path):
    """Frozen loosely, with the embedded model; see tools/measure_video.py for the numbers."""
    import theodolite
    from theodolite.camera.pinhole import Camera

    folder = shared / "data/redkitchen_a"
    opening = Opening(lambda width, height: Camera.from_focal(525, width, height), max_side=320)
    clip = open_clip(folder, opening, every=4)
    summary = clip_to_folder(theodolite.load(), clip, tmp_path, ClipSettings(("npz",)))
    flicker = summary["flicker"]
    assert flicker["after"]["scale"] < 0.2 * flicker["before"]["scale"]
    assert flicker["after"]["shape"] < 0.7 * flicker["before"]["shape"]
    listed = json.loads((folder / "frames.json").read_text())["files"]
    measured = {entry["rgb"].split("/")[-1]: entry for entry in listed}
    errors = []
    for frame in summary["frames"]:
        depth = Prediction.load(tmp_path / f"frames/{frame['name']}.npz").depth
        entry = next(value for name, value in measured.items() if name.startswith(frame["name"]))
        truth = np.asarray(Image.open(folder / entry["depth"]))[::2, ::2].astype(float) / entry["depth_scale"]
        truth[(truth == 0) | (truth > 65)] = np.nan
        errors.append([np.nanmean(np.abs(depth * factor - truth) / truth) for factor in (1, 1 / frame["scale_factor"])])
    after, before = np.mean(errors, axis=0)
    assert after < before
