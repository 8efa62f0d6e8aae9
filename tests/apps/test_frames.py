import numpy as np
import pytest
from PIL import Image

from theodolite.apps.frames import Opening, Video, open_frames
from theodolite.camera.pinhole import Camera
from theodolite.errors import DatasetError, TheodoliteError

OPENING = Opening(lambda w, h: Camera.from_fov(60, w, h))


def save(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for shade, name in enumerate(names):
        Image.fromarray(np.full((12, 16, 3), 10 * shade, np.uint8)).save(folder / name)


def times(folder, **settings):
    return [frame.time for frame in open_frames(folder, OPENING, **settings).read()]


def test_pictures_come_in_the_order_of_their_numbers_at_the_rate_given(tmp_path):
    save(tmp_path, ["f1.png", "f10.png", "f2.png"])
    frames = list(open_frames(tmp_path, OPENING, fps=10).read())
    assert [frame.name for frame in frames] == ["f1.png", "f2.png", "f10.png"]
    assert [frame.time for frame in frames] == [0, 0.1, 0.2]


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["1311868164.3.png", "1311868164.4.png"], [1311868164.3, 1311868164.4]),
        (["1403636579763555584.png", "1403636579813555456.png"], [1403636579.763555584, 1403636579.813555456]),
        (["000007.png", "000008.png"], [0, 1 / 30]),
        (["0.0.png", "0.5.png"], [0, 0.5]),
    ],
)
def test_names_that_are_times_are_times_and_numbers_are_not(names, wanted, tmp_path):
    save(tmp_path, names)
    assert times(tmp_path) == pytest.approx(wanted, abs=1e-6)


def test_lists_beside_the_pictures_tell_times(tmp_path):
    save(tmp_path / "a/rgb", ["x.png", "y.png"])
    (tmp_path / "a/rgb.txt").write_text("# t file\n5.5 rgb/y.png\n5.0 rgb/x.png\n")
    assert times(tmp_path / "a") == [5.0, 5.5]
    save(tmp_path / "b/image_2", ["0.png", "1.png", "2.png"])
    (tmp_path / "b/times.txt").write_text("0\n0.11\n0.2\n")
    assert times(tmp_path / "b") == [0, 0.11, 0.2]
    assert times(tmp_path / "b", every=2) == [0, 0.2]


def test_reading_may_start_anywhere_and_large_pictures_are_reduced_with_their_camera(tmp_path):
    save(tmp_path, ["a.png", "b.png", "c.png"])
    frames = list(open_frames(tmp_path, Opening(OPENING.camera, max_side=8)).read(1))
    assert [frame.number for frame in frames] == [1, 2]
    assert frames[0].image.shape == (6, 8, 3)
    assert frames[0].camera.width == 8


def test_nothing_there_is_said(tmp_path):
    with pytest.raises(DatasetError, match="not there"):
        open_frames(tmp_path / "absent")
    with pytest.raises(DatasetError, match="holds no picture"):
        open_frames(tmp_path)
    (tmp_path / "times.mp4").write_bytes(b"no video")
    with pytest.raises(DatasetError, match="cannot be read as a video"):
        list(open_frames(tmp_path / "times.mp4").read())


@pytest.fixture
def video(tmp_path):
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (160, 120))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no video")
    for number in range(30):
        writer.write(np.full((120, 160, 3), (8 * number, 0, 0), np.uint8))
    writer.release()
    return path


def test_a_video_gives_its_pictures_in_rgb_with_their_times(video):
    frames = list(open_frames(video, OPENING, every=10).read())
    assert [frame.time for frame in frames] == pytest.approx([0, 0.4, 0.8])
    assert [frame.name for frame in frames] == ["0", "10", "20"]
    assert frames[2].image[60, 80] == pytest.approx([0, 0, 160], abs=6)
    assert len(Video(video, 10)) == 3
    assert [frame.number for frame in open_frames(video, OPENING, every=10).read(2)] == [2]


def test_a_video_cut_off_in_the_middle_gives_what_is_there_and_one_line(video):
    data = video.read_bytes()
    video.write_bytes(data[: len(data) // 2])
    items = list(open_frames(video, OPENING).read())
    assert isinstance(items[-1], TheodoliteError)
    assert "breaks off after" in str(items[-1])
    assert 5 < len(items) < 25
