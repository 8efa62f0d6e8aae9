"""What stands in large halls: racks, shelves of goods, pews, columns, kiosks, sports gear; each at its true size."""

from theodolite.synth.builder import SHADOWS_NONE, Builder
from theodolite.synth.material import Material, material, metal, paint, wood
from theodolite.synth.prints import muted, vivid
from theodolite.synth.textures import Rng, pick


def column(b: Builder, skin: Material, radius: float, height: float) -> None:
    """A round column with a square base and capital."""
    b.tube((0, 0, 0), radius, height, skin)
    b.box((0, 0, 0.15), (radius * 2.6, radius * 2.6, 0.3), skin)
    b.wedge((0, 0, height * 0.8), (radius * 2.5, radius * 2.5, 0.35), skin, (0.0, 0.0))


def load(b: Builder, rng: Rng, skins: list[Material]) -> None:
    """A euro pallet, 1.2 x 0.8 x 0.144 m, and what is stacked on it; long side along x."""
    b.box((0, 0, 0.13), (1.2, 0.8, 0.025), skins[0])
    b.box((0, 0, 0.06), (1.2, 0.7, 0.1), skins[1])
    if rng.random() < 0.9:
        high = rng.uniform(0.4, 1.15)
        size = (rng.uniform(0.85, 1.18), rng.uniform(0.6, 0.79), high)
        b.box((0, 0, 0.144 + high / 2), size, skins[int(rng.integers(2, len(skins)))])


def _goods(rng: Rng) -> list[Material]:
    boxes = [material(rng, "cardboard", pick(rng, 0.0, 0.4)) for _ in range(4)]
    return [wood(rng), paint(rng, 0.2, 0), *boxes, material(rng, "label", 0.4), paint(rng, vivid(rng), 0.3)]


def pallet(b: Builder, rng: Rng) -> None:
    load(b, rng, _goods(rng))


def rack(b: Builder, rng: Rng, bays: int, levels: int) -> None:
    """Pallet racking along x from x = 0: bays of 2.7 m, 1.1 m deep, a level every 1.6 m."""
    post, beam, goods = paint(rng, (0.1, 0.2, 0.5), 0.3), paint(rng, (0.9, 0.4, 0.08), 0.3), _goods(rng)
    rise = 1.6
    for k in range(bays + 1):
        for y in (-0.52, 0.52):
            b.box((k * 2.7, y, levels * rise / 2), (0.1, 0.08, levels * rise), post)
    for level in range(levels):
        if level:
            for y in (-0.5, 0.5):
                b.box((bays * 1.35, y, level * rise - 0.06), (bays * 2.7, 0.05, 0.12), beam)
        for k in range(bays):
            for x in (0.72, 1.98):
                if rng.random() < 0.8:
                    load(b.at(k * 2.7 + x, 0, level * rise), rng, goods)


def forklift(b: Builder, rng: Rng) -> None:
    """2.6 m long without its forks, 1.2 m wide, 2.2 m tall; the forks towards -y."""
    body, dark = paint(rng, (0.9, 0.55, 0.05), 0.5), paint(rng, 0.12)
    b.box((0, 0.5, 0.6), (1.15, 1.5, 0.7), body)
    b.wedge((0, 1.0, 1.05), (1.1, 0.6, 0.4), dark, (0.1, 0.4))
    b.box((0, 0.35, 1.0), (0.5, 0.5, 0.2), dark)
    b.box((0, 0.5, 2.15), (1.0, 1.2, 0.06), dark)
    for x in (-0.48, 0.48):
        b.rod((x, -0.05, 0.9), (x, 0.05, 2.15), 0.035, dark)
        b.rod((x, 1.05, 0.9), (x, 1.05, 2.15), 0.035, dark)
        b.box((x * 0.7, -0.35, 1.1), (0.1, 0.12, 2.1), dark)
        b.box((x * 0.6, -0.95, 0.12), (0.12, 1.1, 0.05), metal(rng, 0.4))
        for y in (-0.05, 1.0):
            b.rod((x * 0.9, y, 0.28), (x * 1.25, y, 0.28), 0.28, dark)


