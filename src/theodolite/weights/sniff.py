"""What a weights file is, told by its first bytes and not by its name; no torch needed."""

import json
from enum import Enum
from pathlib import Path
from typing import Any

from theodolite.errors import CheckpointError

# What safetensors itself refuses to exceed; a real header here is some 60 kB.
LARGEST_HEADER = 100_000_000


class Kind(Enum):
    """Contents that hold weights."""

    SAFETENSORS = "safetensors"
    TORCH = "PyTorch archive"
    OLD_TORCH = "PyTorch pickle"
    ONNX = "ONNX"


def recognise(path: Path) -> Kind:
    """What lies at `path`.

    Raises: CheckpointError, naming what was found instead of weights.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise CheckpointError(f"A weights file was expected at {path}: {error.strerror or error}.") from error
    if not head:
        raise CheckpointError(f"{path} is empty; a weights file was expected. Fetch or copy it again.")
    if head.startswith(b"PK\x03\x04"):
        return Kind.TORCH
    if head[0] == 0x80 and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return Kind.OLD_TORCH
    if head[8:9] == b"{":
        if int.from_bytes(head[:8], "little") + 8 > size:
            raise CheckpointError(f"{path} ends inside its own header: it was cut off. Fetch or copy it again.")
        return Kind.SAFETENSORS
    # ONNX has no magic number; its first field is the format's version, a small number.
    if path.suffix.lower() == ".onnx" and head[0] == 0x08:
        return Kind.ONNX
    raise CheckpointError(f"{path} is {_other(head)}, not a weights file (safetensors, or .pth of PyTorch).")


def header(path: Path) -> dict[str, Any]:
    """The header of a safetensors file: a row for each tensor, and `__metadata__`.

    Raises: CheckpointError, when it is damaged.
    """
    damaged = CheckpointError(f"{path} has a damaged safetensors header. Fetch or copy it again.")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(LARGEST_HEADER, path.stat().st_size):
            raise damaged
        try:
            content = json.loads(file.read(length))
        except (ValueError, RecursionError) as error:
            raise damaged from error
    if not isinstance(content, dict) or not all(isinstance(row, dict) for row in content.values()):
        raise damaged
    return content


def _other(head: bytes) -> str:
    start = head.lstrip().lower()
    if start.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer (run `git lfs pull` where it came from)"
    if start.startswith(b"<"):
        return "a web page, as a server sends in place of a file that is absent or needs a login"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head):
        return "plain text"
    return "of no known format"
