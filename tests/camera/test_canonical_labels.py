"""Training's side of the canonical camera: the reference's maps to the digit, and there and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theodolite.camera.canonical import CanonicalTransform
from theodolite.camera.canonical_labels import CanonicalLabels, cut, mirror_normals, resize_labels, scatter
from theodolite.camera.canvas import Canvas
from theodolite.camera.pinhole import Camera
from theodolite.errors import CameraError, SizeMismatch

FOCAL = 100  # canonical, of the reference numbers


@pytest.fixture
def goldens(shared):
    return np.load(shared / "goldens" / "transforms.npz")


@pytest.fixture
def camera(goldens):
    height, width = goldens["in/depth"].shape
    return Camera(*goldens["in/fxfycxcy"], width, height)


@pytest.fixture
def depth(goldens):
    return np.where(goldens["in/depth"] > 0, goldens["in/depth"], np.nan)


def check_maps(goldens, case, depth, normals, classes):
    """Compare with a case; the reference knows 0, and -1 where padded, for unknown depth and classes."""
    truth = goldens[f"{case}/out/depth"]
    np.testing.assert_array_equal(np.isfinite(depth), truth > 0)
    np.testing.assert_allclose(depth[truth > 0], truth[truth > 0], rtol=1e-9)
    np.testing.assert_array_equal(normals, goldens[f"{case}/out/normal"])
    np.testing.assert_array_equal(classes, goldens[f"{case}/out/sem"])


def check_camera(goldens, case, camera, *, ratio=1.0):
    """Compare intrinsics and size; the reference scales `cx, cy` from pixel corners, without the half pixel."""
    fx, fy, cx, cy = goldens[f"{case}/out/fxfycxcy"]
    np.testing.assert_allclose([camera.fx, camera.fy], [fx, fy], rtol=1e-9)
    shift = 0.5 * (ratio - 1)
    np.testing.assert_allclose([camera.cx - shift, camera.cy - shift], [cx, cy], rtol=1e-9)
    assert (camera.height, camera.width, 3) == tuple(goldens[f"{case}/out/image_shape"])


def test_the_label_variant_is_the_references_once_both_use_fx(goldens, camera, depth):
    # The authors divide by fx here: give both focal lengths that value, so that the mean is the same.
    square = Camera(camera.fx, camera.fx, camera.cx, camera.cy, camera.width, camera.height)
    labels = CanonicalLabels.of_labels(square, FOCAL)
    assert labels.scale == pytest.approx(float(goldens["cano_label/out/label_scale_factor"]), rel=1e-12)
    check_maps(goldens, "cano_label", labels.apply(depth), goldens["in/normal"], goldens["in/sem"])
    fx, fy, cx, cy = goldens["cano_label/out/fxfycxcy"]
    stored = labels.canonical_camera
    assert (stored.fx, stored.cx, stored.cy) == pytest.approx((fx, cx, cy), rel=1e-9)
    assert stored.fy * camera.fy / camera.fx == pytest.approx(fy, rel=1e-9)
    assert (stored.height, stored.width, 3) == tuple(goldens["cano_label/out/image_shape"])


def test_the_label_variant_takes_the_mean_focal_length(camera):
    labels = CanonicalLabels.of_labels(camera, FOCAL)
    assert labels.scale == pytest.approx(100 / 51)
    stored = labels.canonical_camera
    assert stored.focal == pytest.approx(100)
    assert stored.fy / stored.fx == pytest.approx(50 / 52)


@pytest.mark.parametrize(("case", "sparse"), [("cano_image_r1.2", False), ("cano_image_lidar_r1.2", True)])
def test_the_image_variant_is_the_references(goldens, camera, depth, case, sparse):
    # The authors' image variant keeps one focal length, the mean.
    square = Camera(camera.focal, camera.focal, camera.cx, camera.cy, camera.width, camera.height)
    labels = CanonicalLabels.of_image(square, FOCAL, ratio=1.2)
    assert labels.scale == pytest.approx(float(goldens[f"{case}/out/label_scale_factor"]), rel=1e-12)
    normals, classes = (resize_labels(goldens[f"in/{name}"], *labels.size, corner=True) for name in ("normal", "sem"))
    check_maps(goldens, case, labels.apply(depth, sparse=sparse), normals, classes)
    check_camera(goldens, case, labels.canonical_camera, ratio=labels.ratio)


@pytest.mark.parametrize(("case", "sparse"), [("resize_r0.9_dense", False), ("resize_r0.9_sparse", True)])
def test_a_random_resize_is_the_references(goldens, camera, depth, case, sparse):
    # A camera that is canonical already: the resize alone is left.
    labels = CanonicalLabels(camera, camera.focal, ratio=0.9)
    assert labels.scale == pytest.approx(float(goldens[f"{case}/out/label_scale_factor"]), rel=1e-12)
    normals, classes = (resize_labels(goldens[f"in/{name}"], *labels.size, corner=True) for name in ("normal", "sem"))
    check_maps(goldens, case, labels.apply(depth, sparse=sparse), normals, classes)
    check_camera(goldens, case, labels.canonical_camera, ratio=labels.ratio)


def test_a_crop_that_needs_padding_is_the_references(goldens, camera, depth):
    top, bottom, left, right = goldens["crop_40x36/out/pad_tblr"]
    down, across = goldens["crop_40x36/in/h_off_w_off"]
    assert (top, bottom, left, right) == (5, 5, 0, 0)
    box = (int(across - left), int(down - top), 36, 40)
    normals, classes = cut(goldens["in/normal"], box, 0), cut(goldens["in/sem"], box, -1)
    check_maps(goldens, "crop_40x36", cut(depth, box, np.nan), normals, classes)
    check_camera(goldens, "crop_40x36", camera.cropped(*box))
    assert cut(goldens["in/image"], box, 0).shape == tuple(goldens["crop_40x36/out/image_shape"])


def test_a_mirror_image_is_the_references_but_for_the_principal_point(goldens, camera, depth):
    normals = goldens["in/normal"]
    check_maps(goldens, "hflip", depth[:, ::-1], mirror_normals(normals), goldens["in/sem"][:, ::-1])
    np.testing.assert_array_equal(mirror_normals(mirror_normals(normals)), normals)
    fx, fy, cx, cy = goldens["hflip/out/fxfycxcy"]
    ours = camera.flipped()
    assert (ours.fx, ours.fy) == (fx, fy)
    # Its cx is w - cx, half a pixel on each side too far; its cy = h - cy has no reason.
    assert ours.cx == pytest.approx(cx - 1)
    assert ours.cy == camera.cy != pytest.approx(cy)


@pytest.fixture
def fit(camera):
    """The fit of a test, by the reference's roundings."""
    return CanonicalTransform.fit(camera, FOCAL, Canvas(56, 98, reference=True))