def gondola(b: Builder, rng: Rng, length: float, height: float) -> None:
    """A double-sided shop shelf along x, 0.9 m deep, goods of one kind a metre at a time."""
    back, board, edge = paint(rng, pick(rng, 0.9, 0.3), 0.2), paint(rng, 0.85, 0.2), paint(rng, vivid(rng), 0.2)
    b.box((0, 0, height / 2), (length, 0.05, height), back)
    levels = max(3, round(height / 0.38))
    labels = [material(rng, "label", rng.uniform(0.1, 0.3), 1.0, 0.2) for _ in range(10)]
    for level in range(levels):
        z, deep = 0.12 + level * (height - 0.12) / levels, 0.42 if level == 0 else 0.34
        b.box((0, 0, z - 0.015), (length, 2 * deep, 0.03), board)
        for side in (-1, 1):
            b.box((0, side * (deep + 0.004), z - 0.012), (length, 0.008, 0.04), edge)
            at = -length / 2 + 0.02
            while at < length / 2 - 0.15:
                wide = min(rng.uniform(0.5, 1.6), length / 2 - at)
                high, pulled = rng.uniform(0.14, 0.3), rng.uniform(0.0, 0.12)
                size = (wide - 0.02, deep - 0.05 - pulled, high)
                if rng.random() < 0.94:
                    skin = labels[int(rng.integers(len(labels)))]
                    b.box((at + wide / 2, side * (0.03 + size[1] / 2), z + high / 2), size, skin)
                at += wide


def freezer(b: Builder, rng: Rng) -> None:
    """A chest 2 m long and 0.9 m high with a glass lid."""
    b.box((0, 0, 0.43), (2.0, 0.95, 0.86), paint(rng, 0.92, 0.4))
    b.box((0, 0, 0.88), (1.9, 0.85, 0.04), material(rng, "label", 0.3, 0.8, 0.9))
    b.box((0, -0.48, 0.3), (2.0, 0.01, 0.2), paint(rng, vivid(rng), 0.4))


def till(b: Builder, rng: Rng) -> None:
    """A checkout 2.2 m long with its belt at 0.9 m."""
    b.box((0, 0, 0.44), (0.9, 2.2, 0.88), paint(rng, muted(rng), 0.3))
    b.box((0, -0.3, 0.89), (0.5, 1.5, 0.02), paint(rng, 0.1, 0.2))
    b.box((0.3, 0.6, 1.15), (0.35, 0.06, 0.3), material(rng, "screen", 0, 1.0, 0.3, glow=0.8))


def promotion(b: Builder, rng: Rng) -> None:
    """Cartons piled up on a pallet."""
    skin = material(rng, "label", 0.35)
    for level in range(int(rng.integers(2, 5))):
        b.box((0, 0, 0.15 + 0.3 * level), (1.1 - 0.1 * level, 0.8 - 0.08 * level, 0.3), skin)


def trolley(b: Builder, rng: Rng) -> None:
    """A shopping trolley: 0.9 m long, handle at 1 m."""
    wire = metal(rng, 0.8)
    for x in (-0.25, 0.25):
        b.box((x, 0, 0.75), (0.01, 0.8, 0.4), wire)
        b.rod((x, 0.42, 0.12), (x, 0.42, 1.0), 0.014, wire)
        for y in (-0.35, 0.4):
            b.rod((x - 0.015, y, 0.06), (x + 0.015, y, 0.06), 0.06, paint(rng, 0.1))
        b.rod((x, -0.4, 0.14), (x, 0.42, 0.16), 0.012, wire)
    b.box((0, 0, 0.55), (0.5, 0.8, 0.01), wire)
    b.box((0, -0.4, 0.72), (0.5, 0.01, 0.35), wire)
    b.rod((-0.27, 0.48, 1.0), (0.27, 0.48, 1.0), 0.017, paint(rng, vivid(rng), 0.3))


