import numpy as np
import pytest

from theodolite.geometry.axes import UP_AXES, WORDS, upright
from theodolite.geometry.pose import is_rigid, transform_normals
from theodolite.geometry.rotation import angle_of

RIGHT, UP, FORWARD = np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, 1]])  # of the camera


@pytest.mark.parametrize(
    ("name", "right", "up", "forward"),
    [
        ("y", (1, 0, 0), (0, 1, 0), (0, 0, -1)),
        ("z", (1, 0, 0), (0, 0, 1), (0, 1, 0)),
        ("camera", (1, 0, 0), (0, -1, 0), (0, 0, 1)),
    ],
)
def test_axes_are_those_their_words_say(name, right, up, forward):
    motion = UP_AXES[name]
    assert is_rigid(motion)
    np.testing.assert_array_equal(transform_normals(motion, np.stack([RIGHT, UP, FORWARD])), [right, up, forward])
    for axis, letter in enumerate("xyz"):
        direction = {"right": right, "up": up, "down": np.negative(up), "forward": forward}
        direction["backward"] = np.negative(forward)
        word = next(part.split()[1] for part in WORDS[name].split(", ") if part[0] == letter)
        assert direction[word][axis] == 1


@pytest.mark.parametrize("up", [(0, -1, 0), (0.1, -0.9, 0.3), (0.6, -0.2, -0.8), (0, 0, 1), (0, 0.5, 0.8)])
def test_up_becomes_the_cameras_own_by_the_shortest_turn(up):
    motion = upright(np.array(up))
    unit = np.array(up) / np.linalg.norm(up)
    assert is_rigid(motion, 1e-12)
    np.testing.assert_allclose(transform_normals(motion, unit), UP, atol=1e-12)
    assert angle_of(motion[:3, :3]) == pytest.approx(np.arccos(unit @ UP), abs=1e-7)
    assert (motion[:3, 3] == 0).all()


def test_there_is_no_shortest_way_from_upside_down():
    with pytest.raises(ValueError, match="down"):
        upright(np.array([0.0, 1.0, 0.0]))
