"""Conversation: a customer, their Connect chat, and the work in hand. Pure; returns decisions.

The rules are those of the message protocol: claim -> effect -> record. A *pending* is a claim
that is not recorded yet; whoever finds one finishes it first, with the members, text and tokens
it was claimed with. What is merged is fixed by the claim (law 2).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from chalicelib.ring import Ring, entry
from chalicelib.whatsapp.window import CLOCKS_DIFFER_SECONDS

PartKind = Literal["text", "attachment"]
# SA-67: more than this many pieces a minute for the agent are held, and merge while they wait.
RECENT_KEPT = 10
RATE_SECONDS = 60
LATE_FILE, LATE_CARD = "#file", "#card"  # ends of the ids under which these are shown, once
GIVEN_UP = "#given-up"  # stands before them when the agent is told that they do not come
LATE_RUN = "#run"  # stands before a card's when its note was understood so many times
REPLY_SOURCE = "replySource"  # attribute of a tapped button or row
UNKNOWN_TYPE = "unknownType"  # attribute of a message whose kind, or kind of answer, is new
MAX_ATTEMPTS = 3  # protocol law 9: at the third crash or permanent refusal the message is parked
# Law 6: someone else's claim may be taken over only when its worker cannot be alive any more:
# function timeout (20 s, design section 9) + the longest client timeout (10 s, wiring_doors.py).
TAKEOVER_AFTER_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing the agent sees: a text, or a file that lies in the media bucket under `key`.

    `body`: the file itself when it is at hand, so that it is not read again; `response`: what
    answers an interactive message of ours (JSON), where the chat takes it, in place of `text`.
    """

    kind: PartKind
    text: str = ""
    key: str = ""
    name: str = ""
    content_type: str = ""
    body: bytes = b""
    response: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One WhatsApp message of a bundle, with all that is needed to show it later.

    `sent_at`: WhatsApp's time, epoch seconds (0 unknown); `received_at`: when it reached AWS, by
    AWS's clock (0 unknown); `text`: what the agent reads;
    `attributes`: what the contact flow reads; `redrive`: how often an operator sent it again;
    `response`: the answer to an interactive message of ours, as Connect's JSON; `placeholder`:
    `text` stands for something that nobody could pass on or show.
    """

    wamid: str
    sent_at: int
    kind: str = "text"
    text: str = ""
    media_id: str = ""
    mime: str = ""
    filename: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    redrive: int = 0
    response: str = ""
    placeholder: bool = False
    received_at: int = 0

    @property
    def done_id(self) -> str:
        """The id under which this message counts as done; each redrive has its own."""
        return f"{self.wamid}#r{self.redrive}" if self.redrive else self.wamid

    @property
    def written_by(self) -> int:
        """By when the customer had surely written it, epoch seconds, 0 when nothing tells."""
        return written_by(self.sent_at, self.received_at)

    @property
    def is_choice(self) -> bool:
        """Whether it is a tapped button or row."""
        return any(name == REPLY_SOURCE for name, _ in self.attributes)

    @property
    def follows_up(self) -> bool:
        """Whether it is ours: what we still owed of a message shown before."""
        return self.wamid.endswith((LATE_FILE, LATE_CARD))

    @property
    def keeps_raw(self) -> bool:
        """Whether the history keeps what came, because nobody could show all of it."""
        return self.placeholder or any(name == UNKNOWN_TYPE for name, _ in self.attributes)

    @property
    def ring_entry(self) -> str:
        return entry(self.done_id, self.sent_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A claim: what is being shown to the agent right now.

    `since`: when its present worker began, epoch seconds, 0 when released; `claimed_at`: when the
    work was first claimed, never changed; `repeat`: a chat that is over may have shown it.
    """

    id: str
    members: tuple[Member, ...]
    since: int
    claimed_at: int
    attempts: int = 1
    repeat: bool = False

    @property
    def wrote_at(self) -> int:
        """When the customer wrote the newest of them, epoch seconds, 0 unknown; at the latest when
        it was claimed: a time to come is that of a wrong clock."""
        return min(max(member.sent_at for member in self.members), self.claimed_at)

    @property
    def wamids(self) -> tuple[str, ...]:
        return tuple(member.done_id for member in self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Where answers go, exactly as received: `to` a phone number, `recipient` a BSUID."""

    origination_id: str
    to: str = ""
    recipient: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChat:
    """A chat contact we opened. `contact` is the InitialContactId; tokens are secrets.

    `connected_until`: when the connection token expires, epoch seconds.
    """

    contact: str
    participant_token: str = ""
    connection_token: str = ""
    connected_until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The conversation item (protocol section 3).

    `last` and `beyond`: Connect's id of our last text in the chat, and how many items of ours
    stand behind it (an attachment has no id when it is sent); `wrote_at`: the customer's last
    message, epoch seconds; `aliases`: the other keys that point here; `recent`: when we last
    showed something, epoch seconds, oldest first; `newest`: wamid of the customer's last message;
    `erased_before`: what the customer wrote up to then was erased on request, epoch seconds.
    """

    key: str
    customer: str
    reply: Reply
    name: str = ""
    language: str = ""
    chat: OpenChat | None = None
    ended: str = ""
    ended_at: int = 0
    opened: int = 0
    done: Ring = field(default_factory=Ring)
    last: str = ""
    beyond: int = 0
    wrote_at: int = 0
    aliases: tuple[str, ...] = ()
    recent: tuple[int, ...] = ()
    newest: str = ""
    erased_before: int = 0
    pending: Pending | None = None

    @property
    def live(self) -> bool:
        """True while the chat we know has not been reported as ended."""
        return self.chat is not None and self.ended != self.chat.contact


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """One line of history, written by the record step. `fate`: delivered, placeholder, parked.

    Of our own messages also the JSON we sent (`body`, without callback data) and the role of the
    writer; of a placeholder what lay in the queue (`raw`).
    """

    id: str
    conversation: str
    customer: str
    direction: Literal["in", "out"]
    kind: str
    text: str
    sent_at: int
    fate: str
    contact: str = ""
    media_key: str = ""
    code: str = ""
    body: str = ""
    role: str = ""
    raw: str = ""


def token(*parts: object) -> str:
    """A deterministic ClientToken (law 5): the same work has the same token on every attempt."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()


def part_token(wamids: Sequence[str], part: int | str, contact: str) -> str:
    """Token of one part of a bundle in one chat."""
    return token("part", *wamids, part, contact)


def opening_token(wamids: Sequence[str], opened: int) -> str:
    """Token of the StartChatContact that a bundle causes; `opened` counts chats so far."""
    return token("open", *wamids, opened)


def without_done(members: Iterable[Member], done: Ring) -> tuple[Member, ...]:
    """The members that have not been finished yet."""
    return tuple(member for member in members if member.ring_entry not in done)


def uncertain(members: Iterable[Member], done: Ring) -> tuple[Member, ...]:
    """Members so old that only their message item can tell whether they are done (law 4)."""
    return tuple(
        member
        for member in members
        # The time alone nearly always tells; the entry has to be hashed.
        if member.sent_at <= done.forgotten_until and done.may_have_forgotten(member.ring_entry)
    )


def written_by(sent_at: int, received_at: int) -> int:
    """By when a message was surely written, epoch seconds, 0 when nothing tells.

    When it reached AWS proves that. WhatsApp's own time, whose clock may be behind, does so ten
    minutes later; where it is later by more than clocks differ, the other one is wrong.
    """
    if not sent_at:
        return received_at
    by_whatsapp = sent_at + CLOCKS_DIFFER_SECONDS
    if not received_at or received_at < sent_at - CLOCKS_DIFFER_SECONDS:
        return by_whatsapp
    return min(received_at, by_whatsapp)


def not_erased(members: Iterable[Member], erased_before: int) -> tuple[Member, ...]:
    """The members that the customer wrote after asking to be forgotten.

    One without a time counts as new: every message reaches an agent, unless it surely is old.
    """
    return tuple(member for member in members if not 0 < member.written_by <= erased_before)


def may_take_over(since: int, now: int) -> bool:
    """True when the worker of a claim made at `since` is surely gone, or has released it (0)."""
    return now - since >= TAKEOVER_AFTER_SECONDS


def taken_over(pending: Pending, new_id: str, now: int) -> Pending:
    """The same work under a new claim id; the attempt is counted (law 9).

    What broke three times although it holds several messages goes on with the first one alone: one
    of them is to blame, and the others are still in their queue.
    """
    mine = replace(pending, id=new_id, since=now, attempts=pending.attempts + 1)
    if must_park(mine) and len(mine.members) > 1:
        return replace(mine, members=mine.members[:1], attempts=1)
    return mine


def blamed(pending: Pending) -> Pending:
    """A claim that broke our code, as it is given back: of several messages one is to blame, and
    that is found out at once."""
    return replace(pending, attempts=MAX_ATTEMPTS) if len(pending.members) > 1 else pending


def too_fast(conversation: Conversation, now: int) -> bool:
    """True when this customer has had a minute's share: hold what waits, so that it merges.

    A minute that is still to come was written by a machine whose clock is wrong, and holds nobody.
    """
    recent = conversation.recent
    return len(recent) >= RECENT_KEPT and abs(now - recent[-RECENT_KEPT]) < RATE_SECONDS


def must_park(pending: Pending) -> bool:
    """True after the third crash: straight to the dead letters, touching nothing else."""
    return pending.attempts > MAX_ATTEMPTS


def maybe_shown_before(
    conversation: Conversation, pending: Pending, *, taken_over: bool = True
) -> bool:
    """True when a closed chat may have shown this bundle already (promise I2, "repeated").

    Of work that was taken over: its chat was open at some time after the claim.
    """
    if pending.repeat or conversation.chat is None or not taken_over:
        return pending.repeat
    return conversation.live or conversation.ended_at >= pending.claimed_at
