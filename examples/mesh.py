"""A photo as a textured mesh for Blender, game engines and the web, turned upright; and once more, lighter.

python examples/mesh.py [OUT]
"""

import sys
from pathlib import Path

import trimesh

import theodolite
from theodolite.inference.files import SaveOptions

photo = Path(__file__).with_name("courtyard.jpg")
out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/mesh")

scene = theodolite.load().predict(photo, max_side=1024)
for name, triangles in (("courtyard", 200_000), ("light", 10_000)):
    options = SaveOptions(level=True, triangles=triangles)
    (file,) = scene.save(out, ["glb"], overwrite=True, stem=name, options=options)
    mesh = trimesh.load(file, force="mesh")
    width, height, depth = mesh.extents
    print(f"{file}: {len(mesh.faces)} triangles, {width:.1f} x {height:.1f} x {depth:.1f} m")
