"""Depth and normals as PNG, and the PNG format itself."""

import json
import re

import cv2
import numpy as np
import pytest
from PIL import Image

from theodolite.errors import OutputError
from theodolite.inference import files
from theodolite.inference.files import png
from theodolite.inference.files.depth_png import fitting_scale

# ---- Depth PNG ----


def test_depth_png_comes_back_to_half_a_step(prediction, tmp_path):
    prediction.save(tmp_path, ["depth-png"])
    back = files.read_depth_png(tmp_path / "room_depth.png")
    np.testing.assert_array_equal(np.isnan(back), np.isnan(prediction.depth))
    np.testing.assert_allclose(back, prediction.depth, atol=0.5001 / 5000)


def test_depth_png_reads_the_same_in_other_programs(prediction, tmp_path):
    prediction.save(tmp_path, ["depth-png"], options=files.SaveOptions(depth_scale=1000))
    expected = np.round(np.nan_to_num(prediction.depth) * 1000)
    by_opencv = cv2.imread(str(tmp_path / "room_depth.png"), cv2.IMREAD_UNCHANGED)
    with Image.open(tmp_path / "room_depth.png") as picture:
        by_pillow, text = np.asarray(picture), picture.text
    for values in (by_opencv, by_pillow):
        assert values.dtype == np.uint16
        np.testing.assert_allclose(values, expected, atol=1)
    assert float(text["depth_scale"]) == 1000
    assert "0 = unknown" in text["meaning"]


def test_the_scale_is_the_finest_that_reaches_and_stands_in_the_json_too(make_room, tmp_path):
    assert [fitting_scale(far) for far in (0, 13.1, 13.2, 65, 70, 255, 300, 7000, 1e5)] == [
        *(5000, 5000, 1000, 1000, 256, 256, 100, 1, 1)
    ]
    far = make_room(depth=np.full((120, 160), 80.0), valid=np.ones((120, 160), bool))
    far.save(tmp_path, ["depth-png"])
    about = json.loads((tmp_path / "room_depth.json").read_text())
    assert (about["depth_scale"], about["unknown"], about["beyond_range"]) == (256, 0, 0)
    assert about["camera"]["source"] == "exif"


def test_depth_beyond_a_fixed_scale_is_unknown_and_counted_not_clipped(prediction, tmp_path):
    prediction.save(tmp_path, ["depth-png"], options=files.SaveOptions(depth_scale=16384))  # reaches 4 m
    back = files.read_depth_png(tmp_path / "room_depth.png")
    assert (np.isfinite(back) == (prediction.depth < 4)).all()
    lost = json.loads((tmp_path / "room_depth.json").read_text())["beyond_range"]
    assert lost == (prediction.depth >= 4).sum() > 0


def test_the_scale_is_found_beside_a_picture_that_lost_its_text_or_asked_for(prediction, tmp_path):
    prediction.save(tmp_path, ["depth-png"])
    path = tmp_path / "room_depth.png"
    expected = files.read_depth_png(path)
    with Image.open(path) as picture:
        Image.fromarray(np.asarray(picture)).save(path)
    np.testing.assert_array_equal(files.read_depth_png(path), expected)
    (tmp_path / "room_depth.json").unlink()
    with pytest.raises(OutputError, match="does not state its scale"):
        files.read_depth_png(path)
    np.testing.assert_array_equal(files.read_depth_png(path, scale=5000), expected)


# ---- Normal PNG ----


@pytest.mark.parametrize(("name", "ending", "tolerance"), [("normal-png", "", 6e-3), ("normal-png16", "16", 2e-5)])
@pytest.mark.parametrize("convention", files.NORMAL_CONVENTIONS)
def test_normal_png_comes_back_in_every_convention(make_room, tmp_path, name, ending, tolerance, convention):
    normals = np.random.default_rng(0).standard_normal((120, 160, 3))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    normals[5, 6] = np.nan
    room = make_room(normals=normals)
    room.save(tmp_path, [name], options=files.SaveOptions(normal_convention=convention))
    back = files.read_normal_png(tmp_path / f"room_normals{ending}.png")
    assert np.isnan(back[5, 6]).all()
    np.testing.assert_allclose(back, room.normals, atol=tolerance)
    np.testing.assert_allclose(np.linalg.norm(back, axis=-1)[0], 1, atol=1e-6)


