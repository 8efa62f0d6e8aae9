"""Depth-normal consistency: nothing on a plane seen as it is, worked by hand, careful in what it uses, as published."""

import math

import pytest
import torch

from theodolite.geometry.normals import plane_normals
from theodolite.training.losses.consistency import Consistency, most_trusted
from theodolite.training.losses.stencil import StencilConsistency, stencil_normals

INTRINSICS = torch.tensor([[20.0, 21.0, 15.2, 11.1], [24.0, 23.5, 16.0, 12.0]], dtype=torch.float64)
SCALE = torch.tensor([2.0, 0.8], dtype=torch.float64)
NORMAL = torch.tensor([0.3, -0.5, -math.sqrt(1 - 0.09 - 0.25)], dtype=torch.float64)


@pytest.fixture
def scene():
    """Canonical depth of one plane before two cameras, its normals, and a network sure of all of it."""
    size = (24, 32)
    rows, columns = torch.arange(24.0, dtype=torch.float64)[:, None], torch.arange(32.0, dtype=torch.float64)
    fx, fy, cx, cy = (value.view(-1, 1, 1, 1) for value in INTRINSICS.unbind(1))
    away = NORMAL[0] * (columns - cx) / fx + NORMAL[1] * (rows - cy) / fy + NORMAL[2]
    depth = SCALE.view(2, 1, 1, 1) * -3 / away
    normals = NORMAL.view(1, 3, 1, 1).expand(2, 3, *size).clone()
    sure = torch.ones(2, 1, *size, dtype=torch.float64)
    return {
        "depth": depth,
        "normals": normals,
        "kappa": 10 * sure,
        "confidence": sure,
        "intrinsics": INTRINSICS,
        "scale": SCALE,
        "surface": sure > 0,
    }


def turned(normals, degrees):
    """About the z axis."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y, z = normals.unbind(1)
    return torch.stack([c * x - s * y, s * x + c * y, z], 1)


def test_a_plane_and_its_normals_agree_for_every_canonical_camera(scene):
    assert Consistency()(**scene).abs().max() < 1e-9
    assert Consistency(step=1, window=5)(**scene).abs().max() < 1e-9
    canonical = scene | {"depth": 3 * scene["depth"], "scale": 3 * SCALE}
    assert Consistency()(**canonical).abs().max() < 1e-9


def test_turned_normals_cost_one_minus_the_cosine(scene):
    normals = turned(scene["normals"], 60)
    wanted = 1 - (normals[0, :, 0, 0] @ NORMAL).item()
    assert Consistency()(**scene | {"normals": normals}).tolist() == pytest.approx([wanted, wanted])


def test_padding_and_sky_do_not_matter_whatever_they_hold(scene):
    surface = scene["surface"].clone()
    surface[..., :5, :] = False
    spoiled = {name: torch.where(surface, scene[name], torch.nan) for name in ("depth", "confidence")}
    spoiled["normals"] = torch.where(surface, scene["normals"], 77.0).requires_grad_()
    found = Consistency(depth_learns=True)(**scene | spoiled | {"surface": surface})
    assert found.abs().max() < 1e-9
    (gradient,) = torch.autograd.grad(found.sum(), spoiled["normals"])
    assert (gradient * ~surface == 0).all()


def test_what_the_network_is_unsure_of_does_not_count(scene):
    normals = scene["normals"].clone()
    normals[..., :7] = -normals[..., :7]
    kappa, confidence = scene["kappa"].clone(), scene["confidence"].clone()
    assert Consistency()(**scene | {"normals": normals}).min() > 0.1
    kappa[..., :7] = 1
    assert Consistency()(**scene | {"normals": normals, "kappa": kappa}).abs().max() < 1e-9
    confidence[..., :7] = 0.9
    assert Consistency()(**scene | {"normals": normals, "confidence": confidence}).abs().max() < 1e-9
    assert Consistency()(**scene | {"normals": normals, "confidence": 0.4 * confidence}).max() == 0


def test_planes_across_a_depth_edge_do_not_count(scene):
    depth = torch.full_like(scene["depth"], 2.0)
    depth[..., 13:] = 6.0
    normals = torch.tensor([0.0, 0.0, -1.0], dtype=torch.float64).view(1, 3, 1, 1).expand(2, 3, 24, 32)
    walls = scene | {"depth": depth, "normals": normals}
    assert Consistency()(**walls).abs().max() < 1e-9
    assert Consistency(step=1)(**walls).abs().max() < 1e-9


def test_depth_learns_only_when_asked(scene):
    inputs = {"depth": scene["depth"].requires_grad_(), "normals": turned(scene["normals"], 20).requires_grad_()}
    Consistency()(**scene | inputs).sum().backward()
    assert inputs["depth"].grad is None
    assert inputs["normals"].grad.abs().sum() > 0
    Consistency(depth_learns=True)(**scene | inputs).sum().backward()
    assert inputs["depth"].grad.abs().sum() > 0


def test_gradients_are_those_of_finite_differences(scene):
    small = {name: maps[:1, ..., :6, :8] for name, maps in scene.items() if maps.ndim == 4}
    small |= {"intrinsics": INTRINSICS[:1], "scale": SCALE[:1]}
    generator = torch.Generator().manual_seed(0)
    bumps = 1 + 0.02 * torch.rand(1, 1, 6, 8, generator=generator, dtype=torch.float64)
    depth, normals = small["depth"] * bumps, turned(small["normals"], 20)

    def value(depth, normals):
        return Consistency(depth_learns=True)(**small | {"depth": depth, "normals": normals})

    assert value(depth, normals).item() > 0
    assert torch.autograd.gradcheck(lambda x: value(x, normals), depth.requires_grad_())
    (found,) = torch.autograd.grad(value(depth, normals.requires_grad_()).sum(), normals)
    # One less the mean of something linear in the normals.
    torch.testing.assert_close((found * normals).sum(), value(depth, normals)[0] - 1)


def test_without_a_pixel_to_compare_nothing_is_learnt(scene):
    inputs = {"depth": scene["depth"].requires_grad_(), "normals": scene["normals"].requires_grad_()}
    for nowhere in ({"surface": torch.zeros_like(scene["surface"])}, {"confidence": scene["confidence"] * 0}):
        found = Consistency(depth_learns=True)(**scene | inputs | nowhere)
        assert (found == 0).all()
        assert all((g == 0).all() for g in torch.autograd.grad(found.sum(), inputs.values()))


def test_the_most_trusted_are_a_share_of_each_picture():
    values = torch.stack([torch.arange(10.0), torch.arange(10.0).flip(0)]).view(2, 1, 2, 5)
    among = torch.ones_like(values, dtype=torch.bool)
    among[1, :, 0] = False
    chosen = most_trusted(values, among, 0.7)
    assert values[0][chosen[0]].tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert sorted(values[1][chosen[1]].tolist()) == [1, 2, 3, 4]
    assert not most_trusted(values, torch.zeros_like(among), 0.7).any()


def intrinsics_of(matrix, scale):
    """Of the picture, from the reference's canonical ones."""
    fx, fy, cx, cy = matrix[:, 0, 0] / scale, matrix[:, 1, 1] / scale, matrix[:, 0, 2], matrix[:, 1, 2]
    return torch.stack([fx, fy, cx, cy], 1)


