"""Files of test data: what is read from them, and that whatever is wrong with one is told with its name."""

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.pinhole import Camera
from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.readers import reading
from theodolite.errors import CameraError, DatasetError, SizeMismatch

scipy_io = pytest.importorskip("scipy.io")

CAMERA = Camera(33.5, 34.5, 15.25, 11.75, 32, 24)
METRES = DepthEncoding("npy")


def test_a_picture_is_rgb_as_it_is_stored(slope, tmp_path):
    slope(CAMERA).save_image(tmp_path / "colour.png")
    np.testing.assert_array_equal(reading.picture(tmp_path / "colour.png"), slope(CAMERA).image)
    Image.fromarray(slope(CAMERA).image[..., 0]).save(tmp_path / "grey.png")
    grey = reading.picture(tmp_path / "grey.png")
    np.testing.assert_array_equal(grey, np.repeat(slope(CAMERA).image[..., :1], 3, axis=-1))


def test_a_picture_that_asks_to_be_turned_is_refused(slope, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(slope(CAMERA).image).save(tmp_path / "turned.jpg", exif=exif)
    with pytest.raises(DatasetError, match=r"turned\.jpg: its EXIF data ask for it to be turned"):
        reading.picture(tmp_path / "turned.jpg")


@pytest.mark.parametrize(
    ("depth", "told"),
    [
        (np.zeros((24, 32)), "no known depth"),
        (np.full((24, 32), np.nan), "no known depth"),
        (np.full((24, 32), 2500.0), "median of 2500 m is implausible"),
        (np.full((24, 32), 0.002), "median of 0.002 m is implausible"),
    ],
)
def test_depth_that_cannot_be_metres_is_refused(tmp_path, depth, told):
    np.save(tmp_path / "depth.npy", depth)
    with pytest.raises(DatasetError, match=rf"depth\.npy: .*{told}"):
        reading.depth(tmp_path / "depth.npy", METRES, CAMERA)


def test_one_known_depth_is_enough(tmp_path):
    depth = np.zeros((24, 32))
    depth[3, 4] = 2.5
    np.save(tmp_path / "depth.npy", depth)
    found = reading.depth(tmp_path / "depth.npy", METRES, CAMERA)
    assert np.argwhere(np.isfinite(found)).tolist() == [[3, 4]]
    assert found[3, 4] == 2.5


def test_normals_are_turned_into_camera_coordinates(slope, tmp_path):
    scene = slope(CAMERA)
    np.save(tmp_path / "normal.npy", scene.normals * (1, -1, -1))
    found = reading.normals(tmp_path / "normal.npy", "opengl", CAMERA)
    np.testing.assert_allclose(found, scene.normals, atol=1e-6)
    with pytest.raises(DatasetError, match=r"normal\.npy: .*away from the camera"):
        reading.normals(tmp_path / "normal.npy", "opencv", CAMERA)


def test_a_mask_is_true_where_the_file_is_not_zero(tmp_path):
    np.save(tmp_path / "mask.npy", np.array([[[0.0], [0.5], [1.0]]]))
    assert reading.mask(tmp_path / "mask.npy").tolist() == [[False, True, True]]
    np.save(tmp_path / "mask.npy", np.zeros((2, 2, 3)))
    with pytest.raises(DatasetError, match=r"mask\.npy: one channel"):
        reading.mask(tmp_path / "mask.npy")


def test_a_variable_of_a_matlab_file_is_found_by_name(tmp_path):
    path = tmp_path / "splits.mat"
    scipy_io.savemat(path, {"testNdxs": [[1], [2]]})
    assert reading.matlab(path, "testNdxs").ravel().tolist() == [1, 2]
    with pytest.raises(DatasetError, match=r"splits\.mat: has no variable 'trainNdxs'"):
        reading.matlab(path, "trainNdxs")


@pytest.mark.parametrize("error", [CameraError, DatasetError, SizeMismatch])
def test_errors_begin_with_the_name_of_the_file_once(tmp_path, error):
    for told in ("is wrong.", f"{tmp_path}: is wrong."):
        with pytest.raises(DatasetError) as caught, reading.naming(tmp_path):
            raise error(told)
        assert str(caught.value) == f"{tmp_path}: is wrong."


def test_missing_files_are_told_in_one_way(tmp_path):
    path = tmp_path / "absent.npy"
    for read in (reading.picture, reading.mask, lambda missing: reading.depth(missing, METRES, CAMERA)):
        with pytest.raises(DatasetError, match=r"absent\.npy: there is no such file\.$"):
            read(path)
    with pytest.raises(DatasetError, match=r"absent\.npy: there is no such file\.$"), reading.naming(path):
        path.read_bytes()
