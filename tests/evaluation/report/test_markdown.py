"""The report as Markdown: the same tables and facts, and no name that becomes markup."""

import re
from dataclasses import replace

from theodolite.evaluation.report.markdown import markdown, write_markdown
from theodolite.evaluation.tables import as_text, tables


def test_it_has_title_tables_notes_failures_and_facts(evaluation, task, tmp_path):
    write_markdown(tmp_path / "new" / "report.md", evaluation, f"theodolite evaluate wall frames --data {task.data}")
    text = (tmp_path / "new" / "report.md").read_text("utf-8")
    assert text.startswith("# wall &lt;model&gt; on frames\n")
    for heading in ("## Depth", "## Metric, by group", "## Normals, degrees", "## By distance, m", "## Could not"):
        assert f"\n{heading}" in text
    assert "\n".join(as_text(tables(evaluation)[0])) in text
    assert tables(evaluation)[0].about.replace("<", "&lt;") in text
    assert "* points &amp; &lt;lines&gt;/lost: " in text
    assert "Could not be scored: 1 of 5 images" in text
    assert "* licence of its weights: not stated" in text
    assert f"````sh\ntheodolite evaluate wall frames --data {task.data.name}\n````" in text
    assert str(task.data.parent) not in text


def test_no_name_becomes_markup_or_ends_a_cell(with_errors):
    text = markdown(with_errors({"a|b `c` <d>\ne": [0.1], "f": [0.2]}), "")
    assert "a&#124;b &#96;c&#96; &lt;d&gt; e" in text
    tables_found = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert any("a&#124;b" in table for table in tables_found)
    for table in tables_found:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_a_run_without_images_is_told(evaluation, with_errors):
    text = markdown(replace(with_errors({}), listed=5), "")
    assert "Not attempted yet: 5 of 5 images." in text
    assert "0 of 5 images." in text