@pytest.mark.parametrize("case", ["s1", "s2"])
def test_stencil_normals_equal_the_reference(golden, case):
    scale, mask = golden(f"d2n/in/scale_{case}"), golden("d2n/in/mask")
    metres = golden("d2n/in/depth") / scale.view(2, 1, 1, 1)
    found, defined = stencil_normals(metres, intrinsics_of(golden("d2n/in/K"), scale), mask)
    assert torch.equal(defined, golden(f"d2n/out/mask_{case}"))
    wanted = golden(f"d2n/out/normal_{case}")
    torch.testing.assert_close(found * defined, wanted * defined, rtol=1e-5, atol=1e-6)


def test_stencil_normals_of_a_plane_equal_the_reference_and_its_normal(golden):
    depth = golden("d2n_plane/in/depth")[None, None]
    intrinsics = intrinsics_of(golden("d2n_plane/in/K")[None], torch.ones(1))
    found, defined = stencil_normals(depth, intrinsics, depth > 0)
    assert torch.equal(defined[0, 0], golden("d2n_plane/out/mask"))
    torch.testing.assert_close((found * defined)[0], golden("d2n_plane/out/normal") * defined[0], rtol=1e-5, atol=1e-6)
    cosines = (found[0] * golden("d2n_plane/in/true_normal").view(3, 1, 1)).sum(0) / found[0].norm(dim=0)
    assert cosines[defined[0, 0]].min() > math.cos(math.radians(0.02))


def test_the_published_consistency_equals_the_reference(golden):
    scale, depth = golden("deno/in/scale"), golden("deno/in/pred_depth_c")
    maps = golden("deno/in/normal_kappa").requires_grad_()
    inside = torch.zeros_like(depth, dtype=torch.bool)
    for mask, (top, bottom, left, right) in zip(inside, golden("deno/in/pad_tblr").tolist(), strict=True):
        mask[:, top : mask.shape[1] - bottom, left : mask.shape[2] - right] = True
    intrinsics = intrinsics_of(golden("deno/in/K"), scale)
    loss = StencilConsistency()(depth, maps[:, :3], maps[:, 3:], golden("deno/in/conf"), intrinsics, scale, inside)
    # The first sample is of a data set without normals, the second of one with.
    loss = (loss * torch.tensor([2.0, 1.0])).mean()
    torch.testing.assert_close(loss, golden("deno/out/loss"), rtol=1e-5, atol=0)
    (gradient,) = torch.autograd.grad(loss, maps)
    torch.testing.assert_close(gradient, golden("deno/out/grad_normal_kappa"), rtol=1e-4, atol=1e-8)


def test_the_published_form_leaves_depth_alone_unless_asked(scene):
    inputs = {"depth": scene["depth"].requires_grad_(), "normals": turned(scene["normals"], 20).requires_grad_()}
    arguments = {name: maps for name, maps in (scene | inputs).items() if name != "surface"}
    arguments["inside"] = scene["surface"]
    StencilConsistency()(**arguments).sum().backward()
    assert inputs["depth"].grad is None
    StencilConsistency(depth_learns=True)(**arguments).sum().backward()
    assert inputs["depth"].grad.isfinite().all()
    assert inputs["depth"].grad.abs().sum() > 0


def test_planes_fitted_to_a_batch_of_tensors_equal_the_reference(golden):
    depth = golden("pca_normal/in/depth").double()
    found = plane_normals(depth[None], golden("pca_normal/in/fxfycxcy")[None], 7)[0]
    inner = (slice(3, -3), slice(3, -3))
    torch.testing.assert_close(found[inner].float(), golden("pca_normal/out/normal_hwc")[inner], rtol=1e-5, atol=2e-5)
