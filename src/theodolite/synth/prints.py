"""Drawn textures that fill a face once: facades, doors, cabinet fronts, pictures, screens, books, labels, signs."""

import numpy as np

from theodolite.synth.textures import SIZE, Rng, Texture, cast, colours, gap, grain, grid, noise


def _paint(canvas: Texture, u0: float, v0: float, u1: float, v1: float, colour) -> None:
    """Fills a rectangle given in shares of the side; in place, the one mutable thing here."""
    a, b, c, d = (round(x * SIZE) for x in (u0, u1, v0, v1))
    canvas[max(c, 0) : max(d, c + 1), max(a, 0) : max(b, a + 1)] = colour


def _plain(rng: Rng, colour, rough: float = 0.02) -> Texture:
    return colours(np.asarray(colour, dtype=float) * np.ones(3), noise(rng, 1.2, 1) * rough)


def muted(rng: Rng) -> np.ndarray:
    """A colour as walls and furniture have it: any brightness, little saturation."""
    # Single numbers, as in `cast`: scenes draw hundreds of colours, and NumPy is slow on arrays of three.
    level, warm, green = rng.uniform(0.15, 0.95), rng.normal(0, 0.09), rng.normal(0, 0.02)
    tints = (1 + warm, 1 + green, 1 - warm)
    return np.array([min(max(level * tint * (1 + rng.normal(0, 0.06)), 0.03), 0.97) for tint in tints])


def vivid(rng: Rng) -> np.ndarray:
    grey, strength = rng.uniform(0.1, 0.9), rng.uniform(0.2, 0.9)
    return np.array([grey + (rng.random() - grey) * strength for _ in range(3)])


def _window(canvas: Texture, rng: Rng, box: tuple[float, float, float, float], frame: np.ndarray, bars: int) -> None:
    u0, v0, u1, v1 = box
    edge = 0.008
    _paint(canvas, u0 - edge, v0 - edge, u1 + edge, v1 + edge, frame)
    top, low = rng.uniform(0.1, 0.65), rng.uniform(0.05, 0.25)
    rows = round((v1 - v0) * SIZE)
    shade = np.linspace(top, low, max(rows, 1))[:, None] * np.array([0.85, 0.95, 1.0])
    a, c = round(u0 * SIZE), round(v0 * SIZE)
    width = round((u1 - u0) * SIZE)
    canvas[c : c + rows, a : a + width] = shade[:, None]
    if rng.random() < 0.35:  # a curtain or blind
        _paint(canvas, u0, v0, u1, v0 + (v1 - v0) * rng.uniform(0.2, 0.9), muted(rng) * 0.8)
    for k in range(1, bars):
        x = u0 + (u1 - u0) * k / bars
        _paint(canvas, x - 0.004, v0, x + 0.004, v1, frame)


def facade(rng: Rng) -> Texture:
    """Four storeys by three to five bays of windows; the period is four storeys."""
    # At 5 cm a texel single bricks are lost; drawn larger they would be a false measure of the wall.
    brick = np.array([0.55, 0.33, 0.26]) * rng.uniform(0.7, 1.25) * cast(rng)
    canvas = _plain(rng, brick if rng.random() < 0.35 else muted(rng) * 0.5 + 0.4, 0.03)
    canvas *= 1 + noise(rng, 0.1, 40)[..., None] * rng.uniform(0.0, 0.07)
    bays, storeys = int(rng.integers(3, 6)), 4
    wide, high = rng.uniform(0.35, 0.62), rng.uniform(0.45, 0.68)
    frame = np.full(3, rng.choice([0.92, 0.85, 0.3, 0.15])) * cast(rng)
    sill, bars, ledge = rng.random() < 0.6, int(rng.integers(1, 4)), rng.random() < 0.4
    for storey in range(storeys):
        for bay in range(bays):
            u = (bay + 0.5 - wide / 2) / bays
            v = (storey + 0.2) / storeys
            _window(canvas, rng, (u, v, u + wide / bays, v + high / storeys), frame, bars)
            if sill:
                _paint(
                    canvas,
                    u - 0.01,
                    v + high / storeys,
                    u + wide / bays + 0.01,
                    v + high / storeys + 0.012,
                    frame * 0.9,
                )
        if ledge:
            _paint(canvas, 0, storey / storeys, 1, storey / storeys + 0.014, muted(rng))
    return canvas


