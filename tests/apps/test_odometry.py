import numpy as np
import pytest
from tests.apps import slam_scene

from theodolite.apps.bundle import SENSOR
from theodolite.apps.frames import Opening, open_frames
from theodolite.apps.odometry import Settings, Tracker, follow_frames
from theodolite.apps.odometry_files import load_map, save_map
from theodolite.apps.odometry_path import path_of
from theodolite.apps.predicted_depth import predicted_depth
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError, OutputError, SizeMismatch
from theodolite.evaluation.trajectory_metrics import absolute_error, associated, relative_error, scale_error


def followed(scene, depth=slam_scene.depth, settings=None):
    tracker = Tracker(depth, settings)
    return tracker, [note for note in follow_frames(tracker, scene) if note]


def errors(tracker):
    estimate, truth = associated(path_of(tracker.map).trajectory, slam_scene.truth())
    return absolute_error(estimate, truth), scale_error(estimate, truth)


@pytest.fixture(scope="module")
def exact():
    return followed(slam_scene.Scene())


def test_exact_depth_gives_the_path_in_metres(exact):
    tracker, notes = exact
    away, scale = errors(tracker)
    assert notes == []
    assert len(tracker.map.path) == slam_scene.COUNT
    assert abs(scale) < 0.01  # measured: 0.0001
    assert away < 0.006  # of 2.7 m; measured: 0.003
    path = path_of(tracker.map)
    np.testing.assert_allclose(path.depth_factors, 1, atol=0.01)
    estimate, truth = associated(path.trajectory, slam_scene.truth())
    assert relative_error(estimate, truth)[1] < 0.15  # degrees


def test_a_sensor_trusted_more_gives_it_as_well():
    away, scale = errors(followed(slam_scene.Scene(), settings=Settings(trust=SENSOR))[0])
    assert abs(scale) < 0.01
    assert away < 0.008


def test_depth_that_wobbles_from_picture_to_picture_costs_scale_but_not_shape():
    wobble = np.random.default_rng(2).normal(0, 0.1, slam_scene.COUNT)
    tracker, _ = followed(slam_scene.Scene(), lambda frame: slam_scene.depth(frame) * np.exp(wobble[frame.number]))
    estimate, truth = associated(path_of(tracker.map).trajectory, slam_scene.truth())
    seen = [wobble[keyframe.number] for keyframe in tracker.map.keyframes]
    # The path takes the scale that most predictions agree on: their median error is the path's.
    assert scale_error(estimate, truth) == pytest.approx(np.exp(np.median(seen)) - 1, abs=0.02)
    assert absolute_error(estimate, truth, "sim3") < 0.01


def test_what_was_begun_goes_on_to_the_same_path(exact, tmp_path):
    whole, _ = exact
    first, _ = followed(slam_scene.Scene(count=slam_scene.COUNT, lacking=tuple(range(14, slam_scene.COUNT))))
    save_map(tmp_path / "state.npz", first.map, {"source": "room"})
    asked = []

    def depth(frame):
        asked.append(frame.number)
        return slam_scene.depth(frame)

    second = Tracker(depth, known=load_map(tmp_path / "state.npz", {"source": "room"}))
    assert not [note for note in follow_frames(second, slam_scene.Scene()) if note]
    np.testing.assert_allclose(
        path_of(second.map).trajectory.world_from_camera, path_of(whole.map).trajectory.world_from_camera, atol=1e-9
    )
    assert min(asked) == first.map.keyframes[-1].number


def test_state_of_another_input_and_damaged_state_are_refused(exact, tmp_path):
    save_map(tmp_path / "state.npz", exact[0].map, {"source": "room", "every": 1})
    with pytest.raises(OutputError, match="another every"):
        load_map(tmp_path / "state.npz", {"source": "room", "every": 2})
    data = (tmp_path / "state.npz").read_bytes()
    (tmp_path / "state.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(OutputError, match="--overwrite starts anew"):
        load_map(tmp_path / "state.npz", {"source": "room", "every": 1})


class Covered(slam_scene.Scene):
    """Some frames show nothing."""

    def __init__(self, covered) -> None:
        super().__init__()
        self.covered = covered

    def read(self, start=0):
        for frame in super().read(start):
            blank = np.full_like(frame.image, 90)
            yield type(frame)(
                frame.number,
                frame.time,
                frame.name,
                blank if frame.number in self.covered else frame.image,
                frame.camera,
            )


def test_a_picture_that_shows_nothing_is_passed_over_and_the_path_goes_on():
    tracker, notes = followed(Covered({9, 10}))
    assert [note.split()[0] for note in notes] == ["0009.png", "0010.png"]
    assert len(tracker.map.path) == slam_scene.COUNT - 2
    assert errors(tracker)[0] < 0.02


def test_a_camera_lost_for_long_ends_the_path_with_one_line_and_keeps_it():
    tracker, notes = followed(Covered(set(range(12, slam_scene.COUNT))))
    assert "lost after 0011.png" in notes[-1]
    assert len(tracker.map.path) == 12
    assert len(path_of(tracker.map).trajectory) == 12


def test_a_folder_with_a_broken_picture_and_one_of_another_size(tmp_path):
    from PIL import Image

    for number in range(4):
        Image.fromarray(slam_scene.frame(number).image).save(tmp_path / f"{number:04d}.png")
    (tmp_path / "0001.png").write_bytes(b"no picture")
    Image.fromarray(slam_scene.frame(3).image[:100]).save(tmp_path / "0003.png")
    frames = open_frames(tmp_path, Opening(lambda w, h: Camera.from_fov(75, w, h)))
    tracker, notes = followed(frames)
    assert "0001.png" in notes[0]
    assert "one sequence is of one camera" in notes[1]
    assert [placed.name for placed in tracker.map.path] == ["0000.png", "0002.png"]


def test_depth_of_another_size_is_refused():
    with pytest.raises(SizeMismatch, match="depth of shape"):
        Tracker(lambda frame: np.ones((3, 3))).take(slam_scene.frame(0))


def test_without_a_picture_there_is_no_path():
    with pytest.raises(DatasetError, match="No picture"):
        path_of(Tracker(slam_scene.depth).map)


def test_a_street_is_followed_with_predicted_depth(shared):
    """Frozen loosely: 51 pictures, 59.9 m, with the embedded model; see tools/measure_odometry.py for the numbers."""
    import theodolite
    from theodolite.apps.trajectory import read_trajectory
    from theodolite.camera.readers import read_camera

    folder = shared / "data/kitti_odometry_a"
    frames = open_frames(folder, Opening(lambda w, h: read_camera(folder / "calib.txt", (w, h), name="P0")), fps=1.0)
    tracker = Tracker(predicted_depth(theodolite.load()))
    notes = [note for number, note in zip(range(16), follow_frames(tracker, frames), strict=False) if note]
    estimate, truth = associated(path_of(tracker.map).trajectory, read_trajectory(folder / "poses.txt"))
    assert notes == []
    assert abs(scale_error(estimate, truth)) < 0.15
    assert absolute_error(estimate, truth, "sim3") < 0.2
