"""From a folder of posed pictures to priors for its trainers: predict, align, write, fuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from theodolite.apps.priors.aligning import Alignments, align_all
from theodolite.apps.priors.alignment import Pairs
from theodolite.apps.priors.cloud import SIDE, SmallView, fuse, picture_at, shrunk, shrunk_camera
from theodolite.apps.priors.files import writers_of
from theodolite.apps.priors.opening import open_views
from theodolite.apps.priors.predictions import Maps, Predictions, predict
from theodolite.apps.priors.report import Report, ViewReport
from theodolite.apps.priors.scene import Range, Scene, Writer
from theodolite.apps.priors.settings import Settings
from theodolite.apps.priors.sparse import with_sparse_points
from theodolite.apps.priors.thinning import Thinned
from theodolite.apps.priors.trust import trusted
from theodolite.apps.priors.view_priors import ViewPriors
from theodolite.apps.views import Views
from theodolite.camera.photo import CameraGiven
from theodolite.errors import DatasetError, OutputError, TheodoliteError
from theodolite.geometry.pointcloud import PointCloud
from theodolite.inference.predictor import Predictor

# Called after each step of a stage ("predict", "write", "fuse"), with how many of how many are done.
Progress = Callable[[str, int, int], None]


def make_priors(
    folder: str | Path,
    predictor: Predictor,
    settings: Settings | None = None,
    *,
    out: str | Path | None = None,
    images: str | Path | None = None,
    poses: str | Path | None = None,
    calibration: str | Path | CameraGiven | None = None,
    overwrite: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Report:
    """Priors of all views of a folder, for the trainers that the settings name.

    Predictions are kept in `OUT/.priors` until all is written: called again after an interruption, it goes on.

    Args:
        folder: in any form that `read_views` knows; the other arguments of that name are its.
        out: folder of the results; the folder itself without, where a file of the user's that has to change is kept as
            "NAME.original.ENDING".
        overwrite: replace results that are there.
    Raises: DatasetError, OutputError, CameraError; views that cannot be used are told in the report.
    """
    settings, root = settings or Settings(), Path(folder)
    views, transforms = open_views(root, images, poses, calibration)
    sparse = with_sparse_points(views, root, transforms)
    scene = Scene(
        root, views.form, sparse.views, root if out is None else Path(out), settings, transforms, len(views.skipped)
    )
    writers = writers_of(scene, overwrite)
    work = _Work(scene, Predictions(scene.out, _identity(predictor, settings)), writers, progress)
    work.predict(predictor)
    work.align(views.metric)
    work.write()
    cloud = work.fuse()
    return work.finish(cloud, sparse.source, views)


class _Work:
    """What is known along the way."""

    def __init__(self, scene: Scene, predictions: Predictions, writers: dict[str, Writer], progress: Progress) -> None:
        self.scene, self.predictions, self.writers, self.progress = scene, predictions, writers, progress
        self.failed: dict[int, str] = {}
        self.shares: dict[int, float] = {}
        self.alignments = Alignments({}, float("nan"), float("nan"))
        self.cloud_voxel = float("nan")

    @property
    def numbers(self) -> list[int]:
        """Of views that are usable so far."""
        return [number for number in range(len(self.scene.views)) if number not in self.failed]

    def predict(self, predictor: Predictor) -> None:
        for number, view in enumerate(self.scene.views):
            try:
                if self.predictions.get(number, view) is None:
                    self.predictions.put(number, view, predict(view, predictor, self.scene.settings.max_side))
            except OutputError:
                raise  # a full disk is no picture's fault
            except TheodoliteError as error:
                self.failed[number] = str(error)
            self.progress("predict", number + 1, len(self.scene.views))
        if not self.numbers:
            raise DatasetError(f"None of the {len(self.scene.views)} views could be used. {self.failed[0]}")

    def align(self, metric: bool) -> None:
        self.alignments = align_all(self.scene.views, self.numbers, self._load, metric, self.scene.settings)

    def write(self) -> None:
        extent = self._extent()
        for done, number in enumerate(self.numbers, 1):
            priors = self._priors(number)
            self.shares[number] = float(priors.trusted.mean())
            for writer in self.writers.values():
                writer.write(self.scene, priors, extent)
            self.progress("write", done, len(self.numbers))

    def fuse(self) -> PointCloud | None:
        if not self.scene.settings.points:
            return None
        poses = np.stack([self.scene.views[number].world_from_camera for number in self.numbers])
        last: Thinned | None = None
        for done, so_far in enumerate(fuse(self.numbers, poses, self._small, self.scene.settings.points), 1):
            last = so_far
            self.progress("fuse", done, len(self.numbers))
        if last is None:
            return None
        cloud = last.cloud()
        self.cloud_voxel = last.voxel
        return cloud

    def finish(self, cloud: PointCloud | None, sparse: str, views: Views) -> Report:
        written = {name: writer.finish(self.scene, cloud) for name, writer in self.writers.items()}
        each = [
            ViewReport(view.name, self.alignments.each.get(number), self.shares.get(number, float("nan")), error)
            for number, view in enumerate(self.scene.views)
            for error in [self.failed.get(number, "")]
        ]
        told = None if cloud is None else (len(cloud), self.cloud_voxel)
        alignments = self.alignments
        report = Report(
            self.scene.out, tuple(each), alignments.units, alignments.spread, sparse, told, written, views.skipped
        )
        report.write()
        self.predictions.clear()
        return report

    def _load(self, number: int) -> Maps:
        return self.predictions.load(number, self.scene.views[number])

    def _priors(self, number: int) -> ViewPriors:
        view, maps, aligned = self.scene.views[number], self._load(number), self.alignments.each[number]
        pairs = Pairs.of(maps.depth, maps.camera, view.world_from_camera, view.points)
        mask = trusted(maps, aligned, pairs, self.scene.settings.least_confidence)
        return ViewPriors(number, self.scene.name(view), view, maps, aligned, mask)

    def _small(self, number: int) -> SmallView:
        priors = self._priors(number)
        camera = priors.maps.camera
        step = max(1, round(max(camera.width, camera.height) / SIDE))
        depth = priors.depth
        return SmallView(
            shrunk(np.where(priors.trusted, depth, np.float32(np.nan)), step),
            shrunk(depth, step),
            shrunk(priors.maps.normals, step),
            shrunk(priors.maps.confidence, step),
            picture_at(priors.view, camera, step, self.scene.settings.max_side),
            shrunk_camera(camera, step),
            priors.view.world_from_camera,
        )

    def _extent(self) -> Range:
        found: list[Sequence[float]] = []
        for number in self.numbers:
            maps, aligned = self._load(number), self.alignments.each[number]
            depth = aligned.alignment.apply(maps.depth[::4, ::4])
            depth = depth[np.isfinite(depth) & (depth > 0)]
            if len(depth):
                found.append(np.percentile(depth, [0.1, 50, 99.9]).tolist())
        if not found:
            raise DatasetError("No view has any depth: all pixels are sky or beyond the network's range.")
        near, middle, far = np.array(found).T
        return Range(float(near.min()), float(np.median(middle)), float(far.max()))


def _identity(predictor: Predictor, settings: Settings) -> dict[str, object]:
    """What predictions depend on, beside picture and camera."""
    facts = getattr(predictor, "facts", None)
    return {"model": getattr(facts, "name", type(predictor).__name__), "max_side": settings.max_side}
