"""DDAD as test data: scenes of a part, points moved to each picture's moment."""

import json
import pickle

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from theodolite.camera.pinhole import Camera
from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError
from theodolite.geometry.pose import inverse, rigid, transform_points
from theodolite.geometry.unproject import rays, unproject

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)
SHADE = np.arange(20 * 27 * 3, dtype=np.uint16).astype(np.uint8).reshape(20, 27, 3)
NORMAL = np.array([0.3, -0.5, -0.8]) / np.linalg.norm([0.3, -0.5, -0.8])
DEPTH = -4 / (rays(CAMERA, np.zeros((20, 27))) @ NORMAL)
# Turn in degrees, place in metres: of the sweep, and of each camera at its own moment.
LIDAR = ((-2, 1, 147), (400.8, -259.6, 12.5))
CAMERAS = {"CAMERA_01": ((-90, 40, -40), (399.3, -258.9, 13.8)), "CAMERA_05": ((-85, 20, 30), (399.8, -257.7, 13.7))}
SCENES = {"000000": "0", "000150": "1", "000151": "1"}
CLOUD, PICTURE = "point_cloud/LIDAR/155.npz", "rgb/CAMERA_05/155.png"


def matrix(pose) -> np.ndarray:
    return rigid(Rotation.from_rotvec(pose[0], degrees=True).as_matrix(), np.array(pose[1]))


def datum(kind: str, name: str, pose, **content) -> dict:
    x, y, z, w = Rotation.from_rotvec(pose[0], degrees=True).as_quat()
    content["pose"] = {
        "rotation": {"qw": w, "qx": x, "qy": y, "qz": z},
        "translation": dict(zip("xyz", pose[1], strict=True)),
    }
    return {"datum": {kind: content}, "id": {"index": "0", "name": name}, "key": name}


@pytest.fixture
def root(tmp_path):
    """Three scenes, two of them for validation, each with a sample of a sweep and two pictures of one plane."""
    splits = {part: {"filenames": []} for part in ("0", "1")}
    for scene, part in SCENES.items():
        splits[part]["filenames"].append(f"{scene}/scene_a8dc.json")
        write_scene(tmp_path / "ddad_train_val" / scene)
    (tmp_path / "ddad_train_val/ddad.json").write_text(json.dumps({"scene_splits": splits}))
    return tmp_path


def write_scene(folder) -> None:
    data, points = [datum("point_cloud", "LIDAR", LIDAR, filename=CLOUD)], []
    for name, pose in CAMERAS.items():
        path = folder / f"rgb/{name}/155.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(SHADE).save(path)
        data.append(datum("image", name, pose, filename=f"rgb/{name}/155.png", width=27, height=20, channels=3))
        seen = unproject(DEPTH, CAMERA).reshape(-1, 3)
        points.append(transform_points(inverse(matrix(LIDAR)) @ matrix(pose), seen))
    # One camera's points only: the cameras look at each other's planes, too.
    (folder / CLOUD).parent.mkdir(parents=True)
    np.savez(folder / CLOUD, data=np.c_[points[1], np.ones(len(points[1]))])
    samples = [{"calibration_key": "cal", "datum_keys": [entry["key"] for entry in data]}]
    (folder / "scene_a8dc.json").write_text(json.dumps({"data": data, "samples": samples}))
    none, given = dict.fromkeys(("fx", "fy", "cx", "cy"), 0.0), {"fx": 24.0, "fy": 23.9, "cx": 13.2, "cy": 9.6}
    (folder / "calibration").mkdir()
    calibration = {"names": ["LIDAR", *CAMERAS], "intrinsics": [none, given, given]}
    (folder / "calibration/cal.json").write_text(json.dumps(calibration))


def test_a_split_has_the_scenes_that_the_list_gives_it_grouped_by_camera(root):
    found = list_examples("ddad", root)
    assert [one.name for one in found] == [f"{scene}/{name}/155" for scene in ("000150", "000151") for name in CAMERAS]
    assert [one.group for one in found] == ["CAMERA_01", "CAMERA_05"] * 2
    assert [one.name for one in list_examples("ddad", root, "train")] == [
        "000000/CAMERA_01/155",
        "000000/CAMERA_05/155",
    ]


def test_points_meet_the_picture_by_the_poses_of_both(root):
    example = list_examples("ddad", root)[1].load()
    np.testing.assert_array_equal(example.image, SHADE)
    camera = example.camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.width) == (24, 23.9, 13.2, 9.6, 27)
    np.testing.assert_allclose(example.depth, DEPTH, rtol=1e-5)


def test_the_folder_of_the_list_may_be_given_itself(root):
    assert len(list_examples("ddad", root / "ddad_train_val")) == 4


def test_another_process_can_load(root):
    found = list_examples("ddad", root)[1]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).load().depth, found.load().depth)


@pytest.mark.parametrize("name", [CLOUD, PICTURE])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_file_that_is_gone_or_cut_short_is_named(root, name, damage):
    found = list_examples("ddad", root)[1]
    path = root / "ddad_train_val/000150" / name
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(DatasetError, match=name.replace(".", r"\.")):
        found.load()


def test_a_picture_of_another_size_than_stated_is_named(root):
    Image.fromarray(SHADE[1:]).save(root / "ddad_train_val/000150" / PICTURE)
    with pytest.raises(DatasetError, match=r"CAMERA_05/155\.png: .*27x19"):
        list_examples("ddad", root)[1].load()


@pytest.mark.parametrize("missing", ["ddad.json", "000150/scene_a8dc.json", "000150/calibration/cal.json"])
def test_a_missing_list_is_named(root, missing):
    (root / "ddad_train_val" / missing).unlink()
    with pytest.raises(DatasetError, match=missing.replace(".", r"\.")):
        list_examples("ddad", root)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"holds no ddad\.json"):
        list_examples("ddad", tmp_path)
