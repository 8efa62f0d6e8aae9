"""Where was the camera? The path through a video or a folder of pictures, in metres.

python examples/odometry.py FOLDER|VIDEO trajectory.txt [FIELD OF VIEW]
"""

import sys

import theodolite
from theodolite.apps.frames import Opening, open_frames
from theodolite.apps.odometry import Tracker, follow_frames
from theodolite.apps.odometry_path import path_of
from theodolite.apps.predicted_depth import predicted_depth
from theodolite.apps.trajectory import write_tum

source, target, fov = [*sys.argv[1:], "60"][:3]
tracker = Tracker(predicted_depth(theodolite.load()))
for note in follow_frames(tracker, open_frames(source, Opening(assume_fov=float(fov)))):
    if note:
        print(note)
path = path_of(tracker.map)
write_tum(target, path.trajectory)
print(f"{len(path.trajectory)} pictures placed, {path.trajectory.length:.2f} m")
