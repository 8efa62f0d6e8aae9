"""Makes a folder that `theodolite synth --textures` reads from photographs of surfaces in Debian packages.

    apt-get download ufoai-textures supertuxkart-data sweethome3d mate-backgrounds lomiri-wallpapers-{16,20}.04
    python tools/debian_textures.py *.deb --out textures

The tables below name the pictures, chosen by eye, and bring each to its true scale. What a package says of authors and
licences goes into ATTRIBUTION.txt: most are CC BY-SA or GPL, so read it before passing pictures on.
"""

import argparse
import io
import re
import sys
import tarfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SIDE = 512  # pixels of a written square; the renderer halves it once

# One line a picture: surface, file, and what brings it to scale: `crop=` left, top, right, bottom in percent; `turn` by
# a quarter, so that boards lie; `2x3` side by side and below each other. In percent, too: `light=` is its mean
# brightness, `dull=` takes colour away.
UFO = """
bricks      tex_mattn/wall_bricks001        1x2
bricks      tex_mattn/wall_bricks002        crop=0,0,80,80
bricks      tex_mattn/wall_bricks003        crop=0,0,50,50
bricks      tex_mattn/wall_bricks005        1x2
bricks      tex_mattn/wall_bricks006        crop=0,9,100,90
bricks      tex_mattn/wall005               2x4
bricks      tex_mattn/wall006               1x2
bricks      tex_mattn/wall054               2x2
bricks      tex_mattn/wall070
bricks      tex_buildings/wall_brick01
bricks      tex_buildings/wall043
tiles       tex_buildings/floor008
tiles       tex_buildings/floor010          2x2
tiles       tex_buildings/floor012          2x2
tiles       tex_buildings/floor013
tiles       tex_buildings/floor015          2x2
tiles       tex_buildings/floor018
tiles       tex_buildings/tile01            2x2
tiles       tex_buildings/tile02
tiles       tex_buildings/window013
planks      tex_buildings/floor027          turn
planks      tex_buildings/floor_wood01      turn
planks      tex_buildings/woodceiling1a
planks      tex_material/wood003            turn
planks      tex_mattn/wall089               turn
planks      tex_mattn/wood001               1x3
planks      tex_mattn/wood005               1x2
planks      tex_mattn/wood008               1x2
planks      tex_mattn/wood015               turn
planks      tex_mattn/wood016               turn
planks      tex_mattn/wood022               1x3
parquet     tex_buildings/floor002          4x4
parquet     tex_buildings/floor034          2x2
parquet     tex_buildings/floor035
parquet     tex_buildings/floor036          2x2
parquet     tex_buildings/floor038          3x3
parquet     tex_buildings/floor039
grain       tex_material/wood002            turn light=42
grain       tex_material/wood008            turn
grain       tex_material/wood009            turn light=36
grain       tex_material/wood010            light=55
grain       tex_material/wood011            light=38
grain       tex_material/wood012            turn light=35
grain       tex_material/wood013            light=62
grain       tex_material/wood014            turn
grain       tex_material/wood015            1x2 dull=30
carpet      tex_buildings/carpet006         2x2
carpet      tex_buildings/carpet027         2x2
carpet      tex_buildings/carpet028         2x2
carpet      tex_buildings/carpet029         2x2
carpet      tex_buildings/carpet030         2x2
carpet      tex_mattn/floor029              2x2
plaster     tex_mattn/wall019               4x4
plaster     tex_mattn/wall036               4x4
plaster     tex_buildings/wall019
wallpaper   tex_buildings/carpet025
wallpaper   tex_buildings/wallpaper001
wallpaper   tex_buildings/wallpaper004
wallpaper   tex_buildings/wallpaper011      light=55
weave       tex_furniture/textil003
weave       tex_mattn/jute
weave       tex_mattn/floor026
stripes     tex_furniture/textil006         2x4
stripes     tex_mattn/floor024              2x2
stripes     tex_mattn/seat001               4x4
stripes     tex_buildings/carpet005         crop=4,14,96,86 2x1
stripes     tex_buildings/carpet010         2x1
marble      tex_buildings/floor003
marble      tex_buildings/floor012          crop=1,1,49,49
granite     tex_mattn/floor005              3x3
granite     tex_mattn/floor006              2x2
granite     tex_mattn/marmor
granite     tex_mattn/stone002
concrete    tex_buildings/concrete002
concrete    tex_buildings/concrete014       1x2
concrete    tex_buildings/concrete022
concrete    tex_buildings/concrete024
concrete    tex_buildings/concrete_slabs01
concrete    tex_buildings/e8crete03c
asphalt     tex_buildings/floor005          4x4
asphalt     tex_mattn/ground_dirt2          2x2
asphalt     tex_mattn/street010             2x2
asphalt     tex_streets/pavement001         crop=0,0,100,85
asphalt     tex_streets/street001           2x2
gravel      tex_mattn/concrete002           2x2
gravel      tex_mattn/dirt001               dull=30
gravel      tex_mattn/dirt002
gravel      tex_mattn/floor027              2x2
gravel      tex_mattn/floor028              2x2
gravel      tex_nature/dirt003
gravel      tex_nature/railway
gravel      tex_nature/soil001
grass       tex_mattn/grass002              2x2 dull=20
grass       tex_nature/grass_mowed_dry_a    2x2 dull=45
grass       tex_nature/grass_mowed_green_a  2x2 dull=30
grass       tex_nature/grass_tall_dry_a     2x2 dull=50
grass       tex_nature/grass_tall_green_a   2x2 dull=30
leaves      tex_mattn/hedge001
leaves      tex_nature/hedge001             dull=30
leaves      tex_nature/jungle002            crop=0,0,50,50
bark        tex_mattn/bark001               2x1
bark        tex_mattn/bark002               2x1
bark        tex_nature/tree002              turn 2x1
bark        tex_nature/tree_bark_001        2x1
brushed     tex_material/window_grey        2x2
brushed     tex_misc/stainless001
ribbed      tex_mattn/metal5                4x4
roof_tiles  tex_buildings/roof10            2x2
roof_tiles  tex_buildings/roof11            2x2
roof_tiles  tex_mattn/roof002
roof_tiles  tex_mattn/roof003
roof_tiles  tex_mattn/roof008
roof_tiles  tex_mattn/roof009               1x2
paving      tex_buildings/floor021
paving      tex_buildings/floor017
paving      tex_buildings/paving001
paving      tex_mattn/street011             3x3
cobbles     tex_buildings/floor_se01        2x2
cobbles     tex_buildings/floor_se03        2x2
cobbles     tex_buildings/floor_se04        2x2
cobbles     tex_mattn/floor009              2x2
cobbles     tex_mattn/street012             3x3
facade      tex_mattn/wall007               3x4
facade      tex_mattn/wall008               crop=0,6,100,68 2x4
facade      tex_mattn/wall014               2x4
facade      tex_mattn/wall024               3x4
facade      tex_mattn/wall052               2x4
facade      tex_mattn/wall056               1x2
facade      tex_mattn/wall057               1x2
facade      tex_mattn/wall065               4x4
facade      tex_mattn/wall071               4x4
blinds      tex_buildings/window020         crop=13,8,87,88
blinds      tex_mattn/window007             1x2
door        tex_doors/door017
door        tex_doors/door018               crop=6,0,100,100
door        tex_doors/door019
door        tex_doors/door020
door        tex_doors/door021
door        tex_mattn/door019
door        tex_mattn/door030
door        tex_mattn/door043
door        tex_mattn/door064
rug         tex_buildings/carpet002
rug         tex_buildings/carpet003         turn
rug         tex_buildings/carpet004
rug         tex_buildings/carpet005
rug         tex_buildings/carpet007
rug         tex_buildings/carpet009
rug         tex_buildings/carpet010
rug         tex_buildings/carpet012         turn
rug         tex_buildings/carpet018
rug         tex_buildings/carpet019
rug         tex_buildings/carpet021
cardboard   tex_misc/box009
cardboard   tex_misc/box010
cardboard   tex_misc/box011
cardboard   tex_misc/box019a
sign        tex_mattn/sign004
sign        tex_mattn/sign005
sign        tex_mattn/sign010
sign        tex_misc/sign_speed55
sign        tex_misc/yellowcamelcrossing
sign        tex_misc/yellowroadcrossingsign
label       tex_misc/advertba
label       tex_misc/advertaa4              crop=0,0,67,100
label       tex_pics/art_abstract_design001
label       tex_pics/art_mechanics001
label       tex_pics/art_molecules001
label       tex_pics/art_molecules003
label       tex_pics/art_science005
label       tex_pics/art_science013
label       tex_shop/fruits001
label       tex_shop/fruits004
label       tex_shop/fruits007
picture     tex_pics/art_flower
picture     tex_pics/art_japan005
picture     tex_pics/landsc_conners_hill
picture     tex_pics/traktor2
"""
SUPERTUXKART = """
bricks      textures/city_bricks                    2x2
tiles       textures/city_checker                   4x4
planks      textures/canyon_boards                  turn
planks      textures/stktex_generic_WoodG           turn
planks      textures/stktex_generic_WoodH           turn
planks      textures/wood_planks1                   turn
planks      tracks/lighthouse/sign_backside
grain       textures/stk_generic_rockStrata_a
plaster     textures/stk_plasticPanel_a
plaster     tracks/lighthouse/lighthouseWall_diff
wallpaper   textures/stktex_pupleCarpet_a           2x1
weave       textures/stk_generic_plasticFabric_a
weave       tracks/black_forest/whiteTowel
marble      textures/marble                         1x2
marble      textures/stk_generic_rockStrata_b
granite     textures/Tizeta_grey1
granite     textures/concrete2
concrete    textures/stk_generic_plaster_a
concrete    tracks/stk_enterprise/img_0572
asphalt     textures/tarmac                         4x4
asphalt     textures/track                          2x2
gravel      textures/stklama_gravelSide_a
gravel      textures/stktex_generic_gravelA         2x2
grass       textures/grass2                         2x2 dull=35
grass       textures/racetrack_grass                2x2 dull=30
leaves      textures/TiZeta_ivy                     dull=20
leaves      tracks/black_forest/forest_floor        2x2
bark        library/stklib_pinetree_b/fir_bark
bark        textures/TiZeta_barkM
bark        textures/stktex_treeBark_a
bark        tracks/minigolf/trunk_bark
brushed     textures/stk_lightGrayMetal_a
ribbed      textures/stk_corrugMetal_a              crop=0,0,66,66
roof_tiles  textures/roof
roof_tiles  tracks/black_forest/roof_3
paving      textures/tiles
cobbles     textures/Paving_stones_2                3x3
cobbles     textures/stktex_generic_cobbleStoneA    3x3
facade      textures/cottage_wall1                  crop=0,0,100,66 4x4
facade      textures/city_building_3                crop=0,55,100,97 2x4
facade      textures/stk_generic_modernWindows_a
facade      textures/stk_generic_modernWindows_b    2x2
facade      tracks/black_forest/half-timbered_house 4x4
rug         textures/tapis
sign        textures/stktex_stopSign_a
cardboard   textures/crate1_diffuse
label       textures/stkflag_caldeiraFashion_a
label       textures/stkflag_canyonJunctionRailway_a
label       textures/stkflag_lamponeCouture_a
label       textures/stkflag_leNautileMenuLogo_a
label       textures/stkflag_leRegentPosterLogo_a
label       textures/stkflag_mandaravaMotors_a
label       textures/stkflag_monoTubeAd_a
label       textures/stkflag_oceanicAirlinesAD_a
label       textures/stkflag_transContPostAD_a
label       textures/stkflag_valverdePresident_a
"""
SWEETHOME = """
tiles       blackAndWhiteTiles  2x2
tiles       blueTiles           3x3
tiles       darkBlueTile        4x4
tiles       greyTile            4x4
tiles       redTiles            2x2
tiles       stoneTiles          2x3
parquet     woodenFloor         4x4
marble      greyTile            crop=5,5,95,95
marble      lightBlueTile       crop=5,5,95,95
granite     marbleWall          crop=2,2,98,96
grass       grass               4x4 dull=25
leaves      boxTree             2x2 dull=40
paving      pavingStone         5x7
gravel      pebbles             2x2
"""
MATE = """
picture     nature/Aqua
picture     nature/Dune
picture     nature/FreshFlower
picture     nature/Garden
picture     nature/LadyBird
picture     nature/RainDrops
picture     nature/Storm
picture     nature/TwoWings
picture     nature/YellowFlower
"""
LOMIRI_16 = """
picture     aitzgorri_by_Aitzol_Berasategi
picture     Bridge_by_Sander_Klootwijk
picture     free_by_Peter_Nerlich
picture     friends_by_Aitzol_Berasategi
picture     greentock_by_Peter_Nerlich
picture     life_by_Aitzol_Berasategi
picture     picosdeeuropa_by_Aitzol_Berasategi
picture     Picture_0B_by_freespace
picture     Picture_1A_by_freespace
picture     seeding_by_Clements_Engelhardt
picture     sunset_by_Aitzol_Berasategi
picture     Wine_by_Jakkub_Mede
"""
LOMIRI_20 = """
picture     Kleiber_by_Lukas_Baubkus
"""

