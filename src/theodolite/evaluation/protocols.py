"""The benchmarks: which pictures, which of their pixels, what is forgiven, how it is averaged; one row each.

"community" is what most papers do today; "release" what the test recipes of Metric3D v2 do. Their numbers differ for
the same depth, so a result always carries its row, and results of different rows are never compared.
Source: the recipes of the release; for the community, the scripts of Eigen, Garg, ZoeDepth, Marigold and DSINE. Where
papers differ, or there is none to follow, `note` says that the range is ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from theodolite.errors import TheodoliteError
from theodolite.evaluation.alignment import ALIGNMENTS
from theodolite.evaluation.regions import REGIONS

COMMUNITY, RELEASE = "community", "release"
AGGREGATIONS = ("images", "pixels", "groups")
# Where true normals come from: files; planes fitted to noisy sensor depth; those of a small window of exact depth.
NORMALS = ("distributed", "sensor", "window")
MEASURES = ("boundaries", "planes", "points")


class UnknownBenchmark(TheodoliteError):
    """A benchmark, or a protocol of one, that does not exist."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """One row.

    Args:
        benchmark, name: together they name the row; `name` is "community" or "release".
        about: what is judged, in a line.
        dataset: name of its reader.
        split, truth: of the reader; its usual ones when empty.
        range: metres between which truth counts; what lies outside is left out, not clipped.
        regions: names in `REGIONS` of what counts of the picture; the first gives the headline.
        masks: of the example, all of which have to be True.
        alignments: names in `ALIGNMENTS`, those that a model's depth is of too unknown a scale for are left out.
        clip: metres that predictions are clipped to; None leaves them.
        fit_side: alignments are found on a copy with this longer side, px; None: on every pixel.
        aggregation: of depth for the headline: mean over "images", over the "pixels" of all, or over "groups" of the
            images' means.
        normals: of `NORMALS`, or empty: none are judged.
        normal_aggregation: of normals for the headline.
        measures: of `MEASURES`: what else is measured; errors at depth edges, on planes, of point clouds.
        sample: (count, seed) of a random choice of images; None takes all.
        focal: fx, fy, cx, cy, px, in place of the data set's own.
        black_border: px at each side of the picture that are made black.
        columns: first and last + 1 of the picture that are kept; the principal point is not moved.
        parity: our own networks run as published, on the reference canvas.
        note: what a reader has to know of this row.
        changes: options by which somebody departed from the row, as typed; its name then says so.
    """

    benchmark: str
    name: str = COMMUNITY
    about: str
    dataset: str
    split: str = ""
    truth: str = ""
    range: tuple[float, float] = (1e-3, math.inf)
    regions: tuple[str, ...] = ("full",)
    masks: tuple[str, ...] = ()
    alignments: tuple[str, ...] = ("metric", "median", "affine", "affine-inverse")
    clip: tuple[float, float] | None = None
    fit_side: int | None = None
    aggregation: str = "images"
    normals: str = ""
    normal_aggregation: str = "pixels"
    measures: tuple[str, ...] = ()
    sample: tuple[int, int] | None = None
    focal: tuple[float, float, float, float] | None = None
    black_border: int = 0
    columns: tuple[int, int] | None = None
    parity: bool = False
    note: str = ""
    changes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        near, far = self.range
        assert 0 <= near < far, self.range
        assert self.regions, "a protocol counts something"
        assert set(self.regions) <= set(REGIONS), self.regions
        assert self.alignments, "a protocol forgives something, or says that it does not"
        assert set(self.alignments) <= set(ALIGNMENTS), self.alignments
        assert self.aggregation in AGGREGATIONS, self.aggregation
        assert self.normal_aggregation in AGGREGATIONS, self.normal_aggregation
        assert self.normals in ("", *NORMALS), self.normals
        assert set(self.measures) <= set(MEASURES), self.measures

    @property
    def of(self) -> str:
        """The name of the row in the table, whatever was changed."""
        return self.name.partition(" ")[0]

    def changed(
        self,
        split: str = "",
        truth: str = "",
        nearest: float | None = None,
        farthest: float | None = None,
        points: bool = False,
        normals: bool = True,
    ) -> Protocol:
        """This row with other choices, which its name then tells, so that nobody takes one for the other.

        Args:
            points, normals: measure point clouds, too; do not judge normals. Neither changes another number.
        Raises: ValueError, for a range that is none.
        """
        near, far = self.range[0] if nearest is None else nearest, self.range[1] if farthest is None else farthest
        if not 0 <= near < far:
            raise ValueError(f"Truth counts between two positive numbers of metres, got {near:g} and {far:g}.")
        asked = {
            "--split": split if split != self.split else "",
            "--truth": truth if truth != self.truth else "",
            "--nearest": f"{near:g}" if near != self.range[0] else "",
            "--farthest": f"{far:g}" if far != self.range[1] else "",
        }
        asked = {option: value for option, value in asked.items() if value}
        words = ", ".join(f"{option.removeprefix('--')} {value}" for option, value in asked.items())
        switches = (*(("--points",) if points else ()), *(() if normals else ("--no-normals",)))
        return replace(
            self,
            name=f"{self.name} (changed: {words})" if words else self.name,
            split=split or self.split,
            truth=truth or self.truth,
            range=(near, far),
            measures=(*self.measures, "points") if points and "points" not in self.measures else self.measures,
            normals=self.normals if normals else "",
            changes=(*(word for pair in asked.items() for word in pair), *switches),
        )

    def words(self) -> str:
        """What decides the numbers, in a line."""
        near, far = self.range
        parts = [f"truth {near:g} to {far:g} m" if math.isfinite(far) else f"truth from {near:g} m"]
        parts += [f"region {' and '.join(self.regions)}"] if self.regions != ("full",) else []
        parts += [f"masks {' and '.join(self.masks)}"] if self.masks else []
        parts += [f"predictions clipped to {self.clip[0]:g} to {self.clip[1]:g} m"] if self.clip else []
        parts += [f"alignment by a copy of {self.fit_side} px"] if self.fit_side else []
        parts += [f"mean over {self.aggregation}"]
        parts += [f"normals {self.normals}, mean over {self.normal_aggregation}"] if self.normals else []
        parts += [f"{self.sample[0]} images drawn with seed {self.sample[1]}"] if self.sample else []
        parts += [f"focal length {self.focal[0]:g} px"] if self.focal else []
        parts += [f"border of {self.black_border} px black"] if self.black_border else []
        parts += [f"columns {self.columns[0]} to {self.columns[1]}"] if self.columns else []
        parts += [f"split {self.split}"] if self.split else []
        parts += [f"truth {self.truth}"] if self.truth else []
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it: an open end of the range is null."""
        plain = asdict(self)
        plain["range"] = [end if math.isfinite(end) else None for end in self.range]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


