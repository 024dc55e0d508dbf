"""The inbound path over the model: the product's own worker, its queue, an agent who may leave."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.batches import Record
from chalicelib.bundles import Arrival, Queued
from chalicelib.content import Contents, ReadyContent
from chalicelib.conversation import Member, Part, Reply
from chalicelib.entries import InboundWork
from chalicelib.errors import UnreadableEvent
from chalicelib.showing import Showing, Work
from chalicelib.texts import Texts
from chalicelib.to_agent import ToAgent
from tests.model.chooser import Chooser
from tests.model.surroundings import (
    FakeChat,
    FakeConversations,
    FakeHistory,
    FakeQueues,
    Killed,
    Surroundings,
)

VISIBILITY = 120
SIX_HOURS = 6 * 3600
MINUTE = 60


@dataclass(frozen=True)
class Sent:
    """One customer message: its id, its own time, the sender's keys (strongest first).

    With `parts` it is a picture between two texts, or as many pieces in turn.
    """

    wamid: str
    at: int = 1_800_000_000
    keys: tuple[str, ...] = ("bsuid",)
    parts: int = 1

    @property
    def text(self) -> str:
        return f"<{self.wamid}>"

    @property
    def body(self) -> str:
        """What lies in the queue."""
        return self.wamid

    @property
    def pieces(self) -> tuple[str, ...]:
        """What must be seen of it, in order."""
        return tuple(f"{self.text}{n}" for n in range(self.parts)) if self.parts > 1 else ()

    def content(self) -> ReadyContent:
        """Every second piece is a file."""
        kinds = ("text", "attachment")
        return ReadyContent(
            ready=tuple(
                Part(
                    kind=kinds[n % 2], text="" if n % 2 else piece, name=piece, key=piece, body=b"x"
                )
                for n, piece in enumerate(self.pieces)
            )
        )


@dataclass
class InboundModel:
    """One path. `ends` and `repeats`: how often the agent leaves and an event comes again.

    `overlaps`: how often a worker of another group may run between two calls of a worker;
    `denials`: how often a living chat refuses our token.
    """

    chooser: Chooser
    messages: tuple[Sent, ...]
    faults: int = 0
    ends: int = 0
    repeats: int = 0
    overlaps: int = 0
    denials: int = 0
    max_receives: int = 100
    world: Surroundings = field(init=False)
    dead: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = Surroundings(self.chooser, faults=self.faults, denials=self.denials)
        self.world.between = self._other_worker
        self.busy: set[str] = set()
        self.queues: dict[str, list[Sent]] = {}
        self.received: dict[str, int] = {}
        for message in self.messages:
            self.queues.setdefault(message.keys[0], []).append(message)
        self.work = self.worker()

    # --- what weakened twins replace ----------------------------------------------------------

    def conversations(self) -> FakeConversations:
        return FakeConversations(self.world)

    def to_agent(self, **parts) -> ToAgent:
        return ToAgent(**parts)

    def worker(self) -> InboundWork:
        conversations, chat = self.conversations(), FakeChat(self.world)
        self.showing = Showing(
            chat=chat,
            conversations=conversations,
            contents=Contents(files=self._pieces, voice=_never, texts=Texts, late_after_s=10**9),
            read_media=_never,
            link=_never,
            texts=Texts,
            clock=self.world.clock,
        )
        to_agent = self.to_agent(
            conversations=conversations,
            history=FakeHistory(self.world),
            showing=self.showing,
            queues=FakeQueues(self.world),
            clock=self.world.clock,
            new_id=self.world.new_id,
        )
        return InboundWork(
            queues=None,  # only unreadable messages need it
            arrive=self._arrive,
            deliver=to_agent.deliver,
            abandon=to_agent.abandon,
            shown=lambda bundle: None,
            erase=self.eraser(conversations, chat, to_agent),
        )

    def eraser(self, conversations: FakeConversations, chat: FakeChat, to_agent: ToAgent):
        """What handles wishes to be forgotten; here nobody has one."""
        return lambda body, remaining_s: False

    # --- the course of things -----------------------------------------------------------------

    def run(self) -> None:
        """Until every queue is empty, then perhaps again with a repeat."""
        self._drain()
        while self.repeats and self.chooser.choose(2):
            self.repeats -= 1
            again = self.messages[self.chooser.choose(len(self.messages))]
            self.queues.setdefault(again.keys[0], []).append(again)
            self.world.now += SIX_HOURS if self.chooser.choose(2) else MINUTE
            self._drain()

    def _drain(self) -> None:
        for _ in range(40):
            waiting = self._waiting()
            if not waiting:
                return
            self._agent_may_leave()
            self._invoke(waiting[self.chooser.choose(len(waiting))])
        raise AssertionError(f"the queue never empties: {self.world.trace}")

    def _waiting(self) -> list[str]:
        """The groups that may be delivered next."""
        return [key for key, queue in self.queues.items() if queue]

    def _agent_may_leave(self) -> None:
        live = self.world.live_chats()
        if self.ends and live and self.chooser.choose(2):
            self.ends -= 1
            live[0].ended = True
            if self.chooser.choose(2):  # chat.ended may reach us now, or never
                self._tell_end(live[0].contact, live[0].attributes["conversation"])

    def _tell_end(self, contact: str, key: str) -> None:
        undisturbed, self.world.faults = self.world.faults, 0
        self.conversations().end(key, contact, self.world.now)
        self.world.faults = undisturbed

    def _other_worker(self) -> None:
        """Between two calls of a worker, one of another group may run from end to end."""
        others = [key for key, queue in self.queues.items() if queue and key not in self.busy]
        if self.busy and self.overlaps and others and self.chooser.choose(2):
            self.overlaps -= 1
            self._invoke(others[0])

    def _invoke(self, group: str) -> None:
        self.busy.add(group)
        try:
            self._run_worker(group)
        finally:
            self.busy.discard(group)

    def _run_worker(self, group: str) -> None:
        queue = self.queues[group]
        batch = queue[: len(queue) - self.chooser.choose(len(queue))]
        for message in batch:
            self.received[message.wamid] = self.received.get(message.wamid, 0) + 1
        try:
            records = self.work(self._records(batch), lambda: 15.0)
            failed = {record.message_id for record in records}
        except Killed:
            failed = {message.wamid for message in batch}
            self.world.now += VISIBILITY
        # A failed message comes back after its back-off; by then a released claim is free, and
        # one of a worker that died has outlived its lease.
        self.world.now += MINUTE if failed else 2
        gone = {message.wamid for message in batch} - failed
        self.queues[group] = [each for each in queue if each.wamid not in gone]
        self._move_dead(group)

    def _move_dead(self, group: str) -> None:
        """SQS itself, when a queue's maxReceiveCount is low: none of our code runs."""
        dead = [e for e in self.queues[group] if self.received.get(e.wamid, 0) >= self.max_receives]
        self.dead.extend(each.wamid for each in dead)
        self.queues[group] = [each for each in self.queues[group] if each not in dead]

    def _records(self, batch: list[Sent]) -> list[Record]:
        return [Record(each.wamid, "", each.body, each.keys[0], 1) for each in batch]

    def _arrive(self, record: Record) -> Queued:
        message = next(each for each in self.messages if each.wamid == record.body)
        arrival = Arrival(keys=message.keys, reply=Reply(origination_id="number", to="1"))
        media_id = "file" if message.parts > 1 else ""
        member = Member(
            wamid=message.wamid, sent_at=message.at, text=message.text, media_id=media_id
        )
        return Queued(record.message_id, arrival, member, record.body)

    def _pieces(self, _work, member: Member) -> ReadyContent:
        return next(each for each in self.messages if each.wamid == member.wamid).content()

    # --- the promises ---------------------------------------------------------------------------

    def shown(self, message: Sent) -> list[str]:
        """The chats that show this message, once for each time; its last piece stands for it."""
        wanted = message.pieces[-1] if message.pieces else message.text
        return [
            chat.contact
            for chat in self.world.chats.values()
            for text in chat.texts()
            if wanted in text
        ]

    def broken(self) -> str:
        """The first promise this path breaks, "" when all hold."""
        for message in self.messages:
            problem = self._broken_for(message)
            if problem:
                return f"{problem}: {message.wamid}"
        if len(self.world.live_chats()) > 1:
            return "I3 two live chats"
        return self._disorder()

    def _broken_for(self, message: Sent) -> str:
        places = self.shown(message)
        if not places and not (self._parked(message) and self._announced()):
            return "I1 lost"
        if self._pieces_disturbed(message):
            return "I2 pieces missing, twice or in disorder"
        if len(places) != len(set(places)):
            return "I2 twice in one chat"
        if len(places) > 1 and not self._marked_after_first(message, places):
            return "I2 in two chats, not marked"
        return ""

    def _pieces_disturbed(self, message: Sent) -> bool:
        """Each chat shows the pieces from the first on, each once; one shows them all."""
        every = []
        for chat in self.world.chats.values():
            found = [p for text in chat.texts() for p in message.pieces if p in text]
            every.append(found)
            if found != list(message.pieces[: len(found)]):
                return True
        whole = any(found == list(message.pieces) for found in every)
        return not (whole or self._parked(message))

    def _announced(self) -> bool:
        """The agent reads that something could not be shown."""
        every = [text for chat in self.world.chats.values() for text in chat.texts()]
        return any("could not be shown" in text for text in every)

    def _parked(self, message: Sent) -> bool:
        return any(message.wamid in key.split(",") for key in self.world.parked)

    def _marked_after_first(self, message: Sent, places: list[str]) -> bool:
        later = [self.world.chats[place] for place in places[1:]]
        first = message.pieces[0] if message.pieces else message.text
        closed = all(self.world.chats[place].ended for place in places[:-1])
        return closed and all(
            text.startswith("(repeated)")
            for chat in later
            for text in chat.texts()
            if first in text
        )

    def _disorder(self) -> str:
        """I4, for messages that waited together: in each chat by their own time."""
        if self.repeats or len({message.keys for message in self.messages}) > 1:
            return ""
        for chat in self.world.chats.values():
            positions = [self._position(chat.texts(), message) for message in self.messages]
            seen = [position for position in positions if position is not None]
            if seen != sorted(seen):
                return f"I4 disorder in {chat.contact}"
        return ""

    @staticmethod
    def _position(texts: list[str], message: Sent) -> tuple[int, int] | None:
        for index, text in enumerate(texts):
            if message.text in text:
                return index, text.index(message.text)
        return None


class KillingModel(InboundModel):
    """The message m1 kills whoever shows it."""

    def worker(self) -> InboundWork:
        work, show = super().worker(), self.showing.show

        def dies(job: Work) -> None:
            if any("m1" in member.wamid for member in job.pending.members):
                raise Killed
            show(job)

        self.showing.show = dies  # type: ignore[method-assign]
        return work


def _never(*args: object) -> bytes:
    raise UnreadableEvent("texts have no files", code=str(len(args)))


def run_all(make: Callable[[Chooser], InboundModel]) -> tuple[int, list[str]]:
    """Every path of a model: how many, and what was broken with its trace."""
    from tests.model.chooser import describe, paths

    broken: list[str] = []

    def run(chooser: Chooser) -> None:
        model = make(chooser)
        model.run()
        problem = model.broken()
        if problem:
            broken.append(f"{problem} | {describe(chooser.taken)} | {' '.join(model.world.trace)}")

    return paths(run), broken