# The renderer paints these in many colours, so they come as one grey: its mean, and the most it may deviate (paint on
# cars and furniture is plaster, too).
GREY = {"plaster": (0.92, 0.025), "weave": (0.85, 0.09), "brushed": (0.75, 0.05), "ribbed": (0.8, 0.13)}
# Mean brightness in sRGB, lowest and highest: games are darker than the world.
LIGHT = {
    "bricks": (0.32, 0.6), "tiles": (0.35, 0.9), "planks": (0.25, 0.65), "parquet": (0.25, 0.65), "grain": (0.22, 0.7),
    "carpet": (0.22, 0.8), "wallpaper": (0.45, 0.9), "marble": (0.25, 0.9), "granite": (0.25, 0.75),
    "concrete": (0.45, 0.75), "asphalt": (0.28, 0.55), "gravel": (0.33, 0.65), "grass": (0.26, 0.42),
    "leaves": (0.24, 0.42), "bark": (0.28, 0.5), "roof_tiles": (0.28, 0.5), "paving": (0.42, 0.7),
    "cobbles": (0.35, 0.6), "facade": (0.35, 0.8), "rug": (0.25, 0.7), "cardboard": (0.4, 0.65),
}  # fmt: skip
# Surfaces without a pattern of their own as large as the picture.
EVEN = {
    "bricks", "carpet", "plaster", "weave", "granite", "concrete", "asphalt", "gravel", "grass", "leaves", "bark",
    "brushed", "ribbed", "roof_tiles", "cobbles",
}  # fmt: skip
FREE = ("CC0", "CC-BY-3", "CC-BY-4", "public-domain")
SHARE_ALIKE = ("CC-BY-SA-", "GPL", "LGPL")
HEADING = """Pictures of surfaces that tools/debian_textures.py made of files of Debian packages, cropped and repeated.
What is marked "share alike" may be passed on, changed as here or further, only under the same licence. Each line names
a picture here and the file that it is made from.
"""


