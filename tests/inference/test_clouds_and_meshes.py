"""PLY and GLB files as other programs see them: read back, they are the room in metres."""

import json
import struct

import numpy as np
import pytest
import trimesh

from theodolite.camera.photo import Photo
from theodolite.camera.pinhole import Camera
from theodolite.errors import OutputError
from theodolite.geometry.rotation import from_vector
from theodolite.inference import files
from theodolite.inference.files import SaveOptions, png
from theodolite.inference.prediction import Prediction


def ply(path) -> trimesh.Trimesh | trimesh.PointCloud:
    return trimesh.load(path)


def glb(path) -> trimesh.Trimesh:
    (mesh,) = trimesh.load(path).geometry.values()
    return mesh


def tilted(make_room, vector) -> Prediction:
    """The room, seen by a camera that looks at its back wall askew."""
    level, turn = make_room(), from_vector(np.array(vector))
    camera = level.camera
    v, u = np.mgrid[: camera.height, : camera.width]
    rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], axis=-1)
    walls = np.array([(1, 0, 0, 2), (-1, 0, 0, 2), (0, 1, 0, 1.6), (0, -1, 0, 1.4), (0, 0, -1, 5), (0, 0, 1, 5)])
    normals = walls[:, :3] @ turn.T
    towards = -(rays @ normals.T)
    depths = np.where(towards > 1e-9, walls[:, 3] / np.maximum(towards, 1e-9), np.inf)
    depth = depths.min(axis=-1)
    return make_room(depth=depth, normals=normals[depths.argmin(axis=-1)], valid=np.ones(depth.shape, bool))


# ---- Axes and scale ----


@pytest.mark.parametrize("axes", ["camera", "y", "z"])
@pytest.mark.parametrize("name", ["ply", "mesh-ply"])
def test_a_ply_file_is_the_room_in_the_axes_asked_for(prediction, tmp_path, name, axes):
    (path,) = prediction.save(tmp_path, [name], options=SaveOptions(up_axis=axes))
    back = ply(path)
    right, up, forward = {"camera": (0, -2, 3), "y": (1, 2, -3), "z": (1, 3, 2)}[axes]
    low, high = back.bounds
    right = 0 if right in (0, 1) else right
    np.testing.assert_allclose([low[right], high[right]], [-2, 2], atol=1e-4)
    ends = {"up": (up, -1.4, 1.6), "forward": (forward, None, 5.0)}
    for axis, least, most in ends.values():
        values = back.vertices[:, abs(axis) - 1] * np.sign(axis)
        np.testing.assert_allclose(values.max(), most, atol=1e-4)
        assert least is None or values.min() == pytest.approx(least, abs=1e-4)
    text = path.read_bytes()[:200].decode("latin1")
    words = {"camera": "y down, z forward", "y": "y up, z backward", "z": "y forward, z up"}[axes]
    assert f"metres, x right, {words}, up is the camera's own; room.jpg" in text


@pytest.mark.parametrize("name", ["ply", "mesh-ply", "glb"])
def test_lengths_read_back_are_those_that_python_measures(prediction, tmp_path, name):
    (path,) = prediction.save(tmp_path, [name], options=SaveOptions(triangles=0))
    mesh, points = trimesh.load(path), prediction.points()
    mesh = mesh if name != "glb" else next(iter(mesh.geometry.values()))
    turn = [1, -1, -1] if name == "glb" else [1, 1, 1]
    ends = [np.linalg.norm(mesh.vertices - points[v, u] * turn, axis=-1).argmin() for u, v in ((12, 60), (140, 90))]
    length = np.linalg.norm(mesh.vertices[ends[0]] - mesh.vertices[ends[1]])
    assert length == pytest.approx(prediction.measure((12, 60), (140, 90)).metres, rel=1e-5)


@pytest.mark.parametrize("vector", [(0.25, 0.1, 0.15), (0.2, -0.2, -0.2)])
def test_a_model_is_turned_so_that_its_floor_is_level(make_room, tmp_path, vector):
    options = SaveOptions(level=True, up_axis="z")
    cloud, mesh = tilted(make_room, vector).save(tmp_path, ["ply", "glb"], options=options)
    floor = files.read_ply(cloud)
    assert "turned upright by the normals" in cloud.read_bytes()[:200].decode("latin1")
    lowest = floor.points[floor.normals[:, 2] > 0.9]
    assert len(lowest) > 1000
    np.testing.assert_allclose(lowest[:, 2], -1.4, atol=0.05)
    back = glb(mesh)
    lowest = back.vertices[back.vertex_normals[:, 1] > 0.9]
    np.testing.assert_allclose(lowest[:, 1], -1.4, atol=0.05)
    aslant = files.read_ply(tilted(make_room, vector).save(tmp_path / "as it is", ["ply"])[0])
    assert np.ptp(aslant.points[aslant.normals[:, 1] < -0.9][:, 1]) > 0.3


