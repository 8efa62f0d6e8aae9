"""The focal length of a photo that does not say it, from the lines and surfaces it shows.

python examples/focal_length.py [PHOTO]
"""

import sys
from pathlib import Path

import theodolite
from theodolite.apps.focal_search import estimate_focal, refocused

photo = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("courtyard.jpg")

model = theodolite.load()
told = model.predict(photo, max_side=1024)
print(f"Told:      {told.camera.focal:.0f} px, {told.camera.source}")

# As if the photo said nothing: 60 degrees are assumed, and the picture itself is asked.
guess = model.predict(photo, camera=lambda w, h: theodolite.Camera.from_fov(60, w, h, source="assumed"), max_side=1024)
estimate = estimate_focal(guess)
if estimate.camera is None:
    print(f"Estimated: nothing; the photo {estimate.reason}")
else:
    scene = refocused(guess, estimate.camera)
    print(f"Estimated: {scene.camera.focal:.0f} px, give or take {100 * scene.camera.rel_sigma:.0f} %")
