"""A long answer arrives in order and whole, cut where a reader would pause."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.whatsapp.graphemes import boundary_at_or_before, is_boundary
from chalicelib.whatsapp.split import split, utf8_size

regex = pytest.importorskip("regex", reason="the reference for what one visible character is")

CHATTY = st.text(
    alphabet=st.sampled_from("ab .,!?\n*_~`éñ👍👩‍🚀🏽\u200d\ufe0f❤🇪🇸e\u0301각ᄀ\r")
    | st.characters(exclude_categories=["Cs", "Cn", "Co"]),
    max_size=200,
)
INDIC_OR_PREPENDED = regex.compile(
    r"[\p{GCB=Prepend}\p{GCB=SpacingMark}\p{Indic_Conjunct_Break=Linker}]"
)


def squeezed(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=300, deadline=None)
@given(CHATTY, st.integers(20, 60))
def test_nothing_but_space_at_the_cut_is_lost(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert squeezed("".join(parts)) == squeezed(text)
    assert all(part.strip() and len(part) <= limit for part in parts)


@settings(max_examples=300, deadline=None)
@given(CHATTY, st.integers(80, 160))
def test_bytes_are_counted_where_bytes_count(text: str, limit: int) -> None:
    parts = split(text, limit, utf8_size)
    assert squeezed("".join(parts)) == squeezed(text)
    assert all(utf8_size(part) <= limit for part in parts)


@settings(max_examples=500, deadline=None)
@given(CHATTY)
def test_visible_characters_are_those_of_unicode(text: str) -> None:
    if INDIC_OR_PREPENDED.search(text):
        return  # not kept together, as graphemes.py says
    at, boundaries = 0, {0}
    for cluster in regex.findall(r"\X", text):
        at += len(cluster)
        boundaries.add(at)
    ours = {place for place in range(len(text) + 1) if is_boundary(text, place)}
    # A finer cut than Unicode's would break a character; a coarser one only cuts earlier.
    assert ours <= boundaries


@pytest.mark.parametrize(
    "one", ["👩‍👩‍👧‍👦", "🧑🏽‍🚀", "🇧🇷", "e\u0301", "1\ufe0f\u20e3", "각", "🏴\U000e0067\U000e007f"]
)
def test_an_emoji_is_never_cut(one: str) -> None:
    parts = split(one * 50, 45)
    assert "".join(parts) == one * 50
    assert all(len(part) % len(one) == 0 for part in parts)


def test_a_character_longer_than_a_message_is_cut_rather_than_refused() -> None:
    heap = "a" + "\u0301" * 100
    assert "".join(split(heap, 30)) == heap
    assert boundary_at_or_before(heap, 30) == 30


def test_flags_are_kept_in_pairs() -> None:
    assert [is_boundary("🇪🇸🇧🇷", at) for at in range(5)] == [True, False, True, False, True]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a" * 30 + "\n\n" + "b c. " * 8, "a" * 30),
        ("a" * 30 + ". more\n" + "b c. " * 8, "a" * 30 + ". more"),
        ("One two three four five. Six seven eight nine ten", "One two three four five."),
        ("word " * 20, "word word word word word word word word"),
        ("a" * 60, "a" * 40),
    ],
)
def test_the_cut_is_where_a_reader_would_pause(text: str, first: str) -> None:
    assert split(text, 40)[0] == first


@pytest.mark.parametrize(
    "whole",
    [
        "https://shop.example/a/very/long?link=1",
        "*a bold remark of six words*",
        "_said with some emphasis_",
        "~no longer true at all~",
        "`some code here`",
        "```\nsome code\n```",
        "somebody.long@mail.example",
    ],
)
@pytest.mark.parametrize("before", range(0, 40, 3))
def test_a_link_or_marked_words_stay_whole(whole: str, before: int) -> None:
    text = f"{'x ' * before}{whole} and the rest of it"
    assert any(whole in part for part in split(text, 44))


@pytest.mark.parametrize("whole", ["https://x.example/" + "a" * 100, "*" + "bold " * 20 + "end*"])
def test_what_is_longer_than_a_message_is_still_sent_whole(whole: str) -> None:
    assert squeezed("".join(split(whole, 40))) == squeezed(whole)


def test_a_short_text_is_one_message_and_a_blank_one_none() -> None:
    assert split(" hello ", 4096) == ["hello"]
    assert split(" \n ", 4096) == []