def test_where_normals_tell_no_up_the_file_says_whose_up_it_is(make_room, tmp_path):
    room = make_room(normals=np.full((120, 160, 3), np.nan))
    cloud, mesh = room.save(tmp_path, ["ply", "glb"], options=SaveOptions(level=True))
    assert "the normals tell no other" in cloud.read_bytes()[:300].decode("latin1")
    assert "the normals tell no other" in tree_of(mesh)["asset"]["extras"]["axes"]


# ---- What a file holds ----


def test_a_cloud_holds_the_confidence_of_each_point(make_room, tmp_path):
    sure = np.linspace(0, 1, 160 * 120, dtype=np.float32).reshape(120, 160)
    room = make_room(confidence=sure)
    (path,) = room.save(tmp_path, ["ply"])
    np.testing.assert_array_equal(files.read_ply(path).confidence, sure[room.valid])
    assert len(ply(path).vertices) == room.valid.sum()


def test_a_cloud_of_a_depth_only_network_has_the_normals_of_its_depth(make_room, tmp_path, prediction):
    (path,) = make_room(normals=None, kappa=None).save(tmp_path, ["ply"])
    agree = (files.read_ply(path).normals * prediction.normals[prediction.valid]).sum(axis=-1)
    assert np.median(agree) > 0.9999


def test_a_mesh_in_ply_has_normals_colours_and_faces_towards_the_camera(prediction, tmp_path):
    (path,) = prediction.save(tmp_path, ["mesh-ply"])
    mesh = ply(path)
    assert len(mesh.faces) > 1000
    assert ((mesh.face_normals * -mesh.triangles_center).sum(axis=1) > 0).all()
    camera, (x, y, z) = prediction.camera, mesh.vertices.T
    column = np.round(camera.fx * x / z + camera.cx).astype(int)
    row = np.round(camera.fy * y / z + camera.cy).astype(int)
    np.testing.assert_array_equal(mesh.visual.vertex_colors[:, :3], prediction.image[row, column])
    # trimesh makes normals of its own; those of the file are kept beside.
    raw = mesh.metadata["_ply_raw"]["vertex"]["data"]
    stored = np.stack([raw[name] for name in ("nx", "ny", "nz")], axis=-1)
    np.testing.assert_allclose(stored, prediction.normals[row, column], atol=1e-6)
    np.testing.assert_array_equal(raw["confidence"], prediction.confidence[row, column])


@pytest.mark.parametrize("most", [400, 3000])
def test_meshes_have_no_more_triangles_than_allowed_and_still_span_the_room(make_room, tmp_path, most):
    room = make_room(640, 480)
    for path in room.save(tmp_path, ["glb", "mesh-ply"], options=SaveOptions(triangles=most)):
        mesh = trimesh.load(path, force="mesh")
        assert len(mesh.faces) <= most
        np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0)[:2], [4, 3], atol=0.05)


def test_a_simplified_room_is_as_far_from_the_true_one_as_allowed(make_room, tmp_path):
    (path,) = make_room(640, 480).save(tmp_path, ["glb"], options=SaveOptions(mesh_error=0.02))
    mesh = glb(path)
    assert len(mesh.faces) < 640 * 480 / 10
    a = mesh.triangles.mean(axis=1)  # the middle of each triangle, on one of the walls but for 2 cm
    walls = np.abs([a[:, 0] - 2, a[:, 0] + 2, a[:, 1] - 1.6, a[:, 1] + 1.4, a[:, 2] + 5])
    assert walls.min(axis=0).max() < 0.02


# ---- glTF 2.0 ----


def tree_of(path) -> dict:
    data = path.read_bytes()
    magic, version, length, chunk, kind = struct.unpack("<4sIIII", data[:20])
    assert (magic, version, length, kind) == (b"glTF", 2, len(data), 0x4E4F534A)
    return json.loads(data[20 : 20 + chunk])


def accessor(path, tree: dict, number: int) -> np.ndarray:
    data = path.read_bytes()
    start = 20 + struct.unpack("<I", data[12:16])[0] + 8
    entry = tree["accessors"][number]
    view = tree["bufferViews"][entry["bufferView"]]
    kind = {5126: np.dtype("<f4"), 5125: np.dtype("<u4")}[entry["componentType"]]
    width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}[entry["type"]]
    offset = view.get("byteOffset", 0) + entry.get("byteOffset", 0)
    assert offset % 4 == 0
    return np.frombuffer(data, kind, entry["count"] * width, start + offset).reshape(-1, width)


