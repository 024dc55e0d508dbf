"""Agents' and flows' Markdown looks right on the phone, and no word of it is lost."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.whatsapp.markdown import to_whatsapp

SURE = [
    ("**bold**", "*bold*"),
    ("~~gone~~", "~gone~"),
    ("***both***", "*_both_*"),
    ("# Title", "*Title*"),
    ("## Title **inside** #", "*Title inside*"),
    ("* one\n+ two\n- three", "- one\n- two\n- three"),
    ("- [ ] open\n- [x] done", "- ☐ open\n- ☑ done"),
    ("1. one\n2. two", "1. one\n2. two"),
    ("> quoted", "> quoted"),
    ("---", "---"),
    ("`a**b**`", "`a**b**`"),
    ("```python\nx = **y**\n```\n**z**", "```\nx = **y**\n```\n*z*"),
    ("~~~\ncode\n~~~", "```\ncode\n```"),
    ("```\nnever closed **x**", "```\nnever closed **x**\n```"),
    ("[our site](https://x.example/a_b_c)", "our site (https://x.example/a_b_c)"),
    ("[https://x.example](https://x.example)", "https://x.example"),
    ("[wiki](https://x.example/a_(b))", "wiki (https://x.example/a_(b))"),
    ('[site](https://x.example "the title")', "site (https://x.example)"),
    ("![lamp](https://x.example/l.png)", "lamp (https://x.example/l.png)"),
    ("[help@x.example](mailto:help@x.example)", "help@x.example"),
    ("<https://x.example>", "https://x.example"),
    ("**see [site](https://x.example)**", "*see site (https://x.example)*"),
    ("https://x.example/__a__~~b~~", "https://x.example/__a__~~b~~"),
    ("**a ~~b~~**", "*a ~b~*"),
    ("** not bold **", "** not bold **"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "shown"), SURE)
@pytest.mark.parametrize("markdown", [True, False])
def test_unmistakable_marks_are_turned_in_every_text(
    written: str, shown: str, markdown: bool
) -> None:
    assert to_whatsapp(written, markdown=markdown) == shown


@pytest.mark.parametrize(
    ("written", "as_markdown", "as_plain"),
    [
        ("*word*", "_word_", "*word*"),
        ("__word__", "*word*", "__word__"),
        ("_word_", "_word_", "_word_"),
        ("*a **b** c*", "_a *b* c_", "*a *b* c*"),
        (r"\*stars\*", "*stars*", r"\*stars\*"),
        ("2**3**4", "234", "2**3**4"),
        ("5 * 3 * 2", "5 * 3 * 2", "5 * 3 * 2"),
        ("snake_case_name", "snake_case_name", "snake_case_name"),
    ],
)
def test_a_single_star_means_bold_to_an_agent_and_italic_in_markdown(
    written: str, as_markdown: str, as_plain: str
) -> None:
    assert to_whatsapp(written, markdown=True) == as_markdown
    assert to_whatsapp(written) == as_plain


@settings(deadline=None)
@given(st.text(alphabet="ab 1*_~`#>-+[]()!\n\\.", max_size=80), st.booleans())
def test_no_letter_or_digit_is_lost_or_moved(written: str, markdown: bool) -> None:
    def words(text: str) -> str:
        return "".join(re.findall(r"[a-z0-9]", text))

    kept = words(to_whatsapp(written, markdown=markdown))
    # The language named after a code fence is for editors; it is the one thing left out.
    without_languages = re.sub(r"(?m)^(```+|~~~+)[^\n`]*$", r"\1", written)
    assert (
        kept in (words(written), words(without_languages)) or "```" in written or "~~~" in written
    )


@pytest.mark.parametrize(
    "written",
    [
        "**a " * 4000,
        "*a " * 5000,
        "`" * 16000,
        "[" * 16000,
        "[a](" * 4000,
        "*a**b**" * 2500,
        "_a" * 8000,
        "~~" * 8000,
        "~~~\n" * 4000,
        "# " * 8000,
        "<http://" * 2000,
        "*" * 16000,
    ],
)
def test_hostile_text_costs_no_time(written: str) -> None:
    started = time.process_time()
    to_whatsapp(written, markdown=True)
    assert time.process_time() - started < 1
