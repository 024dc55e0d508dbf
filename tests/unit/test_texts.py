"""Every sentence exists in every language, and no hole is left in it."""

import re
import string
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.texts import NOTICE_MARK, Texts, keys, languages
from chalicelib.whatsapp.failures import FAILURES, failure_of
from tests import whatsapp_samples as samples

ROOT = Path(__file__).parents[2]
OTHERS = [language for language in languages() if language != "en"]


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_there_is_english_spanish_and_portuguese() -> None:
    assert {"en", "es", "pt"} <= set(languages())


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_sentences(language: str) -> None:
    """LA-71."""
    assert keys(language) == keys("en")


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_fills_the_same_places(language: str) -> None:
    for key in keys("en"):
        assert places(Texts(language).get(key)) == places(Texts("en").get(key)), key


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_is_one(language: str) -> None:
    same = {key for key in keys("en") if Texts(language).get(key) == Texts("en").get(key)}
    assert len(same) < 15, same


def test_every_sentence_the_code_asks_for_exists() -> None:
    asked = re.compile(
        r"""["']((?:problem|failed|notice|outbound|media|shown|label|customer|choice|time)\.[a-z_.]+)["']"""
    )
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for key in asked.findall(path.read_text("utf-8")):
            assert key in keys("en"), f"{path.name}: {key}"


def test_every_failure_tells_the_agent_what_to_do() -> None:
    for code in [*FAILURES, 999_999]:
        assert failure_of(code).text_key in keys("en")


@pytest.mark.parametrize(
    ("asked", "got"), [("pt-BR", "pt"), ("es_MX", "es"), ("EN", "en"), ("fr", "en"), ("", "en")]
)
def test_a_regional_or_unknown_language_finds_its_nearest(asked: str, got: str) -> None:
    assert Texts(asked).language == got


def test_values_are_filled_in_and_never_read_as_sentences() -> None:
    assert Texts("en").get("shown.re", start="{0.__class__}") == 're: "{0.__class__}"'


def test_a_missing_value_or_sentence_is_no_reason_to_fail() -> None:
    assert "{product}" in Texts("en").get("shown.re_product", catalog="c")
    assert Texts("en").get("no.such.sentence") == "no.such.sentence"
    assert not Texts("en").has("no.such.sentence")


def test_the_mark_of_our_notices_is_visible_and_ends_in_a_space() -> None:
    assert NOTICE_MARK.startswith("ℹ")
    assert NOTICE_MARK.endswith(" ")


@pytest.mark.parametrize("language", languages())
def test_the_week_has_seven_days_and_the_year_twelve_months(language: str) -> None:
    assert len(Texts(language).get("time.weekdays").split()) == 7
    assert len(Texts(language).get("time.months").split()) == 12


def test_a_plain_text_message_starts_without_any_heavy_library() -> None:
    code = (
        "import sys; from chalicelib.texts import Texts;"
        "from chalicelib.whatsapp import webhook, to_chat;"
        "p = webhook.split(webhook.read_envelopes(sys.stdin.read())[0])[0];"
        "print(to_chat.to_chat(webhook.parse(p.payload), Texts('en')).text);"
        "print([m for m in ('yaml', 'pydantic', 'boto3', 'openai', 'jinja2') if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        input=samples.body("text"),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert ran.stdout.splitlines() == ["Where is my parcel?", "[]"]
