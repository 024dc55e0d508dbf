"""What waited together travels together: messages of one customer -> bundles, in order. Pure.

Sorted by WhatsApp's timestamp; consecutive texts become one Connect message, because every
Connect message is billed; anything else stands alone. Texts are merged only while they fit into
one message, and as many as can be recorded, or parked, in one piece.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.conversation import Conversation, Member, Reply

# SendMessage and InitialMessage content: 1..16,384 bytes (botocore 1.44.5 connectparticipant).
MAX_CONTENT_BYTES = 16_384
MAX_MEMBERS = 10  # a batch of SQS; DynamoDB records at most 100 items in one transaction
MAX_EVENTS = 300_000  # characters: parked together they have to fit into one letter of 1 MiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Who wrote, as this event says it. `keys`: conversation keys, strongest identifier first.

    `moved`: the event says that the customer is reached otherwise from now on.
    """

    keys: tuple[str, ...]
    reply: Reply
    name: str = ""
    language: str = ""
    moved: bool = False

    @property
    def key(self) -> str:
        return self.keys[0]


@dataclass(frozen=True, slots=True)
class Queued:
    """One message of a batch. `receipt`: the queue's message id; `body`: what lay in the queue."""

    receipt: str
    arrival: Arrival
    member: Member
    body: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Messages that are shown to the agent as one piece of work. `beside`: what else of this
    customer was in the batch: whoever finishes an older claim of it first can park that, too."""

    queued: tuple[Queued, ...]
    beside: tuple[Queued, ...] = ()

    @property
    def arrival(self) -> Arrival:
        """The newest word on who wrote."""
        return self.queued[-1].arrival

    @property
    def bodies(self) -> dict[str, str]:
        """What lay in the queue, by wamid: a parked message can be sent again unchanged."""
        return {item.member.wamid: item.body for item in (*self.beside, *self.queued)}

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(item.member for item in self.queued)

    @property
    def receipts(self) -> tuple[str, ...]:
        return tuple(item.receipt for item in self.queued)


@dataclass(frozen=True, slots=True)
class Owed:
    """What we still owe the agent of message `wamid`. `receipt`: the queue's id of the entry that
    says so; `again`: how often an operator sent it again."""

    wamid: str
    receipt: str
    again: int = 0


def follow_up(conversation: Conversation, member: Member, receipt: str) -> Bundle:
    """Something of ours that belongs to a conversation we know: a late card, a late file."""
    arrival = Arrival(
        keys=(conversation.key,),
        reply=conversation.reply,
        name=conversation.name,
        language=conversation.language,
    )
    return Bundle((Queued(receipt, arrival, member),))


def is_text(member: Member) -> bool:
    """True when the member is words alone, with no file or choice behind it."""
    return not (member.media_id or member.response)


def merged_text(members: Iterable[Member]) -> str:
    """The one text that stands for these members."""
    return "\n".join(member.text for member in members)


def plan(queued: Sequence[Queued]) -> list[Bundle]:
    """Bundles in the order in which the agent should see them."""
    bundles: list[list[Queued]] = []
    every = unique(queued)
    for item in sorted(every, key=lambda each: each.member.sent_at):
        if bundles and _fits(bundles[-1], item):
            bundles[-1].append(item)
        else:
            bundles.append([item])
    beside = tuple(every) if len(bundles) > 1 else ()
    return [Bundle(tuple(items), beside) for items in bundles]


def unique(queued: Iterable[Queued]) -> list[Queued]:
    """The same messages without repeats of one wamid; a repeat keeps no place of its own."""
    seen: dict[str, Queued] = {}
    for item in queued:
        seen.setdefault(item.member.done_id, item)
    return list(seen.values())


def _fits(bundle: Sequence[Queued], item: Queued) -> bool:
    together = sum(len(each.body) for each in (*bundle, item))
    if len(bundle) >= MAX_MEMBERS or together > MAX_EVENTS:
        return False
    members = [each.member for each in bundle]
    if not all(is_text(member) for member in (*members, item.member)):
        return False
    if any(member.redrive for member in (*members, item.member)):
        return False
    return len(merged_text([*members, item.member]).encode()) <= MAX_CONTENT_BYTES
