"""Sensor widths by make and model, from the table `sensor_widths.tsv` beside this file.

Names differ between a data sheet and an EXIF block ("Sony Cybershot DSC P12" there, "SONY" and "DSC-P12" here), so both
are boiled down to a key of plain letters and digits before they are compared.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("sensor_widths.tsv")

# First words of an EXIF make which are not the maker's name in the table.
_MAKERS = {
    "eastman": "kodak",
    "jk": "kodak",  # JK Imaging makes cameras under Kodak's name
    "hewlett": "hp",
    "fuji": "fujifilm",
    "general": "ge",
    "seiko": "epson",
    "lge": "lg",
}
# Product families, which either side may leave out.
_FAMILIES = {
    "canon": ("digital",),
    "casio": ("exilim",),
    "fujifilm": ("finepix",),
    "hp": ("photosmart",),
    "kodak": ("easyshare",),
    "nikon": ("coolpix",),
    "olympus": ("pen", "omd", "stylus", "camedia"),
    "panasonic": ("lumix",),
    "ricoh": ("caplio",),
    "sony": ("cybershot", "alpha"),
}
# Names which a maker writes in EXIF and nowhere else, and what stands in the table for them.
_RENAMED = (
    ("nikon", re.compile(r"e(\d{3,4})"), r"\1"),  # E775: Coolpix 775
    ("sony", re.compile(r"ilce(\d{4})"), r"a\1"),  # ILCE-6000: Alpha a6000
    ("sony", re.compile(r"ilce(\d\w*)"), r"\1"),  # ILCE-7R: Alpha 7R
)
_EMPTY_WORDS = re.compile(r"(zoom)?(digital)?(still)?(camera)$")


def sensor_width(make: str, model: str) -> float | None:
    """Width of the sensor's longer side, millimetres; None for a camera that is not in the table."""
    table = _widths()
    # Olympus lists the names of all markets, divided by commas.
    for name in re.split(r"[,/]", model):
        maker, key = camera_key(make, name)
        candidates = [key, _without_family(maker, key)]
        candidates += [form.sub(new, key) for owner, form, new in _RENAMED if owner == maker and form.fullmatch(key)]
        for candidate in candidates:
            if candidate and (maker, candidate) in table:
                return table[maker, candidate]
    return None


def camera_key(make: str, model: str) -> tuple[str, str]:
    """Maker and model as the table spells them."""
    make_words, words = _words(make), _words(model)
    maker = "".join(make_words[:1])
    if make_words[:2] == ["konica", "minolta"]:
        maker = "konicaminolta"
    maker = _MAKERS.get(maker, maker)
    # A model often begins with its maker: "Canon EOS D60". Ricoh's Pentax cameras have the better name there, too.
    if words[:1] == ["pentax"]:
        maker = "pentax"
    while words and (words[0] == maker or words[0] in make_words):
        words = words[1:]
    return maker, _EMPTY_WORDS.sub("", "".join(words))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _without_family(maker: str, key: str) -> str:
    for family in _FAMILIES.get(maker, ()):
        key = key.removeprefix(family)
    return key


@cache
def _widths() -> dict[tuple[str, str], float]:
    full: dict[tuple[str, str], float] = {}
    short: dict[tuple[str, str], set[float]] = {}
    for line in TABLE.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            maker, width, keys = line.split("\t")
            for key in keys.split():
                full[maker, key] = float(width)
                short.setdefault((maker, _without_family(maker, key)), set()).add(float(width))
    # Without their families two cameras can share a name; then only the full one counts.
    unambiguous = {key: widths.pop() for key, widths in short.items() if len(widths) == 1}
    return {**unambiguous, **full}
