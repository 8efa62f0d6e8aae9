"""The report of an evaluation: one HTML page with tables, a chart and pictures, that needs no other file.

A single file and not a folder, for a report is made to be sent and to be kept: it opens from a mail, on a phone, and
years later, and its few pictures of each set come to a megabyte or two.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from theodolite import __version__
from theodolite.evaluation.evaluation import Evaluation
from theodolite.evaluation.real_frames import ListedFrame
from theodolite.evaluation.report.pictures import FARTHEST, Picture, frame_pictures
from theodolite.evaluation.report.strips import strips
from theodolite.evaluation.scores import FrameFailure, FrameScore, camera_names
from theodolite.evaluation.tables import Row, Table, notes, number, tables
from theodolite.inference.predictor import Predictor
from theodolite.viz import RED_BLUE, SPECTRAL
from theodolite.weights.atomic import writing

# Wider than this, pictures stand two in a row instead of three.
PANORAMA = 2.0


def write_report(
    path: Path, evaluation: Evaluation, predictor: Predictor, frames: Sequence[ListedFrame], command: str
) -> None:
    """Write the page; a file that is there is replaced.

    Args:
        predictor: what was evaluated; it predicts the frames that are shown once more.
        frames: of the outcomes, in the same order.
        command: what makes the same numbers again, for the reader.
    Raises: OutputError, when the file cannot be written; TheodoliteError, when a frame has become unusable.
    """
    page = report_page(evaluation, predictor, frames, command, datetime.now(UTC))
    with writing(path) as temporary:
        temporary.write_bytes(page.encode(errors="replace"))  # file names may hold what is no Unicode


def report_page(
    evaluation: Evaluation, predictor: Predictor, frames: Sequence[ListedFrame], command: str, date: datetime
) -> str:
    """The page as text."""
    style = resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    title = f"{evaluation.facts.name} on real frames" if evaluation.suite == "real" else evaluation.facts.name
    body = "".join(
        (
            _header(evaluation, title, date),
            _chart(evaluation),
            "".join(map(_table, tables(evaluation))),
            "".join(f'<p class="note">{html.escape(note)}</p>' for note in notes(evaluation)),
            _how_to_read(evaluation),
            "".join(_set(evaluation, predictor, frames, name) for name in evaluation.set_names),
            _failures(evaluation.failures),
            _facts(evaluation, command),
        )
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_scales()}{style}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    )


def chosen_frames(scores: Sequence[FrameScore | FrameFailure], name: str) -> list[tuple[str, int]]:
    """Which frames of a set are shown, and as what: best, typical (the median) and worst by aligned AbsRel.

    Returns: words, and the place among all outcomes. Of a set with two frames the typical one is left out.
    """
    places = [i for i, score in enumerate(scores) if isinstance(score, FrameScore) and score.set == name]

    def error(place: int) -> float:
        score = scores[place]
        assert isinstance(score, FrameScore)
        return score.aligned.abs_rel if math.isfinite(score.aligned.abs_rel) else math.inf

    ranked = sorted(places, key=error)
    if len(ranked) < 2:
        return [("only frame", place) for place in ranked]
    ends = [("best frame", ranked[0]), ("worst frame", ranked[-1])]
    return ends if len(ranked) == 2 else [ends[0], ("typical frame", ranked[(len(ranked) - 1) // 2]), ends[1]]


def _header(evaluation: Evaluation, title: str, date: datetime) -> str:
    scored, sets = len(evaluation.scores), len(evaluation.sets)
    near, far = evaluation.depth_range
    about = (
        f"{_count(scored, 'frame')} in {_count(sets, 'set')}, ground truth between {near:g} and {far:g} m, "
        f"{date:%d %B %Y}"
    )
    tiles = ""
    if (mean := evaluation.overall) is not None:
        numbers = [
            ("AbsRel, as predicted", number(mean.metric.abs_rel), "mean error, share of the depth"),
            ("AbsRel, aligned", number(mean.aligned.abs_rel), f"a constant gets {number(mean.constant.abs_rel)}"),
            ("delta1, as predicted", number(mean.metric.delta1), "pixels within a factor of 1.25"),
        ]
        if mean.normals is not None:
            numbers.append(("normals", f"{number(mean.normals.mean, 1)}°", "mean angle to the sensor's"))
        tiles = "".join(
            f'<div class="tile"><span>{label}</span><strong>{value}</strong><small>{words}</small></div>'
            for label, value, words in numbers
        )
        tiles = f'<div class="tiles">{tiles}</div><p class="note">Means over sets, each counting alike.</p>'
    return f"<header><p>theodolite evaluate</p><h1>{html.escape(title)}</h1><p>{about}</p></header>{tiles}"


def _chart(evaluation: Evaluation) -> str:
    if not evaluation.sets:
        return ""
    return (
        "<section><h2>Every frame</h2><p>AbsRel: "
        '<span class="key aligned"></span> after median alignment, <span class="key metric"></span> as predicted, '
        '<span class="key constant"></span> of a constant, the set’s mean. Left is better.</p>'
        f"{strips(evaluation)}</section>"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.columns)
    return (
        f"<section><h2>{html.escape(_capital(table.title))}</h2><p>{html.escape(table.about)}</p>"
        f'<div class="scroll"><table><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(map(_row, table.rows))}</tbody></table></div></section>"
    )


def _row(row: Row) -> str:
    cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row.cells)
    return f'<tr class="{row.kind}"><th>{html.escape(row.name)}</th>{cells}</tr>'


def _how_to_read(evaluation: Evaluation) -> str:
    if not evaluation.sets:
        return ""
    return (
        "<section><h2>Frame by frame</h2><p>Of each set the best, the typical and the worst frame by aligned AbsRel. "
        "Depth has the colours of the truth’s range, the prediction after the scaling that its caption states. The "
        f"error’s colours end at {FARTHEST:g} times too near or too far. Normals: red to the right, green up, blue "
        "towards the camera; the sensor’s stand where its depth is dense and flat. Grey is unknown, and so is the "
        "darkened photo around single points.</p></section>"
    )


def _set(evaluation: Evaluation, predictor: Predictor, frames: Sequence[ListedFrame], name: str) -> str:
    scores = [score for score in evaluation.scores if score.set == name]
    if not scores:
        return f"<section><h2>{html.escape(name)}</h2><p>No frame of this set could be scored.</p></section>"
    cameras = camera_names(score.camera for score in scores).values()
    dense = sum(score.dense for score in scores) / len(scores)
    facts = [_count(len(scores), "frame"), *cameras, f"depth on {dense:.1%} of pixels"]
    shown = []
    for words, place in chosen_frames(evaluation.outcomes, name):
        score = evaluation.outcomes[place]
        assert isinstance(score, FrameScore)
        pictures = frame_pictures(predictor, frames[place], score, evaluation.depth_range)
        shown.append(_frame(words, score, pictures))
    about = " · ".join(map(html.escape, facts))
    return f"<section><h2>{html.escape(name)}</h2><p>{about}</p>{''.join(shown)}</section>"


def _frame(words: str, score: FrameScore, pictures: list[Picture]) -> str:
    figures = "".join(_figure(picture, f"{picture.caption}, {score.frame}") for picture in pictures)
    wide = " wide" if pictures[0].width > PANORAMA * pictures[0].height else ""
    numbers = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in _numbers(score))
    # Beside five pictures there is room for the numbers; beneath six they have a row of their own.
    beneath = " beneath" if len(pictures) == 6 else ""
    return (
        f'<article><h3>{words} <span>{html.escape(score.frame)}</span></h3><div class="panels{wide}">{figures}'
        f'<dl class="numbers{beneath}">{numbers}</dl></div></article>'
    )


def _figure(picture: Picture, words: str) -> str:
    legend = ""
    if picture.legend:
        first, last = map(html.escape, picture.ends)
        legend = f'<span class="legend"><i>{first}</i><b class="{picture.legend}"></b><i>{last}</i></span>'
    caption = f"<figcaption>{html.escape(picture.caption)}{legend}</figcaption>"
    return (
        f'<figure><img src="{picture.uri}" width="{picture.width}" height="{picture.height}" '
        f'alt="{html.escape(words)}" loading="lazy">{caption}</figure>'
    )


def _numbers(score: FrameScore) -> Iterator[tuple[str, str]]:
    yield "AbsRel aligned", number(score.aligned.abs_rel)
    yield "AbsRel", number(score.metric.abs_rel)
    yield "delta1", number(score.metric.delta1)
    yield "delta1 aligned", number(score.aligned.delta1)
    yield "RMSE", f"{number(score.metric.rmse, 2)} m"
    yield "SILog", number(score.metric.silog)
    yield "scale needed", number(score.scale, 2)
    if score.normals is not None and score.normals.network is not None:
        yield "normals", f"{number(score.normals.network.mean, 1)}°"
    if score.normals is not None and score.normals.from_depth is not None:
        yield "normals of depth", f"{number(score.normals.from_depth.mean, 1)}°"


def _failures(failures: Sequence[FrameFailure]) -> str:
    if not failures:
        return ""
    lines = "".join(f"<li>{html.escape(f'{each.set}/{each.frame}: {each.reason}')}</li>" for each in failures)
    return f'<section><h2>Could not be scored</h2><ul class="failures">{lines}</ul></section>'


def _facts(evaluation: Evaluation, command: str) -> str:
    facts = evaluation.facts
    rows = [
        ("model", facts.name),
        ("licence of its weights", facts.licence or "not stated"),
        ("network input", f"about {evaluation.canvas_pixels} px, sides multiples of {facts.multiple} px"),
        ("canonical focal length", f"{facts.canonical_focal:g} px"),
        ("run by", f"theodolite {__version__}, {evaluation.runtime}"),
        ("suite", evaluation.suite),
    ]
    items = "".join(f"<dt>{label}</dt><dd>{html.escape(value)}</dd>" for label, value in rows)
    return (
        f'<section><h2>How this was made</h2><dl class="facts">{items}</dl>'
        f"<pre><code>{html.escape(command)}</code></pre></section>"
    )


def _scales() -> str:
    """The colour scales of the pictures, for the style sheet."""
    return "".join(
        f".legend .{name}{{background:linear-gradient(90deg,{','.join(f'rgb{c}' for c in colours)})}}\n"
        for name, colours in (("depth", SPECTRAL), ("error", RED_BLUE))
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
