"""An event taken apart says what it said whole, each thing by itself."""

import json
from typing import Any

import pytest

from chalicelib.whatsapp import apart
from tests import whatsapp_samples as samples


def several(*messages: dict[str, Any], contacts: list[dict[str, Any]]) -> str:
    value = {"metadata": {"phone_number_id": "1"}, "contacts": contacts, "messages": [*messages]}
    return json.dumps({"entry": [{"id": "2", "changes": [{"field": "messages", "value": value}]}]})


@pytest.mark.parametrize("name", samples.names(samples.WHATSAPP))
def test_the_things_of_an_event_are_the_same_apart_as_together(name: str) -> None:
    written = samples.body(name)
    bodies, odd = apart.apart(written)
    assert [samples.pieces(body) for body in bodies] == [[one] for one in samples.pieces(written)]
    assert odd == (name == "entry_partly_unreadable")


@pytest.mark.parametrize("name", samples.names(samples.WHATSAPP))
def test_what_is_apart_is_not_taken_apart_any_further(name: str) -> None:
    for body in apart.apart(samples.body(name))[0]:
        assert len(apart.apart(body)[0]) == 1


@pytest.mark.parametrize(
    ("messages", "contacts"),
    [
        ([{"id": "a", "from": "1"}, {"id": "b", "from": "2"}], [{"user_id": "US.9", "wa_id": "3"}]),
        ([{"id": "a", "from": "1"}, {"id": "b"}], [{"user_id": "US.9", "wa_id": "3"}]),
        ([{"id": "a"}, {"id": "b"}], [{"user_id": "US.9", "wa_id": "3"}]),
        (
            [{"id": "a", "from": "1"}, {"id": "b", "from": "+2"}],
            [{"user_id": "US.9", "wa_id": "2"}],
        ),
        ([{"id": "a", "from": "1"}, {"id": "a", "from": "2"}], [{"wa_id": "2"}, {"wa_id": "1"}]),
        ([{"id": "a", "type": "text"}, {"id": "a", "type": "odd"}], []),
    ],
)
def test_nobody_gets_the_identity_of_a_neighbour(
    messages: list[dict[str, Any]], contacts: list[dict[str, Any]]
) -> None:
    written = several(*messages, contacts=contacts)
    bodies, _ = apart.apart(written)
    assert [samples.pieces(body) for body in bodies] == [[one] for one in samples.pieces(written)]
