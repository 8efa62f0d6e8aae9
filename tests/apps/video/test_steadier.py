import numpy as np
import pytest
from tests.apps import slam_scene

from theodolite.apps.clips.steadier import Steadier
from theodolite.geometry.pose import inverse

pytest.importorskip("cv2")
COUNT = 12
POSES = slam_scene.poses()


def bumps(seed):
    """Broad errors of depth, as networks make them, other ones in each picture."""
    from PIL import Image

    shape = slam_scene.CAMERA.height, slam_scene.CAMERA.width
    coarse = np.random.default_rng(seed).normal(0, 0.03, (6, 8)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize(shape[::-1], Image.Resampling.BICUBIC))


def steadied(images, maps):
    steadier = Steadier(slam_scene.CAMERA)
    motions = [None, *(inverse(POSES[i]) @ POSES[i - 1] for i in range(1, len(maps)))]
    return [steadier.take(*each) for each in zip(maps, images, motions, strict=True)]


def shown():
    frames = [slam_scene.frame(number) for number in range(COUNT)]
    return [frame.image for frame in frames], [slam_scene.depth(frame) for frame in frames]


def error(depth, truth):
    return float(np.nanmean(np.abs(np.log(depth / truth))))


def test_exact_depth_stays_exact():
    images, truth = shown()
    worst = max(error(depth, true) for depth, true in zip(steadied(images, truth), truth, strict=True))
    assert worst < 0.002


def test_flicker_within_the_picture_becomes_error_less():
    images, truth = shown()
    wrong = [true * np.exp(bumps(number)) for number, true in enumerate(truth)]
    steady = steadied(images, wrong)
    before = np.mean([error(*pair) for pair in zip(wrong, truth, strict=True)])
    after = np.mean([error(*pair) for pair in zip(steady[4:], truth[4:], strict=True)])
    assert after < 0.65 * before  # measured: 0.58


def test_what_moves_by_itself_keeps_its_own_depth():
    images, truth = shown()
    thing = np.random.default_rng(0).integers(0, 255, (60, 60, 3), dtype=np.uint8)
    masks = []
    for number in range(COUNT):
        images[number], truth[number] = images[number].copy(), truth[number].copy()
        place = slice(80, 140), slice(20 + 14 * number, 80 + 14 * number)
        images[number][place], truth[number][place] = thing, 0.6 * 1.03**number
        masks.append(place)
    steady = steadied(images, truth)
    assert error(steady[-1][masks[-1]], truth[-1][masks[-1]]) < 0.005
    assert error(steady[-1], truth[-1]) < 0.01


def test_without_a_known_motion_and_where_depth_is_unknown_nothing_changes():
    images, truth = shown()
    holed = truth[1].copy()
    holed[:20] = np.nan
    steadier = Steadier(slam_scene.CAMERA)
    np.testing.assert_array_equal(steadier.take(truth[0], images[0], None), truth[0])
    np.testing.assert_array_equal(steadier.take(2 * truth[1], images[1], None), 2 * truth[1])
    np.testing.assert_array_equal(np.isnan(steadier.take(holed, images[1], np.eye(4))), np.isnan(holed))