_OURS = "The range is ours: papers differ."
_RANDOM_500 = (500, 100)


def _release(community: Protocol, **changes: Any) -> Protocol:
    """A row of the release: depth as predicted and what its authors align, unclipped, normals averaged over images."""
    usual: dict[str, Any] = {
        "name": RELEASE,
        "range": (0.1, 200.0),
        "regions": ("full",),
        "masks": (),
        "alignments": ("metric", "median", "affine"),
        "clip": None,
        "fit_side": None,
        "normal_aggregation": "images",
        "measures": (),
        "parity": True,
    }
    return replace(community, **usual | changes)


_NYU = Protocol(
    benchmark="nyuv2",
    about="NYU Depth V2, 654 rooms, Kinect depth",
    dataset="nyuv2",
    range=(1e-3, 10.0),
    clip=(1e-3, 10.0),
    regions=("nyu",),
    normals="distributed",
    note="The usual truth has its holes filled in; papers that judge by what was measured take `--truth raw`.",
)
_KITTI = Protocol(
    benchmark="kitti",
    about="KITTI, 652 streets of the Eigen split, accumulated LiDAR",
    dataset="kitti",
    range=(1e-3, 80.0),
    clip=(1e-3, 80.0),
    regions=("garg", "eigen"),
    note="Garg's crop is the headline, as in most papers; the Metric3D papers' own rows use Eigen's.",
)
_SCANNET = Protocol(
    benchmark="scannet",
    about="ScanNet, rooms filmed with a depth camera",
    dataset="scannet",
    range=(1e-3, 10.0),
    clip=(1e-3, 10.0),
    normals="distributed",
    note="Papers draw pictures of their own; put theirs into a list (`theodolite dataset info scannet`).",
)
_NUSCENES = Protocol(
    benchmark="nuscenes",
    about="nuScenes, six cameras of a car, LiDAR",
    dataset="nuscenes",
    range=(1e-3, 80.0),
    clip=(1e-3, 80.0),
    note=_OURS,
)
_DIODE = Protocol(
    benchmark="diode",
    about="DIODE, 771 scans indoors and outdoors",
    dataset="diode",
    range=(1e-3, 350.0),
    clip=(1e-3, 350.0),
    masks=("valid",),
    normals="distributed",
)
_ETH3D = Protocol(
    benchmark="eth3d",
    about="ETH3D, 454 photos of buildings and landscapes, laser scans",
    dataset="eth3d",
    fit_side=1024,
    note="Cameras are those calibrated; lens distortion stays in pictures and truth.",
)
_IBIMS = Protocol(
    benchmark="ibims1",
    about="iBims-1, 100 rooms, laser scans; planes and depth edges marked by hand",
    dataset="ibims1",
    range=(1e-3, 50.0),
    masks=("invalid", "transparent"),
    normals="window",
    measures=("boundaries", "planes"),
    note="True normals are those of 7x7 windows of the depth, so at depth edges they are none of a surface.",
)
_DDAD = Protocol(
    benchmark="ddad",
    about="DDAD, six cameras of a car, long-range LiDAR",
    dataset="ddad",
    range=(1e-3, 120.0),
    clip=(1e-3, 120.0),
    note=_OURS,
)