@pytest.mark.parametrize("changes", [{}, {"normals": None, "kappa": None}])
def test_a_glb_keeps_the_rules_of_gltf(make_room, tmp_path, changes):
    room = make_room(**changes)
    if room.normals is not None:
        room.normals[40:60, 30:60] = np.nan  # unknown; a normal of no length is against the rules
    (path,) = room.save(tmp_path, ["glb"])
    tree = tree_of(path)
    (primitive,) = tree["meshes"][0]["primitives"]
    position = accessor(path, tree, primitive["attributes"]["POSITION"])
    entry = tree["accessors"][primitive["attributes"]["POSITION"]]
    np.testing.assert_array_equal(entry["min"], position.min(axis=0))
    np.testing.assert_array_equal(entry["max"], position.max(axis=0))
    normals = accessor(path, tree, primitive["attributes"]["NORMAL"])
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-5)
    assert ((normals * -position).sum(axis=-1) > 0).mean() > 0.99
    uv = accessor(path, tree, primitive["attributes"]["TEXCOORD_0"])
    assert len(uv) == len(normals) == len(position)
    assert ((uv > 0) & (uv < 1)).all()
    indices = accessor(path, tree, primitive["indices"])
    assert indices.max() == len(position) - 1
    corners = indices.reshape(-1, 3)
    assert (corners != np.roll(corners, 1, axis=1)).all()
    used = set(tree["extensionsUsed"])
    assert used == {"KHR_materials_unlit"}
    assert not tree.get("extensionsRequired")
    targets = {
        tree["bufferViews"][tree["accessors"][n]["bufferView"]]["target"] for n in primitive["attributes"].values()
    }
    assert targets == {34962}
    assert tree["bufferViews"][tree["accessors"][primitive["indices"]]["bufferView"]]["target"] == 34963
    assert tree["asset"]["extras"]["unit"] == "metre"


def test_crumbs_between_two_surfaces_are_left_out(make_room, tmp_path):
    room = make_room(640, 480)
    depth = room.depth.copy()
    depth[110:114, 380:384] = 1.5  # 3x3 cells that hang in the air
    (path,) = make_room(640, 480, depth=depth).save(tmp_path, ["glb"])
    assert glb(path).vertices[:, 2].max() < -1.6
    depth[110:140, 380:410] = 1.5
    (path,) = make_room(640, 480, depth=depth).save(tmp_path, ["glb"], overwrite=True)
    assert glb(path).vertices[:, 2].max() == pytest.approx(-1.5)


# ---- Real frames ----


@pytest.fixture
def kitchen(shared) -> Prediction:
    """Measured depth of a real room as if it was predicted."""
    folder = shared / "data" / "nyu_demo"
    frame = json.loads((folder / "frames.json").read_text())["files"][1]
    depth = png.read(folder / frame["depth"])[0].reshape(480, 640) / np.float32(frame["depth_scale"])
    camera = Camera(*frame["cam_in"], 640, 480)
    return Prediction(
        depth=np.where(depth > 0, depth, np.nan),
        normals=None,
        confidence=np.ones_like(depth),
        kappa=None,
        valid=depth > 0,
        camera=camera,
        image=Photo.open(folder / frame["rgb"], camera=camera).image,
        name="kitchen.jpg",
    )


def test_the_mesh_of_a_real_room_lies_on_what_was_measured_and_spans_no_jump(kitchen, tmp_path):
    (path,) = kitchen.save(tmp_path, ["glb"], options=SaveOptions(triangles=60_000))
    mesh, camera = glb(path), kitchen.camera
    assert 20_000 < len(mesh.faces) <= 60_000
    x, y, z = (mesh.vertices * [1, -1, -1]).T
    u, v = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
    np.testing.assert_allclose([u % 1, v % 1], np.round([u % 1, v % 1]), atol=2e-3)
    np.testing.assert_allclose(z, kitchen.depth[np.round(v).astype(int), np.round(u).astype(int)], rtol=1e-6)
    depths = -mesh.triangles[:, :, 2]
    # Small triangles, as they are along outlines: a jump from one to the next would be seen here.
    small = mesh.area_faces < np.median(mesh.area_faces)
    assert (depths.max(axis=1) / depths.min(axis=1))[small].max() < 1.1


def test_a_real_room_is_turned_upright(kitchen, tmp_path):
    def upright_share(level: bool) -> float:
        options = SaveOptions(level=level, up_axis="z")
        (path,) = kitchen.save(tmp_path, ["ply"], overwrite=True, options=options)
        return (np.abs(files.read_ply(path).normals[:, 2]) > np.cos(np.radians(5))).mean()

    assert upright_share(True) > 1.2 * upright_share(False) > 0


# ---- Options ----


@pytest.mark.parametrize("wrong", [{"triangles": 5}, {"mesh_error": -1}, {"mesh_error": np.nan}, {"up_axis": "x"}])
def test_options_of_models_that_mean_nothing_are_refused(wrong):
    with pytest.raises(OutputError):
        SaveOptions(**wrong)