def test_conventions_paint_a_wall_and_a_floor_as_their_programs_expect(make_room, tmp_path):
    normals = np.broadcast_to(np.float32([0, 0, -1]), (120, 160, 3)).copy()
    normals[60:] = [0, -1, 0]  # a floor: its normal points up
    expected = {
        "opencv": ([128, 128, 0], [128, 0, 128]),
        "opengl": ([128, 128, 255], [128, 255, 128]),
        "directx": ([128, 128, 255], [128, 0, 128]),
    }
    for convention, (wall, floor) in expected.items():
        options = files.SaveOptions(normal_convention=convention)
        make_room(normals=normals).save(tmp_path, ["normal-png"], overwrite=True, options=options)
        with Image.open(tmp_path / "room_normals.png") as picture:
            colours, text = np.asarray(picture), picture.text
        assert text["normal_convention"] == convention
        np.testing.assert_array_equal(colours[0, 0], wall)
        np.testing.assert_array_equal(colours[-1, 0], floor)


def test_normals_of_a_depth_only_network_are_those_of_its_depth_and_say_so(make_room, tmp_path):
    room = make_room(normals=None, kappa=None)
    room.save(tmp_path, ["normal-png16"])
    np.testing.assert_allclose(
        files.read_normal_png(tmp_path / "room_normals16.png"), room.normals_from_depth(), atol=2e-5
    )
    assert png.read(tmp_path / "room_normals16.png")[1]["normal_source"] == "depth"


def test_sixteen_bit_colour_reads_the_same_in_opencv(prediction, tmp_path):
    prediction.save(tmp_path, ["normal-png16"])
    by_opencv = cv2.imread(str(tmp_path / "room_normals16.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert by_opencv.dtype == np.uint16
    np.testing.assert_array_equal(by_opencv, png.read(tmp_path / "room_normals16.png")[0])


# ---- PNG itself ----


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (7, 5, 3), (1, 1, 3), (900, 700), (800, 500, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pictures_of_every_kind_survive_and_opencv_agrees(tmp_path, shape, dtype):
    pixels = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
    path = tmp_path / "x.png"
    with path.open("wb") as file:
        png.write(file, pixels, {"key": "a value, 24 °"})
    back, text = png.read(path)
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, pixels)
    assert text == {"key": "a value, 24 °"}
    by_opencv = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(by_opencv[..., ::-1] if by_opencv.ndim == 3 else by_opencv, pixels)


@pytest.mark.parametrize("filtering", ["NONE", "SUB", "UP", "AVG", "PAETH", "ALL"])
def test_files_of_other_programs_are_read_whatever_filter_they_use(tmp_path, filtering):
    rows = np.add.outer(np.arange(40), np.arange(30)) * 700
    pixels = np.stack([rows, rows[::-1], rows[:, ::-1] // 3], axis=-1).astype(np.uint16)
    flag = getattr(cv2, "IMWRITE_PNG_FILTER", None), getattr(cv2, f"IMWRITE_PNG_{filtering}_FILTERS", None)
    if None in flag:
        flag = getattr(cv2, "IMWRITE_PNG_FILTER", None), getattr(cv2, f"IMWRITE_PNG_FILTER_{filtering}", None)
    if None in flag:
        pytest.skip("this OpenCV does not let the filter be chosen")
    cv2.imwrite(str(tmp_path / "x.png"), pixels[..., ::-1], flag)
    np.testing.assert_array_equal(png.read(tmp_path / "x.png")[0], pixels)


def test_pictures_of_pillow_with_its_own_choice_of_filters_are_read(prediction, tmp_path):
    Image.fromarray(prediction.image).save(tmp_path / "x.png")
    np.testing.assert_array_equal(png.read(tmp_path / "x.png")[0], prediction.image)


def test_damaged_and_foreign_pictures_are_refused_in_one_line(prediction, tmp_path):
    prediction.save(tmp_path, ["depth-png", "normal-png", "preview"])
    whole = (tmp_path / "room_depth.png").read_bytes()
    for size in (0, 5, 20, 40, 300, len(whole) // 2, len(whole) - 20):
        (tmp_path / "cut.png").write_bytes(whole[:size])
        with pytest.raises(OutputError, match=r"cut\.png") as caught:
            files.read_depth_png(tmp_path / "cut.png")
        assert "\n" not in str(caught.value)
    Image.fromarray(prediction.image).convert("P").save(tmp_path / "palette.png")
    for name in ("room_normals.png", "room_depth.jpg", "palette.png", "absent.png"):
        with pytest.raises(OutputError, match=re.escape(name)):
            files.read_depth_png(tmp_path / name)
    with pytest.raises(OutputError, match="holds no normals"):
        files.read_normal_png(tmp_path / "room_depth.png")