def test_fitting_into_a_canvas_is_the_references(goldens, camera, depth, fit):
    place = fit.placement
    assert [place.top, place.bottom, place.left, place.right] == goldens["fit_56x98/out/pad_tblr"].tolist()
    labels = CanonicalLabels(camera, FOCAL, ratio=place.scale)
    assert labels.size == (place.height, place.width)
    assert labels.scale == pytest.approx(fit.scale) == pytest.approx(float(goldens["fit_56x98/out/label_scale_factor"]))
    box = (-place.left, -place.top, 98, 56)
    normals, classes = (
        cut(resize_labels(goldens[f"in/{name}"], *labels.size, corner=True), box, outside)
        for name, outside in (("normal", 0), ("sem", -1))
    )
    check_maps(goldens, "fit_56x98", cut(labels.apply(depth, sparse=True), box, np.nan), normals, classes)
    check_middle(fit.canvas_camera, goldens["fit_56x98/out/fxfycxcy"], place)
    assert tuple(goldens["fit_56x98/out/image_shape"]) == (56, 98, 3)


def check_middle(camera, truth, place):
    """The principal point, from pixel corners as the reference has it."""
    shift = 0.5 * (place.scale - 1)
    np.testing.assert_allclose([camera.cx - shift, camera.cy - shift], truth[2:], rtol=1e-9)


def test_the_chain_of_a_test_nets_out_to_the_mean_focal_length(goldens, camera, fit):
    place = fit.placement
    assert fit.scale == pytest.approx(float(goldens["chain_test/out/label_scale_factor"]), rel=1e-9)
    assert [place.top, place.bottom, place.left, place.right] == goldens["chain_test/out/pad_tblr"].tolist()
    truth = goldens["chain_test/out/fxfycxcy"]
    check_middle(fit.canvas_camera, truth, place)
    # The reference stores the pair that label canonicalisation by fx left: ours is that pair, of mean f_c.
    stored = CanonicalLabels(camera, FOCAL, ratio=place.scale).canonical_camera
    assert stored.fy / stored.fx == pytest.approx(truth[1] / truth[0], rel=1e-9)


