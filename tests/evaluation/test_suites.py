"""The table of suites."""

import pytest

from theodolite.errors import UnknownSuite
from theodolite.evaluation.suites import SUITES, find_suite


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_is_found_by_its_name(name):
    assert find_suite(name) is SUITES[name]


def test_an_unknown_suite_lists_those_there_are():
    with pytest.raises(UnknownSuite, match=r"'indoors'.*real \(your own RGB-D frames"):
        find_suite("indoors")
