"""Exact paths, and numbers of evo 1.38.1 on public ones, made in ../shared/data/trajectories by

evo_ape kitti KITTI_00_gt.txt KITTI_00_ORB.txt [-a | -as]
evo_rpe kitti KITTI_00_gt.txt KITTI_00_ORB.txt -r trans_part|angle_deg -u f -d 1 | -d 10 --all_pairs
evo_ape tum fr2_desk_groundtruth.txt fr2_desk_ORB_kf_mono.txt -a | -as -v
evo_rpe tum fr2_desk_groundtruth.txt fr2_desk_ORB.txt -r trans_part|angle_deg -u f -d 1

evo is under the GPL and no part of this project. For t_rel and r_rel, which evo does not compute: ORB-SLAM2 has 0.70 %
evo is under the GPL and no part of this project. For t_rel and r_rel, which evo does not compute: ORB-SLAM2 has 0.70 %
path named ORB has the same.
"""

import numpy as np
import pytest

from theodolite.apps.trajectory import Trajectory, read_trajectory
from theodolite.errors import DatasetError
from theodolite.evaluation.trajectory_metrics import (
    absolute_error,
    alignment,
    associated,
    kitti_error,
    relative_error,
    scale_error,
)
from theodolite.geometry.pose import rigid
from theodolite.geometry.rotation import from_vector
from theodolite.geometry.similarity import Similarity

EVO_KITTI = {
    # rmse of ape: no alignment, -a, -as; of rpe: metres and degrees for one step, for ten
    "ORB": ((7.790289, 1.303450, 0.937709), (0.028120, 0.114974), (0.189348, 0.611468)),
    "SPTAM": ((9.224542, 3.738488, 3.635294), (0.034919, 0.296390), (0.227873, 1.256451)),
}
EVO_TUM = {
    # poses matched, rmse of ape: -a, -as; scale correction
    "ORB": (2174, 0.008119, 0.006123, 0.9969698308032566),
    "ORB_kf_mono": (118, 0.939049, 0.007729, 2.2280217535893287),
}
EVO_TUM_RPE = (0.003490, 0.280519)


def bent_path(count: int = 400) -> Trajectory:
    """Some 400 m, turning, a metre a pose."""
    turn = np.linspace(0, 2.5, count)
    steps = np.stack([np.sin(turn), 0.02 * np.cos(5 * turn), np.cos(turn)], axis=1)
    return Trajectory(np.arange(count) / 10, rigid(from_vector(turn[:, None] * (0, 1.0, 0)), steps.cumsum(0)))


def moved(path: Trajectory, similarity: Similarity) -> Trajectory:
    return Trajectory(path.times, similarity.poses(path.world_from_camera))


SIMILARITY = Similarity(0.4, from_vector(np.array([1.0, 0.3, -0.7])), np.array([5.0, 6.0, -7.0]))


def test_a_path_moved_rigidly_has_no_error_after_rigid_alignment():
    path = bent_path()
    other = moved(path, Similarity(1.0, SIMILARITY.rotation, SIMILARITY.translation))
    assert absolute_error(other, path, "se3") < 1e-10
    assert relative_error(other, path) == pytest.approx((0, 0), abs=1e-7)
    assert absolute_error(other, path, "none") > 1


def test_a_path_in_another_unit_has_no_error_after_similarity_and_tells_its_scale():
    path = bent_path()
    other = moved(path, SIMILARITY)
    assert absolute_error(other, path, "sim3") < 1e-10
    assert absolute_error(other, path, "se3") > 10
    assert scale_error(other, path) == pytest.approx(0.4 - 1)
    assert alignment(other, path, "sim3").scale == pytest.approx(2.5)


