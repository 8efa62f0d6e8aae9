"""Imports go one way: a folder may use only the folders before it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import theodolite

PACKAGE = Path(theodolite.__file__).parent

ORDER = [
    ("types", "errors", "extras"),
    ("camera",),
    ("geometry",),
    ("viz",),
    ("network",),
    ("weights",),
    ("inference",),
    ("apps", "export", "synth"),
    ("datasets",),
    ("evaluation",),
    ("training",),
    ("cli", "web"),
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}


def owner(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path: Path) -> set[str]:
    parts = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("theodolite."):
            parts.add(node.module.split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.module == "theodolite":
            parts.update(alias.name for alias in node.names if alias.name in RANK)
        elif isinstance(node, ast.Import):
            parts.update(a.name.split(".")[1] for a in node.names if a.name.startswith("theodolite."))
    return parts


# The package's own two doors may open anything.
DOORS = {PACKAGE / "__init__.py", PACKAGE / "__main__.py"}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path not in DOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_folders_before_its_own(path: Path):
    own = RANK[owner(path)]
    later = {part for part in imported_parts(path) if RANK[part] > own}
    sideways = {part for part in imported_parts(path) if RANK[part] == own and part != owner(path)}
    assert not later, f"{path.name} imports from later folders: {later}"
    assert own == 0 or not sideways, f"{path.name} imports from a sibling of its own rank: {sideways}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_in_one_line_what_it_is(path: Path):
    text = path.read_text()
    if path.name == "__init__.py" and not text.strip():
        pytest.skip("an empty package file needs no words")
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, f"{path} has no module docstring"
    first = docstring.splitlines()[0]
    assert first.endswith((".", "?")), f"the first line of {path} is not one sentence: {first!r}"


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize("statement", ["import theodolite", "import theodolite.cli.main"])
def test_importing_the_package_or_its_commands_loads_nothing_heavy(statement: str):
    heavy = {"torch", "onnxruntime", "PIL", "trimesh", "huggingface_hub", "scipy", "pillow_heif", "onnx", "pydantic"}
    assert not heavy & modules_after(statement)


def test_a_light_import_of_the_outputs_needs_no_torch():
    assert "torch" not in modules_after("import theodolite.network.outputs, theodolite.inference.predictor")
