"""What the authors' annotation files leave unsaid: encodings, kinds and conventions of each of their data sets.

Source: the readers of the Metric3D v2 training code, one for each set; names of sets are lower case here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from theodolite.datasets.encodings import DepthEncoding, SkyEncoding
from theodolite.datasets.sample import LabelKind
from theodolite.errors import DatasetError

# Classes of the authors' unified map.
SKY_CLASS, UNKNOWN_CLASS = 142, 255
_CLASSES = SkyEncoding("class", (SKY_CLASS,), (UNKNOWN_CLASS,))


@dataclass(frozen=True)
class Profile:
    """How the files of one set are read.

    Args:
        depth: an entry's own `depth_scale` comes before the scale here.
        normals: convention, where the set has normals.
        sky: how `sem` is read, where it has classes.
        planes: `sem` numbers planes instead.
        sparse: whether depth is single points; None: what is usual for the kind.
        range: metres beyond which the authors drop depth.
        camera_order: places of fx, fy, cx, cy in `cam_in`.
        domain: the set's name; without one, that of the folder is used.
    """

    kind: LabelKind
    depth: DepthEncoding
    normals: str | None = None
    sky: SkyEncoding | None = None
    planes: bool = False
    sparse: bool | None = None
    range: tuple[float, float] | None = None
    camera_order: tuple[int, int, int, int] = (0, 1, 2, 3)
    domain: str = ""


def _png(scale: float, largest: int | None = None, **more) -> DepthEncoding:
    """16-bit PNG, in which values above `largest` are unknown."""
    return DepthEncoding("png16", scale, invalid_from=None if largest is None else largest + 1, **more)


_LIDAR, _SENSOR, _STEREO = LabelKind.LIDAR, LabelKind.SENSOR, LabelKind.STEREO
_SYNTHETIC, _SFM = LabelKind.SYNTHETIC, LabelKind.SFM

PROFILES = {
    # Any folder's frames.json: the scale is in each entry.
    "frames": Profile(_SENSOR, _png(1000)),
    # Training sets, outdoors.
    "argoverse2": Profile(_LIDAR, _png(200)),
    "cityscapes": Profile(_STEREO, _png(200), sky=_CLASSES),
    "ddad": Profile(_LIDAR, _png(200), sky=_CLASSES),
    "diml": Profile(_STEREO, _png(200), sky=_CLASSES),
    # Several sweeps, filtered until they were dense.
    "drivingstereo": Profile(_LIDAR, _png(256), sky=_CLASSES, sparse=False),
    "dsec": Profile(_LIDAR, _png(200), sky=_CLASSES),
    "lyft": Profile(_LIDAR, _png(200), sky=_CLASSES),
    "mapillary-psd": Profile(_SFM, _png(256), sky=_CLASSES),
    "pandaset": Profile(_LIDAR, _png(200), sky=_CLASSES),
    "uasol": Profile(_STEREO, _png(200, 65500, edge_rows=1), sky=_CLASSES),
    "virtual-kitti-2": Profile(_SYNTHETIC, _png(100), sky=SkyEncoding("colour", (90, 200, 255)), range=(0, 150)),
    "waymo": Profile(_LIDAR, _png(200), sky=_CLASSES),
    # Training sets, indoors.
    "hm3d": Profile(_SENSOR, _png(512, 60000), normals="omnidata"),
    "hypersim": Profile(_SYNTHETIC, DepthEncoding("hdf5", key="dataset"), normals="hypersim"),
    "matterport3d": Profile(_SENSOR, _png(4000, 65500), normals="matterport"),
    "replica": Profile(_SYNTHETIC, _png(512, 60000), normals="omnidata"),
    "replica-gso": Profile(_SYNTHETIC, _png(512, 60000), normals="omnidata"),
    "scannet": Profile(_SENSOR, _png(1000), normals="framenet"),
    "taskonomy": Profile(_SENSOR, _png(512, 60000), normals="omnidata", planes=True, camera_order=(2, 3, 0, 1)),
    # Test sets.
    "7scenes": Profile(_SENSOR, _png(1000, 65534)),
    "diode": Profile(_SENSOR, DepthEncoding("npy"), normals="diode", range=(0.1, 150)),
    "eth3d": Profile(_SENSOR, DepthEncoding("raw", shape=(4032, 6048)), range=(0.1, 100)),
    "kitti": Profile(_LIDAR, _png(256)),
    "nyu": Profile(_SENSOR, _png(1000), normals="geonet"),
}


def find_profile(name: str) -> Profile:
    """Raises: DatasetError, when there is none of this name."""
    if name not in PROFILES:
        raise DatasetError(f"There is no profile {name!r}. There are: {', '.join(sorted(PROFILES))}.")
    return PROFILES[name] if name == "frames" else replace(PROFILES[name], domain=name)
