"""Films made for a test: of one codec and container, with the times, marks and sound it asks for."""

import numpy as np

PICTURES = np.random.default_rng(0).integers(0, 255, (40, 96, 128, 3), dtype=np.uint8)
COLOURS = np.repeat(
    np.array([[(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 60)]], np.uint8), 32, axis=1
).repeat(96, axis=0)


def write_film(path, pictures=PICTURES, *, form="mp4", codec="libx264", pixels="yuv420p", marks=None, **options):
    """Args: marks: called with the stream before its first picture."""
    import av

    with av.open(str(path), "w", format=form, options=options) as container:
        stream = container.add_stream(codec, rate=20)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixels
        if marks:
            marks(stream)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def cut_off(path, share=0.6):
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    return path
