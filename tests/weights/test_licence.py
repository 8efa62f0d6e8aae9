import io

import pytest

from theodolite.errors import LicenceNotAccepted
from theodolite.weights.licence import ensure_accepted
from theodolite.weights.releases import RELEASES

OFFICIAL, OTHER, OURS = RELEASES["vit-small.official"], RELEASES["vit-large.official"], RELEASES["pocket"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_our_own_weights_pass_without_a_question(cache):
    ensure_accepted(OURS, cache)
    assert not cache.exists()


def test_without_acceptance_and_without_a_person_the_refusal_names_the_command(cache):
    with pytest.raises(LicenceNotAccepted) as refusal:
        ensure_accepted(OFFICIAL, cache)
    assert "theodolite models download vit-small.official --accept-license" in str(refusal.value)
    assert "states no licence" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_acceptance_is_remembered_for_everything_of_that_publisher(cache):
    ensure_accepted(OFFICIAL, cache, accept=True)
    ensure_accepted(OTHER, cache)


def test_the_variable_accepts_for_one_process_and_leaves_no_trace(cache, monkeypatch):
    monkeypatch.setenv("THEODOLITE_ACCEPT_LICENSE", "1")
    ensure_accepted(OFFICIAL, cache)
    monkeypatch.delenv("THEODOLITE_ACCEPT_LICENSE")
    with pytest.raises(LicenceNotAccepted):
        ensure_accepted(OFFICIAL, cache)


def test_a_variable_that_says_no_accepts_nothing(cache, monkeypatch):
    monkeypatch.setenv("THEODOLITE_ACCEPT_LICENSE", "0")
    with pytest.raises(LicenceNotAccepted):
        ensure_accepted(OFFICIAL, cache)


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_a_person_is_asked_once_on_stderr(cache, monkeypatch, answer):
    screen = Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stderr", screen)
    ensure_accepted(OFFICIAL, cache)
    assert "states no licence" in screen.getvalue()
    monkeypatch.setattr("sys.stdin", None)
    ensure_accepted(OFFICIAL, cache)


@pytest.mark.parametrize("answer", ["\n", "n\n", "", "yep\n"])
def test_anything_but_yes_is_no(cache, monkeypatch, answer):
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stderr", Terminal())
    with pytest.raises(LicenceNotAccepted):
        ensure_accepted(OFFICIAL, cache)
    assert not cache.exists()


@pytest.mark.parametrize("damage", ["", "{", "3", '["SOMEONE/Else"]', '{"JUGGHM/Metric3D": 1}'])
def test_a_damaged_memory_accepts_nothing_and_is_replaced(cache, damage):
    cache.mkdir()
    (cache / "accepted-licences.json").write_text(damage)
    with pytest.raises(LicenceNotAccepted):
        ensure_accepted(OFFICIAL, cache)
    ensure_accepted(OFFICIAL, cache, accept=True)
    ensure_accepted(OFFICIAL, cache)