def random_depth(seed: int, height: int = 23, width: int = 31) -> np.ndarray:
    rng = np.random.default_rng(seed)
    depth = rng.uniform(1, 50, (height, width)).astype(np.float32)
    return np.where(rng.random(depth.shape) < 0.3, np.float32(np.nan), depth)


CAMERA = Camera(40, 44, 15.2, 10.9, 31, 23)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 99), canonical=st.floats(20, 2000), sparse=st.booleans())
def test_the_label_variant_there_and_back_changes_nothing(seed, canonical, sparse):
    depth, labels = random_depth(seed), CanonicalLabels.of_labels(CAMERA, canonical)
    back = labels.invert(labels.apply(depth, sparse=sparse), sparse=sparse)
    np.testing.assert_allclose(back, depth, rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 99), factor=st.sampled_from([2, 3, 5]), sparse=st.booleans())
def test_the_image_variant_there_and_back_keeps_every_label(seed, factor, sparse):
    depth, labels = random_depth(seed), CanonicalLabels(CAMERA, 1000, ratio=factor)
    back = labels.invert(labels.apply(depth, sparse=sparse), sparse=sparse)
    np.testing.assert_allclose(back, depth, rtol=1e-5)


def test_canonical_x_and_y_are_metric_and_only_z_is_stretched():
    depth, labels = random_depth(0), CanonicalLabels.of_labels(CAMERA, 100)
    canonical, stored = labels.apply(depth), labels.canonical_camera
    v, u = np.argwhere(np.isfinite(depth))[40]
    for axis, pixel in (("x", u), ("y", v)):
        metric, ours = (
            (pixel - getattr(camera, f"c{axis}")) / getattr(camera, f"f{axis}") * z[v, u]
            for camera, z in ((CAMERA, depth), (stored, canonical))
        )
        assert ours == pytest.approx(metric, rel=1e-5)
    assert canonical[v, u] == pytest.approx(depth[v, u] * labels.scale, rel=1e-6)


@pytest.mark.parametrize("corner", [False, True])
def test_scattered_points_are_never_mixed(corner):
    depth = np.full((10, 10), np.nan, np.float32)
    depth[2, 3], depth[2, 4] = 5, 9
    small = scatter(depth, 5, 5, corner=corner)
    assert set(small[np.isfinite(small)]) <= {5, 9}
    large = scatter(depth, 30, 30, corner=corner)
    assert np.isfinite(large).sum() == 2
    assert large[6 if corner else 7, 9 if corner else 10] == 5


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 99), height=st.integers(1, 60), width=st.integers(1, 80))
def test_every_scattered_point_lands_within_half_a_pixel_of_its_place_or_under_a_later_one(seed, height, width):
    depth = random_depth(seed)
    h, w = depth.shape
    moved = scatter(depth, height, width)
    for v, u in np.argwhere(np.isfinite(depth)):
        y, x = (v + 0.5) * height / h - 0.5, (u + 0.5) * width / w - 0.5
        row, column = int(np.floor(y + 0.5)), int(np.floor(x + 0.5))
        assert abs(row - y) <= 0.5 + 1e-9
        found = moved[row, column]
        later = np.flatnonzero(depth.ravel() == found)[-1]
        assert later >= v * w + u
    assert np.isin(moved[np.isfinite(moved)], depth).all()


def test_a_window_reaches_beyond_its_map_but_not_away_from_it():
    values = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(cut(values, (1, 1, 2, 2), -1), [[5, 6], [9, 10]])
    np.testing.assert_array_equal(cut(values, (-1, 2, 3, 2), -1), [[-1, 8, 9], [-1, -1, -1]])
    with pytest.raises(SizeMismatch, match="outside"):
        cut(values, (4, 0, 2, 2), -1)


def test_nonsense_is_refused():
    with pytest.raises(CameraError, match="positive ratio"):
        CanonicalLabels(CAMERA, 1000, ratio=0)
    with pytest.raises(CameraError, match="positive canonical_focal"):
        CanonicalLabels(CAMERA, float("nan"))
