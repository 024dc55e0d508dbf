"""What the product stands on, as small as it can be and still behave: tables, Connect, WhatsApp.

Every call passes `Surroundings.call`, where the chooser decides: it works, the worker dies before
or after it, it is refused, or it happens and its answer is lost. Fakes that behave, not mocks:
conditions, transactions and client tokens work as documented.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from chalicelib.contact import ContactItem, OutboundPending
from chalicelib.conversation import Conversation, MessageRecord, OpenChat, Pending, not_erased
from chalicelib.errors import Denied, Throttled, Unsure
from chalicelib.ports.chat import ShownItem
from chalicelib.ports.conversations import Claimed, Erased, Existing, Refused
from chalicelib.ports.messages import StatusUpdate
from chalicelib.ports.queues import Parked
from tests.model.chooser import Chooser

FIVE_MINUTES = 300
SEVEN_DAYS = 7 * 24 * 3600
OUTCOMES = ("ok", "killed before", "killed after", "refused", "lost")


class Killed(BaseException):
    """The worker's process is gone."""


@dataclass
class ChatState:
    contact: str
    attributes: dict[str, str]
    items: list[ShownItem] = field(default_factory=list)
    ended: bool = False

    def texts(self) -> list[str]:
        return [item.text for item in self.items if item.role == "CUSTOMER"]


@dataclass
class Surroundings:
    """The world of one path. `faults` is how many calls may still go wrong, `denials` how many
    tokens of living chats may still be refused."""

    chooser: Chooser
    faults: int = 0
    now: int = 1_800_000_000
    send_tokens_live: int = FIVE_MINUTES
    start_tokens_live: int = SEVEN_DAYS
    repeat_gives_token: bool = True
    denials: int = 0
    trace: list[str] = field(default_factory=list)
    between: Callable[[], None] = lambda: None

    conversations: dict[str, Any] = field(default_factory=dict)
    contacts: dict[str, ContactItem] = field(default_factory=dict)
    history: dict[str, MessageRecord] = field(default_factory=dict)
    statuses: dict[str, StatusUpdate] = field(default_factory=dict)
    chats: dict[str, ChatState] = field(default_factory=dict)
    tokens: dict[str, tuple[int, Any]] = field(default_factory=dict)
    parked: dict[str, Parked] = field(default_factory=dict)
    tombstones: dict[str, int] = field(default_factory=dict)
    pointers_of: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    sent: list[dict[str, Any]] = field(default_factory=list)
    sends: dict[str, int] = field(default_factory=dict)
    resent: dict[str, int] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)
    receipts: list[tuple[str, str]] = field(default_factory=list)
    streamed: list[tuple[str, str]] = field(default_factory=list)
    ids: int = 0

    def new_id(self) -> str:
        self.ids += 1
        return f"id{self.ids}"

    def clock(self) -> int:
        return self.now

    def call(self, name: str, effect: Callable[[], Any]) -> Any:
        """One call to the outside, and what becomes of it."""
        self.between()
        outcome = self.chooser.choose(5 if self.faults else 1)
        self.trace.append(f"{name}:{OUTCOMES[outcome]}")
        if outcome:
            self.faults -= 1
        if outcome == 1:
            raise Killed
        if outcome == 3:
            raise Throttled(f"{name} refused", service=name)
        answer = effect()
        if outcome == 2:
            raise Killed
        if outcome == 4:
            raise Unsure(f"{name} lost", service=name)
        return answer

    def denied(self, name: str) -> None:
        """A token of a living chat may be refused, `denials` times in all."""
        if self.denials and self.chooser.choose(2):
            self.denials -= 1
            self.trace.append(f"{name}:denied")
            raise Denied(f"{name} denied", service=name)

    def once(self, token: str, live: int, make: Callable[[], Any]) -> tuple[Any, bool]:
        """What a client token does: within its life the same answer, and nothing happens again."""
        known = self.tokens.get(token)
        if known is not None and self.now - known[0] < live:
            return known[1], True
        made = make()
        self.tokens[token] = (self.now, made)
        return made, False

    def live_chats(self) -> list[ChatState]:
        return [chat for chat in self.chats.values() if not chat.ended]


