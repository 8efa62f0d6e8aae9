"""Meshes in pictures: the truth against the same solids, which is nearer, textures, shadows, and missing Embree."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from PIL import Image

from theodolite.errors import MissingExtra
from theodolite.synth.builder import Builder
from theodolite.synth.mesh_library import MeshLibrary
from theodolite.synth.meshes import Placed
from theodolite.synth.render import render
from theodolite.synth.scene import Light
from theodolite.synth.views import looking

from .conftest import AHEAD, GREY, plain_scene, rays

SIZE = (0.6, 0.4, 0.9)  # width, depth, height
FAR_WALL = ((0, 6, 0), (30, 0.1, 30))
FROM_ABOVE = looking((0.7, 0.0, 1.8), (0, 3, 0.4))


@pytest.fixture
def box(tmp_path):
    pytest.importorskip("embreex")
    w, d, h = SIZE
    trimesh.creation.box((w, h, d)).export(tmp_path / "box.glb")
    return MeshLibrary(tmp_path).piece(0)


def shown(meshes, solids=(FAR_WALL,), pose=AHEAD, lights=()):
    b = Builder()
    for solid in solids:
        b.box(*solid, GREY)
    return render([replace(plain_scene(b, pose=pose, lights=lights), meshes=tuple(meshes))], 96, 128)[0]


def test_a_box_of_triangles_has_the_depth_and_normals_of_the_solid(box):
    yaw, z = 0.7, 0.05
    mesh = shown([Placed(box, (0.1, 3.0, z), yaw)], pose=FROM_ABOVE)
    b = Builder()
    b.box(*FAR_WALL, GREY)
    b.box((0.1, 3.0, z + SIZE[2] / 2), SIZE, GREY, (yaw, 0, 0))
    solid = render([plain_scene(b, pose=FROM_ABOVE)], 96, 128)[0]
    same = np.isclose(mesh.depth, solid.depth, rtol=1e-4)
    assert (~same).sum() <= 6  # a ray along an edge may fall to either side
    assert (solid.depth < 5).sum() > 300
    np.testing.assert_allclose(mesh.normals[same], solid.normals[same], atol=1e-4)
    assert mesh.valid.all()


def test_the_nearer_surface_wins_both_ways(box):
    wall_behind = shown([Placed(box, (0, 3, -0.45))])
    wall_before = shown([Placed(box, (0, 3, -0.45))], [((0, 2, 0), (30, 0.1, 30))])
    assert wall_behind.depth[48, 64] == pytest.approx(2.8, rel=1e-5)
    assert wall_behind.depth[2, 2] == pytest.approx(5.95, rel=1e-5)
    np.testing.assert_allclose(wall_before.depth, 1.95, rtol=1e-5)
    two = shown([Placed(box, (0, 3, -0.45)), Placed(box, (0, 2, -0.45))])
    assert two.depth[48, 64] == pytest.approx(1.8, rel=1e-5)


def test_a_mesh_before_the_sky_is_known_and_the_sky_is_not(box):
    view = shown([Placed(box, (0, 3, -0.45))], [((0, 3, -3), (0.1, 0.1, 0.1))])
    assert view.valid[48, 64]
    assert not view.valid[2, 2]
    assert np.isnan(view.normals[2, 2]).all()


def test_a_round_mesh_shades_smoothly_but_its_true_normals_are_its_triangles(tmp_path):
    pytest.importorskip("embreex")
    trimesh.creation.icosphere(2, 0.5).export(tmp_path / "ball.glb")
    ball = MeshLibrary(tmp_path).piece(0)
    view = shown([Placed(ball, (0, 3, -0.5))])
    on_it = view.depth < 4
    points = rays(view) * view.depth[..., None]
    outward = (points - (0, 0, 3)) / 0.5  # camera coordinates
    along = (view.normals * outward).sum(-1)[on_it]
    assert along.min() > 0.9
    assert len(np.unique(view.normals[on_it].round(4), axis=0)) < 200
    here, beside, below = np.s_[:-1, :-1], np.s_[:-1, 1:], np.s_[1:, :-1]
    corner = view.normals[here]
    one_triangle = on_it[here] & (corner == view.normals[beside]).all(-1) & (corner == view.normals[below]).all(-1)
    across = np.cross(points[below] - points[here], points[beside] - points[here])
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    assert one_triangle.sum() > 300
    assert (across * corner).sum(-1)[one_triangle].min() > 0.9999


def test_pictures_are_the_right_way_up_and_round(tmp_path):
    pytest.importorskip("embreex")
    colours = np.array([[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (255, 255, 0)]], np.uint8)
    picture = Image.fromarray(colours.repeat(32, 0).repeat(32, 1))
    sheet = trimesh.Trimesh(
        [(-0.5, 0, 0), (0.5, 0, 0), (0.5, 1, 0), (-0.5, 1, 0)],
        [(0, 1, 2), (0, 2, 3)],
        visual=trimesh.visual.TextureVisuals(uv=[(0, 0), (1, 0), (1, 1), (0, 1)], image=picture),
        process=False,
    )
    sheet.export(tmp_path / "sheet.glb")
    sheet.export(tmp_path / "sheet.obj")
    library = MeshLibrary(tmp_path, tell=lambda line: None)
    for number in range(2):
        image = shown([Placed(library.piece(number), (0, 2, -0.5))]).image.astype(int)
        quarters = [image[v, u] for v, u in ((36, 48), (36, 80), (60, 48), (60, 80))]
        strongest = [tuple((q > 0.6 * q.max()).tolist()) for q in quarters]
        assert strongest == [(True, False, False), (False, True, False), (False, False, True), (True, True, False)]


def test_light_and_depth_go_through_what_is_cut_out(tmp_path):
    pytest.importorskip("embreex")
    lace = np.full((64, 64, 4), 255, np.uint8)
    lace[:, 16:48, 3] = 0
    Image.fromarray(lace).save(tmp_path / "lace.png")
    (tmp_path / "lace.mtl").write_text("newmtl lace\nKd 1 1 1\nmap_Kd lace.png\n")
    quad = "mtllib lace.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nusemtl lace\n"
    (tmp_path / "lace.obj").write_text(quad + "f 1/1 2/2 3/3\nf 1/1 3/3 4/4\n")
    piece = MeshLibrary(tmp_path, tell=lambda line: None).piece(0)
    layers = [Placed(piece, (0, 2 + k / 10, -0.5)) for k in range(2)]
    view = shown(layers)
    assert view.depth[48, 64] == pytest.approx(5.95, rel=1e-4)
    assert view.depth[48, 40] == pytest.approx(2.0, rel=1e-4)


LAMP = Light((0, 1.0, 8.0), (400.0, 400.0, 400.0), 2)


@pytest.mark.parametrize("screen", ["mesh", "solid"])
@pytest.mark.parametrize("wall", ["mesh", "solid"])
def test_meshes_and_solids_throw_shadows_on_each_other(tmp_path, screen, wall):
    pytest.importorskip("embreex")
    for name, size in {"screen": (1.0, 1.0, 0.1), "wall": (4.9, 4.9, 0.1)}.items():
        trimesh.creation.box(size).export(tmp_path / f"{name}.glb")
    library = MeshLibrary(tmp_path)
    pieces = {"screen": (library.piece(0), (0, 5, -0.5), (1, 0.1, 1)), "wall": (library.piece(1), (0, 6.05, -2.45), ())}
    meshes = [Placed(*pieces[name][:2]) for name, kind in (("screen", screen), ("wall", wall)) if kind == "mesh"]
    solids = [((0, 9, 0), (40, 0.1, 40))]
    solids += [((0, 5, 0), (1.0, 0.1, 1.0))] if screen == "solid" else []
    solids += [((0, 6.05, 0), (4.9, 0.1, 4.9))] if wall == "solid" else []
    view = shown(meshes, solids, lights=(LAMP,))
    # As in the test of two solids: the shadow of the upper edge falls at z = -1.375 on the wall.
    v = round(view.camera.cy + view.camera.fy * 1.375 / 6)
    brightness = view.image.astype(float).mean(-1)
    assert (view.depth[v - 6 : v + 7, [24, 64]] > 5.9).all()
    assert brightness[v + 6, 64] < 0.8 * brightness[v + 6, 24]
    assert brightness[v - 6, 64] > 0.9 * brightness[v - 6, 24]


def test_a_view_with_meshes_is_the_same_alone_and_beside_others(box):
    b = Builder()
    b.box(*FAR_WALL, GREY)
    bare = plain_scene(b, lights=(LAMP,))
    furnished = replace(bare, meshes=(Placed(box, (0, 3, -0.45), 0.4),))
    together = render([bare, furnished, bare], 40, 56)
    for scene, expected in zip((bare, furnished, bare), together, strict=True):
        alone = render([scene], 40, 56)[0]
        np.testing.assert_array_equal(alone.depth, expected.depth)
        np.testing.assert_array_equal(alone.normals, expected.normals)
        assert np.abs(alone.image.astype(int) - expected.image).max() <= 1


def test_without_embree_the_command_that_installs_it_is_named(box, monkeypatch):
    monkeypatch.setitem(sys.modules, "embreex.rtcore_scene", None)
    with pytest.raises(MissingExtra, match=r"Placing triangle meshes needs embreex.*theodolite\[train\]"):
        shown([Placed(box, (0, 3, -0.45))])
