"""Depth, normals, masks and an initial cloud for NeRF and Gaussian splatting, from a COLMAP or nerfstudio folder.

python examples/priors.py FOLDER [OUT]
"""

import sys

import theodolite
from theodolite.apps.priors import Settings, make_priors

folder, out = [*sys.argv[1:], None][:2]
settings = Settings(targets=("nerfstudio", "gaussian-splatting"), points=200_000)
report = make_priors(folder, theodolite.load(), settings, out=out)
for view in report.views:
    print(view.name, view.error or f"{view.aligned.kind} by {view.aligned.by}, {100 * view.trusted:.0f} % trusted")
for name, written in report.written.items():
    print(f"{name}: {written.command}")
