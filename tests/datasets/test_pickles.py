"""Pickles from strangers: data is read, code is not run."""

import collections
import os
import pickle

import numpy as np
import pytest

from theodolite.datasets.pickles import read_pickle
from theodolite.errors import DatasetError


class Malicious:
    """Would make a file, were it read by pickle.load."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_data_comes_back(tmp_path, protocol):
    data = {
        "cam_in": [500.0, 501, 320, 240],
        "rgb": "a.png",
        "K": np.eye(3),
        "column_major": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "scalar": np.float32(2.5),
        "names": ("a", {"b"}, b"bytes", None, True, 10**30, 1 + 2j),
        "ordered": collections.OrderedDict(x=1),
    }
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(data, protocol))
    found = read_pickle(tmp_path / "m.pkl")
    np.testing.assert_array_equal(found.pop("K"), data.pop("K"))
    np.testing.assert_array_equal(found.pop("column_major"), data.pop("column_major"))
    assert found == data


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch {0}",)),
        (eval, ("open('{0}', 'w')",)),
        (getattr, ({}, "keys")),
        (np.load, ("{0}",)),
        (np.fromfile, ("{0}",)),
        (collections.namedtuple, ("a", "b")),
        (pickle.loads, (b"N.",)),
    ],
)
def test_a_pickle_that_asks_for_a_function_is_refused_and_nothing_is_run(tmp_path, function, arguments):
    trace = tmp_path / "trace"
    given = [part.format(trace) if isinstance(part, str) else part for part in arguments]
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"rgb": Malicious(function, *given)}))
    with pytest.raises(DatasetError, match="not plain data"):
        read_pickle(tmp_path / "m.pkl")
    assert not trace.exists()


def test_names_reached_through_allowed_modules_are_refused(tmp_path):
    for name in (
        b"cnumpy\nloadtxt\n",
        b"cbuiltins\nexec\n",
        b"cnumpy.core.multiarray\nfromfile\n",
        b"c__builtin__\neval\n",
    ):
        (tmp_path / "m.pkl").write_bytes(b"\x80\x02" + name + b".")
        with pytest.raises(DatasetError, match="not plain data"):
            read_pickle(tmp_path / "m.pkl")


def test_a_pickle_inside_a_numpy_number_is_refused(tmp_path):
    inner = pickle.dumps(Malicious(os.system, f"touch {tmp_path / 'trace'}"))
    scalar = np.float64(0).__reduce__()[0]
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(Malicious(scalar, np.dtype("O"), inner)))
    with pytest.raises(DatasetError, match="hidden"):
        read_pickle(tmp_path / "m.pkl")
    assert not (tmp_path / "trace").exists()


def test_bytes_in_an_encoding_that_unpacks_are_refused(tmp_path):
    import codecs

    (tmp_path / "m.pkl").write_bytes(pickle.dumps(Malicious(codecs.encode, "x", "rot13")))
    with pytest.raises(DatasetError, match="rot13"):
        read_pickle(tmp_path / "m.pkl")


@pytest.mark.parametrize("content", [b"", b"nonsense", pickle.dumps({"a": 1})[:-3], b"\x80\x04P1\n."])
def test_a_damaged_pickle_is_told_in_words(tmp_path, content):
    (tmp_path / "m.pkl").write_bytes(content)
    with pytest.raises(DatasetError):
        read_pickle(tmp_path / "m.pkl")


def test_a_missing_pickle_is_told_in_words(tmp_path):
    with pytest.raises(DatasetError, match="no such file"):
        read_pickle(tmp_path / "m.pkl")
