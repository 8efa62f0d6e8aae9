import contextlib
import datetime
import errno
import io
import json
import os
import re
import shutil
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from theodolite.errors import OutputError
from theodolite.inference import files
from theodolite.inference.files import saving
from theodolite.inference.prediction import Prediction

MAPS = ("depth", "normals", "confidence", "kappa", "valid", "image")


def known(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


# ---- Saving ----


@pytest.mark.parametrize("name", files.FORMATS)
def test_every_format_writes_the_files_it_announces_and_no_other(prediction, tmp_path, name):
    announced = files.paths(tmp_path / "new", "room", [name])
    assert prediction.save(tmp_path / "new", [name]) == announced
    assert sorted(os.listdir(tmp_path / "new")) == sorted(path.name for path in announced)
    assert all(path.stat().st_size for path in announced)


@pytest.mark.parametrize("name", files.FORMATS)
def test_every_format_can_be_written_of_a_depth_only_network(make_room, tmp_path, name):
    assert make_room(normals=None, kappa=None).save(tmp_path, [name])


@pytest.mark.parametrize("name", set(files.FORMATS) - {"glb", "mesh-ply", "html"})
def test_a_photo_without_a_single_known_depth_is_written_as_such(make_room, tmp_path, name):
    nothing = make_room(depth=np.full((120, 160), np.nan), valid=np.zeros((120, 160), bool))
    assert nothing.save(tmp_path, [name])


@pytest.mark.parametrize("name", ["glb", "mesh-ply", "html"])
def test_a_mesh_or_viewer_of_nothing_is_refused_and_leaves_no_file(make_room, tmp_path, name):
    nothing = make_room(depth=np.full((120, 160), np.nan), valid=np.zeros((120, 160), bool))
    with pytest.raises(OutputError, match=r"room\.jpg has no"):
        nothing.save(tmp_path, ["json", name])
    assert not os.listdir(tmp_path)


def test_default_formats_are_written_without_being_asked_for(prediction, tmp_path):
    assert prediction.save(tmp_path) == files.paths(tmp_path, "room", files.DEFAULT_FORMATS)


def test_existing_files_are_kept_unless_overwriting(prediction, tmp_path):
    (tmp_path / "room.json").write_text("mine")
    with pytest.raises(OutputError, match=r"room\.json exists already.*--overwrite"):
        prediction.save(tmp_path)
    assert os.listdir(tmp_path) == ["room.json"]
    assert (tmp_path / "room.json").read_text() == "mine"
    prediction.save(tmp_path, overwrite=True)
    assert json.loads((tmp_path / "room.json").read_text())["name"] == "room.jpg"


def test_another_stem_names_the_files(prediction, tmp_path):
    prediction.save(tmp_path, ["json", "npz"], stem="frame-0001")
    assert sorted(os.listdir(tmp_path)) == ["frame-0001.json", "frame-0001.npz"]


@pytest.mark.parametrize("stop", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_a_full_disk_or_an_interruption_leaves_no_file_behind(prediction, tmp_path, monkeypatch, stop):
    def write(prediction, options, file):
        file.write(b"half a fi")
        raise stop

    monkeypatch.setitem(saving.FORMATS, "npz", replace(saving.FORMATS["npz"], write=write))
    with pytest.raises(OutputError if isinstance(stop, OSError) else KeyboardInterrupt) as caught:
        prediction.save(tmp_path)
    assert not os.listdir(tmp_path)
    if isinstance(stop, OSError):
        assert "no space left on device" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_one_clear_line(prediction, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"Cannot write room\.json to .*file"):
        prediction.save(tmp_path / "file" / "out", ["json"])


def test_a_name_too_long_for_the_disk_is_one_clear_line(prediction, tmp_path):
    with pytest.raises(OutputError, match=r"Cannot write .*file name too long"):
        prediction.save(tmp_path, ["json"], stem="x" * 300)
    prediction.save(tmp_path, ["json"], stem="ü" * 120)


def test_provenance_may_hold_numpy_numbers_and_dates(make_room, tmp_path):
    room = make_room(provenance={"focal": np.float32(1000), "made": datetime.date(2025, 1, 2)})
    room.save(tmp_path, ["npz", "json"])
    assert Prediction.load(tmp_path / "room.npz").provenance == {"focal": 1000.0, "made": "2025-01-02"}


def test_an_unknown_format_is_refused_with_the_ones_there_are(prediction, tmp_path):
    with pytest.raises(OutputError, match=r"'exe'.*npz, depth-png"):
        prediction.save(tmp_path, ["exe"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"depth_scale": 0},
        {"normal_convention": "maya"},
        {"edge_degrees": 90},
        {"vertices": 3},
        {"near": -1},
        {"near": 3, "far": 2},
        {"far": -2},
    ],
)
def test_options_that_mean_nothing_are_refused(wrong):
    with pytest.raises(OutputError):
        files.SaveOptions(**wrong)


# ---- NPZ ----


def test_npz_comes_back_without_loss(prediction, tmp_path):
    whole = replace(prediction, photo_size=(640, 480), warnings=("The focal length is assumed.",))
    whole.save(tmp_path, ["npz"])
    back = Prediction.load(tmp_path / "room.npz")
    for name in MAPS:
        np.testing.assert_array_equal(getattr(back, name), getattr(whole, name))
        assert getattr(back, name).dtype == getattr(whole, name).dtype
    for name in ("camera", "name", "model", "photo_size", "warnings", "provenance"):
        assert getattr(back, name) == getattr(whole, name)


def test_npz_of_a_depth_only_network_comes_back_without_normals(make_room, tmp_path):
    make_room(normals=None, kappa=None).save(tmp_path, ["npz"])
    back = Prediction.load(tmp_path / "room.npz")
    assert back.normals is None
    assert back.kappa is None


def test_npz_opens_in_plain_numpy_without_pickle(prediction, tmp_path):
    prediction.save(tmp_path, ["npz"])
    with np.load(tmp_path / "room.npz", allow_pickle=False) as archive:
        assert set(archive.files) == {*MAPS, "K", "about"}
        np.testing.assert_array_equal(archive["K"], prediction.camera.K)
        assert json.loads(str(archive["about"]))["camera"] == asdict(prediction.camera)


def test_a_damaged_or_foreign_npz_is_refused_in_one_line(prediction, tmp_path):
    prediction.save(tmp_path, ["npz"])
    whole = (tmp_path / "room.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", depth=np.ones(3))
    np.savez(tmp_path / "pickle.npz", about=np.array([{}], dtype=object))
    np.save(tmp_path / "array.npy", np.ones(3))
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    for name in ("cut", "empty", "text", "other", "pickle", "array", "absent"):
        with pytest.raises(OutputError, match=f"{name}.npz") as caught:
            Prediction.load(tmp_path / f"{name}.npz")
        assert "\n" not in str(caught.value)


# ---- Previews and facts ----


def test_the_preview_shows_three_panels_and_depth_alone(prediction, tmp_path):
    panels, depth = prediction.save(tmp_path, ["preview"])
    with Image.open(panels) as picture, Image.open(depth) as alone:
        assert picture.size == (3 * 160 + 2 * 8, 120)
        assert alone.size == (160, 120)
        left = np.asarray(picture)[:, :160].astype(int)
    assert np.abs(left - prediction.image).mean() < 8


def test_panels_of_large_maps_are_reduced(make_room, tmp_path):
    panels, depth = make_room(2048, 512).save(tmp_path, ["preview"])
    with Image.open(panels) as picture, Image.open(depth) as alone:
        assert picture.size == (3 * 1024 + 2 * 8, 256)
        assert alone.size == (2048, 512)


def test_a_fixed_range_colours_equal_depths_equally_in_every_frame(make_room, tmp_path):
    options = files.SaveOptions(near=1, far=20)
    frames = []
    for i, beside in enumerate((2.0, 15.0)):
        depth = np.full((120, 160), 4.0)
        depth[:, 80:] = beside
        frame = make_room(depth=depth, valid=np.ones((120, 160), bool))
        frame.save(tmp_path, ["preview"], stem=str(i), options=options)
        with Image.open(tmp_path / f"{i}_depth.jpg") as picture:
            frames.append(np.asarray(picture)[60, 20].astype(int))
    assert np.abs(frames[0] - frames[1]).max() <= 3


def test_facts_state_size_camera_range_and_warnings(prediction, tmp_path):
    replace(prediction, warnings=("Something to know.",)).save(tmp_path, ["json"])
    facts = json.loads((tmp_path / "room.json").read_text())
    assert facts["map_size"] == facts["photo_size"] == [160, 120]
    assert facts["camera"]["source"] == "exif"
    assert facts["camera"]["rel_sigma"] == 0.03
    assert facts["camera"]["fov_degrees"]["horizontal"] == pytest.approx(70)
    assert facts["depth_metres"]["nearest"] == pytest.approx(known(prediction.depth).min())
    assert facts["depth_metres"]["farthest"] == pytest.approx(5)
    assert facts["valid_share"] == pytest.approx(prediction.valid.mean())
    assert facts["warnings"] == ["Something to know."]


# ---- Points and meshes ----


def test_ply_comes_back_with_normals_and_colours(prediction, tmp_path):
    (path,) = prediction.save(tmp_path, ["ply"])
    back = files.read_ply(path)
    np.testing.assert_array_equal(back.points, prediction.points()[prediction.valid])
    np.testing.assert_array_equal(back.normals, prediction.normals[prediction.valid])
    np.testing.assert_array_equal(back.colours, prediction.image[prediction.valid])


def test_ply_opens_in_trimesh_with_the_same_points_and_colours(prediction, tmp_path):
    (path,) = prediction.save(tmp_path, ["ply"])
    cloud = trimesh.load(path)
    np.testing.assert_allclose(cloud.vertices, prediction.points()[prediction.valid])
    np.testing.assert_array_equal(cloud.colors[:, :3], prediction.image[prediction.valid])


def test_a_damaged_or_foreign_ply_is_refused(prediction, tmp_path):
    (path,) = prediction.save(tmp_path, ["ply"])
    whole = path.read_bytes()
    spoiled = {
        "cut": whole[:-5],
        "text": whole.replace(b"binary_little_endian", b"ascii"),
        "no": b"",
        "flat": b"ply\nformat binary_little_endian 1.0\nelement vertex 0\nproperty float x\nend_header\n",
    }
    for name, data in spoiled.items():
        (tmp_path / f"{name}.ply").write_bytes(data)
        with pytest.raises(OutputError, match=f"{name}.ply"):
            files.read_ply(tmp_path / f"{name}.ply")


def test_glb_is_the_room_y_up_in_metres_with_the_photo_on_it(prediction, tmp_path):
    (path,) = prediction.save(tmp_path, ["glb"])
    assert b"KHR_materials_unlit" in path.read_bytes()
    (mesh,) = trimesh.load(path).geometry.values()
    np.testing.assert_allclose(mesh.bounds[0], [-2, -1.4, -5], atol=1e-4)
    np.testing.assert_allclose(mesh.bounds[1][:2], [2, 1.6], atol=1e-4)
    # Facing the viewer: the normals of the faces, and those stored with the vertices, which are the room's own.
    towards = -mesh.triangles_center
    assert ((mesh.face_normals * towards).sum(axis=1) > 0).all()
    np.testing.assert_allclose(np.abs(mesh.vertex_normals).max(axis=1), 1, atol=1e-5)
    # A vertex shows the pixel it came from: a colour of the image, at the place its own position projects to.
    picture = np.asarray(mesh.visual.material.baseColorTexture.convert("RGB")).astype(int)
    at = np.round(mesh.visual.uv * [160, -120] + [-0.5, 120 - 0.5]).astype(int)
    camera, (x, y, z) = prediction.camera, mesh.vertices.T
    np.testing.assert_allclose(at[:, 0], camera.fx * x / -z + camera.cx, atol=1e-3)
    np.testing.assert_allclose(at[:, 1], camera.fy * -y / -z + camera.cy, atol=1e-3)
    assert np.abs(picture[at[:, 1], at[:, 0]] - prediction.image[at[:, 1], at[:, 0]]).mean() < 8


def test_glb_stays_small_however_large_the_maps_are(make_room, tmp_path):
    (path,) = make_room(2048, 1536).save(tmp_path, ["glb"])
    assert path.stat().st_size < 10e6


# ---- The viewer ----


def scene_of(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="scene">(.*?)</script>', page, re.S).group(1))


def test_the_page_is_one_file_that_asks_nothing_of_any_network(prediction, tmp_path):
    (path,) = prediction.save(tmp_path, ["html"])
    page = path.read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|\bsrc=|@import|\bfetch\(|XMLHttpRequest|%[A-Z]+%", page)
    assert path.stat().st_size < 3e6


def test_the_page_states_camera_and_warnings_and_a_name_cannot_break_out_of_it(prediction, tmp_path):
    odd = replace(prediction, name="</script><script>alert(1)</script>.jpg", warnings=("Mind the <gap>.",))
    (path,) = odd.save(tmp_path, ["html"], stem="odd")
    page = path.read_text(encoding="utf-8")
    assert page.count("<script") == 2
    assert "<title>&lt;/script&gt;" in page
    scene = scene_of(page)
    assert scene["name"] == odd.name
    assert scene["warnings"] == ["Mind the <gap>."]
    assert scene["camera"]["source"] == "exif"
    assert scene["camera"]["relSigma"] == 0.03


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_the_page_draws_the_room_and_measures_as_python_does(prediction, tmp_path):
    (path,) = prediction.save(tmp_path, ["html"])
    start, end = (20, 100), (120, 40)
    address = f"{path.as_uri()}#colour=normals&from={start[0]},{start[1]}&to={end[0]},{end[1]}"
    options = ["--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    options += ["--hide-scrollbars", f"--user-data-dir={tmp_path / 'profile'}", "--window-size=800,700"]
    options += ["--virtual-time-budget=5000"]
    picture = tmp_path / "shot.png"
    for wanted in (["--dump-dom"], [f"--screenshot={picture}"]):
        run = subprocess.run([BROWSER, *options, *wanted, address], capture_output=True, timeout=120, check=True)
        if wanted == ["--dump-dom"]:
            page = run.stdout.decode()
    assert 'data-ready="true"' in page
    shown = re.search(r'<output id="length"[^>]*>([\d.]+) ± ([\d.]+) m</output>', page)
    length = prediction.measure(start, end)
    assert float(shown.group(1)) == pytest.approx(length.metres, abs=0.006)
    assert float(shown.group(2)) == pytest.approx(length.sigma, abs=0.006)
    # From where the photo was taken, the back wall is in the middle and its normal is blue; the floor's, below, green.
    colours = np.asarray(Image.open(io.BytesIO(picture.read_bytes())).convert("RGB")).astype(int)
    centre, below = colours[350 - 100, 300], colours[560, 400]
    np.testing.assert_allclose(centre, [128, 128, 255], atol=3)
    np.testing.assert_allclose(below, [128, 255, 128], atol=3)


def test_the_page_of_a_saved_prediction_is_made_once(prediction, tmp_path):
    prediction.save(tmp_path, ["npz"])
    source = files.find_result(tmp_path)
    page = files.make_page(source)
    assert page == tmp_path / "room.html"
    made = page.read_bytes()
    page.write_bytes(made + b"<!-- seen -->")
    assert files.make_page(source).read_bytes().endswith(b"<!-- seen -->")
    assert files.make_page(source, overwrite=True).read_bytes() == made
    os.utime(page, (1, 1))
    with pytest.raises(OutputError, match="exists already"):
        files.make_page(source)


def test_a_folder_with_none_or_several_predictions_is_refused(prediction, tmp_path):
    with pytest.raises(OutputError, match="holds no prediction"):
        files.find_result(tmp_path)
    for stem in ("a", "b"):
        prediction.save(tmp_path, ["npz"], stem=stem)
    with pytest.raises(OutputError, match=r"2 predictions \(a\.npz, b\.npz"):
        files.find_result(tmp_path)
    for name in ("a.jpg", "absent.npz"):
        with pytest.raises(OutputError, match=re.escape(name)):
            files.find_result(tmp_path / name)


# ---- Odd names and folders ----


@pytest.mark.parametrize("name", saving.FORMATS)
def test_a_photo_whose_name_is_no_text_is_written(make_room, tmp_path, name):
    named = make_room(name=os.fsdecode(b"caf\xe9.jpg"))
    files = named.save(tmp_path, [name])
    assert all(file.stat().st_size for file in files)


def test_the_facts_of_a_photo_whose_name_is_no_text_are_json_that_gives_it_back(make_room, tmp_path):
    name = os.fsdecode(b"caf\xe9.jpg")
    (file,) = make_room(name=name).save(tmp_path, ["json"], stem="room")
    assert json.loads(file.read_text("utf-8"))["name"] == name


def test_a_medium_that_refuses_even_the_tidying_up_is_one_clear_line(prediction, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OutputError, match="read-only file system"):
        prediction.save(tmp_path, ["npz"])


def test_an_npz_with_any_byte_wrong_is_read_or_refused(make_room, tmp_path):
    make_room(16, 12).save(tmp_path, ["npz"])
    whole = (tmp_path / "room.npz").read_bytes()
    # The archive's table of contents lies at the end, and is where damage has the most faces.
    for position in [*range(0, 400, 7), *range(len(whole) - 700, len(whole))]:
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        (tmp_path / "damaged.npz").write_bytes(damaged)
        with contextlib.suppress(OutputError):
            Prediction.load(tmp_path / "damaged.npz")


def test_nobody_is_advised_to_open_a_foreign_file_unsafely(tmp_path):
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(OutputError, match="no NPZ archive"):
        Prediction.load(tmp_path / "text.npz")
