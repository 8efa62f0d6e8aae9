"""Files that appear whole or not at all: written under a temporary name, then renamed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from theodolite.errors import OutputError


@contextmanager
def staged(paths: Sequence[Path], overwrite: bool = False) -> Iterator[list[BinaryIO]]:
    """Open files that take their names only when the block ends well; otherwise none is left behind.

    Raises: OutputError, when one exists and may not be replaced, or the folder or disk refuses.
    """
    # In the same folder: a rename across file systems would be a copy, which can stop half-way.
    drafts = [path.with_name(f".{uuid.uuid4().hex}.part") for path in paths]
    try:
        for path in () if overwrite else paths:
            if path.exists():
                raise OutputError(f"{path} exists already and is kept. Give --overwrite, or write to another folder.")
        for folder in {path.parent for path in paths}:
            folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            yield [stack.enter_context(draft.open("xb")) for draft in drafts]
        for draft, path in zip(drafts, paths, strict=True):
            os.replace(draft, path)
    except OSError as error:
        raise OutputError(_refusal(error, paths)) from error
    finally:
        for draft in drafts:
            # There may be none, and a folder that refuses to be written refuses this too; the reason is told already.
            with suppress(OSError):
                draft.unlink()


def _refusal(error: OSError, paths: Sequence[Path]) -> str:
    wanted = paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
    reason = (error.strerror or str(error)).lower()
    return f"Cannot write {wanted} to {paths[0].parent}: {reason}. Free some space, or choose another folder."
