"""The public names, as a list: taking one away is a decision, not an accident."""

import pytest

import theodolite

PUBLIC = ["Camera", "Photo", "Prediction", "Predictor", "TheodoliteError", "__version__", "load"]


def test_the_public_names_are_the_listed_ones():
    assert sorted(theodolite.__all__) == PUBLIC


def test_every_public_name_can_be_had():
    for name in PUBLIC:
        assert getattr(theodolite, name) is not None


def test_dir_lists_the_public_names():
    assert dir(theodolite) == PUBLIC


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="depth_anything"):
        theodolite.depth_anything  # noqa: B018
