"""Where weights lie on this machine: the package, the cache, or a path; fetched when absent."""

import json
import os
import sys
from importlib import resources
from pathlib import Path
from typing import Any

from theodolite.errors import CheckpointError, DownloadError
from theodolite.weights import licence
from theodolite.weights.record import Record
from theodolite.weights.releases import RELEASES, Release, resolve

SUFFIXES = (".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".onnx")


def cache_folder() -> Path:
    """THEODOLITE_CACHE when set, else the platform's cache folder. Not created here."""
    if chosen := os.environ.get("THEODOLITE_CACHE"):
        return Path(chosen).expanduser()
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return Path(chosen) / "theodolite"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "theodolite"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "theodolite" / "Cache"
    return Path.home() / ".cache" / "theodolite"


def place(release: Release) -> Path:
    """Where the file of `release` lies, or would lie."""
    if release.embedded:
        return Path(str(resources.files("theodolite.weights"))) / "embedded" / release.file
    return cache_folder() / "weights" / release.name / release.file


def locate(name: str | Path, *, accept_licence: bool = False, download: bool = True) -> Path:
    """The file of a release or, given a path, that path when something is there.

    Args:
        name: of a release or variant ("pocket", "vit-large.official", "vit-large"), or a path.
        accept_licence: accept the licence situation of weights that have to be fetched.
        download: fetch what is absent.
    Raises: UnknownModel; CheckpointError for a path where no file is, and for a package without its embedded model;
        LicenceNotAccepted; DownloadError.
    """
    if is_path(name):
        return _given(Path(name).expanduser())
    release = resolve(str(name))
    file = place(release)
    if file.is_file():
        return _whole(file, release)
    if release.embedded:
        raise CheckpointError(
            f"The model {release.name} should lie inside the package, at {file}, and does not: this installation is "
            "not complete. Run: pip install --force-reinstall theodolite, or name another model."
        )
    if not download:
        raise DownloadError(
            f"{release.name} is not in {cache_folder()}. Run: theodolite models download {release.name}"
        )
    licence.ensure_accepted(release, cache_folder(), accept_licence)
    from theodolite.weights.download import fetch

    fetch(release, file)
    return file


def embedded_facts(release: Release) -> dict[str, Any]:
    """What is known of weights inside the package (sha256, parameters, training), from the JSON beside them."""
    try:
        content = json.loads(place(release).with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def discard(release: Release) -> None:
    """Remove a fetched release, its record and anything half fetched."""
    if release.embedded:
        return
    for file in place(release).parent.glob(f"*{release.file}*"):
        file.unlink(missing_ok=True)
    for file in place(release).parent.glob(f".{release.file}*"):
        file.unlink(missing_ok=True)


def is_path(name: str | Path) -> bool:
    """A path rather than a release's name: by its look, or because something lies there and no release is called so."""
    if isinstance(name, Path) or "/" in name or os.sep in name or name.lower().endswith(SUFFIXES):
        return True
    return name not in RELEASES and f"{name}.official" not in RELEASES and Path(name).exists()


def _given(path: Path) -> Path:
    if path.is_file():
        return path
    found = "a folder" if path.is_dir() else "nothing"
    raise CheckpointError(f"A weights file was expected at {path}, where {found} is.")


def _whole(file: Path, release: Release) -> Path:
    # The size is compared at every use, the hash only by `verify`: hashing 5 GB takes longer than loading them.
    record = Record.of(file)
    if record is not None and file.stat().st_size != record.size:
        raise CheckpointError(
            f"{file} holds {file.stat().st_size} bytes where {record.size} were fetched. "
            f"Run: theodolite models download {release.name} --overwrite"
        )
    return file
