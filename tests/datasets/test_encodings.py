"""Encodings of depth and sky: every one read back from a tiny file, nonsense refused by the name of the entry."""

import struct

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets import arrays
from theodolite.datasets.encodings import DepthEncoding, SkyEncoding
from theodolite.errors import DatasetError

CAMERA = Camera(3, 4, 1, 1, 3, 2)
METRES = np.array([[0.5, 1, 2], [4, 8, np.nan]], np.float32)


def write_png16(path, scale=256.0):
    Image.fromarray(np.rint(np.nan_to_num(METRES) * scale).astype(np.uint16)).save(path)


def write_rotated(path):
    millimetres = np.rint(np.nan_to_num(METRES) * 1000).astype(np.uint32)
    Image.fromarray(((millimetres << 3) | (millimetres >> 13)).astype(np.uint16)).save(path)


def write_pfm(path):
    path.write_bytes(b"Pf\n3 2\n-1.0\n" + METRES[::-1].astype("<f4").tobytes())


def write_big_endian_pfm(path):
    path.write_bytes(b"Pf\n3 2\n1.0\n" + METRES[::-1].astype(">f4").tobytes())


def write_hdf5(path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        file["dataset"] = METRES


def write_exr(path):
    openexr = pytest.importorskip("OpenEXR")
    openexr.File({"type": openexr.scanlineimage}, {"Z": METRES, "A": METRES * 0}).write(str(path))


def write_grey_exr(path):
    openexr = pytest.importorskip("OpenEXR")
    openexr.File({"type": openexr.scanlineimage}, {"RGB": np.repeat(METRES[..., None], 3, axis=-1)}).write(str(path))


def write_npy(path):
    with path.open("wb") as file:
        np.save(file, METRES[..., None])


def write_npz(path, **arrays):
    with path.open("wb") as file:
        np.savez(file, **arrays)


WRITERS = {
    "png16": (DepthEncoding("png16", scale=256), write_png16),
    "png16-rotated": (DepthEncoding("png16-rotated", scale=1000), write_rotated),
    "npy": (DepthEncoding("npy"), write_npy),
    "npz": (DepthEncoding("npz", key="b"), lambda path: write_npz(path, a=METRES * 2, b=METRES)),
    "npz with one array": (DepthEncoding("npz"), lambda path: write_npz(path, a=METRES)),
    "hdf5": (DepthEncoding("hdf5", key="dataset"), write_hdf5),
    "pfm": (DepthEncoding("pfm"), write_pfm),
    "big-endian pfm": (DepthEncoding("pfm"), write_big_endian_pfm),
    "raw": (DepthEncoding("raw", shape=(2, 3)), lambda path: path.write_bytes(METRES.astype("<f4").tobytes())),
    "dpt": (
        DepthEncoding("dpt"),
        lambda path: path.write_bytes(struct.pack("<fii", 202021.25, 3, 2) + METRES.astype("<f4").tobytes()),
    ),
    "exr": (DepthEncoding("exr", key="Z"), write_exr),
    "grey exr": (DepthEncoding("exr"), write_grey_exr),
}


@pytest.mark.parametrize("name", WRITERS)
def test_depth_comes_back_in_metres_with_nan_where_unknown(tmp_path, name):
    encoding, write = WRITERS[name]
    path = tmp_path / ("depth.png" if encoding.kind.startswith("png16") else "depth")
    write(path)
    found = encoding.read(path, CAMERA)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, METRES, rtol=1e-6)


def test_every_kind_of_file_is_tested_here():
    assert {encoding.kind for encoding, _ in WRITERS.values()} == set(arrays.READERS)


def test_an_encoding_survives_json():
    for encoding in (
        *(encoding for encoding, _ in WRITERS.values()),
        DepthEncoding("png16", 256, 1, measures="disparity", baseline_focal=473.5),
        DepthEncoding("png16", 200, invalid_from=65501, edge_rows=1),
    ):
        assert DepthEncoding.from_json(encoding.to_json()) == encoding


def test_values_from_the_invalid_one_on_zero_and_infinity_are_unknown():
    encoding = DepthEncoding("png16", scale=1000, invalid_from=65500)
    found = encoding.metres(np.array([[0, 1000], [65499, 65500]], np.uint16), CAMERA)
    np.testing.assert_allclose(found, [[np.nan, 1], [65.499, np.nan]], rtol=1e-6)
    floats = DepthEncoding("npy").metres(np.array([[np.inf, -1, 2]], np.float32), CAMERA)
    np.testing.assert_allclose(floats, [[np.nan, np.nan, 2]])


