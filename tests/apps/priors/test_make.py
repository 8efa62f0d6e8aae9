"""Priors from beginning to end: outliers, views without points, parallax, interruption, bad input."""

import json

import numpy as np
import pytest
from PIL import Image
from tests.apps import room
from tests.apps.priors import readers, scenes

from theodolite.apps.priors import Settings, make_priors
from theodolite.errors import DatasetError, OutputError, TheodoliteError

FACTORS = [0.8, 0.9, 1.0, 1.1, 1.2, 1.3]


def settings(**more) -> Settings:
    return Settings(**({"targets": ("nerfstudio",), "points": 0} | more))


def depth_errors(root, poses, unit) -> list[float]:
    """Largest relative error of trusted depth, of each view."""
    frames = json.loads((root / "transforms.json").read_text())["frames"]
    errors = []
    for frame, pose in zip(frames, poses, strict=True):
        error = np.abs(readers.nerfstudio_depth(root, frame) * unit / room.view(pose, scenes.CAMERA).depth - 1)
        errors.append(float(np.nanpercentile(error, 99)))
    return errors


def test_each_view_gets_its_own_scale_whatever_a_fifth_of_the_points_says(tmp_path):
    poses = scenes.colmap(tmp_path, 6, unit=2.5, outliers=0.2)
    report = make_priors(tmp_path, scenes.Network(poses, FACTORS), settings())
    assert max(depth_errors(tmp_path, poses, 2.5)) < 0.005
    for view, factor in zip(report.views, FACTORS, strict=True):
        assert view.aligned is not None
        assert view.aligned.alignment.scale == pytest.approx(factor / 2.5, rel=0.005)
        assert view.aligned.outliers >= 5
    facts = json.loads((tmp_path / "priors.json").read_text())
    assert facts["alignment"]["kinds"] == {"scale": 6}
    assert [each["points"] for each in facts["each"]] == [60] * 6


@pytest.mark.parametrize(
    ("space", "shifts", "kind"),
    [
        ("depth", [0.4, 0.5, 0.3, 0.45, 0.6, 0.35], "scale-shift"),
        ("inverse_depth", [0.15, 0.2, 0.1, 0.12, 0.14, 0.13], "scale-shift-inverse"),
    ],
)
def test_shifts_are_found_and_said(tmp_path, space, shifts, kind):
    poses = scenes.colmap(tmp_path, 6, unit=2.5, outliers=0.15, each=150)
    report = make_priors(tmp_path, scenes.Network(poses, FACTORS, shifts, space), settings())
    assert {view.aligned.kind for view in report.views if view.aligned} == {kind}
    assert max(depth_errors(tmp_path, poses, 2.5)) < 0.01
    make_priors(tmp_path, scenes.Network(poses, FACTORS, shifts, space), settings(align="scale"), overwrite=True)
    assert max(depth_errors(tmp_path, poses, 2.5)) > 0.05


def test_a_view_without_points_takes_the_scale_of_parallax_or_of_the_others(tmp_path):
    poses = scenes.colmap(tmp_path, 6, unit=2.5)
    model = tmp_path / "sparse" / "0" / "images.txt"
    lines = model.read_text().splitlines()
    lines[7] = ""  # what the fourth picture observes
    model.write_text("\n".join(lines) + "\n")
    report = make_priors(tmp_path, scenes.Network(poses, [1.0] * 6), settings())
    found = report.views[3].aligned
    assert found is not None
    assert found.by in ("pictures", "set")
    assert found.alignment.scale == pytest.approx(1 / 2.5, rel=0.03)
    assert found.by == "pictures" or any("too few sparse points" in note for note in report.notes)


def test_without_any_points_parallax_tells_the_unit(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 6, unit=2.5, cloud=False)
    report = make_priors(tmp_path, scenes.Network(poses, [1.0] * 6), settings())
    assert report.sparse == ""
    assert report.units == pytest.approx(1 / 2.5, rel=0.05)
    assert max(depth_errors(tmp_path, poses, 2.5)) < 0.1


def test_measured_depth_tells_the_scale_where_there_are_no_points(tmp_path):
    room.write_folder(tmp_path / "room", 4, scenes.CAMERA)
    poses = room.steady_poses(4)
    report = make_priors(tmp_path / "room", scenes.Network(poses, FACTORS[:4]), settings(), out=tmp_path / "out")
    assert report.sparse == "measured depth"
    assert max(depth_errors(tmp_path / "out", poses, 1.0)) < 0.005


def test_metric_poses_that_tell_nothing_leave_depth_as_predicted(tmp_path):
    poses = [room.steady_poses(2)[0]] * 2
    scenes.nerfstudio(tmp_path, 2, cloud=False)
    content = json.loads((tmp_path / "transforms.json").read_text())
    content["frames"][1]["transform_matrix"] = content["frames"][0]["transform_matrix"]
    Image.fromarray(room.view(poses[0], scenes.CAMERA).image).save(tmp_path / "images" / "01.png")
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    report = make_priors(tmp_path, scenes.Network(poses, [1.0] * 2), settings(pose_scale=1.0))
    assert [view.aligned.by for view in report.views if view.aligned] == ["set", "set"]
    assert max(depth_errors(tmp_path, poses, 1.0)) < 0.005