def office(rng: Rng) -> Texture:
    """Bands of glass, four storeys."""
    canvas = _plain(rng, muted(rng) * 0.6 + 0.2)
    panes = int(rng.integers(6, 14))
    frame = np.full(3, rng.uniform(0.1, 0.8))
    for storey in range(4):
        v = (storey + rng.uniform(0.1, 0.12)) / 4
        for pane in range(panes):
            _window(canvas, rng, (pane / panes + 0.006, v, (pane + 1) / panes - 0.006, v + 0.16), frame, 1)
    return canvas


def shopfront(rng: Rng) -> Texture:
    canvas = _plain(rng, muted(rng))
    sign = vivid(rng)
    _paint(canvas, 0, 0, 1, 0.2, sign)
    at = 0.1
    while at < 0.85:  # a name, one blot for each letter
        width = rng.uniform(0.02, 0.06)
        _paint(canvas, at, 0.06, at + width, rng.uniform(0.12, 0.15), 1 - sign)
        at += width + 0.02
    for k in range(3):
        _window(canvas, rng, (k / 3 + 0.03, 0.25, (k + 1) / 3 - 0.03, 0.86 if k != 1 else 0.97), muted(rng), 1)
        for _ in range(5):
            u, v = k / 3 + rng.uniform(0.05, 0.26), rng.uniform(0.4, 0.8)
            _paint(canvas, u, v, u + 0.04, v + 0.06, vivid(rng) * 0.6)
    return canvas


def books(rng: Rng) -> Texture:
    canvas = np.full((SIZE, SIZE, 3), 0.08)
    at = 0.0
    while at < 1:
        width, colour = rng.uniform(0.025, 0.085), (muted(rng) + vivid(rng)) / 2
        top = rng.choice([0.0, 0.05, 0.1, 0.2])
        _paint(canvas, at, top, at + width, 1, colour)
        _paint(canvas, at, top, at + 0.006, 1, colour * 0.5)
        for _ in range(int(rng.integers(1, 4))):
            v = rng.uniform(top, 0.9)
            _paint(
                canvas,
                at + width * 0.25,
                v,
                at + width * 0.75,
                v + rng.uniform(0.02, 0.25),
                np.clip(1.2 - colour, 0, 1),
            )
        at += width
    return canvas


def _blobs(canvas: Texture, rng: Rng, count: int) -> None:
    u, v = grid()
    for _ in range(count):
        cu, cv, ru, rv = rng.random(), rng.random(), rng.uniform(0.03, 0.3), rng.uniform(0.03, 0.3)
        inside = (
            np.maximum(abs(u - cu) / ru, abs(v - cv) / rv)
            if rng.random() < 0.5
            else np.hypot((u - cu) / ru, (v - cv) / rv)
        )
        canvas[inside < 1] = vivid(rng)


def picture(rng: Rng) -> Texture:
    """A framed print: a landscape, shapes, or photograph-like clouds of colour."""
    _, v = grid()
    kind = rng.integers(3)
    if kind == 0:
        horizon = rng.uniform(0.3, 0.7) + noise(rng, 1.8, 1, (1, 9))[0][None] * 0.05
        canvas = np.where((v < horizon)[..., None], vivid(rng) * 0.4 + 0.5, vivid(rng) * 0.6)
        canvas = canvas * (1 + noise(rng, 1, 2) * 0.15)[..., None]
    elif kind == 1:
        canvas = _plain(rng, vivid(rng))
        _blobs(canvas, rng, int(rng.integers(3, 14)))
    else:
        canvas = (
            0.45
            + 0.22 * np.stack([noise(rng, 1.4, 1)] * 3, -1) * rng.uniform(0.3, 1, 3)
            + 0.1 * noise(rng, 1.2, 1)[..., None]
        )
    canvas = np.clip(canvas, 0, 1)
    if rng.random() < 0.7:
        frame, mat, width = rng.choice([0.05, 0.3, 0.9]), rng.uniform(0.8, 0.97), rng.uniform(0.02, 0.06)
        inner = canvas.copy()
        canvas[:] = frame
        _paint(canvas, width, width, 1 - width, 1 - width, mat)
        edge = width + rng.choice([0, 0.08])
        a, b = round(edge * SIZE), round((1 - edge) * SIZE)
        canvas[a:b, a:b] = inner[a:b, a:b]
    return canvas


