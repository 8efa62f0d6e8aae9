"""iBims-1: structs of MATLAB, a transposed camera that counts from 1, and planes in axes of their own."""

import pickle

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.datasets.readers import list_examples
from theodolite.errors import DatasetError
from theodolite.evaluation.planarity_metrics import planarity_metrics

scipy_io = pytest.importorskip("scipy.io")

CAMERA = Camera(33.5, 34.5, 15.25, 11.75, 32, 24)
SIZE = (24, 32)


@pytest.fixture
def scene(slope):
    return slope(CAMERA)


def plane_row(normal) -> list[float]:
    """As the authors have them: four numbers unread by their code, then right, forward, up; more follow."""
    x, y, z = normal
    return [91, 92, 93, 94, x, z, -y, 97]


def struct(scene) -> dict[str, np.ndarray]:
    """A wall on the left, numbered 2, and one of whose depth nothing is known; a floor; no table."""
    depth = scene.depth.copy()
    depth[:, -4:] = 0
    wall = np.zeros(SIZE, np.uint8)
    wall[:, :12], wall[:, -3:] = 2, 1
    floor = np.zeros(SIZE, np.uint8)
    floor[12:, 14:24] = 1
    invalid, transparent = np.ones(SIZE, np.uint8), np.ones(SIZE, np.uint8)
    invalid[3, 4], transparent[5, 6] = 0, 0
    edges = np.zeros(SIZE, np.uint8)
    edges[:, 13] = 1
    return {
        "rgb": scene.image,
        "depth": depth,
        "edges": edges,
        "calib": np.array([[CAMERA.fx, 0, 0], [0, CAMERA.fy, 0], [CAMERA.cx + 1, CAMERA.cy + 1, 1]]),
        "mask_invalid": invalid,
        "mask_transp": transparent,
        "mask_wall": wall,
        "mask_wall_paras": np.array([plane_row((0, 0, -1)), plane_row(-scene.normal)]),
        "mask_table": np.zeros(SIZE, np.uint8),
        "mask_table_paras": np.zeros((0, 0)),
        "mask_floor": floor,
        "mask_floor_paras": np.array([plane_row(scene.normal)]),
    }


def write(root, name: str, data: dict) -> None:
    (root / "ibims1_core_mat").mkdir(exist_ok=True)
    scipy_io.savemat(root / "ibims1_core_mat" / f"{name}.mat", {"data": data})


@pytest.fixture
def root(scene, tmp_path):
    for name in ("corridor_02", "bathroom_01"):
        write(tmp_path, name, struct(scene))
    (tmp_path / "imagelist.txt").write_text("corridor_02\r\nbathroom_01\r\n")
    return tmp_path


def test_the_list_says_which_pictures_there_are_and_in_which_order(root):
    assert [(one.name, one.group) for one in list_examples("ibims1", root)] == [
        ("corridor_02", ""),
        ("bathroom_01", ""),
    ]


def test_picture_camera_depth_and_edges_come_out_as_they_went_in(root, scene):
    example = list_examples("ibims1", root)[0].load()
    np.testing.assert_array_equal(example.image, scene.image)
    np.testing.assert_allclose(example.camera.K, CAMERA.K)
    assert np.isnan(example.depth[:, -4:]).all()
    np.testing.assert_allclose(example.depth[:, :-4], scene.depth[:, :-4], rtol=1e-6)
    assert example.edges[:, 13].all()
    assert example.edges.sum() == SIZE[0]


def test_masks_are_true_where_depth_counts(root):
    masks = list_examples("ibims1", root)[0].load().masks
    assert set(masks) == {"invalid", "transparent"}
    assert np.argwhere(~masks["invalid"]).tolist() == [[3, 4]]
    assert np.argwhere(~masks["transparent"]).tolist() == [[5, 6]]


def test_planes_face_the_camera_in_its_own_axes(root, scene):
    wall, floor = list_examples("ibims1", root)[0].load().planes
    assert (wall.kind, floor.kind) == ("wall", "floor")
    assert wall.region[:, :12].all()
    assert wall.region.sum() == 12 * SIZE[0]
    assert floor.region.sum() == 12 * 10
    for plane in (wall, floor):
        np.testing.assert_allclose(plane.normal, scene.normal, atol=1e-6)
        assert plane.distance == pytest.approx(scene.distance, rel=1e-5)


def test_the_truth_lies_on_its_own_planes(root):
    example = list_examples("ibims1", root)[0].load()
    depth = np.where(np.isfinite(example.depth), example.depth, 1)
    found = planarity_metrics(depth, example.depth, example.camera, example.planes)
    assert found.flatness < 1e-3
    assert found.orientation < 1e-3


def test_the_list_may_lie_beside_the_files(root):
    (root / "imagelist.txt").rename(root / "ibims1_core_mat/imagelist.txt")
    for place in (root, root / "ibims1_core_mat"):
        assert len([one.load() for one in list_examples("ibims1", place)]) == 2


def test_another_process_can_load(root, scene):
    listed = list_examples("ibims1", root)[0]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(listed)).load().image, scene.image)


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "else"])
def test_a_file_that_is_not_what_it_should_be_is_named(root, spoil, damage):
    listed = list_examples("ibims1", root)[0]
    spoil(root / "ibims1_core_mat/corridor_02.mat", damage)
    with pytest.raises(DatasetError, match=r"corridor_02\.mat: "):
        listed.load()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"depth": np.zeros(SIZE)}, "no known depth"),
        ({"depth": np.full(SIZE, 2500.0)}, "implausible"),
        ({"depth": np.ones((24, 16))}, "the true depth"),
        ({"mask_transp": np.ones((12, 16), np.uint8)}, "transparent"),
        ({"mask_wall": np.ones((12, 16), np.uint8)}, "mask_wall has shape"),
        ({"mask_floor_paras": np.ones((1, 4))}, "rows of 7 numbers"),
        ({"mask_floor_paras": np.ones((1, 8)) * 3}, "normal of length"),
        ({"rgb": np.zeros(SIZE, np.uint8)}, "colour picture"),
        ({"calib": CAMERA.K}, "transposed"),
        ({"calib": np.ones((1, 4))}, "3x3"),
    ],
)
def test_content_that_cannot_be_is_told_with_its_file(root, scene, changes, told):
    write(root, "corridor_02", struct(scene) | changes)
    with pytest.raises(DatasetError, match=rf"corridor_02\.mat: .*{told}"):
        list_examples("ibims1", root)[0].load()


def test_a_missing_field_is_named(root, scene):
    data = struct(scene)
    del data["mask_transp"]
    write(root, "corridor_02", data)
    with pytest.raises(DatasetError, match=r"corridor_02\.mat: .*mask_transp"):
        list_examples("ibims1", root)[0].load()


def test_a_folder_of_something_else_is_refused(root, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(DatasetError, match=r"imagelist\.txt"):
        list_examples("ibims1", empty)
    (empty / "imagelist.txt").write_text("corridor_02\n")
    with pytest.raises(DatasetError, match=r"\.mat"):
        list_examples("ibims1", empty)
