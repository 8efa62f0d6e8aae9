"""Pictures with poses, as COLMAP or a depth camera's recorder leaves them, fused into one mesh.

python examples/reconstruct.py FOLDER mesh.ply
"""

import sys

import theodolite
from theodolite.apps.mesh_files import write_mesh
from theodolite.apps.reconstruct import start
from theodolite.apps.view_readers import read_views

folder, mesh = sys.argv[1:3]
scene = start(read_views(folder), theodolite.load())
for frame in scene.frames():
    print(frame.name, frame.error or f"depth times {frame.scale.factor:.3f}, by {frame.scale.by}")
surface = scene.surface(least_faces=100)
write_mesh(mesh, surface)
print(f"{len(surface.vertices)} vertices from {scene.fused} views")
