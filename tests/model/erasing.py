"""A customer asks to be forgotten, over the model: the product's own erase beside its worker."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from chalicelib import erasure
from chalicelib.batches import Record
from chalicelib.bundles import Arrival, Queued
from chalicelib.conversation import Conversation, Member, MessageRecord, Reply
from chalicelib.erase import Erase
from chalicelib.erasure import DeadLetter, EraseCommand
from chalicelib.ports.queues import Parked
from chalicelib.routing import Entry
from tests.model.inbound import InboundModel, Sent
from tests.model.surroundings import FIVE_MINUTES, Surroundings


@dataclass(frozen=True)
class Wish(Sent):
    """ "Forget me", entered by an operator into the customer's own group."""

    wamid: str = "wish"

    @property
    def body(self) -> str:
        return erasure.command_entry(EraseCommand(key=self.keys[0], at=self.at, numbers=())).body


@dataclass(frozen=True)
class Look(Sent):
    """The second look, which the erase itself put into the queue."""

    entry: str = ""

    @property
    def body(self) -> str:
        return self.entry


class FakePersonal:
    """What the tables hold of a customer."""

    def __init__(self, world: Surroundings) -> None:
        self.world = world

    def detach(self, keys: Sequence[str], conversation: Conversation | None, before: int) -> bool:
        return self.world.call("detach", lambda: self._detach(keys, conversation, before))

    def _detach(self, keys: Sequence[str], conversation: Conversation | None, before: int) -> bool:
        if conversation is not None and not self._gone(conversation):
            return False
        for key in keys:
            self.world.tombstones[key] = max(before, self.world.tombstones.get(key, 0))
        return True

    def _gone(self, conversation: Conversation) -> bool:
        item = self.world.conversations.get(conversation.key)
        if not isinstance(item, Conversation) or item.customer != conversation.customer:
            return False
        if item.pending is not None:
            return False
        del self.world.conversations[conversation.key]
        return True

    def before(self, key: str) -> int:
        return self.world.call("tombstone", lambda: self.world.tombstones.get(key, 0))

    def contacts(self, customer: str) -> list[str]:
        every = self.world.contacts.values()
        return self.world.call(
            "contacts", lambda: [c.chat.contact for c in every if c.customer == customer]
        )

    def forget(self, customer: str) -> None:
        def deleted() -> None:
            world = self.world
            world.history = {k: v for k, v in world.history.items() if v.customer != customer}
            world.contacts = {k: v for k, v in world.contacts.items() if v.customer != customer}
            for alias, whose in list(world.pointers_of.items()):
                if whose == customer and isinstance(world.conversations.get(alias), str):
                    del world.conversations[alias], world.pointers_of[alias]

        self.world.call("forget items", deleted)


class FakeFiles:
    def __init__(self, world: Surroundings) -> None:
        self.world = world

    def forget(self, prefix: str) -> None:
        def deleted() -> None:
            self.world.files = {name for name in self.world.files if not name.startswith(prefix)}

        self.world.call("forget files", deleted)


class FakeLetters:
    def __init__(self, world: Surroundings) -> None:
        self.world = world

    def forget(self, theirs: Callable[[DeadLetter], bool]) -> None:
        def deleted() -> None:
            for name, parked in list(self.world.parked.items()):
                body = json.dumps(asdict(parked))
                if theirs(DeadLetter(body, self.world.now)):
                    del self.world.parked[name]

        self.world.call("forget letters", deleted)