@dataclass(frozen=True)
class Source:
    """A package with pictures.

    Args:
        table: its pictures.
        root: the folder that the files of the table are in, within the package or within `archive`.
        documented: what its copyright file puts before them instead.
        archive: a zip file in the package.
    """

    table: str
    root: str
    documented: str = ""
    archive: str = ""


SOURCES = {
    "ufoai-textures": Source(UFO, "textures/", "base/textures/", "usr/share/games/ufoai/base/0textures.pk3"),
    "supertuxkart-data": Source(SUPERTUXKART, "usr/share/games/supertuxkart/data/", "data/"),
    "sweethome3d": Source(
        SWEETHOME, "com/eteks/sweethome3d/io/resources/textures/", "", "usr/share/sweethome3d/sweethome3d.jar"
    ),
    "mate-backgrounds": Source(MATE, "usr/share/backgrounds/mate/"),
    "lomiri-wallpapers-16.04": Source(LOMIRI_16, "usr/share/backgrounds/", "16.04/"),
    "lomiri-wallpapers-20.04": Source(LOMIRI_20, "usr/share/backgrounds/", "20.04/"),
}


@dataclass(frozen=True)
class Terms:
    """What a paragraph of a copyright file grants."""

    patterns: tuple[str, ...]
    holders: str
    licence: str


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    surface: str
    file: str
    steps: tuple[str, ...]

    def step(self, name: str) -> list[int]:
        """The numbers of one step, empty without it."""
        found = [step.removeprefix(name) for step in self.steps if step.startswith(name)]
        return [int(number) for number in found[0].split(",")] if found else []

    @property
    def repeats(self) -> tuple[int, int]:
        found = [step.split("x") for step in self.steps if step[0].isdigit()]
        return (int(found[0][0]), int(found[0][1])) if found else (1, 1)


