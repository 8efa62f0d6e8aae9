"""Agreement of two cameras on one scene, against what was put in."""

import numpy as np
import pytest

from theodolite.apps.rig import PosedDepth, agreement


def posed(road, factor: float = 1.0) -> PosedDepth:
    depth = np.where(road.prediction.valid, road.prediction.depth, np.nan) * factor
    return PosedDepth(depth, road.prediction.camera, road.mounted.body_from_camera)


@pytest.fixture
def pair(make_road):
    """A wide and a long lens, a metre apart, turned to each other."""
    return make_road(focal=1000), make_road(focal=2100, size=(620, 380), aside=1.0, yaw=-4)


def test_true_depth_agrees_both_ways(pair):
    wide, long = map(posed, pair)
    for first, second in ((wide, long), (long, wide)):
        found = agreement(first, second)
        assert found.ratio == pytest.approx(1, abs=2e-3)
        assert found.spread < 0.02
        assert found.points > 1000
    assert agreement(long, wide).overlap > agreement(wide, long).overlap


@pytest.mark.parametrize("factor", [0.7, 0.9, 1.25, 1.6])
def test_a_camera_whose_depth_is_off_is_found_out(pair, factor):
    wide, long = pair
    found = agreement(posed(wide), posed(long, factor))
    assert found.ratio == pytest.approx(factor, rel=0.12)
    other = agreement(posed(wide), posed(long, 1 / factor))
    assert other.ratio == pytest.approx(1 / factor, rel=0.12)


def test_what_one_camera_cannot_see_does_not_count(make_road, box):
    # From behind the box its hidden ground is seen by the second camera alone.
    first, second = make_road(aside=2.0), make_road(aside=-3.0, yaw=10)
    assert agreement(posed(first), posed(second)).ratio == pytest.approx(1, abs=5e-3)


def test_cameras_that_look_elsewhere_have_nothing_to_say(make_road):
    assert agreement(posed(make_road()), posed(make_road(yaw=180))) is None


def test_sparse_depth_is_looked_up_nearby(pair):
    wide, long = map(posed, pair)
    sparse = long.depth.copy()
    sparse[np.random.default_rng(0).random(sparse.shape) > 0.1] = np.nan
    thin = PosedDepth(sparse, long.camera, long.world_from_camera)
    none, near = agreement(wide, thin), agreement(wide, thin, reach=2)
    assert near.points > 5 * none.points
    assert near.ratio == pytest.approx(1, abs=0.02)


def test_measured_depth_of_a_real_rig_agrees_with_itself(shared):
    import json

    from PIL import Image

    from theodolite.camera.pinhole import Camera

    folder = shared / "data/driving_multicam_a"
    views = []
    for frame in json.loads((folder / "frames.json").read_text())["files"][:3]:
        depth = np.asarray(Image.open(folder / frame["depth"])).astype(np.float32) / 256
        depth[depth == 0] = np.nan
        camera = Camera(*frame["cam_in"], depth.shape[1], depth.shape[0])
        views.append(PosedDepth(depth, camera, np.array(frame["pose_world_from_camera"])))
    for other in (1, 2):
        found = agreement(views[0], views[other], reach=3)
        assert found.points > 500
        assert found.ratio == pytest.approx(1, abs=1e-3)
    assert agreement(views[1], views[2], reach=3) is None
