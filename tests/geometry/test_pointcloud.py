import numpy as np
import pytest

from theodolite.errors import SizeMismatch
from theodolite.geometry.pointcloud import PointCloud
from theodolite.geometry.pose import rigid
from theodolite.geometry.unproject import unproject


@pytest.fixture
def cloud(sphere) -> PointCloud:
    valid = np.isfinite(sphere.depth)
    image = np.random.default_rng(0).integers(0, 256, (*valid.shape, 3), dtype=np.uint8)
    return PointCloud.from_maps(unproject(sphere.depth, sphere.camera), valid, sphere.normals, image)


def test_a_cloud_holds_the_valid_pixels_with_what_is_known_of_them(cloud, sphere):
    assert len(cloud) == np.isfinite(sphere.depth).sum()
    assert np.isfinite(cloud.points).all()
    assert cloud.colours.dtype == np.uint8
    centre = cloud.points - 0.5 * cloud.normals
    np.testing.assert_allclose(centre, np.broadcast_to([0.1, -0.05, 2.0], centre.shape), atol=1e-9)


def test_viewer_axes_are_y_up_and_z_backward(cloud):
    turned = cloud.in_viewer_axes()
    np.testing.assert_allclose(turned.points, cloud.points * [1, -1, -1])
    np.testing.assert_allclose(turned.normals, cloud.normals * [1, -1, -1])


def test_a_motion_turns_normals_with_their_points(cloud):
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    moved = cloud.transformed(rigid(turn, np.array([5.0, 0, 0])))
    centre = (moved.points - 0.5 * moved.normals)[0]
    np.testing.assert_allclose(centre, [5.05, 0.1, 2.0], atol=1e-9)
    assert moved.colours is cloud.colours


def test_normals_or_colours_of_another_number_are_refused():
    with pytest.raises(SizeMismatch, match="2 points need colours"):
        PointCloud(np.zeros((2, 3)), colours=np.zeros((3, 3), np.uint8))
