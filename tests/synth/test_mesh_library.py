"""Meshes read from files: units, axes, pictures, and what is refused."""

import json

import numpy as np
import pytest
import trimesh
from PIL import Image

from theodolite.errors import DatasetError
from theodolite.synth.mesh_library import MeshLibrary
from theodolite.synth.mesh_skin import Atlas, Skin

CUBE = """mtllib paint.mtl
v 0 0 0\nv {w} 0 0\nv {w} {h} 0\nv 0 {h} 0\nv 0 0 {d}\nv {w} 0 {d}\nv {w} {h} {d}\nv 0 {h} {d}
usemtl skin
f 5 6 7 8\nf 2 1 4 3\nf 1 5 8 4\nf 6 2 3 7\nf 8 7 3 4\nf 1 2 6 5
"""


def write_obj(folder, name="box.obj", size=(60.0, 90.0, 40.0), paint="Kd 0.2 0.4 0.6"):
    folder.mkdir(parents=True, exist_ok=True)
    w, h, d = size
    (folder / name).write_text(CUBE.format(w=w, h=h, d=d))
    (folder / "paint.mtl").write_text(f"newmtl skin\n{paint}\n")


def library(folder):
    told = []
    return MeshLibrary(folder, told.append), told


def test_a_glb_is_in_metres_with_y_up(tmp_path):
    trimesh.creation.box((0.6, 0.9, 0.4)).apply_translation((5, 5, 5)).export(tmp_path / "box.glb")
    found, told = library(tmp_path)
    piece = found.piece(0)
    np.testing.assert_allclose(piece.size, (0.6, 0.4, 0.9), atol=1e-6)
    np.testing.assert_allclose(piece.corners.reshape(-1, 3).min(0), (-0.3, -0.2, 0), atol=1e-6)
    assert (len(piece), piece.role, told) == (12, "floor", [])


@pytest.mark.parametrize(
    ("longest", "unit", "metres"), [(0.9, "metres", 0.9), (90.0, "centimetres", 0.9), (900.0, "millimetres", 0.9)]
)
def test_the_unit_of_an_obj_is_guessed_by_its_size_and_told(tmp_path, longest, unit, metres):
    write_obj(tmp_path, size=(longest / 3, longest, longest / 3))
    found, told = library(tmp_path)
    assert found.piece(0).size[2] == pytest.approx(metres)
    assert told == [f"box.obj: no unit is given; its longest edge of {longest:.4g} is taken as {unit}"]


def test_library_json_gives_unit_axis_role_size_and_rotation(tmp_path):
    for name in ("a.obj", "b.obj", "c.obj", "d.obj"):
        write_obj(tmp_path, name)
    entries = {
        "*": {"scale": 0.001, "role": "table"},
        "b.obj": {"scale": 0.01, "up": "z"},
        "c.obj": {"size": [0.5, 0.5, 2.0]},
        "d.obj": {"scale": 0.01, "rotation": [0, 1, 0, -1, 0, 0, 0, 0, 1]},
    }
    (tmp_path / "library.json").write_text(json.dumps(entries))
    found, told = library(tmp_path)
    a, b, c, d = (found.piece(k) for k in range(4))
    np.testing.assert_allclose(a.size, (0.06, 0.04, 0.09), rtol=1e-6)
    np.testing.assert_allclose(b.size, (0.6, 0.9, 0.4), rtol=1e-6)
    np.testing.assert_allclose(c.size, (0.5, 0.5, 2.0), rtol=1e-6)
    np.testing.assert_allclose(d.size, (0.9, 0.4, 0.6), rtol=1e-6)
    assert [p.role for p in (a, b, c, d)] == ["table", "floor", "floor", "floor"]
    assert told == []


@pytest.mark.parametrize("entry", [{"size": [1, 2]}, {"role": "roof"}, {"scale": 0}, {"unit": "cm"}, {"up": "x"}, 3])
def test_a_wrong_library_json_is_refused(tmp_path, entry):
    write_obj(tmp_path)
    (tmp_path / "library.json").write_text(json.dumps({"box.obj": entry}))
    with pytest.raises(DatasetError, match=r"library\.json"):
        MeshLibrary(tmp_path)


def test_a_folder_without_meshes_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="No meshes"):
        MeshLibrary(tmp_path)