def test_edge_rows_are_unknown():
    found = DepthEncoding("npy", edge_rows=1).metres(np.ones((4, 3), np.float32), CAMERA)
    np.testing.assert_array_equal(np.isfinite(found).any(axis=1), [False, True, True, False])


def test_distance_along_the_ray_becomes_z(plane):
    distance = plane.depth * np.linalg.norm(plane.ray, axis=-1)
    found = DepthEncoding("npy", measures="ray").metres(distance, plane.camera)
    np.testing.assert_allclose(found, plane.depth, rtol=1e-5)


def test_the_rays_are_those_of_the_label_when_it_is_smaller_than_the_image(plane):
    distance = plane.depth * np.linalg.norm(plane.ray, axis=-1)
    found = DepthEncoding("npy", measures="ray").metres(distance, plane.camera.resized(640, 480))
    np.testing.assert_allclose(found, plane.depth, rtol=1e-5)


def test_hypersim_distances_become_z_with_its_published_focal_length():
    camera = Camera.from_focal(886.81, 1024, 768)
    # A wall straight ahead, three metres away.
    u, v = np.meshgrid(np.arange(1024) - 511.5, np.arange(768) - 383.5)
    distance = 3 * np.sqrt(u**2 + v**2 + 886.81**2) / 886.81
    found = DepthEncoding("hdf5", key="dataset", measures="ray").metres(distance.astype(np.float16), camera)
    np.testing.assert_allclose(found, 3, rtol=1e-3)


def test_cityscapes_disparity_becomes_metres():
    # Stored p = 256 * disparity + 1; baseline 0.209313 m, focal length 2262.52 px.
    encoding = DepthEncoding("png16", 256, 1, measures="disparity", baseline_focal=0.209313 * 2262.52)
    found = encoding.metres(np.array([[0, 1, 257, 10 * 256 + 1]], np.uint16), CAMERA)
    np.testing.assert_allclose(found, [[np.nan, np.nan, 473.575, 47.3575]], rtol=1e-5)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("png16", "an object"),
        ({}, "'kind'"),
        ({"kind": "jpeg"}, "kind is one of png16"),
        ({"kind": "png16", "scale": 0}, "scale must be a positive number, got 0"),
        ({"kind": "png16", "scale": "1000"}, "scale must be a positive number"),
        ({"kind": "png16", "scale": float("nan")}, "scale"),
        ({"kind": "png16", "offset": None}, "offset"),
        ({"kind": "png16", "Scale": 1}, "no entry 'Scale'"),
        ({"kind": "png16", "invalid_from": "65500"}, "invalid_from"),
        ({"kind": "png16", "key": "a"}, "key"),
        ({"kind": "hdf5"}, "needs a key"),
        ({"kind": "raw"}, "shape"),
        ({"kind": "raw", "shape": [3]}, "shape"),
        ({"kind": "raw", "shape": [0, 3]}, "shape"),
        ({"kind": "png16", "measures": "inches"}, "measures"),
        ({"kind": "png16", "measures": "disparity"}, "baseline_focal"),
        ({"kind": "png16", "baseline_focal": 100}, "baseline_focal"),
        ({"kind": "png16", "measures": "disparity", "baseline_focal": -1}, "baseline_focal"),
        ({"kind": "png16", "edge_rows": -1}, "edge_rows"),
        ({"kind": ["png16"]}, "kind"),
    ],
)
def test_a_wrong_depth_encoding_is_refused_by_the_name_of_its_entry(data, words):
    with pytest.raises(DatasetError, match=words):
        DepthEncoding.from_json(data)


@pytest.mark.parametrize(
    ("encoding", "content", "words"),
    [
        (DepthEncoding("npy"), b"", "empty"),
        (DepthEncoding("npy"), b"nonsense", "cannot be read as npy"),
        (DepthEncoding("png16"), b"\x89PNG\r\n\x1a\nnonsense", "cannot be read as png16"),
        (DepthEncoding("pfm"), b"P6\n", "no PFM"),
        (DepthEncoding("pfm"), b"Pf\n3 2\n-1\n1234", "holds 1 numbers, not the 6"),
        (DepthEncoding("raw", shape=(2, 3)), b"1234", "has 4 bytes, not the 24"),
        (DepthEncoding("dpt"), b"123456789012", "check number"),
        (DepthEncoding("dpt"), struct.pack("<fii", 202021.25, 3, 2), "holds 0 numbers"),
    ],
)
def test_a_damaged_file_is_refused_in_words(tmp_path, encoding, content, words):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=words):
        encoding.read(path, CAMERA)


