"""The plan of a room: its floor, what stands where, its four walls and the openings in them."""

import math
from dataclasses import dataclass, field

from theodolite.synth.scene import Triple

Rectangle = tuple[float, float, float, float]  # x0, y0, x1, y1, metres


@dataclass
class Plan:
    """A room from (0, 0) to (width, depth), filled piece by piece.

    Args:
        taken: places on the floor that are in use.
        targets: points worth looking at.
    """

    width: float
    depth: float
    height: float
    taken: list[Rectangle] = field(default_factory=list)
    targets: list[Triple] = field(default_factory=list)

    def free(self, place: Rectangle, margin: float = 0.03) -> bool:
        """Whether a place lies in the room and `margin` metres from all that are taken."""
        x0, y0, x1, y1 = place
        inside = x0 >= 0 and y0 >= 0 and x1 <= self.width and y1 <= self.depth
        return inside and all(
            x1 + margin <= b[0] or x0 >= b[2] + margin or y1 + margin <= b[1] or y0 >= b[3] + margin for b in self.taken
        )

    def take(self, place: Rectangle, margin: float = 0.03) -> bool:
        """Takes a place if it is free, and says whether it was."""
        found = self.free(place, margin)
        if found:
            self.taken.append(place)
        return found


@dataclass(frozen=True)
class Opening:
    """A door or window: from `low` to `high` along wall number `wall`, from `sill` up to `head`, metres."""

    wall: int
    low: float
    high: float
    sill: float
    head: float
    door: bool


def on_wall(plan: Plan, wall: int, along: float, off: float) -> tuple[float, float, float]:
    """The point `along` a wall and `off` it, and the yaw of a piece that turns its back to it; walls 0..3 clockwise."""
    return [
        (along, plan.depth - off, 0.0),
        (plan.width - off, plan.depth - along, -math.pi / 2),
        (plan.width - along, off, math.pi),
        (off, along, math.pi / 2),
    ][wall]


def length_of(plan: Plan, wall: int) -> float:
    return plan.width if wall % 2 == 0 else plan.depth


def rectangle(x: float, y: float, yaw: float, size: tuple[float, float]) -> Rectangle:
    """The place of a footprint, its yaw a multiple of a right angle."""
    turned = abs(math.sin(yaw)) > 0.5
    w, d = (size[1], size[0]) if turned else size
    return (x - w / 2, y - d / 2, x + w / 2, y + d / 2)
