"""`theodolite evaluate`: one JSON document, whatever the numbers are."""

import json

import numpy as np
import pytest
from PIL import Image

from theodolite.cli.main import main
from theodolite.inference.predictor import Predictor


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def test_json_stays_json_where_a_prediction_is_unknown(tmp_path, monkeypatch, capsys):
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    Image.fromarray(np.full((48, 64), 2000, np.uint16)).save(tmp_path / "d.png")
    frame = {"rgb": "a.png", "depth": "d.png", "depth_scale": 1000, "cam_in": [60, 60, 31.5, 23.5]}
    (tmp_path / "frames.json").write_text(json.dumps({"files": [frame]}))
    finish = Predictor._finish

    def half_unknown(*arguments):
        prediction = finish(*arguments)
        prediction.valid[:24] = False
        prediction.depth[:24] = np.nan
        return prediction

    monkeypatch.setattr(Predictor, "_finish", half_unknown)
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", str(tmp_path), "--json"])
    assert not stopped.value.code
    (scored,) = json.loads(capsys.readouterr().out, parse_constant=no_constant)["frames"]
    assert scored["metric"]["abs_rel"] is None