def _lines_of_text(canvas: Texture, rng: Rng, box: tuple[float, float, float, float], ink, step: float) -> None:
    u0, v0, u1, v1 = box
    v = v0
    while v < v1:
        u = u0
        end = u1 if rng.random() < 0.8 else u0 + (u1 - u0) * rng.uniform(0.2, 0.9)
        while u < end:
            width = rng.uniform(0.01, 0.06)
            _paint(canvas, u, v, min(u + width, end), v + step * 0.45, ink)
            u += width + 0.012
        v += step


def page(rng: Rng) -> Texture:
    canvas = _plain(rng, rng.uniform(0.85, 0.97))
    _lines_of_text(canvas, rng, (0.1, 0.1, 0.9, 0.92), rng.uniform(0.1, 0.4), rng.uniform(0.025, 0.05))
    if rng.random() < 0.4:
        _paint(canvas, 0.12, 0.3, 0.6, 0.55, vivid(rng))
    return canvas


def screen(rng: Rng) -> Texture:
    dark = rng.random() < 0.5
    canvas = _plain(rng, (rng.uniform(0.03, 0.15) if dark else rng.uniform(0.7, 0.95)) * cast(rng), 0.0)
    _paint(canvas, 0, 0, 1, 0.05, vivid(rng) * 0.7)
    _paint(canvas, 0, 0.05, rng.uniform(0.1, 0.3), 1, muted(rng))
    for _ in range(int(rng.integers(1, 4))):
        u, v = rng.uniform(0.1, 0.6), rng.uniform(0.08, 0.5)
        _paint(canvas, u, v, u + rng.uniform(0.2, 0.4), v + rng.uniform(0.2, 0.5), rng.uniform(0.05, 0.9) * cast(rng))
    _lines_of_text(canvas, rng, (0.32, 0.1, 0.9, 0.9), 0.8 if dark else 0.2, 0.035)
    canvas[:6], canvas[-6:], canvas[:, :4], canvas[:, -4:] = 0.03, 0.03, 0.03, 0.03
    return canvas


def label(rng: Rng) -> Texture:
    """Packaging: a ground colour, shapes, a line of large print and small text."""
    canvas = _plain(rng, vivid(rng))
    _blobs(canvas, rng, int(rng.integers(1, 5)))
    v = rng.uniform(0.15, 0.5)
    _lines_of_text(canvas, rng, (0.15, v, 0.85, v + 0.1), vivid(rng), 0.2)
    _lines_of_text(canvas, rng, (0.15, 0.65, 0.85, 0.9), rng.uniform(0, 1), 0.05)
    return canvas


def rug(rng: Rng) -> Texture:
    canvas = _plain(rng, muted(rng), 0.05)
    for edge in np.sort(rng.uniform(0.02, 0.3, int(rng.integers(1, 5)))):
        _paint(canvas, edge, edge, 1 - edge, 1 - edge, (muted(rng) + vivid(rng)) / 2)
    if rng.random() < 0.6:
        motif = np.abs(noise(rng, 1.5, 2))
        motif = (motif + motif[:, ::-1] + motif[::-1] + motif[::-1, ::-1]) / 4
        canvas[motif > rng.uniform(0.7, 1.1)] = muted(rng)
    return np.clip(canvas * (1 + noise(rng, 0.2, 10) * 0.07)[..., None], 0, 1)


