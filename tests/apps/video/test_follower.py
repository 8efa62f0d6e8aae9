import numpy as np
import pytest
from tests.apps import slam_scene
from tests.apps.video.clip_scene import COUNT, wobble

from theodolite.apps.clips.follower import Follower
from theodolite.apps.clips.scale_lock import lock_scale
from theodolite.apps.clips.still_points import compare

pytest.importorskip("cv2")
pytest.importorskip("scipy")


def pictures(log_factors):
    for number in range(COUNT):
        frame = slam_scene.frame(number)
        yield frame.image, slam_scene.depth(frame) * np.exp(log_factors[number])


def followed(shown):
    follower = Follower(slam_scene.CAMERA)
    return [follower.take(number, image, depth) for number, (image, depth) in enumerate(shown)]


def locked(shown, log_factors):
    told = followed(shown)
    lock = lock_scale(len(told), [link for one in told for link in one.links])
    return log_factors + lock.log_factors, lock


def test_a_tenth_of_wobble_becomes_less_than_half_a_percent():
    wobbling = wobble()
    after, lock = locked(pictures(wobbling), wobbling)
    assert after.std() < 0.05 * wobbling.std()  # measured: 0.002
    assert after.mean() == pytest.approx(wobbling.mean(), abs=0.02)
    assert set(lock.scenes) == {0}


def with_something_that_moves(shown):
    """A quarter of the picture is something near that drifts across and away, by a twentieth each time."""
    texture = np.random.default_rng(0).integers(40, 220, (16, 16, 1), dtype=np.uint8)
    thing = np.repeat(np.kron(texture, np.ones((8, 8, 1), np.uint8)), 3, axis=-1)
    for number, (image, depth) in enumerate(shown):
        image, depth = image.copy(), depth.copy()
        side, left = 128, 20 + 3 * number
        image[60 : 60 + side, left : left + side] = thing
        depth[60 : 60 + side, left : left + side] = 0.5 * 1.05**number
        yield image, depth


def test_what_moves_by_itself_does_not_pull_the_scale():
    wobbling = wobble()
    shown = [(image, depth) for image, depth in with_something_that_moves(pictures(np.zeros(COUNT)))]
    shown = [(image, depth * np.exp(x)) for (image, depth), x in zip(shown, wobbling, strict=True)]
    after, _ = locked(shown, wobbling)
    assert after.std() < 0.1 * wobbling.std()


def test_a_cut_begins_another_scene_and_does_not_link_the_two():
    first = list(pictures(np.zeros(COUNT)))
    shown = [*first[:8], *[(image[:, ::-1].copy(), 3 * depth[:, ::-1]) for image, depth in first[16:]]]
    told = followed(shown)
    assert told[8].links == ()
    lock = lock_scale(len(told), [link for one in told for link in one.links])
    assert list(lock.scenes) == [0] * 8 + [1] * 8


@pytest.mark.parametrize("cover", [lambda image: np.full_like(image, 90), lambda image: noise(image.shape)])
def test_something_that_passes_the_lens_does_not_end_the_scene(cover):
    shown = list(pictures(np.zeros(COUNT)))
    shown[10] = cover(shown[10][0]), shown[10][1]
    told = followed(shown)
    scenes = lock_scale(len(told), [link for one in told for link in one.links]).scenes
    assert scenes[9] == scenes[11] == scenes[-1]


def noise(shape):
    return np.random.default_rng(5).integers(0, 255, shape, dtype=np.uint8)


def test_a_camera_that_stands_still_is_followed_too():
    image, depth = next(pictures(np.zeros(COUNT)))
    wobbling = wobble(count=6)
    after, _ = locked([(image, depth * np.exp(x)) for x in wobbling], wobbling)
    assert after.std() < 0.05 * wobbling.std()


def test_the_same_points_compared_say_the_factor_between_two_maps():
    told = followed(pictures(np.zeros(COUNT)))
    maps = [depth for _, depth in pictures(np.zeros(COUNT))]
    compared = compare((maps[4], 1.2 * maps[5]), (told[5].before, told[5].here), slam_scene.CAMERA)
    assert compared.step == pytest.approx(-np.log(1.2), abs=0.003)
    assert compared.spread < 0.01
    assert compare((maps[4], np.full_like(maps[5], np.nan)), (told[5].before, told[5].here), slam_scene.CAMERA) is None
