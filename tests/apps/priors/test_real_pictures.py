"""Priors of real pictures: what nerfstudio reads back is nearer to the sensor's depth than what was predicted."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import theodolite
from theodolite.apps.view_readers import read_views
from theodolite.camera.pinhole import Camera

TOOL = Path(__file__).resolve().parents[3] / "tools" / "measure_priors.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("measure_priors", TOOL)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module


def test_alignment_takes_a_third_off_the_error_of_a_kitchen_in_another_unit(shared, tool, tmp_path):
    def camera(width, height):
        return Camera.from_focal(525, width, height)

    views = read_views(shared / "data" / "redkitchen_a", calibration=camera).views[::12]
    measured = tool.write_colmap(tmp_path, views, each=150, outliers=0.2)
    found = {how: tool.errors(tmp_path, theodolite.load(), how, measured) for how in ("none", "auto")}
    before, after = (float(found[how]["abs_rel"].split()[0]) for how in ("none", "auto"))
    assert after < 0.7 * before
    assert after < 15
    assert np.isfinite(before)
