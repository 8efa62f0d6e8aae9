"""Regions are the field's, to the pixel."""

import pytest

from theodolite.evaluation.regions import REGIONS


@pytest.mark.parametrize(
    ("name", "size", "rows", "columns"),
    [
        ("garg", (375, 1242), (153, 371), (44, 1197)),
        ("eigen", (375, 1242), (124, 342), (44, 1197)),
        ("nyu", (480, 640), (45, 471), (41, 601)),
        ("full", (7, 9), (0, 7), (0, 9)),
    ],
)
def test_a_region_has_the_rows_and_columns_that_papers_use(name, size, rows, columns):
    inside = REGIONS[name].inside(*size)
    assert inside.any(axis=1).nonzero()[0][[0, -1]].tolist() == [rows[0], rows[1] - 1]
    assert inside.any(axis=0).nonzero()[0][[0, -1]].tolist() == [columns[0], columns[1] - 1]
    assert inside.sum() == (rows[1] - rows[0]) * (columns[1] - columns[0])
