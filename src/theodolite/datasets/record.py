"""One line of a manifest: the files of a sample, how each is encoded, and its camera."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from theodolite.datasets.arrays import NO_FILE
from theodolite.datasets.encodings import DepthEncoding, SkyEncoding, is_number
from theodolite.datasets.normal_encodings import CONVENTIONS
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

FILES = ("image", "depth", "normals", "normal_mask", "sky", "planes", "mask")
# Where a record was found; no part of what it says.
_PROVENANCE = ("root", "origin")


class RecordError(DatasetError):
    """A record that cannot be used, in one line: where it was found, the field, the file, what is wrong."""

    def __init__(self, field: str, reason: str, *, file: Path | None = None, origin: str = "") -> None:
        self.field, self.reason, self.file, self.origin = field, reason.rstrip("."), file, origin
        parts = (origin, field, "" if file is None else str(file), self.reason)
        line = " ".join(": ".join(part for part in parts if part).split())
        super().__init__(line if line.endswith("?") else line + ".")

    @property
    def missing(self) -> bool:
        """Whether all that is wrong is that the file is not there."""
        return self.file is not None and self.reason == NO_FILE


@contextmanager
def locating(origin: str) -> Iterator[None]:
    """Tells the block's errors where the record was found."""
    try:
        yield
    except RecordError as error:
        raise RecordError(error.field, error.reason, file=error.file, origin=origin) from error
    except DatasetError as error:
        raise RecordError("", str(error), origin=origin) from error


