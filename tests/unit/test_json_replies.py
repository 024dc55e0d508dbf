"""What flows and bots say in JSON becomes WhatsApp's own things, or stays the text it is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.whatsapp.json_replies import FORMS, json_reply
from chalicelib.whatsapp.payloads import Recipient, bodies
from tests.whatsapp_samples import ENGLISH

WHOLE: dict[str, dict[str, Any]] = {
    "location": {"latitude": "52.5", "longitude": 13.4, "name": "Shop"},
    "contacts": {"contacts": [{"name": "Ana", "phones": "+34600", "emails": ["a@x.test"]}]},
    "reaction": {"message": "wamid.1", "emoji": ""},
    "link": {"text": "Pay", "url": "https://x.test"},
    "location_request": {"text": "Where are you?"},
    "form": {"text": "Please", "label": "Fill in", "flow": "123"},
    "template": {"name": "reopen", "language": "en"},
    "text": {"text": "Hello", "markdown": True, "quoted": "wamid.1"},
}


def test_every_form_is_tried_here() -> None:
    assert set(WHOLE) == set(FORMS)


@pytest.mark.parametrize("form", WHOLE)
def test_each_form_can_be_sent(form: str) -> None:
    reply = json_reply(json.dumps({"type": form, **WHOLE[form]}))
    assert reply is not None
    [body] = bodies(reply, Recipient(phone="15550100001"), ENGLISH)
    assert body["type"] in ("location", "contacts", "reaction", "interactive", "template", "text")


@pytest.mark.parametrize("form", sorted(WHOLE))
def test_a_form_that_lacks_what_it_needs_is_none(form: str) -> None:
    assert json_reply(json.dumps({"type": form})) is None


@pytest.mark.parametrize("content", ["", "[]", "5", "null", '{"type": 5}', '{"type": "riddle"}'])
def test_json_of_somebody_elses_is_none_of_ours(content: str) -> None:
    assert json_reply(content) is None


KEYS = ("latitude", "longitude", "contacts", "message", "text", "url", "label", "flow", "name")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(FORMS)), st.dictionaries(st.sampled_from(KEYS), ANYTHING))
def test_no_json_breaks_it(form: str, told: dict[str, Any]) -> None:
    reply = json_reply(json.dumps({"type": form, **told}))
    if reply is not None:
        assert bodies(reply, Recipient(phone="1"), ENGLISH)
