"""Depth of a clip that does not flicker: a film side by side, and 16-bit depth of every picture.

python examples/video.py VIDEO|FOLDER OUT [FIELD OF VIEW]
"""

import sys

import theodolite
from theodolite.apps.clips.run import clip_to_folder
from theodolite.apps.clips.source import open_clip
from theodolite.apps.frames import Opening

source, target, fov = [*sys.argv[1:], "60"][:3]
clip = open_clip(source, Opening(assume_fov=float(fov), max_side=640))
summary = clip_to_folder(theodolite.load(), clip, target)
for reason in summary["failed"]:
    print(reason)
flicker = summary["flicker"]
print(f"{summary['pictures']} pictures, flicker of scale {flicker['before']['scale']:.2%}")
print(f"now {flicker['after']['scale']:.2%}; see {target}/side-by-side.mp4")
