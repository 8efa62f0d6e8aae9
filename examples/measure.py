"""How wide is the table? The distance between two pixels of a photo, in metres.

python examples/measure.py
"""

from pathlib import Path

import theodolite

photo = Path(__file__).with_name("terrace.jpg")
scene = theodolite.load().predict(photo)
print(f"Camera: {scene.camera.focal:.0f} px, {scene.camera.source}, {scene.camera.detail}")

left, right = (430, 1010), (960, 1020)
length = scene.measure(left, right)
print(f"From {left} to {right}: {length.metres:.2f} m, give or take {length.sigma:.2f} m")
