"""Lyft Level 5: tables in the form of nuScenes, sweeps of five float32 a point."""

import json

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.builders import find_builder
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

CAMERA = Camera(24, 23.9, 13.2, 9.6, 27, 20)


def moving(pose, token: str, **more) -> dict:
    return {"token": token, "rotation": pose.quaternion, "translation": list(pose.place), **more}


def table(folder, name: str, rows: list[dict]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(rows))


@pytest.fixture(params=["", "train_"], ids=["as the kit asks", "as the archives unpack"])
def lyft(request, plane, pose, points_of, tmp_path):
    """A key frame of a camera and two scanners, each with half of the points, and a sweep that is none."""
    prefix, scene = request.param, plane(CAMERA)
    root, folder = tmp_path / "v1.01-train", tmp_path / "v1.01-train" / f"{prefix}data"
    camera, roof, bumper = (
        pose((-85, 3, -91), (1.5, 0, 1.6)),
        pose((1, -2, 88), (1.1, 0, 1.9)),
        pose((4, 3, -60), (2.1, 1, 0.5)),
    )
    now, then = pose((0, 0, 47), (1680, 1023, -24)), pose((0, 0, 46), (1679, 1022, -24))
    matrix = CAMERA.K.tolist()
    table(
        folder,
        "calibrated_sensor",
        [
            moving(camera, "m-camera", sensor_token="s-camera", camera_intrinsic=matrix),
            moving(roof, "m-roof", sensor_token="s-roof", camera_intrinsic=[]),
            moving(bumper, "m-bumper", sensor_token="s-bumper", camera_intrinsic=[]),
        ],
    )
    table(folder, "ego_pose", [moving(now, "now"), moving(then, "then")])
    kinds = {"s-camera": "camera", "s-roof": "lidar", "s-bumper": "lidar"}
    table(folder, "sensor", [{"token": token, "modality": kind} for token, kind in kinds.items()])
    files = {"m-camera": "images/cam0.jpeg", "m-roof": "lidar/roof.bin", "m-bumper": "lidar/bumper.bin"}
    rows = [
        {
            "token": f"d-{mount}",
            "sample_token": "one",
            "calibrated_sensor_token": mount,
            "ego_pose_token": "now" if mount == "m-camera" else "then",
            "filename": file,
            "is_key_frame": True,
            **({"width": 27, "height": 20} if mount == "m-camera" else {}),
        }
        for mount, file in files.items()
    ]
    between = {**rows[0], "token": "between", "is_key_frame": False, "filename": "images/between.jpeg"}
    table(folder, "sample_data", [*rows, between])
    for number, (mount, sensor) in enumerate((("m-roof", roof), ("m-bumper", bumper))):
        motion = np.linalg.inv(now.matrix @ camera.matrix) @ then.matrix @ sensor.matrix
        points = points_of(scene, motion)[number::2]
        path = root / (prefix + files[mount])
        path.parent.mkdir(parents=True, exist_ok=True)
        np.c_[points, np.zeros((len(points), 2))].astype("<f4").tofile(path)
    scene.save_image(root / (prefix + files["m-camera"]))
    return folder


def test_points_of_all_scanners_meet_the_picture(lyft, plane, samples_of, tmp_path):
    (sample,) = samples_of("lyft", tmp_path)
    assert (sample.kind, sample.domain, sample.sparse) == (LabelKind.LIDAR, "lyft", True)
    plane(CAMERA).check(sample, millimetres=2.7)


def test_a_sweep_that_ends_within_a_point_is_read_up_to_there(lyft, samples_of, tmp_path):
    (path,) = tmp_path.glob("*/*lidar/roof.bin")
    path.write_bytes(path.read_bytes() + b"\0" * 12)
    assert np.isfinite(samples_of("lyft", tmp_path)[0].depth).all()


@pytest.mark.parametrize("missing", ["calibrated_sensor.json", "ego_pose.json", "sensor.json"])
def test_a_missing_table_is_named(lyft, missing, tmp_path):
    (lyft / missing).unlink()
    with pytest.raises(DatasetError, match=missing):
        list(find_builder("lyft").records(tmp_path, tmp_path / "out"))


def test_a_missing_sweep_is_named(lyft, tmp_path):
    next(tmp_path.glob("*/*lidar/bumper.bin")).unlink()
    with pytest.raises(DatasetError, match=r"bumper\.bin: No such file"):
        list(find_builder("lyft").records(tmp_path, tmp_path / "out"))


def test_a_row_that_points_nowhere_is_named(lyft, tmp_path):
    rows = json.loads((lyft / "sample_data.json").read_text())
    rows[0]["ego_pose_token"] = "never"
    table(lyft, "sample_data", rows)
    with pytest.raises(DatasetError, match=r"sample_data\.json: has no entry never"):
        list(find_builder("lyft").records(tmp_path, tmp_path / "out"))
