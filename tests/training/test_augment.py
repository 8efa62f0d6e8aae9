"""Views of a sample: truth and camera stay together, and every view is a function of its random stream."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theodolite.camera.canonical import PAD_COLOUR
from theodolite.camera.pinhole import Camera
from theodolite.datasets.sample import LabelKind, Sample
from theodolite.geometry.unproject import project, rays, unproject
from theodolite.training.augment import Framing, Jitter, augment
from theodolite.training.augment.framing import MODES, frame, prepare
from theodolite.training.augment.views import hide_edges, mirror, pad, paint_outside, window

UNTOUCHED = Jitter(weather=0, tone=0, grey=0, blur=0, resample=0, noise=0, jpeg=0)
MAPS = ("depth", "normals", "sky", "planes", "inside")
NORMAL = np.array([0.3, -0.4, -np.sqrt(0.75)])
DISTANCE = 2.0
SLOPE = Camera(90, 94, 50.2, 33.1, 104, 72)


def plane_depth(camera: Camera, normal: np.ndarray) -> np.ndarray:
    """Depth of the plane normal . P = -DISTANCE."""
    return (-DISTANCE / (rays(camera) @ normal)).astype(np.float32)


def make_slope() -> Sample:
    """A tilted plane of which every map is known, and whose `planes` number the pixels, so that each can be found."""
    v, u = np.mgrid[: SLOPE.height, : SLOPE.width]
    image = np.stack([u * 2, v * 3, np.full_like(u, 90)], -1).astype(np.uint8)
    return Sample(
        image=image,
        camera=SLOPE,
        depth=plane_depth(SLOPE, NORMAL),
        normals=np.broadcast_to(NORMAL.astype(np.float32), (*v.shape, 3)),
        sky=v < 5,
        planes=(v * SLOPE.width + u + 1).astype(np.int32),
        inside=u < 100,
        kind=LabelKind.SYNTHETIC,
        domain="slope",
    )


def make_sweep() -> Sample:
    """The same with one point in about ten."""
    slope = make_slope()
    seen = np.random.default_rng(1).random(slope.depth.shape) < 0.1
    return replace(slope, depth=np.where(seen, slope.depth, np.float32(np.nan)), kind=LabelKind.LIDAR, sparse=True)


@pytest.fixture
def slope() -> Sample:
    return make_slope()


@pytest.fixture
def sweep() -> Sample:
    return make_sweep()


def plane_error(view: Sample) -> float:
    """How far, m, the view's points are from the plane that its own normals and the known distance give."""
    points = np.asarray(unproject(view.depth, view.camera))
    return float(np.nanmax(np.abs((points * view.normals).sum(-1) + DISTANCE), initial=0))


def check_view(view: Sample, source: Sample) -> None:
    """Every label lies where the view's camera sees its point: to half a pixel of the coarser grid, and no further.

    And it is that point's label: of a plane whose depth and normals the test knows.
    """
    mirrored = np.nanmean(view.normals[..., 0]) < 0
    found = view.planes > 0
    old_v, old_u = np.divmod(view.planes[found] - 1, source.camera.width)
    turn = np.array([-1, 1, 1]) if mirrored else np.ones(3)
    np.testing.assert_allclose(view.normals[found], np.broadcast_to(NORMAL * turn, (found.sum(), 3)), atol=1e-6)
    np.testing.assert_array_equal(view.sky[found], source.sky[old_v, old_u])
    np.testing.assert_array_equal(view.inside[found], source.inside[old_v, old_u])
    v, u = np.nonzero(found)
    for new, old, axis in ((u, old_u, "x"), (v, old_v, "y")):
        focal, middle = (getattr(view.camera, f"{name}{axis}") for name in "fc")
        old_focal, old_middle = (getattr(source.camera, f"{name}{axis}") for name in "fc")
        slope = (old - old_middle) / old_focal * (-1 if mirrored and axis == "x" else 1)
        assert np.abs(slope * focal + middle - new).max() <= max(0.5 * focal / old_focal, 0.5) + 1e-6
    if not source.sparse:
        np.testing.assert_array_equal(view.depth[found], source.depth[old_v, old_u])
        return
    points = unproject(source.depth, source.camera)[np.isfinite(source.depth)]
    seen = project(points * turn, view.camera)
    for v, u in np.argwhere(np.isfinite(view.depth)):
        same = points[:, 2] == view.depth[v, u]
        assert np.abs(seen[same] - (u, v)).max(-1).min() <= 0.5 + 1e-4


