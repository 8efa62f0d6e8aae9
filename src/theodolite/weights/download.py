"""One file from the Hugging Face Hub: resumed where it stopped, checked, renamed into place."""

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from theodolite.errors import DownloadError
from theodolite.weights.record import Record, digest
from theodolite.weights.releases import Release

# A full disk, a full quota.
FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Remote:
    """What the Hub says of a file.

    Args:
        url: where it lies.
        sha256: of its content.
        size: bytes.
        revision: commit of the repository.
    """

    url: str
    sha256: str
    size: int
    revision: str


def fetch(release: Release, target: Path) -> None:
    """Bring the file of `release` to `target`, with its record beside it.

    What an interrupted call has fetched stays beside the target under a hidden name; the next call goes on from there.
    Raises: DownloadError, in one line: no network, offline mode, no room, or content other than the Hub announced.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _fetch(release, target)
    # The transport below huggingface_hub is requests, httpx or httpx2, depending on its version, and so are the
    # exceptions; whatever they are called, a user needs the same line.
    except Exception as error:
        raise DownloadError(
            f"{release.name} could not be fetched: {_reason(error, target)}. It can also be brought by hand: get "
            f"{_url(release)} and give its path wherever a model's name is asked for, or put it at {target}."
        ) from error


def _reason(error: Exception, target: Path) -> str:
    if isinstance(error, OSError) and error.errno in FULL:
        return f"the disk is full ({target.parent}; set THEODOLITE_CACHE to use another folder)"
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__


def _fetch(release: Release, target: Path) -> None:
    from huggingface_hub.utils import WeakFileLock

    remote = _ask_hub(release)
    # The content's hash is part of the name, so a file changed at the publisher is never glued to half of the old one.
    part = target.with_name(f".{target.name}.{remote.sha256[:12]}.part")
    with WeakFileLock(target.with_name(f".{target.name}.lock")):
        if target.exists():  # another process was faster
            return
        _make_room(remote, part)
        _receive(remote, part)
        found = digest(part)
        if found != remote.sha256:
            part.unlink()
            raise DownloadError(f"its sha256 is {found} where {remote.sha256} was announced; what came was deleted")
        Record(found, remote.size, f"{release.repo}@{remote.revision}").write(target)
        os.replace(part, target)


def _ask_hub(release: Release) -> Remote:
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    if constants.HF_HUB_OFFLINE:
        raise DownloadError("HF_HUB_OFFLINE is set")
    url = _url(release)
    found = get_hf_file_metadata(url)
    # For a large file the Hub's ETag is the sha256 of the content; anything else cannot vouch for it.
    announced = release.sha256 or (found.etag or "")
    if len(announced) != 64 or found.size is None:
        raise DownloadError(f"{url} announces no size and sha256 to check the file against")
    commit = found.commit_hash or "unknown"
    pinned = hf_hub_url(str(release.repo), release.file, revision=commit, endpoint=os.environ.get("HF_ENDPOINT"))
    return Remote(pinned if found.commit_hash else url, announced, found.size, commit)


def _url(release: Release) -> str:
    from huggingface_hub import hf_hub_url

    return hf_hub_url(str(release.repo), release.file, endpoint=os.environ.get("HF_ENDPOINT"))


def _make_room(remote: Remote, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have > remote.size:
        part.unlink()
        have = 0
    free = shutil.disk_usage(part.parent).free
    if free < remote.size - have:
        raise DownloadError(
            f"it needs {(remote.size - have) / 1e6:.0f} MB, and {part.parent} has {free / 1e6:.0f} MB free "
            "(set THEODOLITE_CACHE to use another folder)"
        )


def _receive(remote: Remote, part: Path) -> None:
    # hf_hub_download of recent versions starts over after an interruption; http_get, which it calls, can go on.
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    try:
        with part.open("ab") as file:
            done = file.tell()
            http_get(remote.url, file, resume_size=done, headers=build_hf_headers(), expected_size=remote.size)
    except OSError as error:
        if error.errno in FULL:
            part.unlink(missing_ok=True)  # what was fetched would keep the disk full
        raise