def rows(table: str) -> list[Row]:
    split = [line.split() for line in table.strip().splitlines()]
    return [Row(surface, file, tuple(steps)) for surface, file, *steps in split]


def data_of(package: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the pictures, zip files and copyright file in a .deb: a tar file in an ar archive."""
    with package.open("rb") as file:
        file.seek(8)
        while header := file.read(60):
            size = int(header[48:58])
            if header.startswith(b"data.tar"):
                break
            file.seek(size + size % 2, 1)
        with tarfile.open(fileobj=file, mode="r|*") as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                wanted = name.endswith((".jpg", ".png", ".pk3", ".jar", "/copyright"))
                if wanted and (content := archive.extractfile(member)):  # None of a link
                    yield name, content.read()


def read_terms(text: str) -> list[Terms]:
    """The paragraphs about files of a copyright file in Debian's machine-readable form."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([\w-]+):(.*(?:\n[ \t].*)*)", paragraph, re.MULTILINE))
        if "Files" in fields:
            holders = ", ".join(line.strip() for line in fields["Copyright"].splitlines() if line.strip())
            licence = fields["License"].strip().splitlines()[0]
            found.append(Terms(tuple(fields["Files"].split()), holders, licence))
    return found


def terms_for(name: str, terms: list[Terms]) -> Terms | None:
    """The last paragraph that names the file, as Debian's policy has it."""
    return next((t for t in reversed(terms) if any(fnmatchcase(name, pattern) for pattern in t.patterns)), None)


def evened(picture: Image.Image) -> Image.Image:
    """Without its single lighter and darker sides and patches, which show where it repeats."""
    colour = np.asarray(picture, dtype=float)
    slow_down, slow_across = (np.abs(np.fft.fftfreq(length) * length) <= 1 for length in colour.shape[:2])
    kept = np.where(slow_down[:, None] & slow_across, np.fft.fft2(colour.mean(2)), 0)
    patches = np.fft.ifft2(kept).real
    return as_picture(colour * (patches.mean() / np.maximum(patches, patches.mean() / 2))[..., None])


def to_scale(picture: Image.Image, row: Row) -> Image.Image:
    """A square at the scale of its surface, cropped, turned and repeated as its row says."""
    if crop := row.step("crop="):
        width, height = picture.size
        left, top, right, bottom = crop
        picture = picture.crop((left * width // 100, top * height // 100, right * width // 100, bottom * height // 100))
    if "turn" in row.steps:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    if row.surface == "picture":
        return ImageOps.fit(picture, (SIDE, SIDE))
    if row.surface in EVEN:
        picture = evened(picture)
    across, down = row.repeats
    # Repeated before it is made smaller: the filter would see the border of a single one.
    sheet = Image.new("RGB", (picture.width * across, picture.height * down))
    for i in range(across):
        for j in range(down):
            sheet.paste(picture, (i * picture.width, j * picture.height))
    return sheet.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def to_light(picture: Image.Image, row: Row) -> Image.Image:
    """The brightness of its surface; grey where the renderer paints it."""
    colour = np.asarray(picture, dtype=float) / 255
    mean = colour.mean()
    if row.surface in GREY:
        level, most = GREY[row.surface]
        relative = colour.mean(2, keepdims=True) / mean - 1
        grey = level * (1 + relative * min(1, most / relative.std()))
        return as_picture(np.repeat(grey, 3, 2) * 255)
    if dull := row.step("dull="):
        grey = colour.mean(2, keepdims=True)
        colour = colour + (grey - colour) * dull[0] / 100
    if light := row.step("light="):
        colour = colour * (light[0] / 100 / mean)
    elif row.surface in LIGHT:
        colour = colour * (np.clip(mean, *LIGHT[row.surface]) / mean)
    return as_picture(colour * 255)


def as_picture(colour: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(np.clip(colour, 0, 255)).astype(np.uint8))


def contents(package: Path, source: Source) -> tuple[dict[str, bytes], list[Terms]]:
    """The package's pictures by their names in the table, and its terms."""
    wanted = {row.file for row in rows(source.table)}
    found: dict[str, bytes] = {}
    terms: list[Terms] = []
    for name, data in data_of(package):
        if name.endswith("/copyright"):
            terms = read_terms(data.decode())
        for inner, picture in unzipped(data) if name == source.archive else [(name, data)]:
            short = inner.removeprefix(source.root)
            if short.rpartition(".")[0] in wanted:
                found[short] = picture
    return found, terms


def unzipped(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.endswith((".jpg", ".png")):
                yield name, archive.read(name)


def write_pictures(package: Path, source: Source, folder: Path) -> dict[Terms, list[str]]:
    """Writes the pictures of one package below `folder`; gives their paths by the terms they come under."""
    found, terms = contents(package, source)
    files = {name.rpartition(".")[0]: name for name in found}
    written: dict[Terms, list[str]] = defaultdict(list)
    for row in rows(source.table):
        if row.file not in files:
            print(f"{package.name}: no {row.file}, left out", file=sys.stderr)
            continue
        name = files[row.file]
        under = terms_for(source.documented + name, terms)
        if under is None or not under.licence.startswith(FREE + SHARE_ALIKE) or "-N" in under.licence:
            print(f"{package.name}: {row.file} has no free licence, left out", file=sys.stderr)
            continue
        with Image.open(io.BytesIO(found[name])) as opened:
            picture = to_light(to_scale(opened.convert("RGB"), row), row)
        beside = folder / row.surface
        beside.mkdir(parents=True, exist_ok=True)
        target = beside / f"{len(list(beside.iterdir())):02}-{Path(row.file).name}.jpg"
        picture.save(target, quality=92)
        written[under].append(f"{row.surface}/{target.name}: {name}")
    return written


def attribution(package: Path, written: dict[Terms, list[str]]) -> str:
    """What ATTRIBUTION.txt says of one package; UFO: Alien Invasion names the authors of many pictures in one list."""
    parts = [f"{package.name}\n{'=' * len(package.name)}\n"]
    for terms, lines in written.items():
        alike = " (share alike)" if terms.licence.startswith(SHARE_ALIKE) else ""
        whole = ", said of the package as a whole" if terms.patterns == ("*",) else ""
        parts.append("\n".join([f"Licence: {terms.licence}{alike}{whole}", f"By: {terms.holders}", *lines]) + "\n")
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="+", type=Path, metavar="package.deb", help=f"Of {', '.join(SOURCES)}.")
    parser.add_argument("--out", required=True, type=Path, help="New folder for the pictures and ATTRIBUTION.txt.")
    arguments = parser.parse_args()
    if arguments.out.exists():
        parser.error(f"--out: a new folder, got {arguments.out}")
    sources: dict[Path, Source] = {}
    for package in arguments.packages:
        name = package.name.partition("_")[0]
        if name not in SOURCES:
            parser.error(f"packages that the tables know ({', '.join(SOURCES)}), got {package.name}")
        sources[package] = SOURCES[name]
    texts: list[str] = []
    licences: Counter[str] = Counter()
    for package, source in sources.items():
        written = write_pictures(package, source, arguments.out)
        texts.append(attribution(package, written))
        for terms, lines in written.items():
            licences[terms.licence] += len(lines)
    (arguments.out / "ATTRIBUTION.txt").write_text("\n".join([HEADING, *texts]))
    for folder in sorted(path for path in arguments.out.iterdir() if path.is_dir()):
        print(f"{folder.name}: {len(list(folder.iterdir()))}")
    print(", ".join(f"{count} {licence}" for licence, count in licences.most_common()))


if __name__ == "__main__":
    main()
