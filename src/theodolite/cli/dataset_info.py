"""`theodolite dataset info`: what a set of test data is, where to get it, and whether a folder of it can be read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from theodolite.datasets.readers import About
    from theodolite.datasets.readers.check import Check

# Groups told one by one; a data set of hundreds of scenes would bury the rest.
_GROUPS = 12


def info(
    name: Annotated[str, typer.Argument(help="Name of the data set; see `dataset list`.")],
    folder: Annotated[Path | None, typer.Argument(help="Folder it was unpacked to, to be checked.")] = None,
    split: Annotated[str, typer.Option(help="Part to check, instead of the usual one.")] = "",
    truth: Annotated[str, typer.Option(help="Form of the truth to check, instead of the usual one.")] = "",
    most: Annotated[int, typer.Option(min=1, help="Load at most so many examples, evenly spread.")] = 20,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Where to get a set of test data, under which licence, and what a folder of it holds."""
    import json
    from dataclasses import asdict

    from theodolite.datasets.readers import find_reader
    from theodolite.datasets.readers.check import check

    about = find_reader(name).ABOUT
    if not json_output:
        _print_about(about)
    found = None if folder is None else check(name, folder, split, truth, most)
    if json_output:
        document = {"dataset": name, "about": asdict(about), "folder": None if folder is None else str(folder)}
        typer.echo(json.dumps({**document, "check": None if found is None else asdict(found)}, indent=1))
    elif found is not None:
        typer.echo()
        _print_check(found)
    for failure in found.failures if found else ():
        typer.echo(failure, err=True)
    if found and found.failures:
        raise typer.Exit(1)


def _print_about(about: About) -> None:
    typer.echo(about.title)
    for word, text in (("paper", about.paper), ("from", about.source), ("licence", about.licence)):
        typer.echo(f"  {word:<9}{text}")
    typer.echo("  layout")
    for line in about.layout.strip("\n").splitlines():
        typer.echo(f"    {line}")
    _print_choices("--split", about.splits)
    _print_choices("--truth", about.truths)
    for note in about.notes:
        typer.echo(f"  note     {note}")


def _print_choices(option: str, choices: Mapping[str, str]) -> None:
    width = max(map(len, choices))
    for place, (choice, meaning) in enumerate(choices.items()):
        typer.echo(f"  {'' if place else option:<9}{choice:<{width}}  {meaning}{'' if place else ' (usual)'}")


def _print_check(found: Check) -> None:
    typer.echo(f"{found.listed} example{'s' * (found.listed != 1)}{_groups(found.groups)}")
    for word, text in _facts(found).items():
        typer.echo(f"  {word:<9}{text}")
    loaded = found.checked - len(found.failures)
    typer.echo(f"{found.checked} tried, {loaded} loaded, {len(found.failures)} not usable")


def _groups(groups: Mapping[str, int]) -> str:
    if not any(groups):
        return ""
    told = [f"{group} ({count})" for group, count in list(groups.items())[:_GROUPS]]
    return f" in {len(groups)} group{'s' * (len(groups) != 1)}: {_joined(told, len(groups) - len(told))}"


def _facts(found: Check) -> dict[str, str]:
    """What there is to say of the examples that were loaded, for people."""
    facts = {}
    for word, sizes in (("pictures", found.pictures), ("truth", found.truths)):
        if sizes:
            facts[word] = _joined([f"{size} ({count})" for size, count in list(sizes.items())[:3]], len(sizes) - 3)
    if found.focal is not None:
        low, high = found.focal
        facts["focal"] = f"{low:.4g} px" if low == high else f"{low:.4g} to {high:.4g} px"
    if found.known is not None:
        low, middle, high = found.known
        facts["known"] = f"{middle:.1%} of pixels" + ("" if low == high else f" ({low:.1%} to {high:.1%})")
    if found.depth is not None:
        low, middle, high = found.depth
        facts["depth"] = f"{low:.3g} to {high:.3g} m (1st to 99th percentile), median {middle:.3g} m"
    facts["with"] = ", ".join(f"{what} ({count})" for what, count in found.having.items())
    return {word: text for word, text in facts.items() if text}


def _joined(texts: list[str], more: int) -> str:
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")
