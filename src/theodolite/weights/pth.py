"""Named tensors out of a `.pth` file, in which nothing but tensors is ever brought to life."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from theodolite.errors import CheckpointError
from theodolite.extras import require
from theodolite.weights.atomic import writing

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "model_state_dict"


def read_pth(path: Path, archive: bool = True) -> dict[str, Tensor]:
    """The tensors of a PyTorch file, by the names they have there. Optimizer, scheduler and the like are ignored.

    A pickle can ask for any function to be called. Here PyTorch's restricted reader (`weights_only`) builds tensors and
    plain containers; whatever asks for more is refused before it runs.

    Args:
        archive: the zip format of PyTorch 1.6 and later, which is mapped into memory rather than copied.
    Raises: CheckpointError.
    """
    torch = require("torch", "torch", "Loading a .pth checkpoint")
    if archive:
        _check_archive(path)
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_numpy_numbers()):
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=archive)
    # A damaged pickle can stop its reader with nearly any exception; to the user all mean the same.
    except Exception as error:
        raise CheckpointError(_refusal(path, error)) from error
    return _tensors(content, path)


def write_pth(path: Path, state: Mapping[str, Tensor]) -> None:
    """Write tensors under the top-level name that the reference reads. A tensor under two names is stored once."""
    torch = require("torch", "torch", "Writing a .pth checkpoint")
    # A slice would be stored with the whole of the tensor it was cut from.
    own = {id(tensor): tensor.detach().clone(memory_format=torch.contiguous_format) for tensor in state.values()}
    with writing(path) as temporary:
        torch.save({WEIGHTS: {name: own[id(tensor)] for name, tensor in state.items()}}, temporary)


def _numpy_numbers() -> list:
    # Trainers leave NumPy scalars (a step count, a loss) beside the weights; without these, such a file would be
    # refused. Neither can call anything: an object scalar, the one that could hold a pickle, numpy itself refuses.
    import numpy as np

    scalar = np.float64(0).__reduce__()[0]
    kinds = {type(np.dtype(code)) for code in "?bBhHiIlLqQefd"}
    return [np.dtype, *kinds, (scalar, "numpy.core.multiarray.scalar"), (scalar, "numpy._core.multiarray.scalar")]


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise CheckpointError(f"{path} is a PyTorch archive cut off or damaged ({error}). Fetch it again.") from error
    # PyTorch stores entries as they are. Compressed or overlapping ones are how a small file fills all memory.
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError(
            f"{path} is a compressed zip; PyTorch never compresses a checkpoint, so it was not opened."
        )
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise CheckpointError(f"{path} claims to hold more than its own size, so it was not opened.")
    names = {entry.filename.rsplit("/", 1)[-1] for entry in entries}
    if "constants.pkl" in names:
        raise CheckpointError(f"{path} is a TorchScript program, not a checkpoint of named weights.")
    if "data.pkl" not in names:
        raise CheckpointError(f"{path} is a zip file, but not one that PyTorch wrote.")


def _refusal(path: Path, error: Exception) -> str:
    if unwanted := re.search(r"GLOBAL (\S+)|whose module (\S+) is blocked", str(error)):
        name = unwanted[1] or unwanted[2]
        return (
            f"{path} asks for {name}, which no weights need, so it was not opened and nothing in it was run. If you "
            f"trust its author, let them save the tensors alone: torch.save({{'{WEIGHTS}': model.state_dict()}}, path)."
        )
    reason = " ".join(str(error).split())[:160] or type(error).__name__
    return f"{path} cannot be read as a PyTorch checkpoint: {reason}. It may be cut off or damaged; fetch it again."


def _tensors(content: Any, path: Path) -> dict[str, Tensor]:
    import torch

    if isinstance(content, dict) and isinstance(content.get(WEIGHTS), dict):
        content = content[WEIGHTS]
    if not isinstance(content, dict) or not content:
        found = "no entry" if content == {} else type(content).__name__
        raise CheckpointError(f"{path} should hold a dictionary with {WEIGHTS!r}, and holds {found}.")
    odd = [name for name, value in content.items() if not (isinstance(name, str) and isinstance(value, torch.Tensor))]
    if odd:
        listed = ", ".join(repr(name)[:60] for name in odd[:5])
        raise CheckpointError(f"{path} holds no {WEIGHTS!r}, but other things than named tensors: {listed}.")
    dense = all(value.layout == torch.strided and value.device.type == "cpu" for value in content.values())
    if not dense or any(value.is_quantized for value in content.values()):
        raise CheckpointError(f"{path} holds sparse, quantised or empty tensors; plain ones were expected.")
    return dict(content)
