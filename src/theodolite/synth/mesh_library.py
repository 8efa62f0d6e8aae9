"""A folder of textured triangle meshes, GLB and OBJ, opened one at a time.

`library.json` in the folder, which may be absent, says what files cannot: by path in the folder, with "*" for all
others, `scale` (metres in a unit), `up` ("y" unless given), `role` ("floor", "table" or "none"), `size` (true width,
depth and height, metres) and `rotation` (nine numbers). Without it a GLB is in metres, as its standard says, and the
unit of an OBJ is guessed by `mesh_file.UNITS`; what is guessed is told.
"""

import json
import sys
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from theodolite.errors import DatasetError
from theodolite.synth.mesh_file import Facts, load_piece
from theodolite.synth.meshes import NOWHERE, ROLES, Piece

KEPT = 64  # pieces that stay in memory


def _to_stderr(line: str) -> None:
    print(f"theodolite: {line}", file=sys.stderr)


@lru_cache(maxsize=1)
def open_library(folder: Path) -> "MeshLibrary":
    """The library of a folder, the same at each call, so that its pieces stay in memory."""
    return MeshLibrary(folder)


class MeshLibrary:
    """Pieces by number, in the order of their paths.

    Args:
        tell: gets a line for each file that is refused, and for each unit that is guessed.
    Raises: DatasetError, when the folder has no meshes or its library.json is wrong.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None] = _to_stderr) -> None:
        self.folder, self._tell = folder, tell
        paths = (p for p in folder.rglob("*") if p.suffix.lower() in (".glb", ".obj"))
        names = sorted(p.relative_to(folder).as_posix() for p in paths)
        self._names = [name for name in names if self.facts(name).role != NOWHERE]
        self._pieces: dict[str, Piece] = {}
        self._refused: set[str] = set()
        if not self._names:
            raise DatasetError(f"No meshes (.glb, .obj) to be placed were found in {folder}.")

    def __len__(self) -> int:
        return len(self._names)

    @cached_property
    def _entries(self) -> dict[str, Facts]:
        path = self.folder / "library.json"
        if not path.exists():
            return {}
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return {name: _facts(entry) for name, entry in found.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise DatasetError(f"{path.name} in the folder of meshes is wrong: {error}") from error

    def facts(self, name: str) -> Facts:
        return self._entries.get(name) or self._entries.get("*") or Facts()

    def piece(self, number: int) -> Piece | None:
        """A piece, or None when its file is refused, which is told once."""
        name = self._names[number]
        if name in self._refused:
            return None
        if name not in self._pieces:
            try:
                found, assumed = load_piece(self.folder / name, self.facts(name), name)
            except DatasetError as error:
                self._refused.add(name)
                self._tell(f"{error}; left out")
                return None
            if assumed:
                self._tell(assumed)
            self._pieces[name] = found
            if len(self._pieces) > KEPT:
                self._pieces.pop(next(iter(self._pieces)))
        self._pieces[name] = self._pieces.pop(name)  # the newest last
        return self._pieces[name]

    def some(self, rng: np.random.Generator, count: int) -> list[Piece]:
        """Up to `count` different pieces."""
        numbers = rng.permutation(len(self))[:count].tolist()
        return [piece for piece in map(self.piece, numbers) if piece is not None]


def _facts(entry: dict) -> Facts:
    known = {"role", "up", "scale", "size", "rotation"}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise ValueError(f"{', '.join(unknown)}; an entry has {', '.join(sorted(known))}")
    if entry.get("role", NOWHERE) not in ROLES:
        raise ValueError(f"role {entry['role']!r}; it is one of {', '.join(ROLES)}")
    if entry.get("up", "y") not in ("y", "z"):
        raise ValueError(f"up {entry['up']!r}; it is y or z")
    numbers = {}
    for name, count in (("size", 3), ("rotation", 9)):
        if name in entry:
            numbers[name] = tuple(float(part) for part in entry[name])
            if len(numbers[name]) != count:
                raise ValueError(f"{name} has {len(numbers[name])} numbers instead of {count}")
    scale = entry.get("scale")
    if (scale is not None and not scale > 0) or min(numbers.get("size", (1,))) <= 0:
        raise ValueError("scale and size have to be positive")
    return Facts(entry.get("role"), entry.get("up", "y"), scale, numbers.get("size"), numbers.get("rotation"))
