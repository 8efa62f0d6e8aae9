"""Photographs instead of drawn textures, chosen by the names of their files or folders.

A picture belongs to the surface that its sub-folder is named after, or else its file: the name begins with the word,
as in `bricks/wall 3.jpg`, `planks-oak.png` or `roof-tiles_02.webp`. Pictures of anything else hang on walls and stick
on boxes, with those of `picture` and `label`. A picture should show about as many metres as the drawn one: four
storeys of a facade, some twenty courses of bricks, a dozen planks.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from theodolite.errors import DatasetError
from theodolite.synth.textures import SIZE, Texture

UNNAMED = ("picture", "label")  # what takes pictures of no known surface
# These fill a face once; the others repeat, and must not show where.
_WHOLE = (
    "picture", "label", "books", "page", "screen", "rug", "door", "front", "keyboard", "sign", "cardboard",
)  # fmt: skip
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def pictures(folder: Path) -> list[Texture]:
    """All pictures right in a folder, cut to squares."""
    return [_square(file) for file in _files(folder)]


def surfaces(folder: Path, names: Sequence[str]) -> dict[str, list[Texture]]:
    """Pictures by surface.

    Args:
        names: of the surfaces there are.
    Raises: DatasetError, when there is no picture.
    """
    found: dict[str, list[Texture]] = {}
    for file in _all_files(folder):
        inside = file.parent != folder
        name = _named(file.parent.name, names) if inside else None
        name = name or _named(file.stem, names)
        texture = _square(file)
        if name is None:
            for unnamed in UNNAMED:
                found.setdefault(unnamed, []).append(texture)
        else:
            found.setdefault(name, []).append(texture if name in _WHOLE else _seamless(texture))
    if not found:
        raise DatasetError(f"{folder}: no picture there (.jpg, .png or .webp), in itself or in a folder in it.")
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES)


def _all_files(folder: Path) -> Iterator[Path]:
    yield from _files(folder)
    for sub in sorted(p for p in folder.iterdir() if p.is_dir()):
        yield from _files(sub)


def _named(text: str, names: Sequence[str]) -> str | None:
    """The longest name that the text begins with, so that roof tiles are not taken for tiles."""
    plain = text.lower().replace("-", "_").replace(" ", "_")
    return max((name for name in names if plain.startswith(name)), key=len, default=None)


def _square(file: Path) -> Texture:
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as opened:
            upright = ImageOps.exif_transpose(opened) or opened
            return np.asarray(ImageOps.fit(upright.convert("RGB"), (SIZE, SIZE))) / 255.0
    except (OSError, ValueError) as error:
        raise DatasetError(f"{file.name}: a picture was expected, but it cannot be read ({error}).") from error


def _seamless(texture: Texture) -> Texture:
    """Towards the borders it turns into itself moved by half, which runs on there; its own seam lies in the middle."""
    from_middle = np.abs(np.arange(SIZE) / SIZE - 0.5) * 2
    weight = np.clip((from_middle - 0.75) * 4, 0, 1)[:, None]
    for axis in (0, 1):  # one after the other: moved both ways, a seam would run on into the other two borders
        if _runs_on(texture, axis):
            continue
        share = np.expand_dims(weight, 1 - axis)
        texture = (1 - share) * texture + share * np.roll(texture, SIZE // 2, axis)
    return texture


def _runs_on(texture: Texture, axis: int) -> bool:
    """Whether it repeats without a seam by itself; blending would only double its pattern near the borders."""
    steps = np.abs(np.diff(texture, axis=axis, append=texture.take([0], axis))).mean((1 - axis, 2))
    return bool(steps[-1] <= 1.25 * steps[:-1].max())
