import numpy as np
import pytest
import torch

from theodolite.camera.pinhole import Camera
from theodolite.geometry.normals import normals_from_depth
from theodolite.geometry.unproject import rays

METHODS = [("cross", 3), ("plane", 3), ("plane", 5), ("plane", 7)]


def degrees(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(axis=-1)))


@pytest.mark.parametrize(("method", "window"), METHODS)
@pytest.mark.parametrize("normal", [(0, 0, -1), (0.2, -0.5, -0.9), (0.9, 0.1, -0.4), (0.02, -1, -0.05)])
def test_a_plane_has_its_own_normal_everywhere_up_to_the_border(plane, normal, method, window):
    surface = plane(normal, 1.5)
    found = normals_from_depth(surface.depth.astype(np.float32), surface.camera, method, window)
    known = np.isfinite(surface.depth) & (surface.depth < 50)
    assert known.mean() > 0.2
    assert np.nanmax(degrees(found, surface.normals)[known]) < 0.1
    assert np.isfinite(found[known]).mean() > 0.99


@pytest.mark.parametrize(("method", "window"), METHODS)
def test_a_ball_has_the_normals_of_a_ball_away_from_its_outline(sphere, method, window):
    found = normals_from_depth(sphere.depth, sphere.camera, method, window)
    facing = -(sphere.normals * rays(sphere.camera)).sum(axis=-1) > 0.5
    # Within a window the ball curves by a few degrees; a fit is as good as it is symmetric.
    assert np.nanmax(degrees(found, sphere.normals)[facing]) < 2.5


@pytest.mark.parametrize(("method", "window"), METHODS)
def test_every_normal_is_unit_and_faces_the_camera_even_in_noise(camera, method, window):
    depth = np.random.default_rng(2).uniform(1, 3, (camera.height, camera.width))
    normals = normals_from_depth(depth, camera, method, window)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-6)
    assert ((normals * rays(camera)).sum(axis=-1) <= 0).all()


@pytest.mark.parametrize(("method", "window"), METHODS)
def test_unknown_pixels_neither_have_a_normal_nor_spoil_their_neighbours(plane, method, window):
    surface = plane()
    depth = surface.depth.copy()
    depth[10:14, 20:30] = np.nan
    depth[::7, ::5] = np.nan
    found = normals_from_depth(depth, surface.camera, method, window)
    assert (np.isnan(found).any(axis=-1) == np.isnan(depth)).mean() > 0.99
    assert np.isnan(found[np.isnan(depth)]).all()
    assert np.nanmax(degrees(found, surface.normals)) < 0.01


@pytest.mark.parametrize(("method", "window"), METHODS)
def test_pixels_without_a_plane_around_them_are_unknown(camera, method, window):
    depth = np.full((camera.height, camera.width), np.nan)
    depth[50, 80] = 2  # alone
    depth[20, :] = 3  # a line
    assert np.isnan(normals_from_depth(depth, camera, method, window)).all()


def test_the_plane_is_the_reference_principal_component_normal(shared):
    golden = np.load(shared / "goldens" / "losses.npz")
    camera = Camera(*golden["pca_normal/in/fxfycxcy"], 24, 20)
    inner = np.s_[3:-3, 3:-3]
    for dtype in (np.float32, np.float64):
        found = normals_from_depth(golden["pca_normal/in/depth"].astype(dtype), camera, "plane", 7)
        np.testing.assert_allclose(found[inner], golden["pca_normal/out/normal_hwc"][inner], atol=2e-5)


@pytest.mark.parametrize(("method", "window"), METHODS)
def test_the_reference_plane_gets_its_true_normal(shared, method, window):
    golden = np.load(shared / "goldens" / "losses.npz")
    camera = Camera.from_K(golden["d2n_plane/in/K"], 24, 20)
    found = normals_from_depth(golden["d2n_plane/in/depth"], camera, method, window)
    assert degrees(found, golden["d2n_plane/in/true_normal"]).max() < 0.02


@pytest.mark.parametrize(("method", "window"), METHODS)
def test_torch_agrees_with_numpy_over_a_batch_of_cameras(plane, sphere, method, window):
    depth = np.stack([plane().depth, sphere.depth])
    other = Camera(180, 190, 80, 50, 160, 100)
    intrinsics = torch.tensor([[c.fx, c.fy, c.cx, c.cy] for c in (sphere.camera, other)], dtype=torch.float64)
    batch = normals_from_depth(torch.from_numpy(depth), intrinsics, method, window)
    for i, camera in enumerate((sphere.camera, other)):
        np.testing.assert_allclose(batch[i], normals_from_depth(depth[i], camera, method, window), atol=1e-9)


@pytest.mark.parametrize(("method", "window"), [("cross", 3), ("plane", 3)])
def test_gradients_are_right_in_rough_depth_and_finite_beside_unknown_pixels(method, window):
    camera = torch.tensor([8.0, 9.0, 2.6, 2.2], dtype=torch.float64)
    depth = 2 + 0.2 * torch.rand(5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    depth[1, 1] = float("nan")
    known = depth.isfinite()

    def normals(values: torch.Tensor) -> torch.Tensor:
        filled = torch.full_like(depth, float("nan")).masked_scatter(known, values)
        return normals_from_depth(filled, camera, method, window).nan_to_num()

    assert torch.autograd.gradcheck(normals, (depth[known].clone().requires_grad_(),))


@pytest.mark.parametrize("method", ["cross", "plane"])
def test_gradients_stay_finite_on_an_exact_plane_square_to_the_view_and_without_any_known_pixel(method):
    camera = Camera(50, 50, 7.5, 7.5, 16, 16)
    for fill in (2.0, float("nan")):
        depth = torch.full((16, 16), fill, requires_grad=True)
        normals_from_depth(depth, camera, method).nan_to_num()[..., 0].sum().backward()
        assert depth.grad.isfinite().all()


def test_large_maps_are_worked_on_in_bands_without_a_seam():
    camera = Camera.from_fov(60, 1200, 300)
    rows = np.linspace(0, 0.4, 300)[:, None]
    depth = 1 / np.broadcast_to(0.7 - rows, (300, 1200))  # a plane: its inverse depth is linear in the pixels
    normals = normals_from_depth(depth, camera)
    assert degrees(normals, normals[150, 600]).max() < 1e-3


def test_a_method_or_window_that_does_not_exist_is_refused(plane):
    surface = plane()
    with pytest.raises(ValueError, match="'plane' or 'cross'"):
        normals_from_depth(surface.depth, surface.camera, "magic")
    with pytest.raises(ValueError, match="odd side"):
        normals_from_depth(surface.depth, surface.camera, "plane", 4)