def pew(b: Builder, skin: Material, length: float) -> None:
    """Seat at 45 cm, back to 90 cm, ends to 1 m; faces +y."""
    b.box((0, 0.05, 0.44), (length, 0.4, 0.035), skin)
    b.box((0, -0.17, 0.68), (length, 0.03, 0.46), skin, (0, 0.12, 0))
    for side in (-1, 1):
        b.box((side * length / 2, 0.0, 0.5), (0.05, 0.5, 1.0), skin)


def kiosk(side: Builder, rng: Rng) -> None:
    """A shop front of 3 m against the wall."""
    wide = rng.uniform(2.2, 3.2)
    side.box((0, -0.7, 1.3), (wide, 1.4, 2.6), paint(rng, muted(rng), 0.2))
    side.box((0, -1.42, 1.2), (wide - 0.1, 0.03, 2.3), material(rng, "shopfront", 0, 1.0, 0.3, glow=0.4))
    side.box((0, -1.5, 2.45), (wide, 0.2, 0.4), material(rng, "label", 0, 1.0, glow=0.6))


def machine(side: Builder, rng: Rng) -> None:
    """A ticket or vending machine: 0.9 x 0.8 x 1.85 m."""
    side.box((0, -0.4, 0.93), (0.9, 0.8, 1.85), paint(rng, vivid(rng) * 0.8, 0.5))
    side.box(
        (0, -0.805, 1.2),
        (0.6, 0.01, 0.9),
        material(rng, "screen" if rng.random() < 0.5 else "label", 0, 1.0, 0.5, glow=0.6),
    )
    side.box((0.33, -0.81, 1.0), (0.14, 0.02, 0.3), paint(rng, 0.1))


def showcase(side: Builder, rng: Rng) -> None:
    """A lit poster frame of 1.2 x 1.75 m."""
    side.box((0, -0.08, 1.3), (1.35, 0.16, 1.95), metal(rng, 0.5))
    side.box((0, -0.165, 1.3), (1.19, 0.01, 1.75), material(rng, "picture", 0, 1.0, 0.3, glow=0.7))


def seats(b: Builder, rng: Rng) -> None:
    """Four waiting seats in a row, 45 cm high."""
    skin, steel = paint(rng, muted(rng) * 0.6, 0.3), metal(rng, 0.6)
    b.box((0, 0, 0.36), (2.2, 0.06, 0.06), steel)
    for k in range(4):
        x = (k - 1.5) * 0.55
        b.box((x, -0.02, 0.43), (0.48, 0.45, 0.04), skin)
        b.box((x, 0.22, 0.68), (0.48, 0.04, 0.45), skin, (0, -0.15, 0))
    for x in (-0.85, 0.85):
        b.box((x, 0, 0.17), (0.06, 0.06, 0.34), steel)
        b.box((x, 0, 0.015), (0.06, 0.55, 0.03), steel)


def suitcase(b: Builder, rng: Rng) -> None:
    high, skin = rng.uniform(0.5, 0.72), paint(rng, vivid(rng) * 0.7, 0.4)
    b.box((0, 0, 0.05 + high / 2), (high * 0.65, rng.uniform(0.22, 0.3), high), skin)
    for x in (-0.12, 0.12):
        b.rod((x, 0.1, high), (x, 0.1, high + 0.4), 0.008, metal(rng))
    b.rod((-0.12, 0.1, high + 0.4), (0.12, 0.1, high + 0.4), 0.012, paint(rng, 0.1))


def signpost(b: Builder, rng: Rng) -> None:
    """An upright information panel, 0.9 x 2.2 m."""
    b.box((0, 0, 1.1), (0.9, 0.12, 2.2), paint(rng, (0.1, 0.2, 0.45), 0.3))
    b.box((0, -0.065, 1.3), (0.8, 0.01, 1.5), material(rng, "page", 0))