def test_a_path_too_long_by_five_per_cent_has_that_translation_error_and_no_rotation_error():
    error = kitti_error(bent_path().scaled(1.05), bent_path())
    straight = Trajectory(
        np.arange(1000.0), rigid(np.broadcast_to(np.eye(3), (1000, 3, 3)), np.arange(1000.0)[:, None] * (0, 0, 1))
    )
    assert error.rotation == pytest.approx(0, abs=1e-6)
    # A segment ends at the first pose beyond its length, here a metre on; the error is divided by the length meant.
    exact = kitti_error(straight.scaled(1.05), straight, lengths=(100.0,))
    assert exact.translation == pytest.approx(5 * 1.01)
    assert exact.segments == 90
    assert 2 < error.translation < 5.1


def test_a_steady_turn_is_counted_in_degrees_for_a_hundred_metres():
    count = 500
    places = np.arange(count)[:, None] * (0, 0, 1.0)
    truth = Trajectory(np.arange(count) * 1.0, rigid(np.broadcast_to(np.eye(3), (count, 3, 3)), places))
    turned = from_vector(np.arange(count)[:, None] * (0, 0, np.radians(0.01)))
    estimate = Trajectory(truth.times, rigid(turned, places))
    assert kitti_error(estimate, truth, lengths=(200.0,)).rotation == pytest.approx(1 * 201 / 200)
    assert relative_error(estimate, truth)[1] == pytest.approx(0.01)


def test_a_path_shorter_than_a_segment_has_no_kitti_error():
    error = kitti_error(bent_path(50), bent_path(50))
    assert error.segments == 0
    assert np.isnan(error.translation)


def test_poses_are_matched_in_time_each_once():
    path = bent_path(100)
    fewer = Trajectory(path.times[5::7] + 0.004, path.world_from_camera[5::7])
    estimate, truth = associated(fewer, path)
    assert len(estimate) == len(truth) == len(fewer)
    assert absolute_error(estimate, truth, "none") == 0
    estimate, truth = associated(path, fewer)
    assert absolute_error(estimate, truth, "none") == 0


def test_paths_of_different_clocks_are_refused():
    path = bent_path(20)
    with pytest.raises(DatasetError, match="same moment"):
        associated(Trajectory(path.times + 1e9, path.world_from_camera), path)


@pytest.mark.parametrize("name", EVO_KITTI)
def test_errors_on_kitti_are_those_of_evo(name, shared):
    folder = shared / "data/trajectories"
    ape, one, ten = EVO_KITTI[name]
    estimate, truth = associated(*(read_trajectory(folder / f"KITTI_00_{which}.txt") for which in (name, "gt")))
    assert [absolute_error(estimate, truth, kind) for kind in ("none", "se3", "sim3")] == pytest.approx(ape, abs=1e-6)
    assert relative_error(estimate, truth) == pytest.approx(one, abs=2e-6)
    assert relative_error(estimate, truth, 10) == pytest.approx(ten, abs=2e-6)


def test_kitti_errors_of_orb_slam2_round_to_those_its_authors_published(shared):
    folder = shared / "data/trajectories"
    error = kitti_error(read_trajectory(folder / "KITTI_00_ORB.txt"), read_trajectory(folder / "KITTI_00_gt.txt"))
    assert round(error.translation, 2) == 0.70
    assert round(error.rotation, 2) == 0.25


@pytest.mark.parametrize("name", EVO_TUM)
def test_errors_on_tum_are_those_of_evo(name, shared):
    folder = shared / "data/trajectories"
    matched, rigid_rmse, similar_rmse, scale = EVO_TUM[name]
    paths = (read_trajectory(folder / f"fr2_desk_{which}.txt") for which in (name, "groundtruth"))
    estimate, truth = associated(*paths)
    assert len(estimate) == matched
    assert absolute_error(estimate, truth, "se3") == pytest.approx(rigid_rmse, abs=1e-6)
    assert absolute_error(estimate, truth, "sim3") == pytest.approx(similar_rmse, abs=1e-6)
    assert alignment(estimate, truth, "sim3").scale == pytest.approx(scale, rel=1e-9)
    if name == "ORB":
        assert relative_error(estimate, truth) == pytest.approx(EVO_TUM_RPE, abs=1e-6)
