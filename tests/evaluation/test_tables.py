"""Tables: cameras stand under the set that has several."""

from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.real_frames import list_frames, score_frames
from theodolite.evaluation.tables import as_text, number, tables


def test_cameras_have_rows_of_their_own_in_a_set_with_several(walls, predictor, tmp_path):
    listing = tmp_path / "walls" / "frames.json"
    listing.write_text(listing.read_text().replace("64.0, 64.0", "64, 64").replace("[64, 64,", "[128, 128,", 1))
    outcomes = tuple(score_frames(predictor, list_frames(tmp_path / "walls")))
    found = tables(Evaluation("real", predictor.facts, "", 1, (0.1, 80), outcomes))
    names = [(row.name, row.kind) for row in found[0].rows]
    assert names == [("walls", "set"), ("f 128 px, 64x64", "camera"), ("f 64 px, 64x64", "camera")]
    assert as_text(found[0])[3].startswith("|   f 128 px")
    assert len(found) == 2  # normals were not asked for


def test_what_is_no_number_is_a_dash():
    assert number(float("nan")) == "-"
    assert number(1.26, 1) == "1.3"
