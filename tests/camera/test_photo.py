"""Photos from anything a user may give, upright, RGB and 8 bit, with a camera of the same size."""

import io
import threading
import warnings

import numpy as np
import pytest
from PIL import Image

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.distortion import RadialTangential
from theodolite.camera.photo import CameraReport, Photo
from theodolite.camera.pinhole import Camera
from theodolite.errors import CameraError, PhotoError, SizeMismatch, UnknownCamera

from .conftest import FOCAL_35MM, ORIENTATION, encoded

# A corner of each colour: red, green / blue, white.
CORNERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)
# What has to be done to an upright picture so that each EXIF orientation makes it upright again.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def corners(size=(60, 40)) -> Image.Image:
    return Image.fromarray(CORNERS).resize(size, Image.Resampling.NEAREST)


def four(image: np.ndarray) -> np.ndarray:
    h, w = image.shape[:2]
    return image[[[h // 4] * 2, [3 * h // 4] * 2], [[w // 4, 3 * w // 4]] * 2].astype(int)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("max_side", [None, 30])
def test_every_orientation_is_turned_upright_and_the_camera_with_it(tmp_path, orientation, kind, max_side):
    turn = STORED_AS[orientation]
    stored = corners() if turn is None else corners().transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / f"turned.{kind.lower()}"
    stored.save(path, kind, exif=exif, quality=95)
    photo = Photo.open(path, max_side=max_side)
    assert photo.original_size == (60, 40)
    assert photo.image.shape == ((40, 60, 3) if max_side is None else (20, 30, 3))
    assert np.abs(four(photo.image) - CORNERS).max() < 40
    assert (photo.camera.width, photo.camera.height) == photo.image.shape[1::-1]


@pytest.mark.parametrize("shape", ["landscape", "portrait"])
def test_the_orientation_examples_look_alike(shared, shape):
    small = []
    for orientation in range(1, 9):
        image = Photo.open(shared / f"data/exif_photos/orientation/{shape}_{orientation}.jpg").image
        small.append(np.asarray(Image.fromarray(image).resize((30, 30)), float).ravel())
    # They were exported with different brightness, so compare the pattern.
    assert np.corrcoef(small).min() > 0.98


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF", "AVIF"])
def test_max_side_reduces_the_picture_and_the_camera_alike(tmp_path, kind):
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    ramp = np.linspace(0, 255, 1000)[None, :, None] * np.ones((700, 1, 3))
    path = tmp_path / "ramp"
    Image.fromarray(ramp.astype(np.uint8)).save(path, kind, quality=95)
    whole, reduced = Photo.open(path), Photo.open(path, max_side=90)
    assert (whole.original_size, reduced.original_size) == ((1000, 700),) * 2
    assert reduced.image.shape == (63, 90, 3)
    assert reduced.camera == whole.camera.resized(90, 63)
    # The same thing is seen in the same direction: the ramp's value at a column of either.
    column = (np.array([20, 45, 70]) + 0.5) * 1000 / 90 - 0.5
    np.testing.assert_allclose(reduced.image[30, [20, 45, 70], 0], column * 255 / 999, atol=3)
    assert Photo.open(path, max_side=5000).image.shape == (700, 1000, 3)


def test_arrays_of_every_kind_become_rgb():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for array in (grey, grey[..., None], grey[..., None].repeat(3, -1)):
        photo = Photo.open(array)
        np.testing.assert_array_equal(photo.image, grey[..., None].repeat(3, -1))
        assert photo.camera.source == "assumed"
    transparent = np.dstack([grey, grey, grey, np.where(grey > 5, 255, 0).astype(np.uint8)])
    photo = Photo.open(transparent)
    np.testing.assert_array_equal(photo.image[grey > 5], grey[grey > 5][:, None].repeat(3, 1))
    assert (photo.image[grey <= 5] == 255).all()
    assert any("transparent" in note for note in photo.notes)
    assert Photo.open(np.asfortranarray(transparent[..., :3])).image.flags.c_contiguous


def test_paths_bytes_open_files_and_pil_images_are_the_same_photo(jpeg):
    path = jpeg((40, 30), {FOCAL_35MM: 28, ORIENTATION: 6})
    expected = Photo.open(path)
    assert expected.camera.source == "exif"
    assert (expected.name, expected.path) == ("desk.jpg", path)
    with path.open("rb") as file, Image.open(path) as picture:
        for source in (str(path), path.read_bytes(), file, picture, io.BytesIO(path.read_bytes())):
            photo = Photo.open(source)
            np.testing.assert_array_equal(photo.image, expected.image)
            assert photo.camera == expected.camera


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint16),
        np.zeros((4, 4, 3), bool),
        np.zeros((3, 4, 4, 3), np.uint8),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4,), np.uint8),
    ],
)
def test_arrays_that_are_no_photo_are_refused(array):
    with pytest.raises(PhotoError, match=r"uint8 of shape"):
        Photo.open(array)


