"""From folders and manifests on disk to what a run needs: its stream of batches, and samples kept out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from theodolite.datasets.frames import find_frame_folders
from theodolite.datasets.load import load
from theodolite.datasets.record import Record
from theodolite.datasets.sample import Sample
from theodolite.datasets.sources import open_records
from theodolite.errors import DatasetError
from theodolite.synth.families import FAMILIES
from theodolite.synth.shards import Order
from theodolite.training.config import Recipe
from theodolite.training.data import Part, SampleSet, Source, Stream
from theodolite.training.scenes import LiveScenes, Scenes

_RENDER = "render:"
# Scenes of a live set: more than a run can see, few enough to be shuffled. Pictures a bit larger than most canvases.
_LIVE, _LIVE_SIZE = 1_000_000, (288, 384)


@dataclass(frozen=True)
class Asked:
    """Data that a run is to learn from: a folder of rendered shards, a manifest, annotations, or folders of frames.

    Args:
        share: of every batch, relative to the others.
        profile: how the files of annotations are encoded, a name in `datasets.profiles.PROFILES`.
        roots: folders that paths in annotations start at, by names in `datasets.annotations.ROOTS`.
        live: scenes that are rendered while the run goes on, in place of `path`.
    """

    path: Path
    share: float = 1.0
    profile: str | None = None
    roots: Mapping[str, Path] = field(default_factory=dict)
    live: Order | None = None

    @classmethod
    def parse(cls, text: str) -> Asked:
        """From "PATH" or "PATH=SHARE"; annotations may name their profile, as "PATH.json@PROFILE=SHARE".

        "render:FAMILY" is no path: scenes of a family, or of its "mix", that are rendered as they are needed.

        Raises: ValueError, for a share that is not a positive number, or a family that does not exist.
        """
        place, profile = _with_profile(text)
        whole, equals, share = text.rpartition("=")
        number = 1.0
        if equals and not place.exists():
            number = float(share)
            if not 0 < number < float("inf"):
                raise ValueError(f"the share of {whole} is a positive number, got {share}")
            place, profile = _with_profile(whole)
        if not str(place).startswith(_RENDER):
            return cls(place, number, profile=profile)
        family = str(place).removeprefix(_RENDER)
        if family not in (*FAMILIES, "mix"):
            raise ValueError(f"there is no family {family!r}; known: {', '.join(FAMILIES)}, mix")
        return cls(place, number, live=Order(place, _LIVE, *_LIVE_SIZE, family=family))

    @property
    def annotated(self) -> bool:
        """Whether it is a list that leaves unsaid how its files are encoded and where they are."""
        return self.path.suffix == ".json" and self.path.name != "frames.json"

    @property
    def rendered(self) -> bool:
        """Whether the samples are rendered shards, of which some can be held out: none is another's neighbour."""
        return self.path.is_dir() and any(self.path.glob("*.npz"))

    def open(self) -> Source:
        """Raises: DatasetError, when there are no samples."""
        if self.live:
            return LiveScenes(self.live)
        if self.rendered:
            return Scenes([self.path])
        if self.path.is_file():
            return Listed((open_records(self.path, self.profile, self.roots),))
        places = find_frame_folders(self.path)
        if not places:
            raise DatasetError(
                f"{self.path}: a manifest, a folder of rendered shards (.npz: theodolite synth), or folders with a "
                "frames.json were expected."
            )
        return Listed(tuple(open_records(place) for place in places))


@dataclass(frozen=True)
class Listed:
    """The samples of several places, each place as often as the next, however many it has."""

    places: tuple[Sequence[Record], ...]

    def __len__(self) -> int:
        return len(self._filled) * max(map(len, self._filled), default=0)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        number, which = divmod(index, len(self._filled))
        place = self._filled[which]
        return load(place[number % len(place)])

    @cached_property
    def _filled(self) -> list[Sequence[Record]]:
        return [place for place in self.places if len(place)]


def prepare(recipe: Recipe, data: Sequence[Asked], held_out: int) -> tuple[Stream, list[Sample]]:
    """The stream of a run, and the rendered samples to judge it by.

    Args:
        held_out: the first samples of every rendered set, which are not trained on.
    Raises: DatasetError.
    """
    sets, judged = [], []
    for asked in data:
        source = asked.open()
        if asked.rendered and held_out:
            if held_out >= len(source):
                raise DatasetError(f"{asked.path}: {len(source)} samples are too few to hold {held_out} of them out.")
            judged += [source[i] for i in range(held_out)]
            source = Part(source, held_out, len(source))
        sets.append(SampleSet(asked.path.stem or str(asked.path), source, asked.share))
    return Stream(recipe, sets), judged


def _with_profile(text: str) -> tuple[Path, str | None]:
    """The two parts of "PATH.json@PROFILE"; any other text is a path."""
    path, _, profile = text.rpartition("@")
    if not path.endswith(".json") or "=" in profile or Path(text).exists():
        return Path(text), None
    return Path(path), profile
