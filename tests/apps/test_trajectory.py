import numpy as np
import pytest

from theodolite.apps.trajectory import Trajectory, read_trajectory, write_kitti, write_tum
from theodolite.errors import DatasetError
from theodolite.geometry.pose import rigid
from theodolite.geometry.rotation import from_vector


@pytest.fixture
def path() -> Trajectory:
    rng = np.random.default_rng(5)
    turns = from_vector(rng.normal(size=(30, 3)) * 2)
    return Trajectory(1311868164.25 + np.arange(30) / 30, rigid(turns, rng.normal(size=(30, 3)) * 100))


def test_tum_files_bring_times_and_poses_back(path, tmp_path):
    write_tum(tmp_path / "path.txt", path)
    back = read_trajectory(tmp_path / "path.txt")
    np.testing.assert_allclose(back.times, path.times, atol=1e-6)
    np.testing.assert_allclose(back.world_from_camera, path.world_from_camera, atol=1e-6)


def test_kitti_files_bring_poses_back_with_their_number_for_a_time(path, tmp_path):
    write_kitti(tmp_path / "poses.txt", path)
    back = read_trajectory(tmp_path / "poses.txt")
    np.testing.assert_array_equal(back.times, np.arange(30))
    np.testing.assert_allclose(back.world_from_camera, path.world_from_camera, atol=1e-7)


def test_tum_has_the_real_part_of_a_quaternion_last(tmp_path):
    write_tum(tmp_path / "path.txt", Trajectory(np.array([2.5]), np.eye(4)[None]))
    assert [float(word) for word in (tmp_path / "path.txt").read_text().split()] == [2.5, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0 1 2 3 0 0 0 1\n1 1 2 3 0 0 0\n", "line 2: 8 numbers are needed"),
        ("0 1 2 3 0 0 0 1\n1 0 0 0 0 1 0 0 0 0 1 0\n", "line 2: 8 numbers are needed"),
        ("# time\n0 1 2 3 0 0 0 one\n", "line 2: 8 numbers \\(TUM\\) or 12 \\(KITTI\\)"),
        ("0 1 2 nan 0 0 0 1\n", "line 1"),
        ("0 1 2 3 0 0 0 0\n", "quaternion of length zero"),
        ("# nothing\n\n", "holds no pose"),
    ],
)
def test_a_bad_line_is_named(text, wanted, tmp_path):
    (tmp_path / "path.txt").write_text(text)
    with pytest.raises(DatasetError, match=wanted) as caught:
        read_trajectory(tmp_path / "path.txt")
    assert str(tmp_path / "path.txt") in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"absent\.txt"):
        read_trajectory(tmp_path / "absent.txt")


def test_comments_commas_and_a_time_recorded_twice_are_read(tmp_path):
    (tmp_path / "path.txt").write_text("# t\n0,1,2,3,0,0,0,1\n0 9 9 9 0 0 0 1\n1 1 2 4 0 0 0 1 # the end\n")
    back = read_trajectory(tmp_path / "path.txt")
    np.testing.assert_array_equal(back.places, [[1, 2, 3], [1, 2, 4]])


def test_length_is_summed_along_the_way_and_scales_with_it(path):
    there = Trajectory(
        np.arange(3.0), rigid(np.broadcast_to(np.eye(3), (3, 3, 3)), np.array([[0.0, 0, 0], [3, 4, 0], [0, 0, 0]]))
    )
    assert there.length == 10
    assert there.scaled(2).length == 20
    assert path.scaled(3).places == pytest.approx(3 * path.places)


@pytest.mark.parametrize(
    ("times", "poses"),
    [
        (np.arange(2.0), np.stack([np.eye(4)] * 3)),
        (np.array([0.0, 0.0]), np.stack([np.eye(4)] * 2)),
        (np.array([np.nan]), np.eye(4)[None]),
    ],
)
def test_a_trajectory_refuses_what_is_none(times, poses):
    with pytest.raises(ValueError):
        Trajectory(times, poses)
