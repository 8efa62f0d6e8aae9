"""The table of protocols: complete, and never mixed."""

import json

import pytest

from theodolite.datasets.readers import READERS, find_reader
from theodolite.evaluation.protocols import BENCHMARKS, PROTOCOLS, UnknownBenchmark, find_protocol


@pytest.mark.parametrize("row", PROTOCOLS.values(), ids=lambda row: f"{row.benchmark}-{row.name}")
def test_every_row_is_of_a_data_set_that_can_be_read(row):
    about = find_reader(row.dataset).ABOUT
    assert row.dataset in READERS
    assert not row.split or row.split in about.splits
    assert not row.truth or row.truth in about.truths
    json.dumps(row.as_dict(), allow_nan=False)
    assert row.words()


def test_every_benchmark_has_a_row_of_the_community():
    assert {benchmark for benchmark, name in PROTOCOLS if name == "community"} == set(BENCHMARKS)


def test_every_data_set_that_can_be_read_is_judged_by():
    assert {row.dataset for row in PROTOCOLS.values()} == set(READERS)


def test_the_release_crops_kitti_as_eigen_and_the_community_as_garg():
    community, release = find_protocol("kitti"), find_protocol("kitti", "release")
    assert community.regions == ("garg", "eigen")
    assert release.regions == ("eigen",)
    assert (community.clip, release.clip) == ((1e-3, 80.0), None)


def test_an_unknown_benchmark_or_protocol_lists_those_there_are():
    with pytest.raises(UnknownBenchmark, match="nyuv2"):
        find_protocol("nyu")
    with pytest.raises(UnknownBenchmark, match="community"):
        find_protocol("sintel", "release")


def test_a_changed_row_says_so_in_its_name_and_how_to_type_it():
    changed = find_protocol("kitti").changed(farthest=50, truth="sweep")
    assert changed.name == "community (changed: truth sweep, farthest 50)"
    assert changed.changes == ("--truth", "sweep", "--farthest", "50")
    assert changed.range == (1e-3, 50)
    assert changed.of == "community"
    assert changed.as_dict() != find_protocol("kitti").as_dict()


def test_a_switch_that_changes_no_number_leaves_the_name():
    changed = find_protocol("ibims1").changed(points=True, normals=False)
    assert changed.name == "community"
    assert changed.changes == ("--points", "--no-normals")
    assert changed.normals == ""
    assert "points" in changed.measures


def test_what_is_asked_as_it_is_anyway_changes_nothing():
    assert find_protocol("kitti").changed(farthest=80) == find_protocol("kitti")


def test_a_range_that_is_none_is_refused():
    with pytest.raises(ValueError, match="between two positive"):
        find_protocol("kitti").changed(nearest=90)
