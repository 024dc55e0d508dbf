"""The page that says what arrives how is true, and has a row for everything."""

from chalicelib.whatsapp import limits, payloads
from chalicelib.whatsapp.kinds import READERS
from chalicelib.whatsapp.to_chat import RENDERERS
from tests import type_matrix


def test_every_kind_has_a_sample_of_that_kind_and_a_row() -> None:
    for kind in {*READERS, *RENDERERS}:
        assert type_matrix.sample_of(kind).kind == kind
        assert f"\n| `{kind}` |" in f"\n{type_matrix.inbound()}"


def test_every_reply_and_every_json_form_has_a_row() -> None:
    assert set(type_matrix.REPLIES) == set(payloads._PARTS)
    assert type_matrix.forms_without_a_row() == set()
    assert all(f"| `{mime}` |" in type_matrix.files() for mime in limits.MEDIA_TYPES)


def test_the_page_is_what_the_registries_say() -> None:
    """After a change: python -m tests.type_matrix"""
    assert type_matrix.PAGE.read_text("utf-8") == type_matrix.page()