def test_bad_files_are_named_once_and_the_rest_goes_on(tmp_path):
    write_obj(tmp_path, "good.obj")
    write_obj(tmp_path, "huge.obj", (9e5, 9e5, 9e5))
    (tmp_path / "bad.glb").write_bytes(b"glTF, but no more")
    (tmp_path / "empty.obj").write_text("v 0 0 0\n")
    (tmp_path / "flat.obj").write_text("v 0 0 0\nv 1 1 1\nv 2 2 2\nf 1 2 3\n")
    (tmp_path / "nan.obj").write_text("v 0 0 0\nv nan 1 1\nv 2 0 2\nf 1 2 3\n")
    write_obj(tmp_path / "glass", "glass.obj", paint="Kd 1 1 1\nd 0.1")
    found, told = library(tmp_path)
    some = [found.some(np.random.default_rng(seed), len(found)) for seed in (0, 1)]
    assert [[p.name for p in pieces] for pieces in some] == [["good.obj"]] * 2
    refused = sorted(line.split(":")[0] for line in told if line.endswith("left out"))
    assert refused == ["bad.glb", "empty.obj", "flat.obj", "glass/glass.obj", "huge.obj", "nan.obj"]


def test_colour_and_gloss_of_an_mtl_are_read(tmp_path):
    write_obj(tmp_path, paint="Kd 0.2 0.4 0.6\nKs 0.5 0.5 0.5\nNs 80")
    piece = library(tmp_path)[0].piece(0)
    colour = piece.colour(np.array([0]), np.array([[0.3, 0.3]]), np.array([0.01]))
    np.testing.assert_allclose(colour, [[0.2, 0.4, 0.6, 1.0]], atol=0.003)
    np.testing.assert_allclose(piece.atlas.finish, [[0.3, 80, 0]], atol=1e-6)


def test_a_picture_is_read_with_its_opacity(tmp_path):
    image = np.zeros((4, 4, 4), np.uint8)
    image[:2] = (255, 0, 0, 255)
    Image.fromarray(image).save(tmp_path / "leaf.png")
    (tmp_path / "leaf.mtl").write_text("newmtl leaf\nKd 0 0 0\nmap_Kd leaf.png\n")
    quad = "mtllib leaf.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nusemtl leaf\n"
    (tmp_path / "leaf.obj").write_text(quad + "f 1/1 2/2 3/3\nf 1/1 3/3 4/4\n")
    piece = library(tmp_path)[0].piece(0)
    assert piece.cut_out
    low_right, high_left = ([0], [[0.6, 0.25]]), ([1], [[0.1, 0.65]])
    colours = [piece.colour(np.array(t), np.array(s), np.zeros(1))[0] for t, s in (low_right, high_left)]
    assert colours[0][3] == 0
    np.testing.assert_allclose(colours[1], (1, 0, 0, 1))


def test_corners_are_smooth_within_forty_degrees_and_sharp_beyond(tmp_path):
    trimesh.creation.icosphere(3, 0.3).export(tmp_path / "ball.glb")
    trimesh.creation.box((0.6, 0.9, 0.4)).export(tmp_path / "box.glb")
    found, _ = library(tmp_path)
    ball, box = found.piece(0), found.piece(1)
    outward = ball.corners - (0, 0, 0.3)
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    assert (ball.normals * outward).sum(-1).min() > 0.999
    assert np.sort(np.abs(box.normals), -1)[..., :2].max() < 1e-6


def test_pictures_are_averaged_to_the_size_of_a_pixel():
    chequers = np.zeros((64, 64, 4), np.uint8)
    chequers[..., 3] = 255
    chequers[::2, ::2, :3] = chequers[1::2, 1::2, :3] = 255
    atlas = Atlas.of([Skin(np.full((1, 1, 4), 40, np.uint8)), Skin(chequers)])
    uv = np.random.default_rng(0).random((200, 2))
    ones = np.ones(200, np.int64)
    far = atlas.look_up(ones, uv, np.full(200, 1 / 8))
    np.testing.assert_allclose(far[:, :3], 0.5**0.5, atol=0.01)  # half the light
    near = atlas.look_up(ones, uv, np.zeros(200))
    assert near[:, 0].min() < 0.1
    assert near[:, 0].max() > 0.9
    np.testing.assert_allclose(atlas.look_up(0 * ones, uv, np.zeros(200)), 40 / 255, atol=1e-6)