@dataclass(frozen=True, kw_only=True)
class Record:
    """The files of one sample and how to read them; nothing is opened before `load`.

    Args:
        image: any picture. This and all other paths start at `root`.
        camera: fx, fy, cx, cy in pixels of the stored image, centre of the top-left pixel at (0, 0).
        kind: how depth was got.
        size: (width, height) of the image the camera belongs to, to be checked against the file.
        depth: at the image's size or any other of its shape.
        normals: one file, or three for x, y and z; read as `normal_convention`, a name of
            `normal_encodings.CONVENTIONS`.
        normal_mask: normals count where this is not zero.
        sky: a map of classes or a mask, read as `sky_encoding`.
        planes: numbers of planes; 0 on none.
        mask: depth, normals, sky and planes count where this is not zero.
        range: (near, far) in metres; depth outside it is dropped, and a file with hardly any inside refused.
        sparse: whether depth is single points; by default, what is usual for the kind.
        domain: the data set, for shares and reports.
        extra: whatever else is worth keeping, as JSON.
        root: folder that relative paths start at; of a record read from a manifest, the manifest's.
        origin: file and line it was read from, for messages.
    Raises: RecordError, naming the field that is wrong.
    """

    image: Path
    camera: tuple[float, float, float, float]
    kind: LabelKind
    size: tuple[int, int] | None = None
    depth: Path | None = None
    depth_encoding: DepthEncoding | None = None
    normals: Path | tuple[Path, Path, Path] | None = None
    normal_convention: str | None = None
    normal_mask: Path | None = None
    sky: Path | None = None
    sky_encoding: SkyEncoding | None = None
    planes: Path | None = None
    mask: Path | None = None
    range: tuple[float, float] | None = None
    sparse: bool | None = None
    domain: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    root: Path = field(default=Path(), compare=False)
    origin: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in FILES:
            object.__setattr__(self, name, _as_paths(name, getattr(self, name)))
        self._check_camera()
        if not isinstance(self.kind, LabelKind):
            raise RecordError(
                "kind", f"one of {', '.join(kind.value for kind in LabelKind)} is needed, got {self.kind!r}"
            )
        self._check_pairs()
        if self.range is not None and not (_are_numbers(self.range, 2) and 0 <= self.range[0] < self.range[1]):
            raise RecordError("range", f"metres [near, far] with 0 <= near < far are needed, got {_shown(self.range)}")
        if not (self.sparse is None or isinstance(self.sparse, bool)):
            raise RecordError("sparse", f"true or false is needed, got {self.sparse!r}")
        if not isinstance(self.domain, str):
            raise RecordError("domain", f"a text is needed, got {self.domain!r}")
        if not isinstance(self.extra, Mapping):
            raise RecordError("extra", f"an object is needed, got {_shown(self.extra)}")

    def _check_camera(self) -> None:
        if not _are_numbers(self.camera, 4):
            raise RecordError("camera", f"four finite numbers [fx, fy, cx, cy] are needed, got {_shown(self.camera)}")
        if min(self.camera[:2]) <= 0:
            raise RecordError("camera", f"focal lengths must be positive, got fx, fy = {_shown(self.camera[:2])}")
        if self.size is None:
            return
        if not (_are_numbers(self.size, 2) and all(int(side) == side > 0 for side in self.size)):
            raise RecordError("size", f"[width, height] in whole pixels is needed, got {_shown(self.size)}")

    def _check_pairs(self) -> None:
        """A file and how it is encoded come together."""
        if self.depth is not None and not isinstance(self.depth_encoding, DepthEncoding):
            raise RecordError("depth_encoding", "is needed wherever there is depth")
        if self.normals is not None and self.normal_convention not in CONVENTIONS:
            known = ", ".join(CONVENTIONS)
            raise RecordError("normal_convention", f"one of {known} is needed, got {self.normal_convention!r}")
        if self.sky is not None and not isinstance(self.sky_encoding, SkyEncoding):
            raise RecordError("sky_encoding", "is needed wherever there is a sky map")
        if self.sky_encoding is not None and (self.sky_encoding.kind == "beyond") != (self.sky is None):
            raise RecordError("sky_encoding", "kind 'beyond' finds the sky in depth, every other kind needs a sky map")
        if self.sky_encoding is not None and self.sky is None and self.depth is None:
            raise RecordError("sky_encoding", "kind 'beyond' needs depth")
        if self.normals is None and self.normal_mask is not None:
            raise RecordError("normal_mask", "goes with normals, and there are none")
        if not any((self.depth, self.normals, self.sky, self.planes)):
            raise RecordError("depth", "or at least normals, sky or planes are needed; a picture alone teaches nothing")

    @classmethod
    def from_json(cls, data: object, root: Path = Path(), origin: str = "") -> Record:
        """A record from one parsed line. Raises: RecordError, naming origin and field."""
        with locating(origin):
            if not isinstance(data, dict):
                raise RecordError("", f"a JSON object is needed, got {_shown(data)}")
            known = [item.name for item in fields(cls) if item.name not in _PROVENANCE]
            if unknown := [name for name in data if name not in known]:
                raise RecordError(unknown[0], f"there is no such field; there are {', '.join(known)}")
            if missing := [name for name in ("image", "camera", "kind") if name not in data]:
                raise RecordError(missing[0], "is missing")
            return cls(**_parsed(data), root=root, origin=origin)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads; only what differs from the usual."""
        found: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in _PROVENANCE or value in (None, "", {}):
                continue
            found[item.name] = _plain(value)
        return found

    def files(self, name: str) -> tuple[Path, ...]:
        """The paths of a field, ready to be opened; none where it is not given."""
        value = getattr(self, name)
        return tuple(self.root / path for path in (value if isinstance(value, tuple) else (value,)) if path is not None)


def _parsed(data: dict[str, Any]) -> dict[str, Any]:
    """Lists as tuples, and names and objects as what they stand for."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    kinds = {kind.value: kind for kind in LabelKind}
    if isinstance(values["kind"], str):
        values["kind"] = kinds.get(values["kind"], values["kind"])
    for name, encoding in (("depth_encoding", DepthEncoding), ("sky_encoding", SkyEncoding)):
        if values.get(name) is None:
            continue
        try:
            values[name] = encoding.from_json(values[name])
        except DatasetError as error:
            raise RecordError(name, str(error)) from error
    return values


def _as_paths(name: str, value: object) -> Path | tuple[Path, ...] | None:
    if value is None and name != "image":
        return None
    if isinstance(value, tuple) and name == "normals" and len(value) == 3:
        return tuple(path for part in value if isinstance(path := _as_paths("image", part), Path))
    if not isinstance(value, (str, Path)) or not str(value):
        raise RecordError(name, f"a path is needed, got {_shown(value)}")
    if "\0" in str(value):
        raise RecordError(name, "a path cannot hold a zero byte")
    return Path(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (DepthEncoding, SkyEncoding)):
        return value.to_json()
    if isinstance(value, LabelKind):
        return value.value
    if isinstance(value, Path):
        return value.as_posix()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _are_numbers(values: object, count: int) -> bool:
    if not isinstance(values, (tuple, list)) or len(values) != count:
        return False
    return all(is_number(value) for value in values)


def _shown(value: object) -> str:
    """For a message: tuples as the lists they were in JSON, and never long."""
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 80 else text[:77] + "..."
