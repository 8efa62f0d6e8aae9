import numpy as np
import pytest
from tests.apps import slam_scene
from tests.apps.video.clip_scene import flat

from theodolite.apps.clips.follower import Followed
from theodolite.apps.clips.working import Working, from_log_steps, log_steps


def test_depth_in_steps_of_its_logarithm_comes_back():
    depth = np.array([[0.001, 0.5, 7.25], [80, 1e4, np.nan]], np.float32)
    back = from_log_steps(log_steps(depth))
    np.testing.assert_allclose(back, depth, rtol=1.5e-4)
    assert log_steps(depth)[1, 2] == 0
    assert log_steps(np.array([[0.0, -1, np.inf]])).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("formats", [("depth-png", "normal-png"), ("npz",)])
def test_a_prediction_comes_back_as_exactly_as_its_files_need(formats, tmp_path):
    frame = slam_scene.frame(0)
    depth = slam_scene.depth(frame).copy()
    depth[:9] = np.nan
    prediction = flat(depth, frame.image, frame.camera)
    working = Working.fit(tmp_path, formats)
    assert not working.has(0)
    working.put(0, prediction)
    back = working.get(frame)
    assert working.has(0)
    assert (back.camera, back.model, back.photo_size) == (prediction.camera, "knowing", prediction.photo_size)
    np.testing.assert_array_equal(back.valid, prediction.valid)
    np.testing.assert_allclose(back.depth, depth, rtol=0 if "npz" in formats else 1.5e-4)
    np.testing.assert_allclose(back.normals, prediction.normals, atol=0.01)
    if "npz" in formats:
        np.testing.assert_array_equal(back.confidence, prediction.confidence)


def test_unknown_normals_and_none_at_all_stay_so(tmp_path):
    from dataclasses import replace

    frame = slam_scene.frame(0)
    prediction = flat(slam_scene.depth(frame), frame.image, frame.camera)
    holed = prediction.normals.copy()
    holed[3:5] = np.nan
    working = Working(tmp_path)
    for number, normals in enumerate((holed, None)):
        working.put(number, replace(prediction, normals=normals))
    assert np.isnan(working.get(frame).normals[3:5]).all()
    assert np.isfinite(working.get(frame).normals[5:]).all()
    assert working.get(slam_scene.frame(1)).normals is None


def test_points_come_back(tmp_path):
    working = Working(tmp_path)
    working.put_points(3, Followed(before=np.ones((4, 2)), here=np.zeros((4, 2))))
    before, here = working.get_points(3)
    assert before.shape == here.shape == (4, 2)
