"""How the demo's rows look in a terminal."""

from datetime import UTC, datetime

import pytest

from sandbox.timeline import NARROWEST, WIDEST, Column, Layout, Row, in_order

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def row(column, text, second=0):
    return Row(at=NOON.replace(second=second), column=column, text=text)


def test_every_column_starts_at_the_same_place_in_every_row():
    layout = Layout(120)
    heading = layout.heading().splitlines()[0]
    for column in Column:
        shown = layout.rows(row(column, "x"))
        assert shown.index("x") == heading.lower().index(column.name.lower())


def test_a_long_text_stays_in_its_column_and_loses_no_word():
    words = [f"word{number}" for number in range(60)]
    shown = Layout(100).rows(row(Column.DESK, " ".join(words)))
    assert shown.replace("|", " ").split()[1:] == words
    assert all(len(line) <= 100 for line in shown.splitlines())


def test_the_lines_of_a_card_stay_apart():
    shown = Layout(120).rows(row(Column.DESK, "Intent: refund\n\nUrgency: high"))
    assert [line.rpartition("|")[2].strip() for line in shown.splitlines()] == [
        "Intent: refund",
        "",
        "Urgency: high",
    ]


def test_only_the_first_line_carries_the_time():
    first, second = Layout(100).rows(row(Column.FLOW, "one\ntwo")).splitlines()
    assert first.startswith("12:00:00")
    assert second.startswith(" ")


@pytest.mark.parametrize(("terminal", "used"), [(20, NARROWEST), (100, 100), (400, WIDEST)])
def test_the_layout_fits_the_terminal_within_reason(terminal, used):
    assert Layout(terminal).width == used
    assert all(len(line) <= used + 1 for line in Layout(terminal).chapter("One").splitlines())


def test_rows_are_told_in_time_and_from_the_phone_to_the_desk():
    told = in_order(
        [row(Column.DESK, "c", 1), row(Column.PHONE, "a", 1), row(Column.FLOW, "first")]
    )
    assert [one.text for one in told] == ["first", "a", "c"]


def test_plain_text_only():
    """A log file or a pipe gets no colour codes."""
    layout = Layout(120)
    assert "\x1b" not in layout.heading() + layout.rows(row(Column.PHONE, "✓✓ read"))
