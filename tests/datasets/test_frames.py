"""Listings of RGB-D frames: what is wrong in them is named."""

import pytest

from theodolite.datasets.frames import read_frames
from theodolite.errors import DatasetError

GOOD = '{"rgb": "a.png", "depth": "d.png", "depth_scale": 1000, "cam_in": [500, 500, 320, 240]}'


def test_a_listing_gives_its_frames_with_depth(tmp_path):
    (tmp_path / "frames.json").write_text(f'{{"files": [{GOOD}, {{"rgb": "b.png"}}]}}')
    (frame,) = read_frames(tmp_path)
    assert frame.rgb == tmp_path / "a.png"
    assert frame.camera(640, 480).fx == 500


@pytest.mark.parametrize(
    ("listing", "word"),
    [
        ("", "a JSON object"),
        ("[]", "a JSON object"),
        ("[" * 100_000, "a JSON object"),
        ('{"files": "a.png"}', "list of objects"),
        ('{"files": ["a.png"]}', "list of objects"),
        ('{"files": {"rgb": "a.png"}}', "list of objects"),
        ('{"files": [{"depth": "d.png"}]}', "frame 0: needs rgb"),
        ('{"files": [' + GOOD.replace("1000", "0") + "]}", "depth_scale must be positive"),
        ('{"files": [' + GOOD.replace("[500", "[NaN") + "]}", "finite number for fx"),
    ],
)
def test_a_damaged_listing_is_one_clear_error(tmp_path, listing, word):
    (tmp_path / "frames.json").write_text(listing)
    with pytest.raises(DatasetError, match=word) as caught:
        read_frames(tmp_path)
    assert "frames.json" in str(caught.value)