def test_the_scene_of_the_test_is_right(slope):
    assert plane_error(slope) < 1e-5
    check_view(slope, slope)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), mode=st.sampled_from(MODES), sparse=st.booleans(), small=st.booleans())
def test_any_chain_of_operations_shows_the_same_plane(seed, mode, sparse, small):
    rng = np.random.default_rng(seed)
    source = make_sweep() if sparse else make_slope()
    framing = Framing(mode=mode, focal=110.0 if mode == "image" else None, ratio=(0.6, 1.6), border=0.5)
    canvas = (48, 64) if small else (128, 160)
    view = augment(source, canvas, framing, UNTOUCHED, rng)
    assert view.image.shape == (*canvas, 3)
    assert all(getattr(view, name) is not None for name in MAPS)
    assert (view.kind, view.sparse, view.domain) == (source.kind, source.sparse, "slope")
    check_view(view, source)
    outside = ~view.inside
    assert (view.image[outside] == PAD_COLOUR).all()
    padding = view.planes == 0
    assert outside[padding].all()
    assert np.isnan(view.normals[padding]).all()
    assert not view.sky[padding].any()
    # Labels are off by half a pixel at most, which on this plane, at up to 4 m and 60 degrees, is a few centimetres.
    assert plane_error(view) < 0.1


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_whole_pixels_show_the_plane_exactly(seed):
    rng, view = np.random.default_rng(seed), make_slope()
    for operation in rng.permutation(4):
        height, width = view.depth.shape
        if operation == 0:
            left, top = int(rng.integers(0, width // 3)), int(rng.integers(0, height // 3))
            view = window(view, (left, top, width // 2, height // 2), (height // 2, width // 2))
        elif operation == 1:
            view = mirror(view)
        elif operation == 2:
            view = pad(view, (height + int(rng.integers(0, 9)), width + int(rng.integers(0, 9))))
        else:
            view = hide_edges(view, 0.2, rng)
    normal = NORMAL * ([-1, 1, 1] if np.nanmean(view.normals[..., 0]) < 0 else 1)
    truth = plane_depth(view.camera, normal)
    known = np.isfinite(view.depth)
    np.testing.assert_allclose(view.depth[known], truth[known], rtol=1e-5)
    assert known.any()


def test_odd_enlargements_show_the_plane_exactly_where_pixels_coincide(slope):
    # Three times as large, each old pixel's middle is the middle of a new one.
    view = window(slope, (10, 20, 50, 40), (120, 150))
    truth = plane_depth(view.camera, NORMAL)
    np.testing.assert_allclose(view.depth[1::3, 1::3], truth[1::3, 1::3], rtol=1e-5)
    assert view.camera.fx == pytest.approx(270)


def test_sparse_points_survive_enlarging_one_by_one(sweep):
    points = np.isfinite(sweep.depth).sum()
    large = window(sweep, (0, 0, 104, 72), (144, 208))
    assert np.isfinite(large.depth).sum() == points
    np.testing.assert_array_equal(
        np.sort(large.depth[np.isfinite(large.depth)]), np.sort(sweep.depth[np.isfinite(sweep.depth)])
    )
    dense = window(replace(sweep, sparse=False), (0, 0, 104, 72), (144, 208))
    assert np.isfinite(dense.depth).sum() == 4 * points
    small = window(sweep, (0, 0, 104, 72), (36, 52))
    kept = np.isfinite(small.depth).sum()
    assert 0.8 * points < kept <= points
    assert plane_error(small) < 0.1


def test_a_mirror_image_shows_the_mirrored_plane(slope):
    view = mirror(slope)
    assert plane_error(view) < 1e-5
    np.testing.assert_allclose(view.depth, plane_depth(view.camera, NORMAL * [-1, 1, 1]), rtol=1e-5)
    assert view.camera.cx == pytest.approx(103 - slope.camera.cx)
    assert view.camera.cy == slope.camera.cy
    assert np.array_equal(view.image, slope.image[:, ::-1])
    twice = mirror(view)
    assert twice.camera == slope.camera
    for name in ("image", *MAPS):
        assert np.array_equal(getattr(twice, name), getattr(slope, name)), name


def test_half_the_views_are_mirrored(slope):
    views = [augment(slope, (24, 32), Framing(border=0), UNTOUCHED, np.random.default_rng(seed)) for seed in range(200)]
    assert 70 < sum(view.normals[0, 0, 0] < 0 for view in views) < 130


def test_a_window_fills_the_canvas_and_a_narrower_one_has_a_longer_focal(slope):
    views = [frame(slope, (64, 96), Framing(), np.random.default_rng(seed)) for seed in range(40)]
    focals = [view.camera.fx for view in views]
    assert min(focals) < 90
    assert 130 < max(focals) < 90 / 0.6 + 2
    assert all(view.image.shape == (64, 96, 3) for view in views)


def test_the_label_variant_keeps_half_of_the_pictures_at_their_size(slope):
    views = [frame(slope, (40, 60), Framing.published(), np.random.default_rng(seed)) for seed in range(200)]
    ratios = np.array([view.camera.focal / slope.camera.focal for view in views])
    assert 70 < (ratios == 1).sum() < 130
    assert 0.84 < ratios.min() < 0.9
    assert 1.1 < ratios.max() < 1.16
    untouched = views[int(np.flatnonzero(ratios == 1)[0])]
    assert np.isin(untouched.planes, slope.planes).all()
    left = round(slope.camera.cx - untouched.camera.cx)
    top = round(slope.camera.cy - untouched.camera.cy)
    assert np.array_equal(untouched.image, slope.image[top : top + 40, left : left + 60])


def test_the_image_variant_brings_every_camera_to_one_focal(slope):
    framing = Framing.published(focal=120)
    for width in (104, 52, 208):
        camera = slope.camera.resized(width, 72)
        square = Camera(camera.fx, camera.fx, camera.cx, camera.cy, width, 72)
        sample = Sample(np.zeros((72, width, 3), np.uint8), square, np.ones((72, width), np.float32))
        ratios = [
            frame(sample, (64, 96), framing, np.random.default_rng(seed)).camera.focal / 120 for seed in range(30)
        ]
        assert 0.88 < min(ratios) < 1.05
        assert 1.2 < max(ratios) < 1.42
        exact = frame(sample, (64, 96), replace(framing, resize=0.0), np.random.default_rng(0))
        assert exact.camera.focal == pytest.approx(120, rel=0.01)


def test_what_is_smaller_than_the_canvas_lies_in_its_middle_and_counts_as_padding_around(slope):
    bare = replace(slope, inside=None)
    view = augment(bare, (101, 121), Framing.published(), replace(UNTOUCHED), np.random.default_rng(0))
    assert (view.image[~view.inside] == 0).all()
    view = paint_outside(pad(bare, (101, 121)), PAD_COLOUR)
    rows, columns = np.flatnonzero(view.inside.any(1)), np.flatnonzero(view.inside.any(0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (14, 85, 8, 111)
    assert np.array_equal(view.image[14:86, 8:112], slope.image)
    assert view.camera.cx == slope.camera.cx + 8
    assert pad(bare, (72, 104)) is bare


def test_hidden_edges_have_padding_and_no_truth(slope):
    view = paint_outside(hide_edges(replace(slope, inside=None), 0.3, np.random.default_rng(3)), PAD_COLOUR)
    hidden = ~view.inside
    assert 0.05 < hidden.mean() < 0.9
    assert (view.image[hidden] == PAD_COLOUR).all()
    assert np.isnan(view.depth[hidden]).all()
    assert np.isnan(view.normals[hidden]).all()
    assert not view.sky[hidden].any()
    assert not view.planes[hidden].any()
    assert np.array_equal(view.image[~hidden], slope.image[~hidden])
    assert view.camera == slope.camera
    again = hide_edges(slope, 0.3, np.random.default_rng(3))
    assert not again.inside[~slope.inside].any()


@pytest.mark.parametrize("kind", list(LabelKind))
def test_samples_of_every_kind_with_nothing_but_depth_pass(slope, kind):
    bare = Sample(slope.image, slope.camera, slope.depth, kind=kind, domain="bare")
    view = augment(bare, (64, 96), Framing(border=0), Jitter(weather=1), np.random.default_rng(1))
    assert (view.normals, view.sky, view.planes, view.inside) == (None,) * 4
    assert (view.kind, view.sparse, view.domain) == (kind, kind.sparse, "bare")
    edged = augment(bare, (64, 96), Framing(border=1), Jitter(), np.random.default_rng(1))
    assert edged.inside is not None


def test_the_same_stream_gives_the_same_view_and_nothing_is_changed_in_place(slope):
    arrays = {field.name: getattr(slope, field.name) for field in fields(slope)}
    before = {name: value.copy() for name, value in arrays.items() if isinstance(value, np.ndarray)}
    for value in before:
        arrays[value].flags.writeable = False
    for seed in range(5):
        jitter = Jitter(weather=1, grey=1, blur=1, resample=1, noise=1, jpeg=1)
        views = [augment(slope, (64, 96), Framing(border=1), jitter, np.random.default_rng(seed)) for _ in range(2)]
        for name in ("image", *MAPS):
            equal_nan = name in ("depth", "normals")
            assert np.array_equal(*(getattr(view, name) for view in views), equal_nan=equal_nan), name
        assert views[0].camera == views[1].camera
    for name, value in before.items():
        assert np.array_equal(value, arrays[name], equal_nan=name in ("depth", "normals")), name


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"mode": "fisheye"}, "mode is one of window, label, image"),
        ({"zoom": 0}, "zoom is a share"),
        ({"mode": "image"}, "focal goes with the image variant"),
        ({"focal": 500.0}, "focal goes with the image variant"),
        ({"mode": "image", "focal": -1.0}, "focal is positive"),
        ({"ratio": (1.2, 0.8)}, "smallest first"),
        ({"resize": 1.5}, "resize is a probability"),
        ({"flip": 2}, "flip is a probability"),
        ({"border": -1}, "border is a probability"),
        ({"border_width": 0.5}, "below one half"),
        ({"padding": (0, 0, 300)}, "padding is a colour"),
    ],
)
def test_a_framing_that_makes_no_sense_is_refused(wrong, rule):
    with pytest.raises(ValueError, match=rule):
        Framing(**wrong)


def test_the_crop_of_a_benchmark_leaves_the_picture_and_takes_labels_outside(slope):
    framing = Framing(mode="label", labelled=(0.25, 0.75, 0.5, 1.0), flip=0, border=0, resize=0)
    slope = replace(slope, inside=None)
    height, width = slope.image.shape[:2]
    view = augment(slope, (height, width), framing, UNTOUCHED, np.random.default_rng(0))
    known = np.isfinite(view.depth)
    assert known[height // 4 : int(0.75 * height), width // 2 :].all()
    assert not known[: height // 4].any()
    assert not known[:, : width // 2].any()
    assert view.inside is None
    assert (view.image == slope.image).all()


def test_the_lower_part_of_a_picture_keeps_its_plane(slope):
    height, width = slope.image.shape[:2]
    view = prepare(slope, Framing(bottom=(height - 10, width - 7)))
    assert view.image.shape == (height - 10, width - 7, 3)
    assert (view.image == slope.image[10:, 3 : width - 4]).all()
    check_view(view, slope)
    assert prepare(slope, Framing(bottom=(10_000, 10_000))).image.shape == slope.image.shape


def test_a_rim_counts_as_padding(slope):
    slope = replace(slope, inside=None)
    framing = Framing(mode="label", rim=3, flip=0, border=0, resize=0)
    view = augment(slope, slope.image.shape[:2], framing, UNTOUCHED, np.random.default_rng(0))
    assert not view.inside[:3].any()
    assert not view.inside[:, -3:].any()
    assert view.inside[3:-3, 3:-3].all()
    assert (view.image[:3] == framing.padding).all()
    assert np.isnan(view.depth[:3]).all()
