"""Optional dependencies: imported here, or refused with the command that installs them."""

import importlib
from types import ModuleType

from theodolite.errors import MissingExtra


def require(module: str, extra: str, reason: str) -> ModuleType:
    """Import an optional module.

    Args:
        module: dotted name, for example ``"torch"``.
        extra: the extra of this package that brings it.
        reason: what needs it, as the subject of a sentence ("Loading a .pth checkpoint").
    Raises: MissingExtra, with the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = module.split(".")[0]
        raise MissingExtra(
            f"{reason} needs {missing}, which is not installed. Run: pip install 'theodolite[{extra}]'"
        ) from error