def test_depth_that_is_not_aligned_needs_poses_in_metres(tmp_path):
    poses = scenes.colmap(tmp_path, 3, unit=2.5)
    network = scenes.Network(poses, [1.0] * 3)
    with pytest.raises(DatasetError, match="--pose-scale"):
        make_priors(tmp_path, network, settings(align="none"))
    make_priors(tmp_path, network, settings(align="none", pose_scale=2.5))
    assert max(depth_errors(tmp_path, poses, 2.5)) < 0.005


def test_an_interrupted_run_goes_on_where_it_was(tmp_path):
    poses = scenes.colmap(tmp_path, 5)
    network = scenes.Network(poses, FACTORS[:5])

    def stop(stage, done, total):
        if (stage, done) == ("predict", 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_priors(tmp_path, network, settings(), progress=stop)
    assert network.calls == [0, 1, 2]
    make_priors(tmp_path, network, settings())
    assert network.calls == [0, 1, 2, 3, 4]
    assert not (tmp_path / ".priors").exists()
    assert max(depth_errors(tmp_path, poses, 1.0)) < 0.005


def test_predictions_of_another_picture_are_not_taken_up(tmp_path):
    poses = scenes.colmap(tmp_path, 3)
    network = scenes.Network(poses, FACTORS[:3])

    def stop(stage, done, total):
        if stage == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_priors(tmp_path, network, settings(), progress=stop)
    Image.fromarray(room.view(poses[1], scenes.CAMERA).image // 2 * 2).save(tmp_path / "images" / "01.png")
    make_priors(tmp_path, network, settings())
    assert network.calls == [0, 1, 2, 1]


def test_priors_that_are_there_are_kept(tmp_path):
    poses = scenes.colmap(tmp_path, 3)
    network = scenes.Network(poses, FACTORS[:3])
    make_priors(tmp_path, network, settings())
    with pytest.raises(OutputError, match="--overwrite"):
        make_priors(tmp_path, network, settings())
    assert len(network.calls) == 3
    make_priors(tmp_path, network, settings(), overwrite=True)


def test_a_folder_of_the_users_with_the_same_name_is_kept(tmp_path):
    poses = scenes.colmap(tmp_path, 3)
    (tmp_path / "prior_depths").mkdir()
    with pytest.raises(OutputError, match="prior_depths"):
        make_priors(tmp_path, scenes.Network(poses, FACTORS[:3]), settings())


def test_a_missing_picture_is_left_out_and_the_rest_is_done(tmp_path):
    poses = scenes.colmap(tmp_path, 4)
    (tmp_path / "images" / "02.png").unlink()
    report = make_priors(tmp_path, scenes.Network(poses, FACTORS[:4]), settings())
    assert len(report.left_out) == 1
    assert "02.png" in report.left_out[0]
    assert max(depth_errors(tmp_path, [poses[0], poses[1], poses[3]], 1.0)) < 0.005


def test_a_damaged_picture_is_told_and_left_out_of_transforms_json(tmp_path):
    poses = scenes.colmap(tmp_path, 4)
    path = tmp_path / "images" / "02.png"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    report = make_priors(tmp_path, scenes.Network(poses, FACTORS[:4]), settings())
    assert [view.name for view in report.failed] == ["02.png"]
    assert "02.png" in report.failed[0].error
    frames = json.loads((tmp_path / "transforms.json").read_text())["frames"]
    assert [frame["file_path"] for frame in frames] == ["images/00.png", "images/01.png", "images/03.png"]


def test_poses_of_other_pictures_are_told(tmp_path):
    poses = scenes.colmap(tmp_path, 4)
    for path in (tmp_path / "images").iterdir():
        path.rename(path.with_name(f"other{path.name}"))
    with pytest.raises(DatasetError, match="No picture can be used"):
        make_priors(tmp_path, scenes.Network(poses, FACTORS[:4]), settings())


def test_pictures_of_another_shape_than_their_camera_are_told(tmp_path):
    poses = scenes.colmap(tmp_path, 4)
    for path in (tmp_path / "images").iterdir():
        Image.new("RGB", (120, 160)).save(path)
    with pytest.raises(DatasetError, match="120x160 px, but its camera is for 160x120"):
        make_priors(tmp_path, scenes.Network(poses, FACTORS[:4]), settings())


def test_a_missing_calibration_is_told_by_the_reader(tmp_path):
    poses = scenes.nerfstudio(tmp_path, 3)
    content = json.loads((tmp_path / "transforms.json").read_text())
    del content["fl_x"]
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    with pytest.raises(TheodoliteError, match="no focal length"):
        make_priors(tmp_path, scenes.Network(poses, FACTORS[:3]), settings())


def test_points_of_another_scene_are_suspected(tmp_path):
    poses = scenes.colmap(tmp_path, 4)
    path = tmp_path / "sparse" / "0" / "points3D.txt"
    rows = [line.split() for line in path.read_text().splitlines()]
    generator = np.random.default_rng(0)
    for row in rows:  # anywhere on their rays
        place = poses[0][:3, 3]
        point = place + (np.array(row[1:4], float) - place) * generator.uniform(0.2, 4)
        row[1:4] = [f"{x:.6f}" for x in point]
    path.write_text("\n".join(" ".join(row) for row in rows) + "\n")
    report = make_priors(tmp_path, scenes.Network(poses, FACTORS[:4]), settings())
    assert any("may not be those of these pictures" in note for note in report.notes)


@pytest.mark.parametrize(
    "wrong",
    [{"targets": ("nerf",)}, {"align": "shift"}, {"points": -1}, {"least_confidence": 1.0}, {"pose_scale": 0.0}],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError):
        Settings(**wrong)
