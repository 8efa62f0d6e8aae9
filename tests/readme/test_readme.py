"""What the README promises: its commands run, print what it shows, and its Python works."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def console_sessions() -> list[tuple[str, str]]:
    """Each command of a console block with the output shown under it."""
    sessions = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            sessions.append((command, output.strip()))
    return sessions


def assert_alike(found: str, shown: str) -> None:
    """The same words; numbers within five per cent, for processors round differently."""
    assert NUMBER.sub("#", found) == NUMBER.sub("#", shown)
    for number, expected in zip(NUMBER.findall(found), NUMBER.findall(shown), strict=True):
        assert float(number) == pytest.approx(float(expected), rel=0.05, abs=0.02)


@pytest.mark.parametrize(("command", "shown"), console_sessions(), ids=lambda value: value[:40])
def test_a_command_prints_what_the_readme_shows(command, shown, tmp_path, monkeypatch):
    words = shlex.split(command)
    assert words[0] == "theodolite", f"only our own commands are shown with output, not {command!r}"
    words = [str(tmp_path) if word == "out/demo" else word for word in words]
    result = subprocess.run(
        [sys.executable, "-m", "theodolite", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert_alike(result.stdout.strip().replace(str(tmp_path), "out/demo"), shown)


def test_the_readme_shows_at_least_the_demo():
    assert any("predict examples/" in command for command, _ in console_sessions())


def test_the_demo_of_the_makefile_is_the_one_shown():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"\$\(BIN\)/(theodolite predict .*)", makefile).group(1)
    photo = re.search(r"^PHOTO \?= (.*)$", makefile, flags=re.MULTILINE).group(1)
    out = re.search(r"^OUT \?= (.*)$", makefile, flags=re.MULTILINE).group(1)
    assert any(command == recipe.replace("$(PHOTO)", photo).replace("$(OUT)", out) for command, _ in console_sessions())


@pytest.mark.parametrize("code", blocks("python"), ids=lambda code: code.strip().splitlines()[-1][:40])
def test_the_python_of_the_readme_runs(code, monkeypatch, tmp_path):
    if ".official" in code:
        pytest.skip("needs weights that cannot be shipped; tests/parity runs the same path")
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    exec(compile(code, "README.md", "exec"), {"pixels": torch.zeros(1, 3, 56, 84)})


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)#]+)", README))
def test_a_link_or_picture_is_there(target):
    assert (ROOT / target).exists(), target


def test_the_map_is_what_the_modules_say():
    subprocess.run([sys.executable, str(ROOT / "tools/readme_map.py"), "--check"], check=True)


def test_every_make_target_named_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make ([a-z-]+)", README)) | set(
        re.findall(r"^make ([a-z-]+)", README, flags=re.MULTILINE)
    ):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
