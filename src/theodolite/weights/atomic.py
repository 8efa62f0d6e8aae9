"""Files and folders that are either whole or absent: written beside their place, then renamed into it."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from theodolite.errors import OutputError, TheodoliteError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, which becomes `path` when the block ends well and vanishes otherwise."""
    # A name of its own for each writer: two processes never write into one file.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.touch()
        mode = temporary.stat().st_mode & 0o777
        yield temporary
        temporary.chmod(mode)  # some writers make files that nobody else may read
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """`replacing`, for a file that somebody asked for: its folder is made, and failure is told in words.

    Raises: OutputError, when the folder or the file cannot be written.
    """
    with _asked_for(path), replacing(path) as temporary:
        yield temporary


@contextmanager
def writing_folder(folder: Path) -> Iterator[Path]:
    """`writing`, for several files that appear together: an empty folder to fill, which takes the place of `folder`.

    One writer at a time: what one that was killed left behind is cleared away.

    Raises: OutputError, when it cannot be written.
    """
    temporary = folder.with_name(f".{folder.name}.tmp")
    with _asked_for(folder):
        shutil.rmtree(temporary, ignore_errors=True)
        try:
            temporary.mkdir()
            yield temporary
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _asked_for(path: Path) -> Iterator[None]:
    """The folder that holds `path` is made, and failure is told in words."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except TheodoliteError:
        raise
    # The writers of PyTorch and safetensors put a full disk into exceptions of their own (RuntimeError, Exception).
    except Exception as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or " ".join(str(error).split())[:160]
        raise OutputError(f"{path} could not be written: {reason}. Nothing was left there.") from error
