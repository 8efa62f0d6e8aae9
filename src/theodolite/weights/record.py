"""What is known of a stored file (hash, size, origin), kept in a small JSON beside it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from theodolite.weights.atomic import replacing


@dataclass(frozen=True)
class Record:
    """One file's facts.

    Args:
        sha256: of the content.
        size: bytes.
        origin: repository and commit, or how else the file came here.
    """

    sha256: str
    size: int
    origin: str

    def write(self, file: Path) -> None:
        """Keep the record beside `file`."""
        with replacing(_place(file)) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def of(cls, file: Path) -> "Record | None":
        """The record beside `file`; None when there is none, or none that can be read."""
        try:
            content = json.loads(_place(file).read_text(encoding="utf-8"))
            return cls(str(content["sha256"]), int(content["size"]), str(content["origin"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def digest(file: Path) -> str:
    """The sha256 of a file's content, 64 hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _place(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")
