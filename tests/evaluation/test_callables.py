"""Functions by name: found, made, and refused in one line."""

import sys

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.evaluation.callables import load_callable
from theodolite.evaluation.estimate import EstimateError
from theodolite.evaluation.models import is_callable

IMAGE, CAMERA = np.zeros((4, 6, 3), np.uint8), Camera(9, 9, 2.5, 1.5, 6, 4)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        "from dataclasses import dataclass\nimport numpy as np\n\n\n"
        "def two(image, camera):\n    return np.full(image.shape[:2], 2.0)\n\n\n"
        "@dataclass\nclass Focal:\n    factor: float = 0.5\n\n"
        "    def __call__(self, image, camera):\n"
        "        return np.full(image.shape[:2], camera.focal * self.factor)\n\n\n"
        "class Heavy:\n    def __init__(self):\n        raise MemoryError('weights do not fit')\n\n\n"
        "def broken(image, camera):\n    raise ValueError('bad\\npicture')\n\n\n"
        "def leaving(image, camera):\n    raise SystemExit(3)\n\n\n"
        "def stopped(image, camera):\n    raise KeyboardInterrupt\n\n\n"
        "class Mute:\n    pass\n\n\n"
        "number = 3\n"
    )
    return path


def test_a_function_of_a_file_is_called_with_picture_and_camera(file):
    assert load_callable(f"{file}:two")(IMAGE, CAMERA).mean() == 2


def test_a_class_is_made_once_and_called(file):
    assert load_callable(f"{file}:Focal")(IMAGE, CAMERA).mean() == 4.5


def test_a_function_of_a_module_is_found_by_its_name():
    assert load_callable("numpy:shape") is not None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{file}:three", "has no three"),
        ("{file}:number", "but of type int"),
        ("{file}:Mute", "but of type Mute"),
        ("{file}:", "names no function"),
        ("two", "names no function"),
        ("{file}:Heavy", "could not be made: MemoryError: weights do not fit"),
        ("{file}x.py:two", "there is no such file"),
        ("no_such_module_anywhere:two", "could not be imported: ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_had_is_told_in_one_line(file, name, words):
    with pytest.raises(EstimateError, match=words) as told:
        load_callable(name.format(file=file))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import no_such_module_anywhere", "ModuleNotFoundError"),
        ("raise SystemExit(2)", "SystemExit: 2"),
        ("def f(:", "SyntaxError"),
    ],
)
def test_a_file_that_cannot_be_run_is_told(tmp_path, code, reason):
    before = set(sys.modules)
    (tmp_path / "model.py").write_text(f"{code}\n")
    with pytest.raises(EstimateError, match=rf"model\.py could not be imported: {reason}"):
        load_callable(f"{tmp_path / 'model.py'}:f")
    assert set(sys.modules) == before


def test_nobody_elses_path_is_touched_and_files_of_one_name_stay_apart(tmp_path, file):
    path = list(sys.path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/model.py").write_text("def two(image, camera):\n    return 'other'\n")
    first, second = load_callable(f"{file}:two"), load_callable(f"{tmp_path / 'other/model.py'}:two")
    assert first(IMAGE, CAMERA).mean() == 2
    assert second(IMAGE, CAMERA) == "other"
    assert sys.path == path


def test_what_a_function_raises_is_of_that_picture(file):
    with pytest.raises(EstimateError, match="broken failed: ValueError: bad picture"):
        load_callable(f"{file}:broken")(IMAGE, CAMERA)
    with pytest.raises(EstimateError, match="leaving failed: SystemExit: 3"):
        load_callable(f"{file}:leaving")(IMAGE, CAMERA)


def test_an_interrupt_ends_the_run(file):
    with pytest.raises(KeyboardInterrupt):
        load_callable(f"{file}:stopped")(IMAGE, CAMERA)


@pytest.mark.parametrize(
    ("words", "is_one"),
    [
        ("a/b.py:Name", True),
        ("package.module:name", True),
        ("pocket", False),
        ("vit-large.official", False),
        ("C:\\weights.onnx", False),
        ("folder/model.safetensors", False),
    ],
)
def test_functions_are_told_from_releases_and_files(words, is_one):
    assert is_callable(words) is is_one


def test_estimates_come_from_whatever_can_be_understood():
    from theodolite.evaluation.estimate import Estimate

    depth = np.ones((2, 3))
    assert Estimate.of(depth).kind == "metric"
    assert Estimate.of({"depth": depth, "kind": "scale_invariant"}).kind == "scale_invariant"
    same = Estimate(depth)
    assert Estimate.of(same) is same
    for wrong in ([1, 2], depth.astype(int), {"deep": depth}, {"depth": depth, "colour": 1}, None):
        with pytest.raises(EstimateError):
            Estimate.of(wrong)
    for shapes in (
        {"depth": np.ones(3)},
        {"depth": depth, "normals": np.ones((2, 3))},
        {"depth": depth, "kappa": np.ones((3, 2))},
    ):
        with pytest.raises(EstimateError, match="shape"):
            Estimate(**shapes)
    for words in ({"kind": "relative"}, {"space": "disparity"}):
        with pytest.raises(EstimateError, match="is one of"):
            Estimate(depth, **words)
