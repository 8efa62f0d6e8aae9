import dataclasses

import pytest

from theodolite.errors import UnknownModel
from theodolite.network.variants import VARIANTS
from theodolite.weights.releases import RELEASES, resolve


def test_every_variant_has_exactly_one_release():
    assert sorted(release.variant for release in RELEASES.values()) == sorted(VARIANTS)


def test_names_are_keys_and_start_with_the_variant():
    assert all(name == release.name and name.split(".")[0] == release.variant for name, release in RELEASES.items())


def test_published_weights_need_acceptance_and_ours_do_not():
    assert {release.name for release in RELEASES.values() if not release.needs_acceptance} == {"pocket"}
    assert {release.name for release in RELEASES.values() if release.embedded} == {"pocket"}


def test_the_variant_alone_means_its_published_weights():
    assert resolve("vit-large") is resolve("vit-large.official") is RELEASES["vit-large.official"]
    assert resolve("pocket") is RELEASES["pocket"]


@pytest.mark.parametrize(
    ("wrong", "meant"), [("vit-larg", "vit-large"), ("vit_small", "vit-small"), ("Pocket", "pocket")]
)
def test_an_unknown_name_is_refused_with_those_that_come_close(wrong, meant):
    with pytest.raises(UnknownModel, match=f"Did you mean .*{meant}"):
        resolve(wrong)


def test_a_name_unlike_any_other_is_refused_with_the_whole_list():
    with pytest.raises(UnknownModel, match=r"'xyzzy'\. Known: pocket, vit-small\.official"):
        resolve("xyzzy")


@pytest.mark.parametrize(
    "nonsense", [{"canonical_focal": 0.0}, {"canvas": (616, 1000)}, {"sha256": "abc"}, {"variant": "vit-huge"}]
)
def test_a_release_that_cannot_be_is_refused(nonsense):
    with pytest.raises(ValueError):
        dataclasses.replace(RELEASES["vit-small.official"], **nonsense)


def test_a_release_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RELEASES["pocket"].licence = "MIT"
