"""The models of others are called as their authors document it, and what they return is taken for what it is.

Not the networks themselves, but small stand-ins with their calls, types and shapes.
"""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from theodolite.camera.pinhole import Camera
from theodolite.evaluation.callables import load_callable
from theodolite.evaluation.estimate import Estimate

torch = pytest.importorskip("torch")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
IMAGE = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
IMAGE.flags.writeable = False  # as Pillow gives them
CAMERA = Camera(5.0, 5.5, 2.0, 1.75, 6, 4)
DEPTH = torch.arange(1.0, 25.0).reshape(4, 6)
# A wall square to the view, in the axes of OpenCV.
WALL = torch.tensor([0.0, 0.0, -1.0]).expand(4, 6, 3)


def load(words):
    file, name = words.split(":")
    return load_callable(f"{EXAMPLES / file}:{name}")


@pytest.fixture
def stand_in(monkeypatch):
    """Puts modules in the place of those that are not installed."""

    def put(name, **attributes):
        whole = ""
        for part in name.split("."):
            whole = f"{whole}.{part}".lstrip(".")
            if whole not in sys.modules or whole == name:
                monkeypatch.setitem(sys.modules, whole, ModuleType(whole))
        for key, value in attributes.items():
            setattr(sys.modules[name], key, value)
        if "." in name:
            parent, _, last = name.rpartition(".")
            setattr(sys.modules[parent], last, sys.modules[name])

    return put


class Network:
    """A network that remembers how it was made and called."""

    weights = None

    @classmethod
    def from_pretrained(cls, weights):
        self = cls()
        cls.weights = weights
        return self

    def to(self, device):
        self.device = device
        return self

    def eval(self):
        return self


def moge(with_normals):
    class MoGeModel(Network):
        def infer(
            self, image, num_tokens=None, resolution_level=9, force_projection=True, apply_mask=True, fov_x=None,
            use_fp16=True,
        ):  # fmt: skip
            MoGeModel.called = (image, apply_mask, fov_x, use_fp16)
            found = {"points": DEPTH[..., None].expand(4, 6, 3), "depth": DEPTH, "intrinsics": torch.eye(3)}
            return found | ({"normal": WALL} if with_normals else {}) | {"mask": DEPTH > 2}

    return MoGeModel


@pytest.mark.parametrize(("name", "version", "kind"), [("MoGe", "v2", "metric"), ("MoGe1", "v1", "scale_invariant")])
def test_moge_is_told_the_field_of_view_and_gives_normals_in_its_second_version(stand_in, name, version, kind):
    model = moge(with_normals=version == "v2")
    stand_in(f"moge.model.{version}", MoGeModel=model)
    found = load(f"evaluate_moge.py:{name}")(IMAGE, CAMERA)
    image, masked, fov, half = model.called
    assert image.dtype == torch.float32
    np.testing.assert_allclose(image.cpu().numpy(), IMAGE.transpose(2, 0, 1) / 255, rtol=1e-6)
    assert fov == pytest.approx(np.degrees(2 * np.arctan(6 / 2 / 5)))
    assert not masked
    assert half == torch.cuda.is_available()
    assert (found.kind, found.space) == (kind, "depth")
    np.testing.assert_array_equal(found.depth, DEPTH.numpy())
    if version == "v1":
        assert model.weights == "Ruicheng/moge-vitl"
        assert found.normals is None
    else:
        assert model.weights == "Ruicheng/moge-2-vitl-normal"
        np.testing.assert_array_equal(found.normals, WALL.numpy())


@pytest.mark.parametrize(("name", "version"), [("UniDepth", 2), ("UniDepth1", 1)])
def test_unidepth_is_told_the_intrinsics_of_its_own_pixel_grid(stand_in, name, version):
    class Model(Network):
        def infer(self, rgb, camera=None, normalize=True):
            Model.called = (rgb, camera)
            return {"depth": DEPTH[None, None], "points": None, "intrinsics": camera[None]}

    stand_in("unidepth")
    stand_in("unidepth.models", **{f"UniDepthV{version}": Model})
    found = load(f"evaluate_unidepth.py:{name}")(IMAGE, CAMERA)
    rgb, K = Model.called
    assert Model.weights == f"lpiccinelli/unidepth-v{version}-vitl14"
    assert rgb.dtype == torch.uint8
    np.testing.assert_array_equal(rgb.numpy(), IMAGE.transpose(2, 0, 1))
    assert K.dtype == torch.float32
    np.testing.assert_array_equal(K.numpy(), [[5, 0, 2.5], [0, 5.5, 2.25], [0, 0, 1]])
    assert (found.kind, found.space) == ("metric", "depth")
    assert found.confidence is None
    np.testing.assert_array_equal(found.depth, DEPTH.numpy())


