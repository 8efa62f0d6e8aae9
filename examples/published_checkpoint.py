"""The published Metric3D v2 networks, from a checkpoint file or by name.

    pip install 'theodolite[torch]'
    python examples/published_checkpoint.py metric_depth_vit_small_800k.pth [PHOTO]

A name such as vit-small.official downloads the file. Its publisher states no licence, so that asks first.
"""

import sys
from pathlib import Path

import numpy as np

import theodolite

weights = sys.argv[1]
photo = sys.argv[2] if len(sys.argv) > 2 else Path(__file__).with_name("courtyard.jpg")

model = theodolite.load(weights)
ours = model.predict(photo)
# The frame, rounding and padding of the reference implementation, to compare numbers with it.
reference = model.predict(photo, parity=True)
for name, scene in (("fitted canvas", ours), ("parity", reference)):
    print(f"{name:14} {scene.provenance['canvas']}  median {np.nanmedian(scene.depth):.2f} m")
