"""OpenCV's FileStorage (YAML and XML) and ROS's camera_info."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import yaml

from theodolite.camera.calibrated import CalibratedCamera
from theodolite.camera.distortion import Distortion, Fisheye, RadialTangential
from theodolite.camera.readers.fields import calibrated, first, number, numbers, size
from theodolite.errors import CalibrationError

_MATRIX = ("camera_matrix", "cameraMatrix", "Camera_Matrix", "camera-matrix", "K", "k", "M1", "mtx", "intrinsics")
_LENS = ("distortion_coefficients", "Distortion_Coefficients", "dist_coeffs", "distCoeffs", "dist_coefs", "dist")
_LENS_SHORT = ("D", "d", "D1")
_SIZE = (
    ("image_width", "image_Width", "imageWidth", "width"),
    ("image_height", "image_Height", "imageHeight", "height"),
)
_FISHEYE = ("equidistant", "fisheye", "kannala_brandt", "kannala_brandt4")
_RADIAL = ("plumb_bob", "rational_polynomial", "radtan", "radial-tangential")
_NONE = ("none", "")


class _Loader(yaml.SafeLoader):
    """Plain data only, and OpenCV's one tag, whose content is a plain mapping too."""


def _matrix(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    raise CalibrationError("has an OpenCV tag on something that is no mapping.")


_Loader.add_multi_constructor("tag:yaml.org,2002:opencv-", _matrix)


def from_yaml(text: str, image_size: tuple[int, int] | None) -> CalibratedCamera:
    """OpenCV's YAML, or a ROS camera_info."""
    # "%YAML:1.0" is OpenCV's own invention, not a directive that a YAML parser accepts.
    body = re.sub(r"\A\s*%YAML[^\n]*\n", "", text)
    try:
        content = next(iter(yaml.load_all(body, Loader=_Loader)), None)
    except yaml.YAMLError as error:
        raise CalibrationError(f"is no valid YAML: {str(error).splitlines()[0]}.") from error
    except RecursionError as error:
        raise CalibrationError("is no calibration: its YAML is nested too deeply.") from error
    if not isinstance(content, Mapping):
        raise CalibrationError("is no calibration: expected names with values.")
    return from_mapping(content, image_size)


def from_xml(text: str, image_size: tuple[int, int] | None) -> CalibratedCamera:
    """OpenCV's XML."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise CalibrationError("declares XML entities, which OpenCV never writes.")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise CalibrationError(f"is no valid XML: {error}.") from error
    return from_mapping({child.tag: _element(child) for child in root}, image_size)


def from_mapping(content: Mapping[Any, Any], image_size: tuple[int, int] | None) -> CalibratedCamera:
    """From parsed names and values."""
    matrix = _data(first(content, _MATRIX, "camera matrix"), "camera_matrix")
    if len(matrix) != 9:
        raise CalibrationError(f"camera_matrix has {len(matrix)} numbers, where 9 were expected.")
    fx, skew, cx, _, fy, cy = matrix[:6]
    if abs(skew) > 1e-3 * abs(fx):
        raise CalibrationError(f"camera_matrix has a skew of {skew:g} px, which is not supported.")
    found = size(content, _SIZE) or _pair(content) or image_size
    kind = "ROS camera_info" if "distortion_model" in content else "OpenCV calibration"
    return calibrated(fx, fy, cx, cy, found, kind, _lens(content))


def _lens(content: Mapping[Any, Any]) -> Distortion | None:
    field = next((name for name in (*_LENS, *_LENS_SHORT) if name in content), None)
    values = [] if field is None else _data(content[field], field)
    model = str(content.get("distortion_model", "")).lower()
    fisheye = model in _FISHEYE or bool(number(content.get("fisheye_model", 0), "fisheye_model"))
    if model and not fisheye and model not in (*_RADIAL, *_NONE):
        raise CalibrationError(
            f"distortion_model {model!r} is not supported; expected {', '.join(_RADIAL + _FISHEYE)}."
        )
    if fisheye:
        if len(values) != 4:
            raise CalibrationError(f"{field or 'D'} has {len(values)} coefficients, where a fisheye has 4.")
        return Fisheye(*values)
    if len(values) > 8 and any(values[8:]):
        raise CalibrationError(f"{field} has thin-prism or tilt terms (number 9 and on), which are not supported.")
    if len(values) not in (0, 1, 2, 4, 5, 8, 12, 14):
        raise CalibrationError(f"{field} has {len(values)} coefficients, where 4, 5 or 8 were expected.")
    return RadialTangential(*values[:8]) if values else None


def _data(value: Any, field: str) -> list[float]:
    """The numbers of a matrix, written as rows/cols/data or as a plain list."""
    if isinstance(value, Mapping):
        data = numbers(first(value, ("data",), f"data in {field}"), field)
        if "rows" in value and "cols" in value:
            expected = number(value["rows"], f"{field}.rows") * number(value["cols"], f"{field}.cols")
            if expected != len(data):
                raise CalibrationError(f"{field} has {len(data)} numbers, but its rows and cols say {expected:g}.")
        return data
    return numbers(value, field)


def _pair(content: Mapping[Any, Any]) -> tuple[int, int] | None:
    """Size written as one list, width first."""
    for name in ("image_size", "imageSize", "resolution"):
        if name in content:
            width, height = numbers(_listed(content[name]), name, at_least=2)[:2]
            return size({"width": width, "height": height}, (("width",), ("height",)))
    return None


def _listed(value: Any) -> Any:
    return value.get("data", value) if isinstance(value, Mapping) else value


def _element(element: ElementTree.Element) -> Any:
    if element.find("data") is not None:
        return {child.tag: (child.text or "").split() if child.tag == "data" else child.text for child in element}
    words = (element.text or "").split()
    return words[0] if len(words) == 1 else words
