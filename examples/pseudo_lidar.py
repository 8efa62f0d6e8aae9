"""A picture as points in a vehicle's axes, the camera's height above the ground, and a view from above.

python examples/pseudo_lidar.py PICTURE CALIBRATION [OUT]
    CALIBRATION: KITTI's calib/000000.txt or raw folder, nuScenes' tables, or {"K": 3x3, "vehicle_from_camera": 4x4}.
"""

import sys
from pathlib import Path

import theodolite
from theodolite.apps.driving import drive
from theodolite.apps.mounted_camera import read_mounted
from theodolite.camera.photo import CameraReport

picture, calibration = Path(sys.argv[1]), Path(sys.argv[2])
out = Path(sys.argv[3] if len(sys.argv) > 3 else "out/pseudo_lidar")

size = CameraReport.of(picture).lens.camera  # of the upright picture
mounted = read_mounted(calibration, picture, (size.width, size.height))
scene = theodolite.load().predict(picture, camera=mounted.lens, max_side=1024)
result = drive(scene, mounted)

print(f"{len(result.points)} points in the axes of the {mounted.body}")
if result.ground is None:
    print(result.reason)
else:
    print(f"Camera {result.ground.height:.2f} m above the ground, give or take {result.height_sigma:.2f} m")
for file in result.save(out, overwrite=True):
    print(file)
