"""A message whose place in the chat would mislead says when it was sent, and no other does."""

import pytest

from chalicelib.conversation import Conversation, Member, OpenChat, Pending, Reply
from chalicelib.lateness import with_times
from chalicelib.texts import Texts

NOW = 1_795_017_600  # 2026-11-18 16:00 UTC
AFTER_S = 180


def read(*, sent_at: int, shown_until: int = 0, live: bool = True, **more: object) -> str:
    chat = OpenChat(contact="c1") if live else None
    known = Conversation(
        key="k", customer="c", reply=Reply(origination_id="p"), chat=chat, wrote_at=shown_until
    )
    told = {"wamid": "m1", "text": "Hurry", **more}
    member = Member(sent_at=sent_at, **told)  # type: ignore[arg-type]
    pending = Pending(id="1", members=(member,), since=NOW, claimed_at=NOW)
    [noted] = with_times(pending, known, Texts("en"), AFTER_S).members
    return noted.text


def test_a_punctual_message_says_nothing() -> None:
    assert read(sent_at=NOW - AFTER_S) == "Hurry"
    assert read(sent_at=NOW - 60, shown_until=NOW - 60) == "Hurry"


def test_a_message_long_on_its_way_says_when_it_was_sent() -> None:
    assert read(sent_at=NOW - 420) == "Hurry\n(sent 15:53, received 16:00 UTC)"
    assert "2026-11-17" in read(sent_at=NOW - 90_000)


def test_a_message_that_was_overtaken_says_so() -> None:
    """Promise I4: it cannot go before what is shown already."""
    told = read(sent_at=NOW - 60, shown_until=NOW - 58)
    assert told == "Hurry\n(sent before the message above, 15:59:00 UTC)"
    assert read(sent_at=NOW - 60, shown_until=NOW - 58, live=False) == "Hurry", "nothing above"


def test_a_redriven_message_always_says_when() -> None:
    assert read(sent_at=NOW - 60, redrive=1) == "Hurry\n(sent 15:59, received 16:00 UTC)"


@pytest.mark.parametrize(
    "as_it_is",
    [
        {"attributes": (("replySource", "button_reply"),)},
        {"wamid": "m1#file"},
        {"wamid": "m1#card"},
    ],
)
def test_choices_and_what_we_owed_stay_as_they_are(as_it_is: dict[str, object]) -> None:
    assert read(sent_at=NOW - 4200, shown_until=NOW, **as_it_is) == "Hurry"


def test_an_unknown_time_says_nothing() -> None:
    assert read(sent_at=0, shown_until=NOW) == "Hurry"
