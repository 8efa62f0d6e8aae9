"""Unpacks Sweet Home 3D furniture catalogues (.sh3f) into a folder that `theodolite synth --meshes` reads.

    python tools/sweethome_library.py furniture/*.sh3f --out meshes

A catalogue is a zip of OBJ models and a list of their true sizes in centimetres; the list becomes `library.json`.
Licence texts are unpacked with the models they are about: read them before passing pictures on.
"""

import argparse
import json
import re
import zipfile
from pathlib import Path, PurePosixPath

LIST = "PluginFurnitureCatalog.properties"
INDOORS = {"Bathroom", "Bedroom", "Kitchen", "Living room", "Miscellaneous", "Office", "Lights"}
ON_TABLES = 0.45  # metres; no longer edge than this
MODEL_PARTS = {".obj", ".mtl", ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".txt"}


def read_catalogue(text: str) -> list[dict[str, str]]:
    """Properties of each model, in the order of their numbers."""
    found: dict[int, dict[str, str]] = {}
    for name, number, value in re.findall(r"^(\w+)#(\d+)\s*=\s*(.*?)\s*$", text, re.MULTILINE):
        found.setdefault(int(number), {})[name] = value
    return [found[number] for number in sorted(found)]


def entry(model: dict[str, str]) -> dict:
    """What `library.json` says about a model; doors, cars and what hangs above the floor get the role "none"."""
    size = [float(model[edge]) / 100 for edge in ("width", "depth", "height")]
    fixed = model.get("doorOrWindow") == "true" or float(model.get("elevation", 0)) > 0
    fits = model.get("category") in INDOORS and not fixed
    role = ("table" if max(size) <= ON_TABLES else "floor") if fits else "none"
    facts: dict = {"role": role, "up": "y", "size": [round(edge, 4) for edge in size]}
    if "modelRotation" in model:
        facts["rotation"] = [float(part) for part in model["modelRotation"].split()]
    return facts


def unpack(catalogue: Path, folder: Path) -> dict[str, dict]:
    """Writes the models of one catalogue below `folder`; gives their entries by path."""
    target = folder / catalogue.stem
    entries = {}
    with zipfile.ZipFile(catalogue) as archive:
        for model in read_catalogue(archive.read(LIST).decode("latin-1")):
            path = PurePosixPath(catalogue.stem, model["model"].lstrip("/"))
            entries[str(path)] = entry(model)
        for name in archive.namelist():
            if PurePosixPath(name).suffix.lower() in MODEL_PARTS:
                archive.extract(name, target)
    return entries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogues", nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path, help="Folder for models and library.json.")
    arguments = parser.parse_args()
    entries: dict[str, dict] = {}
    for catalogue in arguments.catalogues:
        entries |= unpack(catalogue, arguments.out)
    (arguments.out / "library.json").write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n")
    used = sum(facts["role"] != "none" for facts in entries.values())
    print(f"{len(entries)} models, {used} of them to be placed: {arguments.out / 'library.json'}")


if __name__ == "__main__":
    main()
