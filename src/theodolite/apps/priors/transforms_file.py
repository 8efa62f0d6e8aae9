"""nerfstudio's transforms.json: the user's own is read, kept aside before it is replaced, and told from ours."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from theodolite.apps.view_readers.nerfstudio import KEPT, NAME, content_of, own_file
from theodolite.apps.view_readers.nerfstudio import PRIORS as MARK
from theodolite.weights.atomic import writing


def read_transforms(root: Path) -> Mapping[str, Any] | None:
    """As it was before priors were added; None where there is none but ours. Raises: DatasetError."""
    path = own_file(root)
    return None if path is None else content_of(path)


def write_transforms(out: Path, content: Mapping[str, Any]) -> Path:
    """Into a folder, where a transforms.json that is not ours is kept as `KEPT`. Raises: OutputError."""
    path = out / NAME
    if path.is_file() and MARK not in content_of(path):
        with writing(out / KEPT) as temporary:
            shutil.copyfile(path, temporary)
    with writing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return path
