"""What is known of a model on one image: sums that metrics are made of, and measures that are means already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from theodolite.camera.pinhole import Camera
from theodolite.evaluation.confidence_metrics import Certainty
from theodolite.evaluation.depth_metrics import DepthSums
from theodolite.evaluation.distance import DistanceSums
from theodolite.evaluation.normal_metrics import NormalSums

# Counts up when outcomes hold something else, or the rules they were made by change.
SCORING = 2
# Fields of a score that are written as they are.
_PLAIN = ("name", "group", "pixels", "dense", "unknown", "measures", "seconds", "told_focal", "stamp")


@dataclass(frozen=True, eq=False)
class ImageScore:
    """One image.

    Args:
        name, group: of the example.
        camera: of the picture, as the model was given it.
        pixels: of the truth that count for the headline.
        dense: share of the truth's pixels with depth in range.
        unknown: share of `pixels` without a prediction.
        depth: by region, then by alignment.
        scales: by alignment: factor and shift that the headline's region asked for.
        constant: of the truth's own median everywhere, which aligned depth has to beat to be worth anything.
        distance: errors by true depth, of the headline.
        normals: None where none could be judged; `normals_from_depth` are those of the predicted depth.
        measures: further ones by name; NaN where one failed, absent where there was nothing to measure.
        certainty: by "depth" and "normals": what the model's own certainty is worth.
        seconds: that the model took.
        told_focal: focal length that the model was told, in true ones.
        stamp: of what was scored, where that can change: another one is another prediction.
    """

    name: str
    group: str
    camera: Camera
    pixels: int
    dense: float
    unknown: float
    depth: Mapping[str, Mapping[str, DepthSums]]
    scales: Mapping[str, tuple[float, float]]
    constant: DepthSums
    distance: DistanceSums
    normals: NormalSums | None = None
    normals_from_depth: NormalSums | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
    certainty: Mapping[str, Certainty] = field(default_factory=dict)
    seconds: float = 0.0
    told_focal: float = 1.0
    stamp: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values; Python's JSON writes NaN, and reads it back."""
        return {
            "name": self.name,
            "group": self.group,
            "camera": asdict(self.camera),
            "pixels": self.pixels,
            "dense": self.dense,
            "unknown": self.unknown,
            "depth": {region: {name: asdict(s) for name, s in each.items()} for region, each in self.depth.items()},
            "scales": {name: list(pair) for name, pair in self.scales.items()},
            "constant": asdict(self.constant),
            "distance": self.distance.to_json(),
            "normals": None if self.normals is None else self.normals.to_json(),
            "normals_from_depth": None if self.normals_from_depth is None else self.normals_from_depth.to_json(),
            "measures": dict(self.measures),
            "certainty": {name: each.to_json() for name, each in self.certainty.items()},
            "seconds": self.seconds,
            "told_focal": self.told_focal,
            "stamp": self.stamp,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ImageScore:
        def sums(name: str) -> NormalSums | None:
            return None if data[name] is None else NormalSums.from_json(data[name])

        return cls(
            camera=Camera(**data["camera"]),
            depth={
                region: {name: DepthSums(**each) for name, each in aligned.items()}
                for region, aligned in data["depth"].items()
            },
            scales={name: (pair[0], pair[1]) for name, pair in data["scales"].items()},
            constant=DepthSums(**data["constant"]),
            distance=DistanceSums.from_json(data["distance"]),
            normals=sums("normals"),
            normals_from_depth=sums("normals_from_depth"),
            certainty={name: Certainty.from_json(each) for name, each in data["certainty"].items()},
            **{name: data[name] for name in _PLAIN},
        )


@dataclass(frozen=True)
class ImageFailure:
    """An image that could not be scored, and why; it is counted, never skipped in silence."""

    name: str
    group: str
    reason: str


Outcome = ImageScore | ImageFailure
