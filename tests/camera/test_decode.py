"""Whatever befalls a picture file, it opens, or is refused in one line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from theodolite.camera.decode import decode, read_header
from theodolite.errors import PhotoError

from .conftest import FOCAL_35MM, encoded, exif_block

PICTURE = Image.fromarray(np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8))
WHOLE = {
    kind: encoded(PICTURE, kind, **({"exif": exif_block({FOCAL_35MM: 28})} if kind in ("JPEG", "PNG", "WEBP") else {}))
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM")
}


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=100, deadline=None)
@given(position=st.integers(0, 5000), patch=st.binary(max_size=6), cut=st.integers(0, 6))
def test_a_damaged_picture_opens_or_is_refused(kind, position, patch, cut):
    data = WHOLE[kind]
    position %= len(data)
    damaged = data[:position] + patch + data[position + cut :]
    for read in (lambda: decode(damaged, "desk", max_pixels=10**6), lambda: read_header(damaged, "desk")):
        size, refusal = (0, 0), ""
        try:
            size = read().original_size
        except PhotoError as error:
            refusal = str(error)
        assert min(size) >= 1 or (refusal.startswith("desk ") and "\n" not in refusal)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused(data):
    with pytest.raises(PhotoError):
        decode(data, "noise")


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_decoded_small_covers_the_whole_picture(mode):
    # 1001 is no multiple of 8: at an eighth the decoder gives 126 pixels, the last of which is mostly not there.
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, 1001), (61, 1)).astype(np.uint8)).convert(mode)
    decoded = decode(encoded(ramp, "JPEG", quality=95), "ramp", max_side=100)
    assert decoded.original_size == (1001, 61)
    assert decoded.image.shape == (6, 100, 3)
    expected = np.linspace(0, 255, 1001)
    middle = (np.arange(100) + 0.5) * 10.01 - 0.5
    np.testing.assert_allclose(decoded.image[3, 2:-2, 0], np.interp(middle, np.arange(1001), expected)[2:-2], atol=3)


def test_a_header_is_read_without_the_pixels(tmp_path):
    data = encoded(PICTURE.resize((320, 240)), "JPEG", exif=exif_block({FOCAL_35MM: 28}))
    header = read_header(data[: len(data) // 2], "half")
    assert header.original_size == (320, 240)
    assert header.exif.focal_35mm == 28
