import numpy as np
import pytest
from tests.apps.video.films import COLOURS, PICTURES, cut_off, write_film

from theodolite.apps.clips.film import Film
from theodolite.apps.clips.film_writer import film_writer
from theodolite.apps.frames import Frame, Opening
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError, TheodoliteError

pytest.importorskip("av")
OPENING = Opening(lambda width, height: Camera.from_fov(60, width, height))
FORMS = [("mp4", "libx264", "yuv420p"), ("matroska", "libx264", "yuv420p"), ("avi", "mjpeg", "yuvj420p")]


def film(path, **changes):
    return Film(path, **{"opening": OPENING} | changes)


@pytest.mark.parametrize(("form", "codec", "pixels"), FORMS)
def test_a_film_gives_all_its_pictures_with_their_times(form, codec, pixels, tmp_path):
    shown = film(write_film(tmp_path / "film", form=form, codec=codec, pixels=pixels))
    frames = list(shown.read())
    assert len(shown) == len(frames) == len(PICTURES)
    assert [frame.time for frame in frames] == pytest.approx(np.arange(len(PICTURES)) / 20, abs=1e-3)
    assert [frame.name for frame in frames[:2]] == ["000000", "000001"]


def test_every_so_many_and_from_a_number_on(tmp_path):
    shown = film(write_film(tmp_path / "film"), every=10)
    assert len(shown) == 4
    assert [(frame.number, frame.name) for frame in shown.read(2)] == [(2, "000020"), (3, "000030")]


def test_a_rate_that_varies_keeps_its_times(tmp_path):
    times = [0, 0.04, 0.08, 0.3, 0.34, 1.0]
    with film_writer(tmp_path / "phone.mp4", 25) as show:
        for time, picture in zip(times, PICTURES, strict=False):
            show(picture, time)
    assert [frame.time for frame in film(tmp_path / "phone.mp4").read()] == pytest.approx(times, abs=1e-4)


def test_a_film_held_upright_is_turned_upright(tmp_path):
    import av

    if not hasattr(av.video.stream.VideoStream, "set_display_rotation"):
        pytest.skip("this PyAV reads the mark, but does not write it")
    turned = write_film(tmp_path / "phone.mp4", [COLOURS] * 3, marks=lambda stream: stream.set_display_rotation(90))
    image = next(film(turned).read()).image
    assert image.shape == (128, 96, 3)
    # A quarter turn against the clock brings what was at the right to the top.
    np.testing.assert_allclose(image[[16, 112], 48], COLOURS[48, [112, 16]], atol=12)


def test_pixels_that_are_not_square_are_made_so(tmp_path):
    from fractions import Fraction

    def wide(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    image = next(film(write_film(tmp_path / "dv.mp4", [COLOURS] * 3, marks=wide)).read()).image
    assert image.shape == (96, 171, 3)


def test_ten_bits_and_high_dynamic_range_are_read_and_told(tmp_path):
    def hlg(stream):
        stream.codec_context.color_trc = 18

    path = write_film(tmp_path / "hdr.mp4", [COLOURS] * 3, codec="libx264", pixels="yuv420p10le", marks=hlg)
    frame = next(film(path).read())
    assert frame.image.dtype == np.uint8
    assert "high dynamic range (HLG)" in frame.notes[0]
    np.testing.assert_allclose(frame.image[48, 16], COLOURS[48, 16], atol=12)


@pytest.mark.parametrize(("form", "codec", "pixels"), FORMS)
def test_a_film_cut_off_in_the_middle_gives_what_is_there_and_one_line(form, codec, pixels, tmp_path):
    whole = write_film(tmp_path / "film", form=form, codec=codec, pixels=pixels, movflags="faststart")
    items = list(film(cut_off(whole)).read())
    assert 5 < len(items) < 35
    assert all(isinstance(item, Frame) for item in items[:-1])
    assert isinstance(items[-1], TheodoliteError)
    assert "breaks off after" in str(items[-1])
    assert "\n" not in str(items[-1])


def test_damage_in_the_middle_costs_pictures_and_not_the_film(tmp_path):
    path = write_film(tmp_path / "film.avi", form="avi", codec="mjpeg", pixels="yuvj420p")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(bytes(data))
    frames = [item for item in film(path).read() if isinstance(item, Frame)]
    assert len(frames) > 30
    assert frames[-1].time > 1.9


def test_a_film_without_table_of_contents_and_no_film_at_all_are_refused_in_one_line(tmp_path):
    with pytest.raises(DatasetError, match="table of contents may be missing"):
        next(film(cut_off(write_film(tmp_path / "recording.mp4"))).read())
    (tmp_path / "text.mp4").write_bytes(b"no film")
    with pytest.raises(DatasetError, match="cannot be read as a video"):
        len(film(tmp_path / "text.mp4"))


def test_a_film_of_sound_alone_is_refused(tmp_path):
    import av

    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(DatasetError, match="only sound"):
        next(film(tmp_path / "sound.wav").read())


def test_what_is_written_is_what_browsers_play(tmp_path):
    import av

    with film_writer(tmp_path / "film.mp4", 20) as show:
        for number in range(5):
            show(COLOURS[:95, :127], number / 20)
    with av.open(str(tmp_path / "film.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (126, 94)
        assert float(stream.duration * stream.time_base) == pytest.approx(0.25)
    data = (tmp_path / "film.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    image = next(film(tmp_path / "film.mp4").read()).image
    np.testing.assert_allclose(image[48, [16, 48, 80, 112]], COLOURS[48, [16, 48, 80, 112]], atol=6)


def test_a_film_that_is_not_finished_does_not_appear(tmp_path):
    def stopped():
        with film_writer(tmp_path / "film.mp4", 20) as show:
            show(COLOURS, 0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.iterdir()) == []