def court(b: Builder, rng: Rng, width: float, length: float) -> None:
    """Lines of 5 cm on the floor of a gymnasium."""
    for _ in range(int(rng.integers(1, 4))):
        line, inset = paint(rng, vivid(rng), 0.1), rng.uniform(0.5, 2.0)
        for x in (-width / 2 + inset, width / 2 - inset):
            b.box((x, length / 2, 0.001), (0.05, length - 2 * inset, 0.002), line, shadows=SHADOWS_NONE)
        for y in (inset, length / 2, length - inset):
            b.box((0, y, 0.001), (width - 2 * inset, 0.05, 0.002), line, shadows=SHADOWS_NONE)


def wall_bars(side: Builder, rng: Rng) -> None:
    """0.9 m wide, 2.6 m tall, a bar every 17 cm."""
    skin = material(rng, "grain", 0.8, 1.1)
    for x in (-0.45, 0.45):
        side.box((x, -0.06, 1.3), (0.04, 0.12, 2.6), skin)
    for z in range(15):
        side.rod((-0.45, -0.1, 0.15 + 0.17 * z), (0.45, -0.1, 0.15 + 0.17 * z), 0.018, skin)


def hoop(b: Builder, rng: Rng) -> None:
    """A basketball board, its ring 3.05 m above the floor; the wall lies towards +y."""
    steel = metal(rng, 0.4)
    b.box((0, -1.2, 3.42), (1.8, 0.04, 1.05), paint(rng, 0.95, 0.4))
    b.box((0, -1.223, 3.3), (0.59, 0.004, 0.45), paint(rng, 0.1))
    b.box((0, -1.226, 3.3), (0.5, 0.004, 0.36), paint(rng, 0.95))
    b.tube((0, -1.6, 3.03), 0.225, 0.03, paint(rng, (0.9, 0.3, 0.1)), hollow=True)
    for x in (-0.5, 0.5):
        b.rod((x, -1.2, 3.3), (x, 0, 3.6), 0.04, steel)


def goal(b: Builder, rng: Rng) -> None:
    """3 x 2 m, posts of 8 cm; opens towards -y."""
    skin = paint(rng, 0.95, 0.3)
    for x in (-1.54, 1.54):
        b.box((x, 0, 1.04), (0.08, 0.08, 2.08), skin)
        b.rod((x, 0, 2.0), (x, 0.8, 0.02), 0.02, skin)
    b.box((0, 0, 2.04), (3.16, 0.08, 0.08), skin)
    b.box((0, 0.8, 0.03), (3.1, 0.04, 0.04), skin)


def ball(b: Builder, rng: Rng) -> None:
    """A football or basketball."""
    size = pick(rng, 0.22, 0.24)
    b.ball((0, 0, size / 2), (size, size, size), paint(rng, vivid(rng), 0.3))


def mats(b: Builder, rng: Rng) -> None:
    """Gymnastic mats of 2 x 1 m, 6 cm thick."""
    skin = paint(rng, vivid(rng) * 0.6, 0.2)
    for k in range(int(rng.integers(1, 7))):
        b.box((rng.normal(0, 0.03), rng.normal(0, 0.03), 0.031 + 0.062 * k), (2.0, 1.0, 0.06), skin)


def vaulting_box(b: Builder, rng: Rng) -> None:
    skin = wood(rng)
    b.wedge((0, 0, 0.5), (0.75, 1.5, 1.0), skin, (0.3, 0.1))
    b.box((0, 0, 1.04), (0.45, 1.35, 0.1), paint(rng, (0.4, 0.25, 0.15), 0.3))


def low_bench(b: Builder, rng: Rng) -> None:
    """A Swedish bench: 3 m long, 30 cm high."""
    skin = wood(rng)
    b.box((0, 0, 0.29), (0.23, 3.0, 0.035), skin)
    b.box((0, 0, 0.06), (0.1, 3.0, 0.05), skin)
    for y in (-1.2, 0, 1.2):
        b.box((0, y, 0.15), (0.22, 0.05, 0.27), skin)