class FakeConversations:
    """DynamoDB's conversation items, with their conditions."""

    def __init__(self, world: Surroundings) -> None:
        self.world = world

    def claim(self, key: str, pending: Pending) -> Claimed | Refused:
        return self.world.call("claim", lambda: self._claim(key, pending))

    def _claim(self, key: str, pending: Pending) -> Claimed | Refused:
        item = self.world.conversations.get(key)
        if item is None:
            return Refused()
        if isinstance(item, str):
            return Refused(pointer=item)
        done = any(member.ring_entry in item.done for member in pending.members)
        erased = len(not_erased(pending.members, item.erased_before)) < len(pending.members)
        if item.pending or done or erased:
            return Refused(conversation=item)
        item = replace(item, pending=pending)
        self.world.conversations[key] = item
        return Claimed(item)

    def create(self, new: Conversation) -> Existing | Erased | None:
        return self.world.call("create", lambda: self._create(new))

    def _create(self, new: Conversation) -> Existing | Erased | None:
        for key in (new.key, *new.aliases):
            found = self.world.conversations.get(key)
            if found is not None and found != new.key:
                if isinstance(found, str):
                    return Existing(found, self.world.pointers_of.get(key, ""))
                return Existing(found.key, found.customer)
        erased = max(self.world.tombstones.get(key, 0) for key in (new.key, *new.aliases))
        if erased > new.erased_before:
            return Erased(erased)
        self.world.conversations[new.key] = new
        for alias in new.aliases:
            self.world.conversations[alias] = new.key
            self.world.pointers_of[alias] = new.customer
        return None

    def move(self, alias: str, key: str, customer: str) -> None:
        def moved() -> None:
            if not isinstance(self.world.conversations.get(alias), Conversation):
                self.world.conversations[alias] = key
                self.world.pointers_of[alias] = customer

        self.world.call("move", moved)

    def point(self, alias: str, key: str, customer: str) -> None:
        def pointed() -> None:
            if alias not in self.world.conversations:
                self.world.conversations[alias] = key
                self.world.pointers_of[alias] = customer

        self.world.call("point", pointed)

    def load(self, key: str) -> Conversation | None:
        found = self.world.call("load", lambda: self.world.conversations.get(key))
        return self.load(found) if isinstance(found, str) else found

    def take_over(self, key: str, found: Pending, mine: Pending) -> bool:
        return self._change("take over", key, found, pending=mine)

    def release(self, key: str, pending: Pending) -> None:
        item = self.world.conversations.get(key)
        if item is not None and item.pending is not None:
            freed = replace(item.pending, since=0, attempts=pending.attempts)
            self._change("release", key, pending, pending=freed)

    def drop_claim(self, key: str, pending: Pending) -> None:
        self._change("drop claim", key, pending, pending=None)

    def opened_again(self, key: str, pending: Pending, opened: int) -> None:
        self._change("opened again", key, pending, opened=opened, pending=pending)

    def record(
        self, before: Conversation, pending: Pending, after: Conversation, history: list
    ) -> bool:
        return self.world.call("record", lambda: self._record(before, pending, after, history))

    def _record(
        self, before: Conversation, pending: Pending, after: Conversation, history: list
    ) -> bool:
        item = self.world.conversations.get(before.key)
        if item is None or item.pending is None or item.pending.id != pending.id:
            return False
        # As the table does: what is new, and the openings, which were counted in memory before.
        names = [each.name for each in fields(after)]
        new = {name: getattr(after, name) for name in names}
        new = {name: value for name, value in new.items() if value != getattr(before, name)}
        changed = replace(item, **{**new, "opened": after.opened, "pending": None})
        self.world.conversations[before.key] = changed
        self.world.history |= {line.id: line for line in history}
        if after.chat:
            known = self.world.contacts.get(after.chat.contact)
            self.world.contacts[after.chat.contact] = contact_of(changed, known)
        return True

    def end(self, key: str, contact: str, at: int) -> None:
        def ended() -> None:
            item = self.world.conversations.get(key)
            if isinstance(item, Conversation):
                self.world.conversations[key] = replace(item, ended=contact, ended_at=at)

        self.world.call("end", ended)

    def _change(self, name: str, key: str, mine: Pending, **changes: Any) -> bool:
        def change() -> bool:
            item = self.world.conversations.get(key)
            if item is None or item.pending is None or item.pending.id != mine.id:
                return False
            self.world.conversations[key] = replace(item, **changes)
            return True

        return self.world.call(name, change)


