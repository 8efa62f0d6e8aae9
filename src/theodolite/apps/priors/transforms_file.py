"""nerfstudio's transforms.json: the user's own is read, kept aside before it is replaced, and told from ours."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theodolite.apps.view_readers.nerfstudio import KEPT, NAME
from theodolite.apps.view_readers.nerfstudio import PRIORS as MARK
from theodolite.errors import DatasetError
from theodolite.weights.atomic import writing


@dataclass(frozen=True)
class Transforms:
    """The user's own file.

    Args:
        path: where it is now.
        content: as it was before priors were added.
    """

    path: Path
    content: Mapping[str, Any]

    @property
    def measured(self) -> bool:
        """Whether it names measured depth, which nerfstudio keeps in the unit of the poses."""
        return any("depth_file_path" in frame for frame in self.content["frames"])


def read_transforms(root: Path) -> Transforms | None:
    """None where there is none but ours. Raises: DatasetError."""
    for name in (NAME, "transforms_train.json"):
        path = root / name
        if path.is_file():
            content = _load(path)
            if MARK not in content:
                return Transforms(path, content)
            if (root / KEPT).is_file():
                return Transforms(root / KEPT, _load(root / KEPT))
    return None


def is_only_ours(root: Path) -> bool:
    """Whether the folder has a transforms.json for no other reason than that priors were written into it."""
    return (root / NAME).is_file() and read_transforms(root) is None


def write_transforms(out: Path, content: Mapping[str, Any]) -> Path:
    """Into a folder, where a transforms.json that is not ours is kept as `KEPT`. Raises: OutputError."""
    path = out / NAME
    if path.is_file() and MARK not in _load(path):
        with writing(out / KEPT) as temporary:
            shutil.copyfile(path, temporary)
    with writing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return path


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8-sig"))
        if not isinstance(content["frames"], list):
            raise TypeError
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DatasetError(f"{path}: a JSON object with a list of frames is needed.") from error
    return content
