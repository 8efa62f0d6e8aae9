"""The licence gate: weights without a stated licence are fetched only after someone accepted that, once."""

import json
import os
import sys
from pathlib import Path

from theodolite.errors import LicenceNotAccepted
from theodolite.weights.atomic import replacing
from theodolite.weights.releases import Release

ENVIRONMENT = "THEODOLITE_ACCEPT_LICENSE"


def ensure_accepted(release: Release, folder: Path, accept: bool = False) -> None:
    """Pass when the licence situation of `release` is accepted; ask when a person is there to answer.

    Accepted for good: by `accept` or by a typed yes, remembered in `folder` for everything from the same publisher.
    Accepted for this process only: by the variable THEODOLITE_ACCEPT_LICENSE.
    Raises: LicenceNotAccepted, with the command that accepts it.
    """
    if not release.needs_acceptance or os.environ.get(ENVIRONMENT, "").lower() in ("1", "true", "yes"):
        return
    memory = folder / "accepted-licences.json"
    accepted = _remembered(memory)
    if release.repo in accepted:
        return
    if not accept and not _asked(release):
        raise LicenceNotAccepted(
            f"{release.name} is not fetched before its licence situation is accepted: {situation(release)} "
            f"To accept, once: theodolite models download {release.name} --accept-license "
            f"(in a script: {ENVIRONMENT}=1)."
        )
    memory.parent.mkdir(parents=True, exist_ok=True)
    with replacing(memory) as temporary:
        temporary.write_text(json.dumps(sorted({*accepted, str(release.repo)})) + "\n", encoding="utf-8")


def situation(release: Release) -> str:
    """What is known of the licence, in a sentence."""
    return (
        f"its publisher ({release.repo} on Hugging Face) states no licence for the weights, "
        "so whether you may use them, above all commercially, is between you and the publisher."
    )


def _remembered(memory: Path) -> set[str]:
    # A damaged memory only means being asked again.
    try:
        names = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()


def _asked(release: Release) -> bool:
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{release.name}: {situation(release)}", file=sys.stderr)
    print("Fetch it, and remember this answer? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
