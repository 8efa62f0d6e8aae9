"""Tables on the page: long ones folded, published rows told from one's own."""

from theodolite.evaluation.report.sheets import MOST_ROWS, sheet
from theodolite.evaluation.tables import Row, Table


def table(*rows: Row) -> Table:
    return Table("depth <of>", "how & why", ("AbsRel",), rows)


def test_names_and_numbers_are_escaped_and_rows_have_their_kind():
    html = sheet(table(Row("<a>", "camera", ("0.1 < 0.2",))))
    assert '<tr class="camera"><th>&lt;a&gt;</th><td>0.1 &lt; 0.2</td></tr>' in html
    assert "<h2>Depth &lt;of&gt;</h2>" in html
    assert "how &amp; why" in html


def test_of_a_long_table_all_but_the_rows_of_all_images_are_folded():
    groups, whole = [Row("a", "group", ("1",))] * MOST_ROWS, Row("all", "main", ("2",))
    assert "<details>" not in sheet(table(*groups))
    shown, _, folded = sheet(table(*groups, whole)).partition("<details>")
    assert f"<summary>{MOST_ROWS} rows more</summary>" in folded
    assert folded.count('<tr class="group">') == MOST_ROWS
    assert '<tr class="main">' in shown
    assert '<tr class="main">' not in folded
    assert '<tr class="group">' not in shown


def test_a_table_beside_published_rows_is_told_apart():
    html = sheet(table(Row("mine", "main", ("1",)), Row("theirs", "published", ("2",))))
    assert '<table class="beside">' in html
    assert '<tr class="published">' in html
    assert "beside" not in sheet(table(Row("mine", "main", ("1",))))