@dataclass
class EraseModel(InboundModel):
    """`known`: messages that were shown long before; `late`: those that arrive when all else is
    done; `stragglers`: how often somebody who had something of the customer in hand writes it
    between two calls; `letter`: a message of theirs lies in the dead letters."""

    known: tuple[Sent, ...] = ()
    late: tuple[Sent, ...] = ()
    stragglers: int = 0
    letter: Sent | None = None
    early_looks: int = 1
    due: int = 0
    seen_dedups: dict[str, int] = field(default_factory=dict)
    customers: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.everything = (*self.known, *self.messages, *self.late)
        super().__post_init__()
        self.world.between = self._between
        if self.letter:
            at = self.letter.at
            member = Member(
                wamid=self.letter.wamid, sent_at=at, received_at=at, text=self.letter.text
            )
            key = self.letter.keys[0]
            self.world.parked[self.letter.wamid] = Parked(
                reason="refused", conversation=key, members=[member], bodies={}
            )

    # --- what weakened twins replace ----------------------------------------------------------

    def personal(self) -> FakePersonal:
        return FakePersonal(self.world)

    def erase(self, **parts) -> Erase:
        return Erase(**parts)

    def letters(self) -> FakeLetters:
        return FakeLetters(self.world)

    def eraser(self, conversations, chat, to_agent):
        erase = self.erase(
            conversations=conversations,
            personal=self.personal(),
            to_agent=to_agent,
            chat=chat,
            files=[FakeFiles(self.world)],
            letters=self.letters(),
            outbox=self,
            clock=self.world.clock,
        )
        return lambda record, left: erase.handle(record.body, record.queued_at, left)

    # --- the course of things -----------------------------------------------------------------

    def send(self, entries: Sequence[Entry]) -> None:
        """Our own queue: drops a deduplication id for five minutes."""
        self.world.call("queue", lambda: [self._queued(entry) for entry in entries])

    def _queued(self, entry: Entry) -> None:
        if self.world.now - self.seen_dedups.get(entry.dedup, -FIVE_MINUTES) < FIVE_MINUTES:
            return
        self.seen_dedups[entry.dedup] = self.world.now
        look = Look(entry.dedup, keys=(entry.group,), entry=entry.body)
        self.queues.setdefault(entry.group, []).append(look)

    def run(self) -> None:
        for message in self.known:
            self.queues.setdefault(message.keys[0], []).insert(0, message)
            self._undisturbed(message.keys[0])
        super().run()
        for message in self.late:
            self.queues.setdefault(message.keys[0], []).append(message)
        self._drain()

    def _undisturbed(self, group: str) -> None:
        """Deliver the group's first message as on any other day."""
        faults, self.world.faults = self.world.faults, 0
        overlaps, self.overlaps = self.overlaps, 0
        rest, self.queues[group] = self.queues[group][1:], self.queues[group][:1]
        self._invoke(group)
        self.queues[group].extend(rest)
        self.world.faults, self.overlaps = faults, overlaps

    def _waiting(self) -> list[str]:
        """The second look may come too early, once: coming early for ever is no other path."""
        waiting = super()._waiting()
        looks = [key for key in waiting if isinstance(self.queues[key][0], Look)]
        others = [key for key in waiting if key not in looks]
        if not (others and looks):
            return waiting
        self.early_looks -= 1
        return waiting if self.early_looks >= 0 else others

    def _between(self) -> None:
        self._other_worker()
        self.customers |= {
            item.customer
            for item in self.world.conversations.values()
            if isinstance(item, Conversation)
        }
        old = self._erased_customers()
        looks = [each for queue in self.queues.values() for each in queue if isinstance(each, Look)]
        self.due = self.due or max((erasure.read(each.body).due for each in looks), default=0)
        if self.stragglers and old and self.world.now < self.due and self.chooser.choose(2):
            self.stragglers -= 1
            self._straggle(sorted(old)[0])

    def _straggle(self, customer: str) -> None:
        """A voice worker, say, writes what it had in hand, file and item."""
        self.world.files.add(f"inbound/{customer}/note")
        self.world.history["m1#voice"] = MessageRecord(
            id="m1#voice",
            conversation="bsuid",
            customer=customer,
            direction="in",
            kind="voice",
            text="words",
            sent_at=0,
            fate="",
        )

    def _erased_customers(self) -> set[str]:
        if not self.world.tombstones:
            return set()
        alive = {
            item.customer
            for item in self.world.conversations.values()
            if isinstance(item, Conversation)
        }
        return self.customers - alive

    def _arrive(self, record: Record) -> Queued:
        message = next(each for each in self.everything if each.wamid == record.body)
        arrival = Arrival(keys=message.keys, reply=Reply(origination_id="number", to="1"))
        member = Member(
            wamid=message.wamid, sent_at=message.at, received_at=message.at, text=message.text
        )
        return Queued(record.message_id, arrival, member, record.body)

    # --- the promises -------------------------------------------------------------------------

    def broken(self) -> str:
        wishes = [message for message in self.everything if isinstance(message, Wish)]
        wished = max((wish.at for wish in wishes), default=0)
        for message in self.everything:
            if isinstance(message, Wish):
                continue
            if message.at <= wished:
                problem = self._left_of(message)
            else:
                problem = "" if self.shown(message) or self._parked(message) else "I1 lost"
            if problem:
                return f"{problem}: {message.wamid}"
        if len(self.world.live_chats()) > 1:
            return "I3 two live chats"
        return self._left()

    def _left_of(self, message: Sent) -> str:
        """Where something of an erased message still is."""
        chats = self.shown(message)
        if any(not self.world.chats[contact].ended for contact in chats):
            return "E1 in a live chat"
        if message.wamid in self.world.history:
            return "E1 in the history"
        if any(message.wamid in name for name in self.world.parked):
            return "E1 in the dead letters"
        if any(contact in self.world.contacts for contact in chats):
            return "E1 its contact"
        return ""

    def _left(self) -> str:
        world = self.world
        if "m1#voice" in world.history or world.files:
            return "E1 a straggler's item"
        if self.letter and self.letter.wamid in world.parked:
            return "E1 a letter"
        for alias, target in world.conversations.items():
            if isinstance(target, str) and target not in world.conversations:
                return f"E1 a pointer: {alias}"
        return ""