def test_a_pickled_array_is_not_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(DatasetError, match="npy"):
        DepthEncoding("npy").read(tmp_path / "a.npy", CAMERA)


def test_eight_bits_and_colours_are_no_depth(tmp_path):
    Image.fromarray(np.ones((2, 3), np.uint8)).save(tmp_path / "grey.png")
    with pytest.raises(DatasetError, match="16-bit grey is needed, found uint8"):
        DepthEncoding("png16").read(tmp_path / "grey.png", CAMERA)
    Image.fromarray(np.ones((2, 3, 3), np.uint8)).save(tmp_path / "rgb.png")
    with pytest.raises(DatasetError, match="one channel"):
        DepthEncoding("png16").read(tmp_path / "rgb.png", CAMERA)


def test_a_key_that_is_not_there_is_told_with_those_that_are(tmp_path):
    np.savez(tmp_path / "a.npz", depth=METRES, other=METRES)
    with pytest.raises(DatasetError, match="no array 'z', but depth, other"):
        DepthEncoding("npz", key="z").read(tmp_path / "a.npz", CAMERA)
    with pytest.raises(DatasetError, match="say which by key"):
        DepthEncoding("npz").read(tmp_path / "a.npz", CAMERA)


def test_sky_is_what_is_not_zero_or_of_a_class_or_of_a_colour(tmp_path):
    classes = np.array([[142, 255], [3, 0]], np.uint8)
    Image.fromarray(classes).save(tmp_path / "classes.png")
    found = SkyEncoding("class", (142,), (255,)).read(tmp_path / "classes.png")
    np.testing.assert_array_equal(found, [[True, False], [False, False]])
    mask = SkyEncoding("nonzero").read(tmp_path / "classes.png")
    np.testing.assert_array_equal(mask, classes > 0)
    colours = np.zeros((2, 2, 3), np.uint8)
    colours[0, 1] = 90, 200, 255
    Image.fromarray(colours).save(tmp_path / "colours.png")
    found = SkyEncoding("colour", (90, 200, 255)).read(tmp_path / "colours.png")
    np.testing.assert_array_equal(found, [[False, True], [False, False]])


def test_a_map_of_unknown_classes_knows_nothing(tmp_path):
    Image.fromarray(np.full((2, 2), 255, np.uint8)).save(tmp_path / "classes.png")
    assert SkyEncoding("class", (142,), (255,)).read(tmp_path / "classes.png") is None


def test_virtual_kitti_sky_is_as_far_as_its_depth_goes():
    depth = DepthEncoding("png16", scale=100, invalid_from=65535)
    stored = np.array([[65535, 65534, 100]], np.uint16)
    found = SkyEncoding("beyond", 655.35).in_depth(depth.scaled(stored))
    np.testing.assert_array_equal(found, [[True, False, False]])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "clouds"}, "kind is one of nonzero"),
        ({"kind": "class"}, "a list of class numbers"),
        ({"kind": "class", "sky": 142}, "a list of class numbers"),
        ({"kind": "colour", "sky": [1, 2]}, "three numbers"),
        ({"kind": "nonzero", "sky": [1]}, "takes no sky"),
        ({"kind": "beyond", "sky": -1}, "positive"),
        ({"kind": "nonzero", "unknown": [255]}, "unknown"),
    ],
)
def test_a_wrong_sky_encoding_is_refused_by_the_name_of_its_entry(data, words):
    with pytest.raises(DatasetError, match=words):
        SkyEncoding.from_json(data)


def test_a_sky_encoding_survives_json():
    for encoding in (SkyEncoding("nonzero"), SkyEncoding("class", (142,), (255,)), SkyEncoding("beyond", 655.35)):
        assert SkyEncoding.from_json(encoding.to_json()) == encoding


def test_a_16_bit_png_written_here_is_read_back(tmp_path):
    values = np.array([[0, 1], [255, 65535]], np.uint16)
    arrays.write_png16(tmp_path / "new" / "a.png", values)
    np.testing.assert_array_equal(arrays.read("png16", tmp_path / "new" / "a.png"), values)


def test_a_real_frame_of_sun_rgb_d_comes_back_in_metres(shared):
    path = shared / "data" / "rgbd_formats" / "SUN_depth.png"
    found = DepthEncoding("png16-rotated", scale=1000).read(path, CAMERA)
    np.testing.assert_allclose(np.nanpercentile(found, (1, 99)), (1.1, 8.8), atol=0.06)
