"""Renders scenes without one thing that makes them look real, to measure what it is worth on real photographs.

Usage: python tools/render_without.py OUT --without shadow --count 1000 [--seed 8 --textures DIR --meshes DIR]

  sensor  no blur, depth of field, noise, vignette, colour cast or tone curve: light as it falls
  shadow  no lamps, no sun and no corners that are darker: the same light from everywhere
  views   the first view that a family proposes, whatever it shows; not one that holds content
  nothing as `theodolite synth` renders, to compare with

Textures and meshes are left out by leaving out the options. What comes out are shards for `theodolite train --data`;
see `tools/compare_trainings.py` for the rest.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from theodolite.synth import attic, corridor, country, courtyard, hall, room, shards, shelf, still_life, street
from theodolite.synth.families import sample_scene
from theodolite.synth.scene import Scene
from theodolite.synth.shards import Order, write_shards

_FAMILIES = (attic, corridor, country, courtyard, hall, room, shelf, still_life, street)
_EVEN = 0.9  # light from everywhere that shows white paper as white


def without_sensor(scene: Scene) -> Scene:
    plain = replace(scene.sensor, balance=(1, 1, 1), vignette=0, blur=0, noise=0, contrast=1, aperture=0)
    return replace(scene, sensor=plain)


def without_shadow(scene: Scene) -> Scene:
    nowhere = (0.0, 0.0, 0.0)
    even = replace(scene.surroundings, ambient=((_EVEN,) * 3, nowhere, nowhere, nowhere), occlusion=1e-3)
    return replace(scene, surroundings=even, lights=())


def first_view(solids, candidates, wish, background):
    """In place of `views.best_view`."""
    return next(iter(candidates))


def main() -> None:
    changes: dict[str, Callable[[Scene], Scene]] = {"sensor": without_sensor, "shadow": without_shadow}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--without", choices=[*changes, "views", "nothing"], required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--textures", type=Path)
    parser.add_argument("--meshes", type=Path)
    given = parser.parse_args()
    change = changes.get(given.without)
    if change is not None:
        shards.sample_scene = lambda family, seed, index: change(sample_scene(family, seed, index))
    elif given.without == "views":
        for family in _FAMILIES:
            family.best_view = first_view
    order = Order(given.out, given.count, 224, 304, "mix", given.seed, textures=given.textures, meshes=given.meshes)
    for path in write_shards(order):  # in this process: others would not know of the changes
        print(path)


if __name__ == "__main__":
    main()
