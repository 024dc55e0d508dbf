"""Answers go to the person who wrote last, and never to somebody else."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.addresses import newest_reply
from chalicelib.bundles import Arrival, Bundle, Queued
from chalicelib.content import Contents
from chalicelib.conversation import Conversation, Member, Reply
from chalicelib.customer import Identifiers, alias_keys, same_customer
from chalicelib.showing import Showing
from chalicelib.texts import Texts
from chalicelib.to_agent import ToAgent
from tests.model.chooser import Chooser
from tests.model.surroundings import (
    FakeChat,
    FakeConversations,
    FakeHistory,
    FakeQueues,
    Surroundings,
)

OLD = Reply(origination_id="n", to="1", recipient="US.A1")


def test_an_event_that_is_silent_about_the_number_keeps_it() -> None:
    seen = newest_reply(OLD, Reply(origination_id="n", recipient="US.A1"), moved=False)
    assert seen == OLD


def test_a_change_replaces_everything() -> None:
    seen = newest_reply(OLD, Reply(origination_id="", recipient="US.B2"), moved=True)
    assert seen == Reply(origination_id="n", recipient="US.B2")


def test_an_event_that_names_nobody_changes_nothing() -> None:
    assert newest_reply(OLD, Reply(origination_id="n"), moved=True) == OLD


def test_a_parent_id_is_no_other_person() -> None:
    seen = newest_reply(OLD, Reply(origination_id="n", recipient="US.ENT.A1"), moved=False)
    assert seen.to == "1"


PEOPLE = {
    "mia": Identifiers(user_id="US.A1", phone="15550100001"),
    "ben": Identifiers(user_id="US.B2", phone="15550100002"),
    "cleo": Identifiers(user_id="US.C3", phone="15550100001"),  # has Mia's former number
}


def seen_as(who: str, how: str) -> Identifiers:
    """One event's word on a person: both identifiers, or the BSUID alone."""
    whole = PEOPLE[who]
    return whole if how == "both" else Identifiers(user_id=whole.user_id)


class House:
    """The product's own worker over tables and a chat that behave."""

    def __init__(self) -> None:
        self.world = Surroundings(Chooser([]))
        conversations, chat = FakeConversations(self.world), FakeChat(self.world)
        self.to_agent = ToAgent(
            conversations=conversations,
            history=FakeHistory(self.world),
            showing=Showing(
                chat=chat,
                conversations=conversations,
                contents=Contents(files=_none, voice=_none, texts=Texts, late_after_s=180),
                read_media=_none,
                link=_none,
                texts=Texts,
                clock=self.world.clock,
            ),
            queues=FakeQueues(self.world),
            clock=self.world.clock,
            new_id=self.world.new_id,
        )

    def write(self, number: int, seen: Identifiers) -> None:
        self.world.now += 120
        reply = Reply(origination_id="n", to=seen.phone or "", recipient=seen.user_id or "")
        arrival = Arrival(keys=alias_keys("n", seen), reply=reply)
        member = Member(wamid=f"w{number}", sent_at=self.world.now, text=f"<w{number}>")
        self.to_agent.deliver(Bundle((Queued("r", arrival, member),)), lambda: 15.0)

    def chat_of(self, number: int) -> str:
        [contact] = [
            chat.contact
            for chat in self.world.chats.values()
            if any(f"<w{number}>" in text for text in chat.texts())
        ]
        return contact


def _none(*_: object) -> bytes:
    raise AssertionError("texts have no files")


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(PEOPLE)), st.sampled_from(["both", "bsuid"])),
        min_size=1,
        max_size=8,
    )
)
def test_two_people_never_share_a_chat_and_one_has_only_one(events: list[tuple[str, str]]) -> None:
    house = House()
    chats = defaultdict(set)
    for number, (who, how) in enumerate(events):
        house.write(number, seen_as(who, how))
        chats[who].add(house.chat_of(number))
    assert all(len(found) == 1 for found in chats.values())
    assert len(set.union(*chats.values())) == len(chats)
    for who in chats:
        replies = [
            item.reply
            for item in house.world.conversations.values()
            if isinstance(item, Conversation) and item.reply.recipient == PEOPLE[who].user_id
        ]
        assert len(replies) == 1
        theirs = Identifiers(user_id=replies[0].recipient, phone=replies[0].to or None)
        assert same_customer(theirs, PEOPLE[who])
