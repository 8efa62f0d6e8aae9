"""What triangles are painted with: pictures and plain colours of a piece in one table, with their halvings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from theodolite.types import Float, Int, UInt8

LARGEST = 512  # px; one picture that fills a training image is magnified less than twice


@dataclass(frozen=True)
class Skin:
    """A picture and how it shines.

    Args:
        picture: sRGB and opacity; a single pixel for a plain colour.
        gloss, shine, glow: as in `material.Material`.
    """

    picture: UInt8[np.ndarray, "h w 4"]
    gloss: float = 0.0
    shine: float = 30.0
    glow: float = 0.0

    @property
    def opaque(self) -> bool:
        return bool((self.picture[..., 3] >= 128).all())

    @property
    def clear(self) -> bool:
        """Whether nothing of it is seen, as of window glass."""
        return bool((self.picture[..., 3] < 128).all())


@dataclass(frozen=True)
class Atlas:
    """Skins one after another, each a square whose side is a power of two, followed by its halvings.

    Args:
        start, side: first texel of each skin, and its side in px.
        finish: gloss, shine, glow of each.
    """

    texels: UInt8[np.ndarray, "n 4"]
    start: Int[np.ndarray, " skins"]
    side: Int[np.ndarray, " skins"]
    finish: Float[np.ndarray, "skins 3"]

    @staticmethod
    def of(skins: Sequence[Skin]) -> "Atlas":
        parts = [_halvings(_square(skin.picture)) for skin in skins]
        ends = np.cumsum([sum(len(level) for level in levels) for levels in parts])
        return Atlas(
            np.concatenate([level for levels in parts for level in levels]),
            np.concatenate([[0], ends[:-1]]).astype(np.int64),
            np.array([round(len(levels[0]) ** 0.5) for levels in parts]),
            np.array([(skin.gloss, skin.shine, skin.glow) for skin in skins], np.float32),
        )

    def look_up(
        self, skin: Int[np.ndarray, " n"], uv: Float[np.ndarray, "n 2"], footprint: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, "n 4"]:
        """sRGB and opacity in 0..1, between the four nearest texels of the halving that suits the footprint.

        Args:
            uv: u to the right, v up, both 0 at the lower left; what is beyond 0..1 repeats.
            footprint: side of an image pixel on the surface, in widths of the picture.
        """
        side = self.side[skin]
        step = np.rint(np.log2(np.maximum(footprint * side, 1))).astype(np.int64)
        step = np.minimum(step, np.log2(side).astype(np.int64))
        size = side >> step
        start = self.start[skin] + (side * side - size * size) * 4 // 3
        x = np.mod(uv[:, 0], 1) * size - 0.5
        y = np.mod(1 - uv[:, 1], 1) * size - 0.5
        left, top = np.floor(x), np.floor(y)
        right_share, low_share = x - left, y - top
        columns, rows = left.astype(np.int64), top.astype(np.int64)
        total = np.zeros((len(skin), 4), np.float32)
        for row, row_share in ((rows, 1 - low_share), (rows + 1, low_share)):
            for column, column_share in ((columns, 1 - right_share), (columns + 1, right_share)):
                texel = self.texels[start + (row & (size - 1)) * size + (column & (size - 1))]
                total += texel * (row_share * column_share / 255).astype(np.float32)[:, None]
        return total


def _square(picture: UInt8[np.ndarray, "h w 4"]) -> UInt8[np.ndarray, "s s 4"]:
    from PIL import Image

    longest = max(picture.shape[:2])
    side = min(LARGEST, 1 << (longest - 1).bit_length())
    if picture.shape[:2] == (side, side):
        return picture
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))


def _halvings(picture: UInt8[np.ndarray, "s s 4"]) -> list[UInt8[np.ndarray, "n 4"]]:
    """The picture and its halvings down to one pixel, in linear light and weighted by opacity."""
    levels = []
    opacity = picture[..., 3:].astype(np.float32) / 255
    light = (picture[..., :3].astype(np.float32) / 255) ** 2
    while True:
        encoded = np.rint(np.concatenate([np.sqrt(light), opacity], -1) * 255)
        levels.append(encoded.astype(np.uint8).reshape(-1, 4))
        if len(light) == 1:
            return levels
        weight = np.maximum(opacity, 1e-3)
        total = _four(weight)
        light, opacity = _four(light * weight) / total, _four(opacity) / 4


def _four(image: np.ndarray) -> np.ndarray:
    """Sums of 2 x 2 px."""
    return image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]


def skin_of(visual: Any) -> Skin:
    """The skin that trimesh has read with a mesh; light grey where it has none."""
    material = getattr(visual, "material", None)
    if material is None:
        return Skin(_plain(getattr(visual, "main_color", (200, 200, 200, 255))))
    if hasattr(material, "baseColorFactor"):
        return _gltf_skin(material)
    return _mtl_skin(material)


def _plain(colour: object) -> UInt8[np.ndarray, "1 1 4"]:
    rgba = np.full(4, 255, np.uint8)
    given = np.asarray(colour, np.uint8).ravel()[:4]
    rgba[: len(given)] = given
    return rgba.reshape(1, 1, 4)


def _pixels(image: Any) -> UInt8[np.ndarray, "h w 4"]:
    return np.array(image.convert("RGBA"))


def _mtl_skin(material: Any) -> Skin:
    given = material.kwargs
    # Exporters write any Kd beside a picture, black among them, so the picture alone counts.
    has_picture = material.image is not None
    picture = _pixels(material.image) if has_picture else _plain(material.diffuse)
    opacity = float(given["d"][-1]) if "d" in given else 1 - float(given["tr"][-1]) if "tr" in given else 1.0
    if opacity < 0.5:
        picture[..., 3] = 0
    elif not has_picture:
        picture[..., 3] = 255
    mirrors = given.get("illum", ["2"])[-1] not in ("0", "1")
    shine = float(np.clip(material.glossiness or 0, 0, 200))
    gloss = 0.6 * float(np.clip(np.mean(given.get("ks", 0.0)), 0, 1)) if mirrors and shine > 1 else 0.0
    glow = float(np.clip(np.max(np.asarray(given.get("ke", [0.0]), float)), 0, 2))
    return Skin(picture, gloss, max(5.0, shine), glow)


def _gltf_skin(material: Any) -> Skin:
    factor = np.asarray(_plain(255 if material.baseColorFactor is None else material.baseColorFactor))[0, 0] / 255
    picture = _plain((255, 255, 255)) if material.baseColorTexture is None else _pixels(material.baseColorTexture)
    # glTF multiplies in linear light, the picture is sRGB, and a square root stands for that curve here.
    tinted = picture * np.array([*np.sqrt(factor[:3]), factor[3]])
    opacity = tinted[..., 3] / 255
    if material.alphaMode in (None, "OPAQUE"):
        opacity = np.ones_like(opacity)
    elif material.alphaMode == "MASK":
        opacity = opacity >= (0.5 if material.alphaCutoff is None else material.alphaCutoff)
    tinted[..., 3] = opacity * 255
    rough = 1.0 if material.roughnessFactor is None else float(material.roughnessFactor)
    emitted = 0.0 if material.emissiveFactor is None else float(np.max(material.emissiveFactor))
    shine = float(np.clip(2 / max(rough, 0.1) ** 4 - 2, 5, 200))
    return Skin(np.rint(tinted).astype(np.uint8), 0.7 * (1 - rough), shine, min(emitted, 2.0))
