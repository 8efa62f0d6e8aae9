"""A room with a ball in it, askew in the world: exact depth, normals, colours, and distances to surfaces."""

import numpy as np

from theodolite.apps.depth_view import DepthView
from theodolite.camera.pinhole import Camera
from theodolite.geometry.pose import inverse, rigid, transform_normals, transform_points
from theodolite.geometry.rotation import from_vector
from theodolite.geometry.unproject import rays

# The room's own axes: half its sides, metres; the ball stands free of the walls.
HALF = np.array([2.0, 1.25, 1.6])
CENTRE, RADIUS = np.array([0.7, 0.5, 0.3]), 0.4
WORLD_FROM_ROOM = rigid(from_vector(np.array([0.3, -0.2, 0.5])), np.array([0.4, -3.1, 0.7]))
CAMERA = Camera.from_fov(75, 320, 240)


def look(place, target) -> np.ndarray:
    """world_from_camera of a camera in the room, both in the room's axes, y down."""
    place = np.asarray(place, dtype=float)
    forward = np.asarray(target, dtype=float) - place
    forward /= np.linalg.norm(forward)
    right = np.cross([0, 1.0, 0], forward)
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(forward, right), forward], axis=1)
    return WORLD_FROM_ROOM @ rigid(turn, place)


def poses(count: int = 12) -> list[np.ndarray]:
    """Around the room, looking across it."""
    angles = np.arange(count) / count * 2 * np.pi
    return [
        look((1.2 * np.cos(a), 0.3 * np.sin(3 * a), 0.9 * np.sin(a)), (-np.cos(a), 0.2, -np.sin(a))) for a in angles
    ]


def view(pose: np.ndarray, camera: Camera = CAMERA) -> DepthView:
    """What a camera sees, exactly."""
    motion = inverse(WORLD_FROM_ROOM) @ pose
    ray = transform_normals(motion, rays(camera).astype(float))
    start = motion[:3, 3]
    with np.errstate(divide="ignore"):
        each = np.where(ray > 0, (HALF - start) / ray, (-HALF - start) / ray)
    each = np.where(ray == 0, np.inf, each)
    depth, axis = each.min(-1), each.argmin(-1)
    normal = -np.sign(np.take_along_axis(ray, axis[..., None], -1)) * np.eye(3)[axis]
    a, b = (ray * ray).sum(-1), (ray * (start - CENTRE)).sum(-1)
    root = b * b - a * (((start - CENTRE) ** 2).sum() - RADIUS**2)
    hit = (root > 0) & (-b - np.sqrt(np.maximum(root, 0)) > 0)
    ball = np.where(hit, (-b - np.sqrt(np.maximum(root, 0))) / a, np.inf)
    depth = np.minimum(depth, ball)
    points = start + ray * depth[..., None]
    normal = np.where(hit[..., None], (points - CENTRE) / RADIUS, normal)
    normals = transform_normals(inverse(motion), normal).astype(np.float32)
    image = colours(points)
    return DepthView(depth.astype(np.float32), normals, np.ones(depth.shape, np.float32), image, camera, pose)


def colours(points: np.ndarray) -> np.ndarray:
    """A pattern that never repeats along a line; points in the room's axes."""
    x, y, z = np.moveaxis(points, -1, 0)
    waves = [
        np.sin(9 * x + 4 * y + 2 * np.sin(3 * z)) + np.sin(31 * x - 17 * y + 23 * z),
        np.sin(7 * y - 5 * z + x * x) + np.sin(27 * y + 19 * x + 3 * np.sin(5 * z)),
        np.sin(8 * z + 3 * x * y) + np.sin(29 * z - 21 * y + 2 * np.sin(7 * x)),
    ]
    return (127 + 45 * np.stack(waves, -1)).astype(np.uint8)


def distance(points: np.ndarray) -> np.ndarray:
    """Of points of the world to the nearest surface, metres; positive in the free inside."""
    inside = transform_points(inverse(WORLD_FROM_ROOM), points.astype(float))
    walls = (HALF - np.abs(inside)).min(-1)
    return np.minimum(walls, np.linalg.norm(inside - CENTRE, axis=-1) - RADIUS)


def write_folder(root, count: int = 8, camera: Camera | None = None, unit: float = 1.0, metric: bool = True):
    """A folder with pictures, measured depth and poses: frames.json, or without known scale transforms.json.

    Args:
        unit: the poses' translations are in units of so many metres.
    """
    import json

    from PIL import Image

    camera = camera or Camera.from_fov(75, 160, 120)
    root.mkdir(parents=True, exist_ok=True)
    entries, frames = [], []
    for number, pose in enumerate(steady_poses(count)):
        seen = view(pose, camera)
        Image.fromarray(seen.image).save(root / f"{number}.png")
        Image.fromarray(np.rint(seen.depth * 5000).astype(np.uint16)).save(root / f"{number}_d.png")
        scaled = pose.copy()
        scaled[:3, 3] /= unit
        cam = [camera.fx, camera.fy, camera.cx, camera.cy]
        entry = {"rgb": f"{number}.png", "depth": f"{number}_d.png", "depth_scale": 5000, "cam_in": cam}
        entries.append(entry | {"pose_world_from_camera": scaled.tolist()})
        opengl = (scaled @ np.diag([1, -1, -1, 1])).tolist()
        frames.append({"file_path": f"{number}.png", "transform_matrix": opengl})
    if metric:
        (root / "frames.json").write_text(json.dumps({"files": entries}))
    else:
        shared = {"fl_x": camera.fx, "cx": camera.cx + 0.5, "cy": camera.cy + 0.5}
        (root / "transforms.json").write_text(json.dumps(shared | {"frames": frames}))
    return root


def steady_poses(count: int) -> list[np.ndarray]:
    """Steps sideways, a hand's breadth each, towards the ball's corner."""
    return [look((-1.0 + 0.12 * n, 0.1 * np.sin(n), -0.9 + 0.03 * n), (0.5 + 0.05 * n, 0.3, 0.6)) for n in range(count)]


class Exact:
    """A predictor that knows the room: its depth is the true one times a factor that changes from picture to picture.

    Args:
        folder: written by `write_folder`; pictures are known by their pixels.
    """

    def __init__(self, folder, factors):
        from PIL import Image

        self.factors = dict(enumerate(factors))
        self.poses = steady_poses(len(self.factors))
        self.known = {np.asarray(Image.open(folder / f"{n}.png")).tobytes(): n for n in self.factors}

    def predict(self, image, camera):
        from theodolite.inference.prediction import Prediction

        number = self.known[image.tobytes()]
        seen = view(self.poses[number], camera)
        return Prediction(
            depth=seen.depth * self.factors[number],
            normals=seen.normals,
            confidence=np.full(seen.depth.shape, 0.9),
            kappa=None,
            valid=np.ones(seen.depth.shape, bool),
            camera=camera,
            image=image,
        )
