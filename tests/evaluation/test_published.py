"""Published rows: those of the papers, with their sources, and nothing that cannot be."""

import math

import pytest

from theodolite.evaluation.protocols import BENCHMARKS
from theodolite.evaluation.published import ALIGNMENTS, SOURCES, PublishedRow, published
from theodolite.evaluation.published_rows import ROWS

PARTS = ("diode-indoors", "diode-outdoor")


def one(benchmark, alignment, label, source):
    found = published(benchmark, alignment, ablations=True)
    (row,) = [row for row in found if (row.label, row.source) == (label, source)]
    return dict(row.metrics)


@pytest.mark.parametrize(
    ("row", "metrics"),
    [
        (("nyuv2", "metric", "Metric3D v2 ViT-L", "abstract"), {"delta1": 0.975, "abs_rel": 0.063}),
        (("kitti", "metric", "Metric3D v2 ViT-L", "abstract"), {"delta1": 0.974, "abs_rel": 0.052}),
        (
            ("kitti", "metric", "Metric3D v2 ViT-g2, fine-tuned", "readme"),
            {"delta1": 0.989, "delta2": 0.998, "abs_rel": 0.039, "rmse": 1.766, "rmse_log": 0.060},
        ),
        (
            ("nyuv2", "metric", "ZoeDepth ViT-L, fine-tuned", "readme"),
            {"delta1": 0.953, "delta2": 0.995, "abs_rel": 0.077, "rmse": 0.277, "log10": 0.033},
        ),
        (
            ("kitti", "metric", "Metric3D v2 ViT-L", "readme-history"),
            {"delta1": 0.985, "delta2": 0.995, "delta3": 0.999, "abs_rel": 0.052, "rmse": 2.511, "rmse_log": 0.074},
        ),
        (
            ("nyuv2", "metric", "ZeroDepth", "readme-history"),
            {"delta1": 0.901, "delta2": 0.961, "abs_rel": 0.100, "rmse": 0.380},
        ),
        (
            ("kitti", "metric", "Metric3D v2 ViT-L, Garg's crop", "third-party"),
            {"delta1": 0.9785, "delta2": 0.9962, "abs_rel": 0.0495, "rmse": 2.262},
        ),
        (("kitti", "metric", "Metric3D v2 ViT-g2, Garg's crop", "third-party"), {"abs_rel": 0.0503}),
        (
            ("nyuv2", "metric", "Metric3D v2 ViT-L, pooled", "third-party"),
            {"abs_rel": 0.069, "rmse": 0.34, "delta1": 0.967},
        ),
        (
            ("ibims1", "metric", "Metric3D v2 ViT-L, pooled", "third-party"),
            {"abs_rel": 0.195, "rmse": 0.77, "delta1": 0.723},
        ),
        (
            ("nyuv2", "metric", "Metric3D CSTM_label, ConvNeXt-L", "paper"),
            {"delta1": 0.944, "delta2": 0.986, "delta3": 0.995, "abs_rel": 0.083, "log10": 0.035, "rmse": 0.310},
        ),
        (("diode-indoors", "metric", "Metric3D v2 ViT-L", "abstract"), {"delta1": 0.849}),
        (("eth3d", "metric", "Metric3D v2 ViT-L", "abstract"), {"delta1": 0.993}),
        (("eth3d", "metric", "Metric3D CSTM_image, ConvNeXt-L", "paper"), {"abs_rel": 0.342, "rmse": 2.965}),
        (("7scenes", "metric", "NeWCRFs", "paper"), {"abs_rel": 0.240, "rmse": 0.451}),
        (("nuscenes", "metric", "AdaBins", "paper"), {"abs_rel": 0.445, "rmse": 10.658}),
        (("eth3d", "affine", "Marigold", "readme"), {"abs_rel": 0.127, "delta1": 0.960}),
        (("diode", "affine", "Metric3D v2 ViT-g", "readme"), {"abs_rel": 0.136, "delta1": 0.895}),
        (("scannet", "affine", "LeReS ResNeXt101", "paper"), {"abs_rel": 0.095, "delta1": 0.912}),
        (("kitti", "affine", "OmniData ViT-B", "paper"), {"abs_rel": 0.149, "delta1": 0.835}),
        (("scannet", "none", "Metric3D v2 ViT-g", "readme"), {"within_11_25": 0.778, "mean": 9.2, "rmse": 15.3}),
        (("ibims1", "none", "EESNU", "readme"), {"within_11_25": 0.585, "mean": 20.0}),
        (("nyuv2", "none", "Metric3D v2 ViT-L, fine-tuned", "abstract"), {"within_11_25": 0.688, "mean": 12.0}),
        (("nyuv2", "metric", "Metric3D CamConvs in place of CSTM", "paper"), {"abs_rel": 0.333}),
        (("ddad", "metric", "Metric3D CSTM_label, fine-tuned", "paper"), {"abs_rel": 0.183}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_numbers_are_those_that_were_read(row, metrics):
    assert one(*row) == metrics


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.benchmark}-{row.label}-{row.source}-{row.alignment}")
def test_a_row_is_of_a_benchmark_and_holds_what_can_be(row):
    assert row.benchmark in (*BENCHMARKS, *PARTS)
    assert row.alignment in ALIGNMENTS
    assert SOURCES[row.source]
    deltas = [row.metrics[name] for name in ("delta1", "delta2", "delta3") if name in row.metrics]
    assert deltas == sorted(deltas)
    largest = {"abs_rel": 1.5, "log10": 0.2, "rmse_log": 0.3, "rmse": 40.0 if not row.is_depth else 15.0, "mean": 30.0}
    for name, value in row.metrics.items():
        assert 0 < value < largest.get(name, 1)
    if not row.is_depth and "rmse" in row.metrics:
        assert row.metrics["mean"] < row.metrics["rmse"]
    # Of one error, logarithms to the base of ten are smaller by 2.3.
    if {"log10", "abs_rel"} <= set(row.metrics) and not any("log10" in note for note in row.notes):
        assert 0.3 < row.metrics["log10"] / row.metrics["abs_rel"] < 0.5


def test_no_row_stands_there_twice():
    keys = [(row.benchmark, row.label, row.source, row.alignment) for row in ROWS]
    assert len(set(keys)) == len(keys)


def test_every_benchmark_of_the_sources_has_rows():
    named = "nyuv2 kitti scannet nuscenes diode diode-indoors diode-outdoor eth3d ibims1 7scenes"
    assert all(published(name) for name in named.split())
    assert published("frames") == ()
    assert len(ROWS) == 174


def test_an_alignment_or_ablations_are_asked_for():
    assert {row.alignment for row in published("nyuv2")} == {"metric", "affine", "none"}
    assert {row.alignment for row in published("nyuv2", "affine")} == {"affine"}
    assert not any(row.ablation for row in published("kitti"))
    assert sum(row.ablation for row in published("kitti", ablations=True)) == 7
    assert published("ddad") == ()


@pytest.mark.parametrize(
    ("benchmark", "words"),
    [
        ("kitti", "delta1 of ViT-L is .974"),
        ("kitti", "Garg's crop"),
        ("scannet", "training sets"),
        ("eth3d", "does not reproduce"),
        ("diode", "look shifted"),
        ("nyuv2", "ViT-L row is the fine-tuned one"),
        ("ibims1", "derived from depth"),
    ],
)
def test_what_has_to_be_known_is_told(benchmark, words):
    assert any(words in note for row in published(benchmark) for note in row.notes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"alignment": "median"},
        {"source": "hearsay"},
        {"metrics": {}},
        {"metrics": {"mean": 12.0}},
        {"metrics": {"delta1": 97.5}},
        {"metrics": {"abs_rel": math.nan}},
        {"metrics": {"delta1": 0.9, "delta2": 0.8}},
        {"alignment": "none", "metrics": {"abs_rel": 0.1}},
    ],
    ids=str,
)
def test_a_row_that_cannot_be_is_refused(wrong):
    row = {"benchmark": "kitti", "method": "A", "alignment": "metric", "source": "paper", "metrics": {"delta1": 0.9}}
    PublishedRow(**row)
    with pytest.raises(AssertionError):
        PublishedRow(**row | wrong)
