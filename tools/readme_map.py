"""Write the map of the package into README.md, one line a file, from the module docstrings.

python tools/readme_map.py          rewrites the section between the markers
python tools/readme_map.py --check  exits 1 when it is out of date
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src/theodolite"
START, END = "<!-- map: made by tools/readme_map.py -->", "<!-- end of map -->"
# A photo's way through the package, which is also the order of imports.
FOLDERS = ["", "camera", "geometry", "network", "weights", "inference", "apps", "export", "synth", "datasets"]
FOLDERS += ["evaluation", "training", "cli"]
WIDTH = 34


def first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.splitlines()[0].rstrip(".") if docstring else ""


def entries(folder: Path, recursive: bool) -> list[str]:
    lines = []
    for path in sorted(folder.rglob("*.py") if recursive else folder.glob("*.py")):
        about = first_line(path)
        if path.name.startswith("__") or not about:
            continue
        name = f"{path.relative_to(folder)} "
        lines.append(f"  {name:{WIDTH}}{about}")
    return lines


def tree() -> str:
    lines = []
    for name in FOLDERS:
        folder = PACKAGE / name
        found = entries(folder, recursive=bool(name))
        if found:
            lines += [f"{name or 'theodolite'}/", *found]
    return "\n".join(lines)


def updated(readme: str) -> str:
    before, _, rest = readme.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n```\n{tree()}\n```\n{END}{after}"


def main() -> int:
    path = ROOT / "README.md"
    readme = path.read_text(encoding="utf-8")
    fresh = updated(readme)
    if "--check" in sys.argv:
        if fresh != readme:
            print("The map in README.md is out of date. Run: python tools/readme_map.py")
        return int(fresh != readme)
    path.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
