"""nuScenes as test data: scenes of a split, the sweep of the key frame moved to each picture's moment."""

import json
import pickle

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from theodolite.camera.pinhole import Camera
from theodolite.datasets.readers import list_examples
from theodolite.datasets.readers.nuscenes import scene_names
from theodolite.errors import DatasetError
from theodolite.geometry.pose import inverse, rigid, transform_points
from theodolite.geometry.unproject import rays, unproject

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)
SHADE = np.arange(20 * 27 * 3, dtype=np.uint16).astype(np.uint8).reshape(20, 27, 3)
NORMAL = np.array([0.3, -0.5, -0.8]) / np.linalg.norm([0.3, -0.5, -0.8])
DEPTH = -4 / (rays(CAMERA, np.zeros((20, 27))) @ NORMAL)
# Turn in degrees, place in metres.
MOUNTS = {
    "CAM_FRONT": ((-85, 3, -91), (1.5, 0, 1.6)),
    "CAM_BACK": ((-88, 91, 2), (0.1, 0, 1.5)),
    "LIDAR_TOP": ((1, -2, 88), (1.1, 0, 1.9)),
    "LIDAR_BUMPER": ((4, 3, -60), (2.1, 1, 0.5)),
}
NOW, THEN = ((0, 0, 47), (1680, 1023, -24)), ((0, 0, 46), (1679, 1022, -24))
# Scene -> times of its samples, not in order; the first three are for validation.
SCENES = {"scene-0916": (70,), "scene-0103": (30, 10), "scene-0003": (50,), "scene-0061": (90,)}


def matrix(pose) -> np.ndarray:
    return rigid(Rotation.from_rotvec(pose[0], degrees=True).as_matrix(), np.array(pose[1], float))


def moving(pose, token: str, **more) -> dict:
    x, y, z, w = Rotation.from_rotvec(pose[0], degrees=True).as_quat()
    return {"token": token, "rotation": [w, x, y, z], "translation": list(pose[1]), **more}


def file_of(channel: str, time: int) -> str:
    ending = "jpg" if channel.startswith("CAM") else "pcd.bin"
    return f"samples/{channel}/n008__{channel}__{time}.{ending}"


def datum(channel: str, time: int, **more) -> dict:
    camera = channel.startswith("CAM")
    return {
        "token": f"{channel}{time}",
        "sample_token": f"sample{time}",
        "ego_pose_token": "now" if camera else "then",
        "calibrated_sensor_token": f"m-{channel}",
        "timestamp": time,
        "is_key_frame": True,
        "filename": file_of(channel, time),
        "width": 27 if camera else 0,
        "height": 20 if camera else 0,
        **more,
    }


def write_tables(folder, scenes: dict) -> None:
    """With another LiDAR than that on the roof, and a picture between key frames, which are not to be taken."""
    times = [time for found in scenes.values() for time in found]
    between = datum("CAM_FRONT", 11, sample_token="sample10", is_key_frame=False)
    tables = {
        "scene": [{"token": f"t-{name}", "name": name} for name in scenes],
        "sample": [
            {"token": f"sample{time}", "scene_token": f"t-{name}", "timestamp": time}
            for name, found in scenes.items()
            for time in found
        ],
        "sensor": [
            {"token": f"s-{name}", "channel": name, "modality": "camera" if name.startswith("CAM") else "lidar"}
            for name in MOUNTS
        ],
        "calibrated_sensor": [
            moving(
                mount,
                f"m-{name}",
                sensor_token=f"s-{name}",
                camera_intrinsic=CAMERA.K.tolist() if name.startswith("CAM") else [],
            )
            for name, mount in MOUNTS.items()
        ],
        "ego_pose": [moving(NOW, "now"), moving(THEN, "then"), {"token": "never", "rotation": None}],
        "sample_data": [between, *(datum(name, time) for time in times for name in reversed(MOUNTS))],
    }
    folder.mkdir(parents=True)
    for name, rows in tables.items():
        (folder / f"{name}.json").write_text(json.dumps(rows))


@pytest.fixture
def root(tmp_path):
    """Points are of the plane that the front camera sees."""
    write_tables(tmp_path / "v1.0-trainval", SCENES)
    motion = inverse(matrix(NOW) @ matrix(MOUNTS["CAM_FRONT"])) @ matrix(THEN) @ matrix(MOUNTS["LIDAR_TOP"])
    points = transform_points(inverse(motion), unproject(DEPTH, CAMERA).reshape(-1, 3))
    for time in (time for found in SCENES.values() for time in found):
        for name in MOUNTS:
            path = tmp_path / file_of(name, time)
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.startswith("CAM"):
                Image.fromarray(SHADE).save(path)
            elif name == "LIDAR_TOP":
                np.c_[points, np.zeros((len(points), 2))].astype("<f4").tofile(path)
    return tmp_path


