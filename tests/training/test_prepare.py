"""From paths to a run's sets: what may be given, what is held out, and what is refused at the door."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.datasets.encodings import DepthEncoding
from theodolite.datasets.manifest import write_manifest
from theodolite.datasets.record import Record
from theodolite.datasets.sample import LabelKind
from theodolite.errors import CheckpointError, DatasetError
from theodolite.training.prepare import Asked, prepare
from theodolite.training.recipes import smoke
from theodolite.training.start import Start, remember_start, remembered_start


def picture(path: Path, level: int = 90) -> Path:
    Image.new("RGB", (104, 72), (level, 0, 9)).save(path)
    return path


def depth_picture(path: Path, metres: float) -> Path:
    stored = np.full((72, 104), metres * 1000, np.uint16)
    stored[0] = 0
    Image.fromarray(stored).save(path)
    return path


def frames(folder: Path, count: int, metres: float) -> Path:
    """A place of so many measured frames."""
    folder.mkdir(parents=True)
    rows = []
    for number in range(count):
        picture(folder / f"{number}.png", number)
        depth_picture(folder / f"{number}_d.png", metres)
        row = {"rgb": f"{number}.png", "depth": f"{number}_d.png", "depth_scale": 1000}
        rows.append(row | {"cam_in": [100, 100, 51.5, 35.5]})
    (folder / "frames.json").write_text(json.dumps({"files": rows}))
    return folder


@pytest.fixture
def manifest(tmp_path) -> Path:
    records = [
        Record(
            image=picture(tmp_path / f"{number}.png", number),
            camera=(100, 100, 51.5, 35.5),
            kind=LabelKind.SENSOR,
            depth=depth_picture(tmp_path / f"{number}_d.png", 1 + number),
            depth_encoding=DepthEncoding("png16", 1000),
        )
        for number in range(3)
    ]
    write_manifest(tmp_path / "room.jsonl", records)
    return tmp_path / "room.jsonl"


@pytest.mark.parametrize(
    ("text", "path", "share"),
    [
        ("data/rooms", "data/rooms", 1.0),
        ("data/rooms=0.3", "data/rooms", 0.3),
        ("data/a=b/rooms=2", "data/a=b/rooms", 2.0),
        ("rooms.jsonl=1e-2", "rooms.jsonl", 0.01),
    ],
)
def test_a_path_may_bring_its_share(text, path, share):
    assert Asked.parse(text) == Asked(Path(path), share)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("a.json@kitti", Asked(Path("a.json"), profile="kitti")),
        ("data/a.json@kitti=0.5", Asked(Path("data/a.json"), 0.5, "kitti")),
        ("data/a.json=0.5", Asked(Path("data/a.json"), 0.5)),
        ("me@home/a.jsonl", Asked(Path("me@home/a.jsonl"))),
        ("me@home/a.json", Asked(Path("me@home/a.json"))),
    ],
)
def test_annotations_may_name_their_profile(tmp_path, monkeypatch, text, asked):
    assert Asked.parse(text) == asked
    monkeypatch.chdir(tmp_path)
    asked.path.parent.mkdir(exist_ok=True)
    asked.path.touch()
    assert Asked.parse(text) == asked


def test_annotations_are_read_by_their_profile_from_their_roots(tmp_path):
    for folder in ("pictures", "labels"):
        (tmp_path / folder).mkdir()
    picture(tmp_path / "pictures/0.png")
    depth_picture(tmp_path / "labels/0_d.png", metres=2)
    entry = {"rgb": "0.png", "depth": "0_d.png", "cam_in": [100, 100, 51.5, 35.5]}
    (tmp_path / "a.json").write_text(json.dumps({"files": [entry]}))
    roots = {"data": tmp_path / "pictures", "depth": tmp_path / "labels"}
    for profile, metres, kind in (("nyu", 2, LabelKind.SENSOR), ("kitti", 2000 / 256, LabelKind.LIDAR)):
        stream, _ = prepare(smoke(), [Asked(tmp_path / "a.json", profile=profile, roots=roots)], 0)
        sample = stream.sets[0].source[0]
        assert (float(np.nanmax(sample.depth)), sample.kind) == (metres, kind)


def test_a_run_remembers_which_weights_it_went_on_from(tmp_path):
    run = tmp_path / "run"
    assert remembered_start(run) is None
    remember_start(run, None)
    assert not run.exists()
    remember_start(run, Start({"a": np.zeros(1)}, "mine.pth", "CC-BY-4.0"))
    assert remembered_start(run) == Start({}, "mine.pth", "CC-BY-4.0")
    remember_start(run, None)
    assert remembered_start(run) is None
    (run / "start.json").write_text("[]")
    with pytest.raises(CheckpointError, match=r"start\.json cannot be read"):
        remembered_start(run)


def test_a_path_that_is_there_is_no_share(tmp_path):
    (tmp_path / "rooms=0.3").mkdir()
    assert Asked.parse(f"{tmp_path}/rooms=0.3") == Asked(tmp_path / "rooms=0.3")
    assert Asked.parse(f"{tmp_path}/rooms=0.3=0.5") == Asked(tmp_path / "rooms=0.3", 0.5)


@pytest.mark.parametrize("text", ["rooms=half", "rooms=0", "rooms=-1", "rooms=inf", "rooms=nan", "rooms="])
def test_a_share_is_a_positive_number(text):
    with pytest.raises(ValueError, match=r"rooms|float"):
        Asked.parse(text)


def test_of_rendered_shards_the_first_are_held_out_and_the_rest_trained_on(shards):
    stream, judged = prepare(smoke(), [Asked(shards, 2.0)], 3)
    assert len(judged) == 3
    (chosen,) = stream.sets
    assert (len(chosen.source), chosen.share) == (9, 2.0)
    seen = np.stack([chosen.source[i].image for i in range(9)])
    assert not any((sample.image == seen).all((1, 2, 3)).any() for sample in judged)
    assert {sample.kind for sample in judged} == {LabelKind.SYNTHETIC}


def test_a_manifest_is_trained_on_whole(manifest):
    stream, judged = prepare(smoke(), [Asked(manifest)], 64)
    assert judged == []
    (chosen,) = stream.sets
    assert (chosen.name, len(chosen.source)) == ("room", 3)
    assert sorted(float(np.nanmax(chosen.source[i].depth)) for i in range(3)) == [1, 2, 3]
    with pytest.raises(IndexError):
        chosen.source[3]


def test_places_count_alike_however_many_frames_they_have(tmp_path):
    frames(tmp_path / "hall", 4, metres=2)
    frames(tmp_path / "yard", 1, metres=8)
    stream, _ = prepare(smoke(), [Asked(tmp_path)], 0)
    (chosen,) = stream.sets
    metres = [float(np.nanmax(chosen.source[i].depth)) for i in range(len(chosen.source))]
    assert metres.count(2) == metres.count(8) == 4
    halls = {int(s.image[0, 0, 0]) for s in map(chosen.source.__getitem__, range(8)) if np.nanmax(s.depth) == 2}
    assert halls == {0, 1, 2, 3}


def test_one_place_may_be_given_by_itself(tmp_path):
    stream, _ = prepare(smoke(), [Asked(frames(tmp_path / "hall", 4, metres=2))], 0)
    sample = stream.sets[0].source[1]
    assert np.isnan(sample.depth[0]).all()
    assert (sample.depth[1:] == 2).all()
    assert (sample.camera.fx, sample.kind.metric, sample.normals) == (100, True, None)


def test_every_batch_draws_from_every_set(shards, manifest):
    stream, _ = prepare(replace(smoke(), batch=4), [Asked(shards), Asked(manifest)], 2)
    for step in range(4):
        kinds = stream.batch(step).kinds
        assert kinds.count(LabelKind.SYNTHETIC) == kinds.count(LabelKind.SENSOR) == 2


def test_what_cannot_be_prepared_is_refused(shards, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "nothing.jsonl").write_text("\n")
    for path, told in (
        ("empty", "a manifest, a folder of rendered shards .* or folders with a frames.json"),
        ("absent", "a manifest, a folder of rendered shards"),
        ("nothing.jsonl", "this one is empty"),
    ):
        with pytest.raises(DatasetError, match=told):
            prepare(smoke(), [Asked(tmp_path / path)], 1)
    with pytest.raises(DatasetError, match="12 samples are too few to hold 12 of them out"):
        prepare(smoke(), [Asked(shards)], 12)


def test_places_without_measured_frames_are_refused(tmp_path):
    place = tmp_path / "photos"
    place.mkdir()
    (place / "frames.json").write_text(json.dumps({"files": [{"rgb": "0.png"}]}))
    with pytest.raises(DatasetError, match="holds no samples to train on"):
        prepare(smoke(), [Asked(tmp_path)], 0)


def test_a_broken_list_of_frames_is_refused_naming_it(tmp_path):
    (frames(tmp_path / "hall", 1, metres=2) / "frames.json").write_text("{")
    with pytest.raises(DatasetError, match=r"frames\.json"):
        prepare(smoke(), [Asked(tmp_path)], 0)
