"""Results on disk: each format written whole or not at all, and read back."""

from theodolite.inference.files.depth_png import read_depth_png
from theodolite.inference.files.normal_png import read_normal_png
from theodolite.inference.files.npz import read_npz
from theodolite.inference.files.options import NORMAL_CONVENTIONS, SaveOptions
from theodolite.inference.files.page import find_result, make_page
from theodolite.inference.files.ply import read_ply
from theodolite.inference.files.saving import DEFAULT_FORMATS, FORMATS, paths, save

__all__ = [
    "DEFAULT_FORMATS",
    "FORMATS",
    "NORMAL_CONVENTIONS",
    "SaveOptions",
    "find_result",
    "make_page",
    "paths",
    "read_depth_png",
    "read_normal_png",
    "read_npz",
    "read_ply",
    "save",
]