def test_the_lists_have_as_many_scenes_as_the_authors():
    sizes = {split: len(scene_names(split)) for split in ("val", "train", "mini_val", "mini_train")}
    assert sizes == {"val": 150, "train": 700, "mini_val": 2, "mini_train": 8}
    assert not scene_names("val") & scene_names("train")
    assert scene_names("mini_val") < scene_names("val")
    assert {"scene-0003", "scene-1073"} < scene_names("val")


def test_a_split_is_in_the_order_of_scenes_times_and_cameras(root):
    found = list_examples("nuscenes", root)
    assert [one.name for one in found] == [
        f"{scene}/n008__{camera}__{time}"
        for scene, time in (("scene-0003", 50), ("scene-0103", 10), ("scene-0103", 30), ("scene-0916", 70))
        for camera in ("CAM_BACK", "CAM_FRONT")
    ]
    assert [one.group for one in found[:2]] == ["CAM_BACK", "CAM_FRONT"]
    assert {one.name.split("/")[0] for one in list_examples("nuscenes", root, "train")} == {"scene-0061"}


def test_points_meet_the_picture_by_the_poses_of_both_moments(root):
    example = list_examples("nuscenes", root)[1].load()
    assert example.image.shape == (20, 27, 3)
    camera = example.camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy, camera.width) == (24, 23.9, 13.2, 9.6, 27)
    # Points are float32.
    np.testing.assert_allclose(example.depth, DEPTH, rtol=1e-5)


def test_mini_splits_are_read_from_their_own_tables_or_the_large_ones(root):
    names = [one.name for one in list_examples("nuscenes", root, "mini_val")]
    assert {name.split("/")[0] for name in names} == {"scene-0103", "scene-0916"}
    write_tables(root / "v1.0-mini", {"scene-0103": (10,)})
    assert len(list_examples("nuscenes", root, "mini_val")) == 2
    assert len(list_examples("nuscenes", root)) == 8


def test_tables_of_another_version_are_not_taken(root):
    (root / "v1.0-trainval").rename(root / "v1.0-mini")
    with pytest.raises(DatasetError, match=r"holds no v1\.0-trainval/sample_data\.json, which the split 'val' needs"):
        list_examples("nuscenes", root)
    assert len(list_examples("nuscenes", root, "mini_val")) == 6


def test_the_data_set_may_lie_a_folder_deeper(root):
    assert len(list_examples("nuscenes", root.parent)) == 8


def test_another_process_can_load(root):
    found = list_examples("nuscenes", root)[1]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).load().depth, found.load().depth)


@pytest.mark.parametrize("channel", ["CAM_FRONT", "LIDAR_TOP"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_file_that_is_gone_or_cut_short_is_named(root, channel, damage):
    found = list_examples("nuscenes", root)[1]
    path = root / file_of(channel, 50)
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(DatasetError, match=path.name.replace(".", r"\.")):
        found.load()


def test_a_picture_of_another_size_than_stated_is_named(root):
    Image.fromarray(SHADE[1:]).save(root / file_of("CAM_FRONT", 50))
    with pytest.raises(DatasetError, match=r"CAM_FRONT__50\.jpg: .*27x19"):
        list_examples("nuscenes", root)[1].load()


@pytest.mark.parametrize("name", ["scene", "sample", "sensor", "calibrated_sensor", "ego_pose", "sample_data"])
@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_a_table_that_is_gone_or_damaged_is_named(root, name, damage):
    path = root / f"v1.0-trainval/{name}.json"
    if damage == "gone":
        path.unlink()
    else:
        path.write_text(path.read_text()[:-9] if damage == "cut" else '{"token": "no list"}')
    with pytest.raises(DatasetError, match=rf"{name}\.json"):
        list_examples("nuscenes", root)


def test_a_key_frame_without_a_sweep_is_named(root):
    path = root / "v1.0-trainval/sample_data.json"
    rows = [row for row in json.loads(path.read_text()) if row["token"] != "LIDAR_TOP50"]
    path.write_text(json.dumps(rows))
    with pytest.raises(DatasetError, match=r"sample_data\.json: has no LIDAR_TOP of the sample sample50"):
        list_examples("nuscenes", root)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "v1.0-test").mkdir()
    with pytest.raises(DatasetError, match=r"holds no v1\.0-trainval/sample_data\.json"):
        list_examples("nuscenes", tmp_path)
