"""What a message refers to, how its beginning reads, and what a late one says."""

import json

import pytest

from chalicelib.whatsapp.answers import interactive_response
from chalicelib.whatsapp.referred import beginning, refers_to
from tests import whatsapp_samples as samples


@pytest.mark.parametrize(
    ("name", "refers"),
    [("text", False), ("text_reply", True), ("reaction", True), ("edit", True), ("revoke", True)],
)
def test_only_what_refers_to_another_message_costs_a_look(name: str, refers: bool) -> None:
    assert bool(refers_to(samples.message(name))) == refers


def test_a_tapped_answer_shows_no_quote() -> None:
    assert refers_to(samples.message("interactive_our_button")) == ""


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"type": "text", "text": {"body": "Hello"}}, "Hello"),
        ({"type": "image", "image": {"id": "1", "caption": "The lamp"}}, "The lamp"),
        ({"type": "document", "document": {"id": "1", "filename": "a.pdf"}}, "a.pdf"),
        ({"type": "interactive", "interactive": {"body": {"text": "Which?"}}}, "Which?"),
        ({"type": "location", "location": {"latitude": 1, "name": "Shop"}}, "Shop"),
    ],
)
def test_a_message_of_ours_is_quoted_by_what_the_customer_saw(
    body: dict[str, object], shown: str
) -> None:
    assert beginning("message", "raw", json.dumps(body), samples.ENGLISH) == shown


def test_a_message_without_words_is_quoted_by_its_kind() -> None:
    assert beginning("image", "", "", samples.ENGLISH) == "[Photo]"
    assert beginning("message", "", "no json", samples.ENGLISH) == ""


def test_a_slot_is_answered_with_its_date() -> None:
    answer = json.loads(interactive_response(samples.message("interactive_time_slot")))
    assert answer["templateType"] == "TimePicker"
    assert answer["data"]["value"]


@pytest.mark.parametrize("name", ["text", "interactive_button_reply", "interactive_form"])
def test_what_we_did_not_offer_is_no_answer(name: str) -> None:
    assert interactive_response(samples.message(name)) == ""