_ROWS = (
    _NYU,
    _release(_NYU, range=(0.1, 10.0), regions=("nyu",), black_border=6),
    _KITTI,
    _release(_KITTI, range=(0.1, 80.0), regions=("eigen",), columns=(43, 1197), note=""),
    _SCANNET,
    _release(_SCANNET, sample=_RANDOM_500, note="500 drawn from whatever the split lists."),
    _NUSCENES,
    _release(_NUSCENES, sample=_RANDOM_500, note=""),
    _DIODE,
    _release(_DIODE, range=(0.1, 150.0), masks=("valid",)),
    _ETH3D,
    _release(
        _ETH3D,
        range=(0.1, 100.0),
        focal=(2000.0, 2000.0, 3024.0, 2016.0),
        note="A focal length of 2000 px whatever the camera, which sets metres off by the ratio to the true one.",
    ),
    _IBIMS,
    _release(_IBIMS, range=(0.1, 10.0), normals="window", note=""),
    _DDAD,
    _release(_DDAD, sample=_RANDOM_500, note=""),
    Protocol(
        benchmark="7scenes",
        about="7-Scenes, rooms filmed with a Kinect",
        dataset="7scenes",
        range=(1e-3, 10.0),
        clip=(1e-3, 10.0),
        note=_OURS,
    ),
    Protocol(
        benchmark="sunrgbd",
        about="SUN RGB-D, 5050 rooms, four depth cameras",
        dataset="sunrgbd",
        range=(1e-3, 8.0),
        clip=(1e-3, 8.0),
        note="Contains pictures of NYU Depth V2.",
    ),
    Protocol(
        benchmark="hypersim",
        about="Hypersim, rendered interiors",
        dataset="hypersim",
        range=(1e-3, 80.0),
        clip=(1e-3, 80.0),
        normals="distributed",
        measures=("boundaries",),
    ),
    Protocol(
        benchmark="vkitti2",
        about="Virtual KITTI 2, rendered streets",
        dataset="vkitti2",
        range=(1e-3, 80.0),
        clip=(1e-3, 80.0),
        measures=("boundaries",),
    ),
    Protocol(
        benchmark="sintel",
        about="MPI Sintel, a rendered film",
        dataset="sintel",
        range=(1e-3, 70.0),
        alignments=("median", "affine", "affine-inverse"),
        measures=("boundaries",),
        note=f"Its unit is no metre, so depth as predicted is not judged. {_OURS}",
    ),
    Protocol(
        benchmark="tum-rgbd",
        about="TUM RGB-D, offices filmed with a Kinect",
        dataset="tum-rgbd",
        range=(0.1, 10.0),
        normals="sensor",
        normal_aggregation="images",
        note=_OURS,
    ),
    Protocol(
        benchmark="frames",
        about="your own RGB-D frames: a folder with a frames.json, or a folder of such folders",
        dataset="frames",
        range=(0.1, 80.0),
        alignments=("metric", "median", "affine"),
        aggregation="groups",
        normals="sensor",
        normal_aggregation="groups",
    ),
)
PROTOCOLS: Mapping[tuple[str, str], Protocol] = {(row.benchmark, row.name): row for row in _ROWS}
BENCHMARKS = tuple(dict.fromkeys(row.benchmark for row in _ROWS))


def find_protocol(benchmark: str, name: str = COMMUNITY) -> Protocol:
    """Raises: UnknownBenchmark, which lists those there are."""
    if (benchmark, name) in PROTOCOLS:
        return PROTOCOLS[benchmark, name]
    if benchmark not in BENCHMARKS:
        raise UnknownBenchmark(f"There is no benchmark {benchmark!r}. There are: {', '.join(BENCHMARKS)}.")
    known = ", ".join(row for of, row in PROTOCOLS if of == benchmark)
    raise UnknownBenchmark(f"{benchmark} has no protocol {name!r}, but {known}.")