@pytest.mark.parametrize("source", [None, 5, [1, 2], {"a": 1}])
def test_things_that_are_no_photo_are_refused(source):
    with pytest.raises(PhotoError, match="A photo is a path"):
        Photo.open(source)


def test_a_16_bit_grey_picture_is_scaled_not_cut():
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    for kind in ("PNG", "TIFF"):
        photo = Photo.open(encoded(Image.fromarray(values), kind))
        np.testing.assert_array_equal(photo.image[0, :, 0], [0, 1, 128, 255])


def test_a_16_bit_colour_picture_is_scaled(tmp_path):
    import cv2

    values = np.zeros((2, 2, 3), np.uint16)
    values[0, 0], values[0, 1] = (65535, 0, 0), (0, 32896, 0)  # BGR, as OpenCV writes
    cv2.imwrite(str(tmp_path / "deep.png"), values)
    image = Photo.open(tmp_path / "deep.png").image
    assert tuple(image[0, 0]) == (0, 0, 255)
    assert tuple(image[0, 1]) == (0, 128, 0)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "LAB", "HSV"])
def test_every_colour_mode_looks_like_the_picture(mode):
    source = Image.new("RGB", (8, 8), (250, 250, 250))
    picture = Image.new("LAB", (8, 8), (250, 128, 128)) if mode == "LAB" else source.convert(mode)
    image = Photo.open(picture).image
    assert image.dtype == np.uint8
    assert (image > 200).all()


def test_a_cmyk_jpeg_keeps_its_colours():
    red = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    image = Photo.open(encoded(red, "JPEG", quality=95)).image
    assert tuple(image[16, 16] > 128) == (True, False, False)


def test_a_cmyk_picture_with_a_broken_profile_is_still_shown():
    image = Photo.open(encoded(Image.new("CMYK", (8, 8)), "JPEG", icc_profile=b"no profile at all" * 10)).image
    assert (image > 230).all()


def test_a_palette_with_a_transparent_colour_is_laid_on_white():
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([10, 20, 30, 200, 0, 0])
    palette.putpixel((1, 1), 1)
    for kind, options in (("GIF", {"transparency": 0}), ("PNG", {"transparency": bytes([0, 255])})):
        photo = Photo.open(encoded(palette, kind, **options))
        assert tuple(photo.image[0, 0]) == (255, 255, 255)
        assert tuple(photo.image[1, 1]) == (200, 0, 0)


def test_of_an_animation_the_first_frame_is_used_and_said():
    frames = [Image.new("RGB", (8, 8), (shade, shade, shade)) for shade in (10, 200, 240)]
    for kind in ("GIF", "WEBP", "TIFF", "PNG"):
        options = {"lossless": True} if kind == "WEBP" else {}
        photo = Photo.open(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options))
        assert photo.image.max() <= 12
        assert any("3 frames, of which the first" in note for note in photo.notes)


