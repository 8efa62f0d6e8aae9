"""A photo as a point cloud for MeshLab, CloudCompare or Blender, with the camera given by hand.

python examples/point_cloud.py [OUT]
"""

import sys
from pathlib import Path

import theodolite

photo = Path(__file__).with_name("courtyard.jpg")
out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/point_cloud")

model = theodolite.load()
# What the photo says of itself would do as well; this is for photos that say nothing, or lie.
camera = theodolite.Camera.from_fov(60, width=1932, height=2576, axis="longer", detail="my phone")
scene = model.predict(photo, camera=camera, max_side=1024)

points = scene.points()[scene.valid]
print(f"{len(points)} points, from {points[:, 2].min():.1f} to {points[:, 2].max():.1f} m away")
for file in scene.save(out, ["ply", "glb", "html"], overwrite=True):
    print(file)