def contact_of(conversation: Conversation, known: ContactItem | None) -> ContactItem:
    fresh = ContactItem(
        chat=conversation.chat,
        conversation=conversation.key,
        customer=conversation.customer,
        reply=conversation.reply,
        wrote_at=conversation.wrote_at,
    )
    return replace(fresh, done=known.done, pending=known.pending) if known else fresh


class FakeContacts:
    """DynamoDB's contact items."""

    def __init__(self, world: Surroundings) -> None:
        self.world = world

    def claim(self, contact: str, pending: OutboundPending) -> ContactItem | None:
        return self.world.call("contact claim", lambda: self._claim(contact, pending))

    def _claim(self, contact: str, pending: OutboundPending) -> ContactItem | None:
        item = self.world.contacts.get(contact)
        if item is None or item.pending or pending.ring_entry in item.done:
            return item
        self.world.contacts[contact] = replace(item, pending=pending)
        return self.world.contacts[contact]

    def create(self, item: ContactItem) -> None:
        self.world.call(
            "contact create", lambda: self.world.contacts.setdefault(item.chat.contact, item)
        )

    def load(self, contact: str) -> ContactItem | None:
        return self.world.call("contact load", lambda: self.world.contacts.get(contact))

    def take_over(self, contact: str, found: OutboundPending, mine: OutboundPending) -> bool:
        return self.world.call("contact take over", lambda: self._put(contact, found.id, mine))

    def drop_claim(self, contact: str, found: OutboundPending) -> None:
        self.world.call("drop claim", lambda: self._put(contact, found.id, None))

    def progress(self, contact: str, mine: OutboundPending) -> None:
        self.world.call("progress", lambda: self._put(contact, mine.id, mine))

    def _put(self, contact: str, expected: str, pending: OutboundPending | None) -> bool:
        item = self.world.contacts[contact]
        if item.pending is None or item.pending.id != expected:
            return False
        self.world.contacts[contact] = replace(item, pending=pending)
        return True

    def record(
        self, item: ContactItem, pending: OutboundPending, history: list, message_ids: dict
    ) -> bool:
        def recorded() -> bool:
            found = self.world.contacts[item.chat.contact]
            if found.pending is None or found.pending.id != pending.id:
                return False
            done = found.done.add([pending.ring_entry])
            self.world.contacts[item.chat.contact] = replace(found, pending=None, done=done)
            self.world.history |= {line.id: line for line in history}
            return True

        return self.world.call("contact record", recorded)

    def renew(self, chat: OpenChat) -> None:
        self.world.call("renew", lambda: None)


class FakeHistory:
    def __init__(self, world: Surroundings) -> None:
        self.world = world

    def fate(self, message: str) -> str:
        line = self.world.call("fate", lambda: self.world.history.get(message))
        return line.fate if line else ""

    def status_of(self, record: str) -> tuple[str, int]:
        status = self.world.call("status of", lambda: self.world.statuses.get(record))
        return (status.status, status.attempt) if status else ("", 0)

    def sent_again(self, record: str, attempt: int) -> bool:
        def marked() -> bool:
            if record in self.world.statuses:
                return False
            self.world.sends[record] = attempt
            return True

        return self.world.call("sent again", marked)


