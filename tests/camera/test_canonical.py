"""The canonical transform: the reference's numbers, the one rule, and there and back."""

import zlib
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from theodolite.camera.canonical import PAD_COLOUR, CanonicalTransform
from theodolite.camera.canvas import Canvas, choose_canvas
from theodolite.camera.pinhole import Camera
from theodolite.errors import CameraError, SizeMismatch

REFERENCE = Canvas(616, 1064, reference=True)


@dataclass
class Raw:
    """A network's output for one image."""

    canonical_depth: np.ndarray
    normals: np.ndarray | None
    kappa: np.ndarray | None
    confidence: np.ndarray


def raw(depth, normals=None):
    ones = np.ones((1, 1, *depth.shape), np.float32)
    return Raw(depth[None, None].astype(np.float32), None if normals is None else normals[None], ones, ones)


def wall(camera: Camera, normal=(0.2, -0.3, -0.9), distance: float = 4.0):
    """True depth of a plane, and its normals."""
    normal = np.array(normal) / np.linalg.norm(normal)
    x = (np.arange(camera.width) - camera.cx) / camera.fx
    y = ((np.arange(camera.height) - camera.cy) / camera.fy)[:, None]
    depth = -distance / (normal[0] * x + normal[1] * y + normal[2])
    return depth.astype(np.float32), np.broadcast_to(normal.astype(np.float32)[:, None, None], (3, *depth.shape))


@pytest.fixture(params=["nyu", "kitti"])
def golden(request, shared):
    values = np.load(shared / "goldens" / f"e2e_{request.param}.npz")
    name = {"nyu": "nyu_demo_rgb_00050.png", "kitti": "kitti_demo_0000000050.png"}[request.param]
    image = np.asarray(Image.open(shared / "goldens" / "images" / name).convert("RGB"))
    assert zlib.crc32(image.tobytes()) == values["rgb_crc32"]
    camera = Camera(*values["intrinsics"], image.shape[1], image.shape[0])
    return image, CanonicalTransform.fit(camera, 1000, REFERENCE), values


def test_the_network_sees_the_references_pixels_to_the_bit(golden):
    image, transform, values = golden
    framed = transform.apply_8bit(image)
    assert zlib.crc32(framed.tobytes()) == values["network_rgb_crc32"]
    np.testing.assert_array_equal(framed[::4, ::4], values["network_rgb"])


def test_the_normalised_input_is_the_references(golden):
    image, transform, values = golden
    pixels = transform.apply(image)
    assert pixels.shape == (1, 3, 616, 1064)
    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels[:, :, ::28, ::28], values["network_input"])


def test_the_geometry_is_the_references(golden):
    _, transform, values = golden
    place, camera = transform.placement, transform.camera
    assert (place.top, place.bottom, place.left, place.right) == tuple(values["pad"])
    assert place.scale == values["resize_scale"]
    assert transform.scale == pytest.approx(float(values["label_scale_factor"]), rel=1e-12)
    # Its principal point counts pixels from their corners, ours from their centres.
    shift = 0.5 * (place.scale - 1)
    ours = [camera.fx, camera.fy, camera.cx - shift, camera.cy - shift]
    np.testing.assert_allclose(ours, values["resized_intrinsics"], rtol=1e-12)


def test_the_fit_of_a_labelled_sample_is_the_references(shared):
    values = np.load(shared / "goldens" / "transforms.npz")
    height, width = values["in/depth"].shape
    transform = CanonicalTransform.fit(
        Camera(*values["in/fxfycxcy"], width, height), 100, Canvas(56, 98, reference=True)
    )
    place, camera = transform.placement, transform.canvas_camera
    for case in ("fit_56x98", "chain_test"):
        assert transform.scale == pytest.approx(float(values[f"{case}/out/label_scale_factor"]), rel=1e-12)
        assert (place.top, place.bottom, place.left, place.right) == tuple(values[f"{case}/out/pad_tblr"])
        shift = 0.5 * (place.scale - 1)
        ours = [camera.cx - shift, camera.cy - shift]
        np.testing.assert_allclose(ours, values[f"{case}/out/fxfycxcy"][2:], rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    focal=st.floats(20, 3000),
    canonical=st.floats(50, 2000),
    multiple=st.sampled_from([28, 32]),
)
def test_one_rule_canonical_depth_is_depth_times_focal_ratio(width, height, focal, canonical, multiple):
    camera = Camera.from_focal(focal, width, height)
    transform = CanonicalTransform.fit(camera, canonical, choose_canvas(width, height, multiple, 128 * 1024))
    assert transform.scale == pytest.approx(canonical / transform.camera.focal)
    depth = np.full((transform.canvas.height, transform.canvas.width), 7 * transform.scale, np.float32)
    maps = transform.invert(raw(depth))
    assert maps.depth.shape == (height, width)
    np.testing.assert_allclose(maps.depth, 7, rtol=1e-5)


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1242, 375)])
def test_the_depth_of_a_plane_survives_the_way_there_and_back(size):
    camera = Camera.from_fov(65, *size)
    transform = CanonicalTransform.fit(camera, 1000, choose_canvas(*size, 28, 616 * 1064))
    # Inverse depth of a plane is linear in the pixels, so bilinear interpolation of it is exact.
    inverse = 1 / wall(transform.canvas_camera)[0]
    back = transform.invert_map(inverse)
    expected = 1 / wall(camera)[0]
    inner = (slice(2, -2), slice(2, -2))
    np.testing.assert_allclose(back[inner], expected[inner], rtol=1e-5)


