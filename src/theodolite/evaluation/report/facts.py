"""What an evaluation is called and what it was made of, in words, without the folders of whoever ran it."""

from __future__ import annotations

import shlex
from pathlib import Path

from theodolite.evaluation.alignment import ALIGNMENTS
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.scores import ImageFailure

# At most so many failures are listed one by one.
MOST_FAILURES = 200
_LABELS = {
    "licence": "licence of its weights",
    "input": "network input",
    "runtime": "run by",
    "weights": "SHA-256 of its weights begins",
}


def title(evaluation: Evaluation) -> str:
    return f"{evaluation.model} on {evaluation.protocol.benchmark}"


def facts(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Labels and what they are of: the model, the protocol, the data, the program."""
    protocol = evaluation.protocol
    rows = [
        (_LABELS.get(name, name), _without_folders(str(value)))
        for name, value in evaluation.settings["model"].items()
        if value not in ("", None)
    ]
    rows += [
        ("benchmark", f"{protocol.benchmark}: {protocol.about}"),
        ("protocol", f"{protocol.name}: {protocol.words()}"),
        ("alignments", ", ".join(evaluation.alignments or protocol.alignments)),
        ("data", _folder(evaluation)),
    ]
    if evaluation.settings["unknown_is_far"]:
        rows.append(("pixels without a prediction", "taken for the far end of the range"))
    return [*rows, ("program", f"theodolite {evaluation.settings['theodolite']}")]


def counts(evaluation: Evaluation) -> str:
    """How many images, in how many groups."""
    scored, groups = len(evaluation.collected.names), len(evaluation.groups)
    images = count(evaluation.listed, "image")
    images = images if scored == evaluation.listed else f"{scored} of {images}"
    return f"{images} in {count(groups, 'group')}" if groups else images


def shown_command(command: str) -> str:
    """A command with the folders of its paths left out: they may tell what is private."""
    try:
        return shlex.join(map(_without_folders, shlex.split(command)))
    except ValueError:  # an open quotation mark: no command of ours
        return command


def told_failures(evaluation: Evaluation) -> tuple[list[str], int]:
    """A line for each of the first failures, and how many more there are."""
    failures = evaluation.collected.failures
    return [_told(evaluation, each) for each in failures[:MOST_FAILURES]], max(0, len(failures) - MOST_FAILURES)


def reason_shown(evaluation: Evaluation, reason: str) -> str:
    """A reason with its files told from the data's folder on."""
    data = Path(evaluation.settings["data"])
    return reason.replace(str(data), data.name) if data.is_absolute() and data.name else reason


def judged_after(alignment: str) -> str:
    """As said after the name of a measure."""
    return "as predicted" if alignment == "metric" else f"{alignment} aligned"


def alignment_words(alignment: str) -> str:
    return ALIGNMENTS[alignment].about


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _folder(evaluation: Evaluation) -> str:
    data = Path(evaluation.settings["data"])
    return data.name or data.resolve().name or str(data)


def _told(evaluation: Evaluation, failure: ImageFailure) -> str:
    return f"{failure.name}: {reason_shown(evaluation, failure.reason)}"


def _without_folders(word: str) -> str:
    return Path(word).name if Path(word).is_absolute() else word
