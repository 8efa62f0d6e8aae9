"""Photographs as textures: which surface a name means, and what becomes of the picture."""

import numpy as np
import pytest
from PIL import Image

from theodolite.errors import DatasetError
from theodolite.synth.material import GENERATORS, TEXELS, bank, first_of
from theodolite.synth.photo_textures import surfaces

NAMES = tuple(GENERATORS)


def _save(path, colour=(200, 30, 10)):
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (300, 200), colour).save(path)


@pytest.mark.parametrize(
    ("file", "surface"),
    [
        ("bricks/wall 3.png", "bricks"),
        ("planks-oak.jpg", "planks"),
        ("Roof-Tiles_02.webp", "roof_tiles"),
        ("tiles.png", "tiles"),
        ("holiday/grass 7.png", "grass"),
        ("holiday/beach.png", "picture"),
        ("door.png", "door"),
    ],
)
def test_the_name_of_the_folder_or_file_says_which_surface_a_picture_is_of(tmp_path, file, surface):
    _save(tmp_path / file)
    assert surface in surfaces(tmp_path, NAMES)


def test_other_textures_stay_drawn(tmp_path):
    _save(tmp_path / "bricks.png")
    texels, drawn = bank(textures=tmp_path).texels, bank().texels
    assert texels[first_of("bricks") * TEXELS].item() == 200 | 30 << 8 | 10 << 16
    for name in ("planks", "picture"):
        assert texels[first_of(name) * TEXELS].item() == drawn[first_of(name) * TEXELS].item()


def test_pictures_of_repeating_surfaces_lose_their_seam_and_others_keep_their_borders(tmp_path):
    ramp = np.broadcast_to(np.linspace(0, 255, 256)[None, :, None], (256, 256, 3)).astype(np.uint8)
    for name in ("bricks.png", "door.png"):
        Image.fromarray(ramp).save(tmp_path / name)
    found = surfaces(tmp_path, NAMES)
    bricks, door = found["bricks"][0], found["door"][0]
    assert np.abs(bricks[:, 0] - bricks[:, -1]).max() < 0.02
    assert np.abs(np.diff(bricks, axis=1)).max() < 0.05
    assert np.abs(door[:, 0] - door[:, -1]).max() > 0.9


def test_a_picture_that_repeats_by_itself_stays_as_it_is(tmp_path):
    # Six fields a side: moved by half, dark ones would lie on light ones.
    fields = np.add.outer(np.arange(256) // 43, np.arange(256) // 43) % 2 * 200
    Image.fromarray(np.repeat(fields[..., None], 3, 2).astype(np.uint8)).save(tmp_path / "tiles.png")
    assert np.unique(surfaces(tmp_path, NAMES)["tiles"][0]).size == 2


def test_a_folder_without_pictures_and_a_broken_picture_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="no picture there"):
        surfaces(tmp_path, NAMES)
    (tmp_path / "bricks.jpg").write_bytes(b"not a picture")
    with pytest.raises(DatasetError, match=r"bricks\.jpg"):
        surfaces(tmp_path, NAMES)
