"""How tall is the portal, how large a piece of wall? Several measurements, their uncertainty, and a known scale.

python examples/measure_object.py [PICTURE.png]
"""

import sys
from pathlib import Path

import theodolite
from theodolite.apps.basis import Basis
from theodolite.apps.known_scale import CameraHeight
from theodolite.apps.measured_picture import write_measured
from theodolite.apps.metrology import angle, distance, height, region

scene = theodolite.load().predict(Path(__file__).with_name("courtyard.jpg"))
# The network believes its own scale; whoever held the camera knows better, within 10 cm.
for basis in (Basis(), Basis(CameraHeight(1.5, 0.1))):
    found = [
        height(scene, (1075, 1478), (1075, 800), basis),
        distance(scene, (700, 1476), (1225, 1476), basis),
        region(scene, [(300, 1000), (690, 1000), (690, 1330), (300, 1330)], basis),
        angle(scene, (480, 1100), (960, 1700), basis),
    ]
    print("With the camera 1.5 m above the ground:" if basis.scale else "As the network sees it:")
    for measurement in found:
        print(f"  {measurement.kind:10}{measurement.quantities[0]}")
if len(sys.argv) > 1:
    write_measured(sys.argv[1], scene, found)