def door(rng: Rng) -> Texture:
    canvas = grain(rng) if rng.random() < 0.4 else _plain(rng, muted(rng) * 0.4 + 0.55)
    columns, rows = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    for i in range(columns):
        for j in range(rows):
            box = ((i + 0.16) / columns, (j + 0.1) / rows, (i + 0.84) / columns, (j + 0.9) / rows)
            inner = canvas[
                tuple(slice(round(a * SIZE), round(b * SIZE)) for a, b in ((box[1], box[3]), (box[0], box[2])))
            ].copy()
            _paint(canvas, box[0] - 0.012, box[1] - 0.008, box[2] + 0.012, box[3] + 0.008, canvas.mean((0, 1)) * 0.72)
            a, b = round(box[1] * SIZE), round(box[0] * SIZE)
            canvas[a : a + inner.shape[0], b : b + inner.shape[1]] = inner * 1.02
    _paint(canvas, 0.86, 0.5, 0.95, 0.515, rng.choice([0.2, 0.75]))
    return np.clip(canvas, 0, 1)


def front(rng: Rng) -> Texture:
    """One cabinet door or drawer with its handle and a dark gap around."""
    canvas = grain(rng) if rng.random() < 0.5 else _plain(rng, muted(rng) * 0.6 + 0.35, 0.01)
    u, v = grid()
    canvas = canvas * (0.35 + 0.65 * gap(u, 0.03) * gap(v, 0.03))[..., None]
    if rng.random() < 0.6:
        _paint(canvas, 0.38, 0.08, 0.62, 0.11, rng.choice([0.15, 0.8]))
    else:
        _paint(canvas, 0.88, 0.35, 0.91, 0.6, rng.choice([0.15, 0.8]))
    return canvas


def blinds(rng: Rng) -> Texture:
    _, v = grid()
    slats = int(rng.integers(16, 40))
    return colours(np.full(3, 0.85), 0.25 * (np.sin(2 * np.pi * v * slats) - 0.5), noise(rng, 1, 1) * 0.02)


def keyboard(rng: Rng) -> Texture:
    canvas = _plain(rng, rng.choice([0.08, 0.25, 0.8]))
    key = rng.choice([0.05, 0.15, 0.9])
    for row in range(5):
        for column in range(15):
            _paint(canvas, (column + 0.3) / 15.5, (row + 0.35) / 5.6, (column + 1.1) / 15.5, (row + 1.1) / 5.6, key)
    return canvas


def sign(rng: Rng) -> Texture:
    """A road sign: rim, ground and a simple figure."""
    rim, ground, ink = [(np.array(c)) for c in rng.permutation([[0.8, 0.1, 0.1], [0.95, 0.95, 0.95], [0.1, 0.25, 0.7]])]
    u, v = grid()
    radius = np.hypot(u - 0.5, v - 0.5)
    canvas = np.where((radius > 0.4)[..., None], rim, ground)
    _paint(canvas, rng.uniform(0.25, 0.45), 0.3, rng.uniform(0.55, 0.75), rng.uniform(0.5, 0.7), ink)
    return canvas.astype(float)


def cardboard(rng: Rng) -> Texture:
    canvas = _plain(rng, np.array([0.66, 0.52, 0.37]) * rng.uniform(0.8, 1.15), 0.04)
    _paint(canvas, 0, 0.46, 1, 0.54, canvas.mean((0, 1)) * rng.uniform(0.85, 1.15))
    if rng.random() < 0.5:
        _paint(canvas, 0.1, 0.6, 0.45, 0.85, 0.93)
        _lines_of_text(canvas, rng, (0.13, 0.63, 0.42, 0.83), 0.15, 0.04)
    return np.clip(canvas, 0, 1)


PRINTS = {
    f.__name__: f
    for f in (
        facade, office, shopfront, books, picture, page, screen, label, rug, door, front, blinds, keyboard, sign,
        cardboard,
    )
}  # fmt: skip