def test_portrait_and_landscape_crops_of_a_scene_give_the_same_metres(noise):
    whole = Camera.from_fov(80, 900, 900)
    landscape, portrait = whole.cropped(0, 225, 900, 450), whole.cropped(225, 0, 450, 900)
    overlap = []
    for crop, box in ((landscape, (225, 0)), (portrait, (0, 225))):
        transform = CanonicalTransform.fit(crop, 1000, choose_canvas(crop.width, crop.height, 28, 300_000))
        # A network that is right: it returns the true depth of its own pixels, in the canonical camera.
        truth = wall(transform.canvas_camera)[0] * transform.scale
        depth = transform.invert(raw(truth)).depth
        overlap.append(depth[box[1] : box[1] + 450, box[0] : box[0] + 450])
    expected = wall(whole.cropped(225, 225, 450, 450))[0]
    for depth in overlap:
        np.testing.assert_allclose(depth, expected, rtol=2e-4)
    np.testing.assert_allclose(overlap[0], overlap[1], rtol=4e-4)


@pytest.mark.parametrize("reference", [False, True])
def test_normals_come_back_unit_and_unturned(reference):
    camera = Camera.from_fov(60, 320, 200)
    transform = CanonicalTransform.fit(camera, 1000, Canvas(196, 336, reference))
    depth, normals = wall(transform.canvas_camera)
    back = transform.invert(raw(depth, normals)).normals
    assert back.shape == (200, 320, 3)
    np.testing.assert_allclose(np.linalg.norm(back, axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(back[10, 10], normals[:, 10, 10], atol=1e-5)


def test_normals_that_cancel_at_a_crease_stay_unit():
    transform = CanonicalTransform.fit(Camera.from_fov(60, 85, 28), 1000, Canvas(28, 56))
    normals = np.zeros((3, 28, 56), np.float32)
    normals[0, :, :28], normals[0, :, 28:] = 1, -1
    back = transform.invert_normals(normals)
    np.testing.assert_allclose(np.linalg.norm(back, axis=-1), 1, atol=1e-5)


def test_a_smaller_result_brings_its_own_camera():
    camera = Camera.from_fov(60, 640, 480)
    transform = CanonicalTransform.fit(camera, 1000, choose_canvas(640, 480, 28, 100_000))
    maps = transform.invert(raw(wall(transform.canvas_camera)[0]), size=(120, 160))
    assert maps.depth.shape == maps.kappa.shape == maps.confidence.shape == (120, 160)
    assert maps.camera == camera.resized(160, 120)
    assert maps.normals is None


def test_depth_that_cannot_be_is_unknown():
    transform = CanonicalTransform.fit(Camera.from_focal(1000, 56, 56), 1000, Canvas(56, 56))
    depth = np.full((56, 56), 400, np.float32)
    depth[0, 0], depth[0, 1], depth[0, 2], depth[0, 3] = 0, -1, np.nan, np.inf
    back = transform.invert_depth(depth)
    assert np.isnan(back[0, :4]).all()
    np.testing.assert_array_equal(back[1:], 400)
    assert np.isnan(
        CanonicalTransform.fit(Camera.from_focal(1000, 56, 56), 1000, Canvas(56, 56, True)).invert_depth(depth)
    ).all()


def test_padding_has_the_mean_colour_and_is_cut_off_again(noise):
    camera = Camera.from_fov(60, 64, 48)
    transform = CanonicalTransform.fit(camera, 1000, Canvas(96, 64))
    framed = transform.apply_8bit(noise)
    assert (framed[:24] == PAD_COLOUR).all()
    assert (framed[72:] == PAD_COLOUR).all()
    np.testing.assert_array_equal(framed[24:72], noise)
    marked = np.zeros((96, 64), np.float32)
    marked[24:72] = 5
    np.testing.assert_allclose(transform.invert_depth(marked), 5 / transform.scale, rtol=1e-6)
    assert np.abs(transform.apply(np.full((48, 64, 3), PAD_COLOUR, np.uint8))).max() < 0.01


def test_what_does_not_fit_together_is_refused(noise):
    camera = Camera.from_fov(60, 64, 48)
    transform = CanonicalTransform.fit(camera, 1000, (56, 84))
    with pytest.raises(SizeMismatch, match="camera describes"):
        transform.apply(noise[:40])
    with pytest.raises(SizeMismatch, match="camera describes"):
        transform.apply(noise.astype(np.float32))
    with pytest.raises(SizeMismatch, match="56x84"):
        transform.invert_depth(np.ones((28, 28), np.float32))
    for focal in (0, -1, np.nan):
        with pytest.raises(CameraError, match="canonical focal"):
            CanonicalTransform.fit(camera, focal, (56, 84))


def test_source_and_uncertainty_of_the_camera_are_kept():
    camera = Camera.from_fov(60, 64, 48, source="exif", rel_sigma=0.04, detail="a tag")
    for canvas in (Canvas(56, 84), REFERENCE):
        carried = CanonicalTransform.fit(camera, 1000, canvas).canvas_camera
        assert (carried.source, carried.rel_sigma, carried.detail) == ("exif", 0.04, "a tag")
