"""The outbound path over the model: chat events of one contact, sent part by part to WhatsApp."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from chalicelib import routing
from chalicelib.batches import Record
from chalicelib.contact import ContactItem, read_callback
from chalicelib.conversation import Conversation, OpenChat, Pending, Reply
from chalicelib.outbound_broken import BrokenMessages
from chalicelib.outbound_replies import Rendered
from chalicelib.outbound_work import OutboundWork
from chalicelib.ports.messages import StatusUpdate
from chalicelib.to_customer import ToCustomer
from tests.model.chooser import Chooser, describe, paths
from tests.model.surroundings import (
    ChatState,
    FakeChat,
    FakeContacts,
    FakeConversations,
    FakeHistory,
    FakeQueues,
    FakeWhatsApp,
    Killed,
    Surroundings,
)

VISIBILITY = 120
BACK_OFF = 60
CONTACT = "chat1"
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Said:
    """One chat event: its Connect id, when it was written, and in how many parts it goes out."""

    id: str
    at: int
    parts: int = 1


class FakeReplies:
    """Renders an event into as many bodies as it has parts."""

    def __init__(self, said: tuple[Said, ...]) -> None:
        self._parts = {each.id: each.parts for each in said}

    def rendered(self, item: ContactItem, event) -> Rendered:
        parts = range(self._parts[event.id])
        return Rendered([{"text": f"{event.id}.{part}"} for part in parts])


@dataclass
class FakeTellAgent:
    said: list[str] = field(default_factory=list)

    def say(self, item: ContactItem, key: str, *cause: object, **values: object) -> bool:
        self.said.append(key)
        return True


@dataclass
class OutboundModel:
    """One path. `statuses`: whether WhatsApp tells of each send before anybody comes back.

    `known`: whether the contact item exists; a greeting comes before it does.
    """

    chooser: Chooser
    said: tuple[Said, ...]
    faults: int = 0
    statuses: bool = True
    known: bool = True
    repeats: int = 0
    splits: int = 2
    back_off: int = BACK_OFF
    world: Surroundings = field(init=False)
    agent: FakeTellAgent = field(default_factory=FakeTellAgent)

    def __post_init__(self) -> None:
        self.world = Surroundings(self.chooser, faults=self.faults)
        self.queue = list(self.said)
        reply = Reply(origination_id="number", to="1")
        chat = OpenChat(contact=CONTACT, participant_token="p", connection_token="c")
        self.world.chats[CONTACT] = ChatState(CONTACT, {"conversation": "key"})
        opening = Pending(id="opening", members=(), since=self.world.now, claimed_at=self.world.now)
        conversation = Conversation(key="key", customer="c", reply=reply)
        if self.known:
            conversation = replace(conversation, chat=chat)
            self.world.contacts[CONTACT] = ContactItem(
                chat=chat, conversation="key", customer="c", reply=reply
            )
        else:
            conversation = replace(conversation, pending=opening)
        self.world.conversations["key"] = conversation
        self.work = self.worker()

    # --- what weakened twins replace ----------------------------------------------------------

    def to_customer(self, **parts) -> ToCustomer:
        return ToCustomer(**parts)

    def whatsapp(self) -> FakeWhatsApp:
        return FakeWhatsApp(self.world)

    def history(self) -> FakeHistory:
        return FakeHistory(self.world)

    def worker(self) -> OutboundWork:
        to_customer = self.to_customer(
            contacts=FakeContacts(self.world),
            conversations=FakeConversations(self.world),
            history=self.history(),
            chat=FakeChat(self.world),
            whatsapp=self.whatsapp(),
            replies=FakeReplies(self.said),
            tell_agent=self.agent,
            queues=FakeQueues(self.world),
            clock=self.world.clock,
            new_id=self.world.new_id,
            unsure_wait_s=WAIT_SECONDS,
        )
        return OutboundWork(
            forward=to_customer.forward,
            end=to_customer.end,
            status=lambda status: None,
            park=lambda *args: None,
            broken=BrokenMessages(contacts=FakeContacts(self.world), tell_agent=self.agent),
        )

    # --- the course of things -----------------------------------------------------------------

    def run(self) -> None:
        self._drain()
        while self.repeats and self.chooser.choose(2):
            self.repeats -= 1
            self.queue.append(self.said[self.chooser.choose(len(self.said))])
            self.world.now += 6 * 3600
            self._drain()

    def _drain(self) -> None:
        for _ in range(40):
            if not self.queue:
                return
            self._invoke()
        raise AssertionError(f"the queue never empties: {self.world.trace}")

    def _invoke(self) -> None:
        # SQS may give less than the whole group; how often, is bounded to keep the paths few.
        less = self.chooser.choose(len(self.queue)) if self.splits else 0
        self.splits -= bool(less)
        batch = self.queue[: len(self.queue) - less]
        try:
            failed = {record.message_id for record in self.work(self._records(batch), lambda: 15)}
        except Killed:
            failed = {each.id for each in batch}
            self.world.now += VISIBILITY
        self._statuses_come()
        self.world.now += self.back_off if failed else 2
        self.queue = [each for each in self.queue if each not in batch or each.id in failed]

    def _statuses_come(self) -> None:
        if not self.statuses:
            return
        for body in self.world.sent:
            callback = read_callback(body["biz_opaque_callback_data"])
            update = StatusUpdate(
                record=callback.record, attempt=callback.attempt, status="sent", rank=2, at=0
            )
            self.world.statuses.setdefault(callback.record, update)

    def _records(self, batch: list[Said]) -> list[Record]:
        return [
            Record(each.id, "", routing.write("chat", self._event(each)), CONTACT, 1)
            for each in batch
        ]

    def _event(self, said: Said) -> str:
        return json.dumps(
            {
                "Type": "MESSAGE",
                "Id": said.id,
                "AbsoluteTime": datetime.fromtimestamp(said.at, UTC).isoformat(),
                "InitialContactId": CONTACT,
                "ContactId": CONTACT,
                "ParticipantRole": "AGENT",
                "ContentType": "text/plain",
                "Content": said.id,
            }
        )

    # --- the promises ---------------------------------------------------------------------------

    def expected(self) -> list[str]:
        ordered = sorted(self.said, key=lambda each: each.at)
        return [f"{each.id}.{part}" for each in ordered for part in range(each.parts)]

    def broken(self) -> str:
        sent = [body["text"] for body in self.world.sent]
        parked = set(self.world.parked)
        for text in self.expected():
            if text not in sent and text.split(".")[0] not in parked:
                return f"O1 lost: {text}"
        if self.statuses and len(sent) != len(set(sent)):
            return "O2 twice, though every status came"
        if len(sent) - len(set(sent)) > self.faults:
            return "O2 more than once per uncertain attempt"
        first = list(dict.fromkeys(sent))
        expected = [text for text in self.expected() if text in first]
        return "" if first == expected else f"O3 disorder: {first}"


def run_all(make: Callable[[Chooser], OutboundModel]) -> tuple[int, list[str]]:
    """Every path of a model: how many, and what was broken with its trace."""
    broken: list[str] = []

    def run(chooser: Chooser) -> None:
        model = make(chooser)
        model.run()
        problem = model.broken()
        if problem:
            broken.append(f"{problem} | {describe(chooser.taken)} | {' '.join(model.world.trace)}")

    return paths(run), broken
