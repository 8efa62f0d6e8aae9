"""Training's side of the canonical camera: the reference's maps to the digit, and there and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theodolite.camera.canonical_labels import CanonicalLabels, View, scatter
from theodolite.camera.pinhole import Camera
from theodolite.errors import CameraError, SizeMismatch


@pytest.fixture
def goldens(shared):
    return np.load(shared / "goldens" / "transforms.npz")


@pytest.fixture
def view(goldens):
    depth = np.where(goldens["in/depth"] > 0, goldens["in/depth"], np.nan)
    height, width = depth.shape
    return View(goldens["in/image"], Camera(*goldens["in/fxfycxcy"], width, height), depth, goldens["in/normal"])


def check(goldens, case, ours: View, *, corner_shift: float = 0.0):
    """Compare with a case; the reference knows 0 (and -1 where padded) for unknown, and pixel corners for `cx, cy`."""
    truth = goldens[f"{case}/out/depth"]
    np.testing.assert_array_equal(np.isfinite(ours.depth), truth > 0)
    np.testing.assert_allclose(ours.depth[truth > 0], truth[truth > 0], rtol=1e-9)
    np.testing.assert_array_equal(np.nan_to_num(ours.normals), goldens[f"{case}/out/normal"])
    assert ours.image.shape == tuple(goldens[f"{case}/out/image_shape"])
    camera = ours.camera
    middle = np.array([camera.cx, camera.cy]) - corner_shift
    np.testing.assert_allclose(middle, goldens[f"{case}/out/fxfycxcy"][2:], rtol=1e-9)


def test_the_label_variant_is_the_references_once_both_use_fx(goldens, view):
    # The authors divide by fx here: give both focal lengths that value, so that the mean is the same.
    camera = Camera(
        view.camera.fx, view.camera.fx, view.camera.cx, view.camera.cy, view.camera.width, view.camera.height
    )
    labels = CanonicalLabels.of_labels(camera, 100)
    assert labels.scale == pytest.approx(float(goldens["cano_label/out/label_scale_factor"]), rel=1e-12)
    check(goldens, "cano_label", labels.apply(View(view.image, camera, view.depth, view.normals)))


def test_the_label_variant_takes_the_mean_focal_length(view):
    labels = CanonicalLabels.of_labels(view.camera, 100)
    assert labels.scale == pytest.approx(100 / 51)
    stored = labels.canonical_camera
    assert stored.focal == pytest.approx(100)
    assert stored.fy / stored.fx == pytest.approx(50 / 52)


@pytest.mark.parametrize(("case", "sparse"), [("cano_image_r1.2", False), ("cano_image_lidar_r1.2", True)])
def test_the_image_variant_is_the_references(goldens, view, case, sparse):
    labels = CanonicalLabels.of_image(view.camera, 100, ratio=1.2)
    assert labels.size == goldens[f"{case}/out/depth"].shape
    assert labels.scale == pytest.approx(float(goldens[f"{case}/out/label_scale_factor"]), rel=1e-12)
    ours = labels.apply(view, sparse=sparse)
    check(goldens, case, ours, corner_shift=0.5 * (labels.ratio - 1))
    assert ours.camera.focal == pytest.approx(goldens[f"{case}/out/fxfycxcy"][:2].mean())


@pytest.mark.parametrize(("case", "sparse"), [("resize_r0.9_dense", False), ("resize_r0.9_sparse", True)])
def test_a_random_resize_is_the_references(goldens, view, case, sparse):
    # A camera that is canonical already: the resize alone is left.
    labels = CanonicalLabels(view.camera, view.camera.focal, ratio=0.9)
    assert labels.scale == pytest.approx(float(goldens[f"{case}/out/label_scale_factor"]), rel=1e-12)
    ours = labels.apply(view, sparse=sparse)
    check(goldens, case, ours, corner_shift=0.5 * (labels.ratio - 1))
    np.testing.assert_allclose([ours.camera.fx, ours.camera.fy], goldens[f"{case}/out/fxfycxcy"][:2])


def test_a_crop_that_needs_padding_is_the_references(goldens, view):
    top, bottom, left, _ = goldens["crop_40x36/out/pad_tblr"]
    down, across = goldens["crop_40x36/in/h_off_w_off"]
    assert (top, bottom) == (5, 5)
    check(goldens, "crop_40x36", view.window(across - left, down - top, 36, 40))


def test_a_mirrored_view_is_the_references_but_for_the_principal_point(goldens, view):
    ours = view.flipped()
    np.testing.assert_array_equal(np.nan_to_num(ours.depth), goldens["hflip/out/depth"])
    np.testing.assert_array_equal(ours.normals, goldens["hflip/out/normal"])
    fx, fy, cx, cy = goldens["hflip/out/fxfycxcy"]
    assert (ours.camera.fx, ours.camera.fy) == (fx, fy)
    # Its cx is w - cx, half a pixel on each side too far; its cy = h - cy has no reason.
    assert ours.camera.cx == pytest.approx(cx - 1)
    assert ours.camera.cy == view.camera.cy != pytest.approx(cy)
    again = ours.flipped()
    np.testing.assert_array_equal(again.depth, view.depth)
    assert again.camera.cx == pytest.approx(view.camera.cx)


def random_view(seed: int, height: int = 23, width: int = 31) -> View:
    rng = np.random.default_rng(seed)
    normals = rng.standard_normal((height, width, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return View(
        image=rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
        camera=Camera(40, 44, 15.2, 10.9, width, height),
        depth=rng.uniform(1, 50, (height, width)).astype(np.float32),
        normals=normals,
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 99), canonical=st.floats(20, 2000))
def test_the_label_variant_there_and_back_changes_nothing(seed, canonical):
    view, labels = random_view(seed), CanonicalLabels.of_labels(random_view(seed).camera, canonical)
    back = labels.invert(labels.apply(view))
    np.testing.assert_allclose(back.depth, view.depth, rtol=1e-5)
    np.testing.assert_array_equal(back.normals, view.normals)
    np.testing.assert_array_equal(back.image, view.image)
    assert back.camera == view.camera


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 99), factor=st.sampled_from([2, 3, 5]), sparse=st.booleans())
def test_the_image_variant_there_and_back_keeps_every_label(seed, factor, sparse):
    view = random_view(seed)
    labels = CanonicalLabels(view.camera, 1000, ratio=factor)
    back = labels.invert(labels.apply(view, sparse=sparse), sparse=sparse)
    np.testing.assert_allclose(back.depth, view.depth, rtol=1e-5)
    np.testing.assert_array_equal(back.normals, view.normals)
    assert back.camera == view.camera


def test_canonical_x_and_y_are_metric_and_only_z_is_stretched():
    view = random_view(0)
    labels = CanonicalLabels.of_labels(view.camera, 100)
    ours = labels.apply(view)
    u, v = 7, 5
    for axis, pixel in (("x", u), ("y", v)):
        old, new = view.camera, ours.camera
        metric = (pixel - getattr(old, f"c{axis}")) / getattr(old, f"f{axis}") * view.depth[v, u]
        canonical = (pixel - getattr(new, f"c{axis}")) / getattr(new, f"f{axis}") * ours.depth[v, u]
        assert canonical == pytest.approx(metric, rel=1e-5)
    assert ours.depth[v, u] == pytest.approx(view.depth[v, u] * labels.scale, rel=1e-6)


def test_scattered_points_are_never_mixed():
    depth = np.full((10, 10), np.nan, np.float32)
    depth[2, 3], depth[2, 4] = 5, 9
    small = scatter(depth, 5, 5)
    assert set(small[np.isfinite(small)]) <= {5, 9}
    large = scatter(depth, 30, 30)
    assert np.isfinite(large).sum() == 2
    assert large[6, 9] == 5


def test_a_view_that_contradicts_its_camera_is_refused():
    view = random_view(1)
    with pytest.raises(SizeMismatch, match="depth"):
        View(view.image, view.camera, view.depth[:-1])
    with pytest.raises(SizeMismatch, match="outside"):
        view.window(100, 0, 5, 5)
    with pytest.raises(CameraError, match="positive ratio"):
        CanonicalLabels(view.camera, 1000, ratio=0)