def test_the_content_decides_and_a_wrong_ending_is_said(tmp_path):
    path = tmp_path / "really_png.jpg"
    corners().save(path, "PNG")
    photo = Photo.open(path)
    assert any("PNG file in spite of its ending .jpg" in note for note in photo.notes)
    corners().save(tmp_path / "fine.jpeg")
    assert not any("ending" in note for note in Photo.open(tmp_path / "fine.jpeg").notes)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_truncated_file_is_one_clear_error(kind, share, noise):
    data = encoded(Image.fromarray(noise).resize((200, 150)), kind)
    with pytest.raises(PhotoError, match=r"damaged|no picture"):
        Photo.open(data[: int(len(data) * share)])


def test_a_truncated_heic_is_one_clear_error(shared):
    data = (shared / "data/exif_photos/odd/samplefilehub.heif").read_bytes()
    with pytest.raises(PhotoError, match=r"damaged|no picture"):
        Photo.open(data[: len(data) // 2])


def test_files_that_are_no_pictures_are_one_clear_error(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "noise.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(200)))
    for name, word in (
        ("empty.jpg", "empty"),
        ("text.jpg", "no picture"),
        ("noise.png", "damaged|no picture"),
        ("missing.jpg", "does not exist"),
        (".", "folder"),
    ):
        with pytest.raises(PhotoError, match=word):
            Photo.open(tmp_path / name)
    with pytest.raises(PhotoError, match="empty"):
        Photo.open(b"")
    with pytest.raises(PhotoError):
        Photo.open("bad\0name.jpg")


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises far more pixels than it has."""
    data = bytearray(encoded(Image.new("L", (1, 1)), "PNG"))
    import struct
    import zlib

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data[16:29] = header
    data[29:33] = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return bytes(data)


@pytest.mark.parametrize("size", [(25_000, 20_000), (100_000, 100_000)])
def test_a_bomb_is_refused_from_its_header(size):
    with pytest.raises(PhotoError, match="more than the limit of 200 million"):
        Photo.open(bomb(*size))


def test_the_limit_is_the_callers():
    with pytest.raises(PhotoError, match="limit"):
        Photo.open(corners(), max_pixels=100)
    assert Photo.open(corners(), max_pixels=2400).image.shape == (40, 60, 3)
    assert Image.MAX_IMAGE_PIXELS is not None  # Pillow's own limit is left as it was for everybody else


@pytest.mark.parametrize("size", [(1, 1), (1, 20000), (20000, 1)])
def test_the_smallest_and_the_longest_pictures_open(size):
    photo = Photo.open(encoded(Image.new("RGB", size, (5, 6, 7)), "PNG"))
    assert photo.image.shape == (size[1], size[0], 3)
    small = Photo.open(encoded(Image.new("RGB", size), "PNG"), max_side=100)
    assert small.image.shape[:2] == tuple(min(side, 100) for side in (size[1], size[0]))


def test_floating_point_pictures_are_no_photographs():
    for picture in (Image.fromarray(np.zeros((4, 4), np.float32)), Image.fromarray(np.full((4, 4), 1 << 20, np.int32))):
        with pytest.raises(PhotoError, match="no photograph"):
            Photo.open(encoded(picture, "TIFF"))


def test_a_given_camera_is_used_as_it_is(jpeg):
    path = jpeg((400, 300), {FOCAL_35MM: 28})
    camera = Camera(500, 505, 199, 151, 400, 300)
    assert Photo.open(path, camera).camera == camera
    assert Photo.open(path, camera, max_side=200).camera == camera.resized(200, 150)
    assert Photo.open(path, lambda width, height: Camera.from_fov(70, width, height)).camera.fov[0] == pytest.approx(70)
    with pytest.raises(SizeMismatch, match="400x300 pixels upright"):
        Photo.open(path, Camera(500, 505, 199, 151, 300, 400))


def test_a_given_lens_distortion_is_removed_and_said(noise):
    smooth = np.asarray(Image.fromarray(noise).resize((400, 300), Image.Resampling.BICUBIC))
    lens = CalibratedCamera(Camera(350, 350, 199.5, 149.5, 400, 300), RadialTangential(k1=-0.2))
    photo = Photo.open(smooth, lens)
    expected, _ = lens.pinhole(smooth)
    np.testing.assert_array_equal(photo.image, expected)
    assert any("distortion removed" in note for note in photo.notes)
    assert photo.camera == lens.camera


def test_an_unknown_camera_is_assumed_aloud_or_refused(jpeg):
    path = jpeg((400, 300))
    photo = Photo.open(path, assume_fov=70)
    assert photo.camera.source == "assumed"
    assert photo.camera.fov[0] == pytest.approx(70)
    assert photo.camera.rel_sigma >= 0.25
    assert any("assumed 70 degrees" in note for note in photo.notes)
    with pytest.raises(UnknownCamera, match=r"desk.jpg has no focal length.*--focal-px or --fov"):
        Photo.open(path, strict=True)
    with pytest.raises(CameraError, match="between 0 and 180"):
        Photo.open(path, assume_fov=0)


def test_a_report_of_the_camera_needs_no_pixels(jpeg):
    path = jpeg((400, 300), {FOCAL_35MM: 28, ORIENTATION: 6})
    report, photo = CameraReport.of(path), Photo.open(path)
    assert report.lens.camera == photo.camera
    assert report.notes == photo.notes
    cut = path.with_name("cut.jpg")
    cut.write_bytes(path.read_bytes()[:-200])
    assert CameraReport.of(cut).lens.camera == photo.camera


def test_a_photo_that_contradicts_itself_cannot_be_built(noise):
    with pytest.raises(SizeMismatch, match="camera describes 10x10"):
        Photo(noise, Camera.from_fov(60, 10, 10))
    with pytest.raises(PhotoError, match="uint8"):
        Photo(noise.astype(float), Camera.from_fov(60, 64, 48))


def test_many_threads_open_photos_without_a_warning_or_a_trace(jpeg):
    paths = [jpeg((300, 200), {FOCAL_35MM: 20 + i}, f"{i}.jpg") for i in range(8)]
    opened: list[float] = []

    def work() -> None:
        opened.extend(Photo.open(path, max_side=100).camera.focal for path in paths)

    before = list(warnings.filters)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 32
    assert len(set(opened)) == 8
    assert list(warnings.filters) == before


def test_every_example_photo_opens(shared):
    folder = shared / "data/exif_photos"
    files = [path for path in sorted(folder.rglob("*.*")) if path.suffix.lower() in (".jpg", ".heic", ".heif")]
    assert len(files) == 64
    for path in files:
        photo = Photo.open(path, max_side=256)
        assert max(photo.image.shape) <= 256
        assert photo.camera.source in ("exif", "assumed")
        assert 1 < photo.camera.fov[2] < 150


@pytest.mark.parametrize("given", [np.eye(3), 500.0, lambda width, height: None])
def test_what_is_no_camera_is_refused_with_the_way_to_make_one(noise, given):
    with pytest.raises(CameraError, match=r"Camera\.from_K"):
        Photo.open(noise, given)


@pytest.mark.parametrize("max_side", [0, -5, float("nan")])
def test_a_picture_cannot_be_reduced_to_nothing(noise, max_side):
    with pytest.raises(PhotoError, match="max_side"):
        Photo.open(noise, max_side=max_side)


def test_a_matrix_that_fits_the_picture_before_it_was_turned_is_doubted(jpeg):
    path = jpeg((400, 300), {ORIENTATION: 6})
    lying = CalibratedCamera(Camera(500, 500, 199.5, 149.5, 300, 400))
    photo = Photo.open(path, lying)
    assert any("principal point" in note and "turned upright" in note for note in photo.notes)
    upright = Photo.open(path, Camera.from_focal(500, 300, 400))
    assert not any("principal point" in note for note in upright.notes)


def test_a_removed_distortion_says_which_picture_pixels_belong_to(noise):
    height, width = noise.shape[:2]
    lens = CalibratedCamera(Camera.from_focal(500, width, height), RadialTangential(k1=-0.1))
    assert any("straightened picture" in note for note in Photo.open(noise, lens).notes)