@pytest.mark.parametrize("name", ["DepthPro", "DepthProAlone"])
def test_depth_pro_is_given_the_focal_length_or_guesses_it(stand_in, name):
    called = {}

    class Model(Network):
        def infer(self, x, f_px=None, interpolation_mode="bilinear"):
            called.update(x=x, focal=f_px)
            f_px = torch.tensor(7.0) if f_px is None else f_px
            return {"depth": (DEPTH * f_px).squeeze(), "focallength_px": f_px.squeeze()}

    def create_model_and_transforms(config=None, device="cpu", precision=torch.float32):
        called["precision"] = precision
        return Model(), lambda picture: torch.tensor(np.array(picture)).permute(2, 0, 1) / 255

    stand_in("depth_pro", create_model_and_transforms=create_model_and_transforms)
    found = load(f"evaluate_depth_pro.py:{name}")(IMAGE, CAMERA)
    np.testing.assert_allclose(called["x"].numpy(), IMAGE.transpose(2, 0, 1) / 255, rtol=1e-6)
    assert (called["precision"] == torch.half) == torch.cuda.is_available()
    assert (called["focal"] is None) == (name == "DepthProAlone")
    assert (found.kind, found.space) == ("metric", "depth")
    np.testing.assert_array_equal(found.depth, DEPTH.numpy() * (7 if name == "DepthProAlone" else 5))


class Inputs(dict):
    """What an image processor returns: a mapping that can be moved to a device."""

    def to(self, device):
        return self


@pytest.mark.parametrize(
    ("name", "weights", "kind", "space", "factor"),
    [
        ("DepthAnything", "depth-anything/Depth-Anything-V2-Small-hf", "affine_invariant", "inverse_depth", 1),
        ("DepthAnythingRooms", "depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf", "metric", "depth", 1),
        ("DepthAnythingStreets", "depth-anything/Depth-Anything-V2-Metric-Outdoor-Small-hf", "metric", "depth", 1),
        ("DepthPro", "apple/DepthPro-hf", "metric", "depth", 5 / 8),
    ],
)
def test_models_of_transformers_say_what_their_depth_is(stand_in, name, weights, kind, space, factor):
    called = {}

    class Processor(Network):
        def __call__(self, images, return_tensors):
            called["pixels"] = np.array(images)
            assert return_tensors == "pt"
            return Inputs(pixel_values=torch.zeros(1, 3, 14, 14))

        def post_process_depth_estimation(self, outputs, target_sizes=None):
            assert target_sizes == [(4, 6)]
            found = {"predicted_depth": outputs.predicted_depth[0]}
            guess = torch.tensor(8.0) if "Pro" in name else None
            return [found | ({"focal_length": guess, "field_of_view": None} if "Pro" in name else {})]

    class Model(Network):
        def __call__(self, pixel_values):
            assert torch.is_inference_mode_enabled()
            return SimpleNamespace(predicted_depth=DEPTH[None])

    stand_in("transformers", AutoImageProcessor=Processor, AutoModelForDepthEstimation=Model)
    found = load(f"evaluate_transformers.py:{name}")(IMAGE, CAMERA)
    assert Processor.weights == Model.weights == weights
    np.testing.assert_array_equal(called["pixels"], IMAGE)
    assert (found.kind, found.space) == (kind, space)
    np.testing.assert_allclose(found.depth, DEPTH.numpy() * factor, rtol=1e-6)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("evaluate_*.py")), ids=lambda path: path.stem)
def test_an_adapter_is_short_and_imports_nothing_heavy_before_it_is_used(path):
    assert len(path.read_text().splitlines()) < 60
    before = set(sys.modules)
    namespace = {"__name__": path.stem}
    exec(compile(path.read_text(), path, "exec"), namespace)
    assert not {"moge", "unidepth", "depth_pro", "transformers"} & (set(sys.modules) - before)
    assert namespace["Estimate"] is Estimate
