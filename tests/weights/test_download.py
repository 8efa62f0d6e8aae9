import errno
import threading
from collections import namedtuple
from dataclasses import replace

import pytest

from theodolite.errors import DownloadError
from theodolite.weights.download import fetch
from theodolite.weights.record import Record, digest
from theodolite.weights.releases import RELEASES, Release

RELEASE = RELEASES["vit-small.official"]


@pytest.fixture
def target(cache):
    return cache / "weights" / RELEASE.name / RELEASE.file


def parts(target) -> list[int]:
    """Sizes of what was left half fetched."""
    return [file.stat().st_size for file in target.parent.glob("*.part")]


def failure(target, release: Release = RELEASE) -> str:
    """The message of a fetch that must fail, leaving no file in place."""
    with pytest.raises(DownloadError) as caught:
        fetch(release, target)
    assert not target.exists()
    message = str(caught.value)
    assert "\n" not in message
    assert "by hand" in message
    assert str(target) in message
    return message


def test_a_fetched_file_is_whole_and_its_origin_recorded(hub, target):
    fetch(RELEASE, target)
    assert target.read_bytes() == hub.content
    assert parts(target) == []
    assert Record.of(target) == Record(
        hub.announced, len(hub.content), f"JUGGHM/Metric3D@{'0123456789abcdef' * 2}01234567"
    )


def test_an_interrupted_download_goes_on_where_it_stopped(hub, target):
    hub.cut = 50 * 1024
    failure(target)
    kept = parts(target)[0]
    assert 0 < kept < len(hub.content)
    hub.cut, hub.ranges[:] = None, []
    fetch(RELEASE, target)
    assert hub.ranges == [f"bytes={kept}-"]
    assert digest(target) == hub.announced


def test_a_file_that_changed_at_the_publisher_starts_over(hub, target):
    hub.cut = 50 * 1024
    failure(target)
    hub.cut, hub.ranges[:] = None, []
    hub.replace(bytes(len(hub.content)))
    fetch(RELEASE, target)
    assert hub.ranges == [None]
    assert digest(target) == hub.announced


def test_content_that_is_not_what_was_announced_is_deleted(hub, target):
    hub.announced = "0" * 64
    assert "sha256" in failure(target)
    assert parts(target) == []


def test_a_hash_fixed_in_the_table_wins_over_the_hub(hub, target):
    assert "sha256" in failure(target, replace(RELEASE, sha256="1" * 64))
    true, hub.announced = hub.announced, "2" * 64
    fetch(replace(RELEASE, sha256=true), target)


def test_a_hub_that_vouches_for_nothing_is_refused(hub, target):
    hub.announced = "not-a-hash"
    assert "announces no size and sha256" in failure(target)


def test_too_long_a_part_is_thrown_away(hub, target):
    target.parent.mkdir(parents=True)
    target.with_name(f".{target.name}.{hub.announced[:12]}.part").write_bytes(b"x" * (len(hub.content) + 1))
    fetch(RELEASE, target)
    assert hub.ranges == [None]
    assert digest(target) == hub.announced


def test_a_complete_part_needs_no_second_transfer(hub, target):
    target.parent.mkdir(parents=True)
    target.with_name(f".{target.name}.{hub.announced[:12]}.part").write_bytes(hub.content)
    fetch(RELEASE, target)
    assert hub.ranges == []
    assert digest(target) == hub.announced


def test_offline_mode_is_respected(hub, target, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in failure(target)
    assert hub.ranges == []


def test_an_unreachable_hub_is_one_line(hub, target, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    failure(target)


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusing_hub_is_one_line(hub, target, status):
    hub.status = status
    assert str(status) in failure(target)


def test_too_little_room_is_seen_before_anything_is_sent(hub, target, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage(10**9, 10**9 - 100, 100))
    assert "THEODOLITE_CACHE" in failure(target)
    assert hub.ranges == []


def test_a_disk_that_fills_up_on_the_way_keeps_nothing(hub, target, monkeypatch):
    def full(url, file, **options):
        file.write(b"some")
        file.flush()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    assert "the disk is full" in failure(target)
    assert parts(target) == []


def test_a_cache_that_cannot_be_made_is_one_line(hub, target):
    target.parent.parent.parent.mkdir()
    target.parent.parent.write_text("a file where a folder should be")
    failure(target)


def test_two_at_once_fetch_once(hub, target):
    threads = [threading.Thread(target=fetch, args=(RELEASE, target)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hub.ranges) == 1
    assert digest(target) == hub.announced