class FakeChat:
    """Connect: tokens, transcripts, ends."""

    def __init__(self, world: Surroundings) -> None:
        self.world = world

    def ready(self) -> None:
        pass

    def start(
        self, *, name: str, attributes: dict, initial_text: str, token: str, number: str = ""
    ) -> OpenChat:
        return self.world.call("start chat", lambda: self._start(attributes, initial_text, token))

    def _start(self, attributes: dict, initial_text: str, token: str) -> OpenChat:
        def opened() -> str:
            contact = f"chat{len(self.world.chats) + 1}"
            chat = ChatState(contact, dict(attributes))
            self.world.chats[contact] = chat
            if initial_text:
                self._add(chat, initial_text)
            self.world.streamed.append((contact, f"greeting of {contact}"))
            return contact

        contact, repeated = self.world.once(token, self.world.start_tokens_live, opened)
        with_token = self.world.repeat_gives_token or not repeated
        if not with_token:
            return OpenChat(contact=contact)
        return OpenChat(contact=contact, participant_token="p", connection_token="c")

    def send_text(self, chat: OpenChat, text: str, token: str) -> str:
        self.world.denied("send message")
        return self.world.call("send message", lambda: self._send(chat, text, token))

    def _send(self, chat: OpenChat, text: str, token: str, attachment: bool = False) -> str:
        state = self._open(chat)
        shown, _ = self.world.once(
            f"send-{token}", self.world.send_tokens_live, lambda: self._add(state, text, attachment)
        )
        return shown

    def attach(self, chat: OpenChat, name: str, content_type: str, body: bytes, token: str) -> str:
        """As a message; that its id is not the item's id is what readback has to live with."""
        return self.world.call("attach", lambda: self._send(chat, name, token, attachment=True))

    def _add(self, chat: ChatState, text: str, attachment: bool = False) -> str:
        item = ShownItem(f"{chat.contact}-{len(chat.items)}", "CUSTOMER", text, attachment)
        chat.items.append(item)
        return item.id

    def _open(self, chat: OpenChat) -> ChatState:
        state = self.world.chats[chat.contact]
        if state.ended:
            raise Denied("the chat is over", service="connectparticipant")
        return state

    def reconnect(self, chat: OpenChat) -> OpenChat:
        def again() -> OpenChat:
            self._open(chat)
            return chat

        self.world.denied("reconnect")
        return self.world.call("reconnect", again)

    def shown(self, chat: OpenChat, after: str) -> list[ShownItem]:
        def read() -> list[ShownItem]:
            items = self._open(chat).items
            start = next((i + 1 for i, item in enumerate(items) if item.id == after), 0)
            return list(items[start:])

        return self.world.call("transcript", read)

    def over(self, contact: str) -> bool:
        return self.world.call("over", lambda: self.world.chats[contact].ended)

    def attributes(self, contact: str) -> dict[str, str]:
        return self.world.call("attributes", lambda: self.world.chats[contact].attributes)

    def tell_flows(self, contact: str, attributes: dict[str, str]) -> None:
        self.world.call(
            "tell flows", lambda: self.world.chats[contact].attributes.update(attributes)
        )

    def stop(self, contact: str) -> None:
        def stopped() -> None:
            self.world.chats[contact].ended = True

        self.world.call("stop contact", stopped)


class FakeWhatsApp:
    """WhatsApp takes every message; it has no idempotency."""

    def __init__(self, world: Surroundings) -> None:
        self.world = world

    def send(self, origination_id: str, body: dict) -> str:
        def taken() -> str:
            self.world.sent.append(dict(body))
            return f"wamid.out{len(self.world.sent)}"

        return self.world.call("send whatsapp", taken)


class FakeQueues:
    def __init__(self, world: Surroundings) -> None:
        self.world = world

    def park(self, parked: Parked) -> None:
        key = ",".join(member.done_id for member in parked.members)
        self.world.call("park", lambda: self.world.parked.setdefault(key, parked))
