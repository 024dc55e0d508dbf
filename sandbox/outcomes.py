"""What became of each piece of a payload, judged by the desk, the stores and the queues."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chalicelib.contact import read_callback
from chalicelib.gateways.items import MessageItem
from chalicelib.whatsapp import statuses
from chalicelib.whatsapp.messages import AccountEvent, DeliveryStatus, InboundMessage
from chalicelib.whatsapp.to_chat import NOTICE_MARK
from chalicelib.whatsapp.webhook import Piece, parse
from sandbox.desk import Agent, DeskLine
from sandbox.recorded import MEDIA_KINDS, Json, Recorded, objects, scalar
from sandbox.said import said, squeezed
from sandbox.world import World

Fate = Literal["delivered", "placeholder", "status", "event", "dead_letter", "lost"]
# Kinds that hold no content of the customer: naming them is all that can be done.
NAMED_ONLY = ("unsupported", "errors", "unknown")
DEAD_LETTERS = (
    "dead-letters.fifo",
    "whatsapp-events-dlq",
    "inbound-dlq.fifo",
    "outbound-dlq.fifo",
    "voice-notes-dlq.fifo",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One line of the report. `why` says what is missing when the fate is "lost"."""

    file: str
    wamid: str
    kind: str
    fate: Fate
    agent_text: str = ""
    attachments: list[Json] = field(default_factory=list)
    why: str = ""

    def as_json(self) -> Json:
        """The line as printed; `why` only where there is a reason."""
        line: Json = {
            "file": self.file,
            "wamid": self.wamid,
            "kind": self.kind,
            "fate": self.fate,
            "agent_text": self.agent_text,
            "attachments": self.attachments,
        }
        return {**line, "why": self.why} if self.why else line


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What can be seen from outside after a payload was fed."""

    world: World
    agents: Sequence[Agent]
    before: dict[str, int]
    metrics: Counter[str]
    idle: bool

    @staticmethod
    def marks(world: World, agent: Agent) -> dict[str, int]:
        """How many lines each chat shows now."""
        return {chat.id: len(agent.desk_view(chat)) for chat in world.chats}

    @staticmethod
    def record_of(wamid: str) -> str:
        """The key of the record of a message we are supposed to have sent."""
        return f"replayed {wamid}"

    def item(self, key: str) -> Any:
        """An item of the messages table, None when there is none."""
        return self.world.app.db.get(MessageItem, key)

    def new_lines(self, contact: str) -> list[DeskLine]:
        """What the customer's side has added to the chat of a contact.

        The chat is one that an agent took, or one that its flow has ended by itself: its
        transcript is read in the contact's record.
        """
        chat = self.world.chats.find(contact)
        if chat is None or not (chat.is_over or chat.current.agent):
            return []
        lines = self.agents[0].desk_view(chat)[self.before.get(chat.id, 0) :]
        return [line for line in lines if line.role == "CUSTOMER"]

    def dead_letters(self) -> list[Json]:
        """The bodies of everything parked or moved aside."""
        queues = self.world.sqs.queues
        bodies = [one.body for name in DEAD_LETTERS for one in queues[name].messages.values()]
        return [body if isinstance(body, dict) else {} for body in map(json.loads, bodies)]

    def is_kept_whole(self, wamid: str) -> bool:
        """Whether the operator has all of a message that the agent got shortened."""
        return any(
            str(letter.get("reason")).startswith("too large") and wamid in str(letter.get("body"))
            for letter in self.dead_letters()
        )

    def is_parked(self, wamid: str) -> bool:
        """Whether a message lies with the operator."""
        return any(
            scalar(member.get("wamid")) == wamid
            for letter in self.dead_letters()
            for member in objects(letter.get("members"))
        )


def judge(recorded: Recorded, pieces: list[Piece] | None, evidence: Evidence) -> list[Outcome]:
    """One outcome a piece. `pieces` is None for an event the product cannot read."""
    if pieces is None:
        return [_unreadable(recorded, evidence)]
    shown = _shares(pieces, evidence)
    outcomes = []
    for piece in pieces:
        parsed = parse(piece.payload)
        if isinstance(parsed, InboundMessage):
            outcomes.append(_message(recorded, parsed, shown[parsed.wamid], evidence))
        elif isinstance(parsed, DeliveryStatus):
            outcomes.append(_status(recorded, piece, parsed, evidence))
        else:
            outcomes.append(_event(recorded, parsed, pieces, evidence))
    return [*outcomes, *_overlooked(recorded, outcomes)]


def _wamid(message: Json) -> str:
    return scalar(message.get("id"))


def _as_written(recorded: Recorded, wamid: str) -> str:
    """The id in the file: two messages under one id are told apart by a number (webhook.split)."""
    written = {_wamid(message) for _, message in recorded.messages()}
    return wamid if wamid in written else wamid.rpartition("#")[0] or wamid


def _unreadable(recorded: Recorded, evidence: Evidence) -> Outcome:
    parked = any("body" in letter for letter in evidence.dead_letters())
    return Outcome(
        file=recorded.file,
        wamid="",
        kind="unreadable",
        fate="dead_letter" if parked else "lost",
        why="" if parked else "an unreadable event left no dead letter",
    )


def _message(
    recorded: Recorded, message: InboundMessage, lines: list[DeskLine], seen: Evidence
) -> Outcome:
    text = "\n".join(line.text for line in lines if line.body is None and not _is_notice(line))
    files = [line.as_json() for line in lines if line.body is not None]
    fate, why = _fate_of(message, text, files, seen)
    return Outcome(
        file=recorded.file,
        wamid=_as_written(recorded, message.wamid),
        kind=message.kind,
        fate=fate,
        agent_text=text,
        attachments=files,
        why=why,
    )


def _fate_of(
    message: InboundMessage, text: str, files: list[Json], seen: Evidence
) -> tuple[Fate, str]:
    if seen.is_parked(message.wamid):
        return "dead_letter", ""
    item = seen.item(message.wamid)
    if item is None or not item.fate:
        return "lost", "no record in the history" if seen.idle else "still in a queue"
    if not (text or files):
        return "lost", "nothing on the desk"
    if message.kind in NAMED_ONLY or item.fate == "placeholder":
        return "placeholder", ""
    unseen = [words for words in said(message.raw) if squeezed(words) not in squeezed(text)]
    if unseen and seen.is_kept_whole(message.wamid):
        return "placeholder", ""
    if unseen:
        return "lost", f"{len(unseen)} of the customer's words or fields are not on the desk"
    if _has_file(message.raw) and not files and "http" not in text:
        return "lost", "the file is neither attached nor linked"
    return "delivered", ""


def _is_notice(line: DeskLine) -> bool:
    """A word of the product's own, e.g. that the greeting could not be sent any more."""
    return line.text.startswith(NOTICE_MARK)


def _has_file(raw: Json) -> bool:
    parts = [raw.get(kind) for kind in MEDIA_KINDS]
    return any(isinstance(part, dict) and scalar(part.get("id")) for part in parts)


def _status(recorded: Recorded, piece: Piece, status: DeliveryStatus, seen: Evidence) -> Outcome:
    callback = read_callback(piece.callback_data)
    key = callback.record if callback else Evidence.record_of(status.wamid)
    item = seen.item(key)
    stored = (item.status or "") if item else ""
    unmatched = not status.wamid and seen.metrics["StatusUnmatched"] > 0
    kept = bool(stored) and statuses.rank(stored) >= statuses.rank(status.status)
    return Outcome(
        file=recorded.file,
        wamid=status.wamid,
        kind=status.status,
        fate="status" if kept or unmatched else "lost",
        why="" if kept or unmatched else "the status is not in the history",
    )


def _event(recorded: Recorded, event: AccountEvent, pieces: list[Piece], seen: Evidence) -> Outcome:
    expected = sum(piece.kind == "account" for piece in pieces)
    counted = seen.metrics["AccountEvents"] >= expected
    return Outcome(
        file=recorded.file,
        wamid="",
        kind=event.field or "event",
        fate="event" if counted else "lost",
        why="" if counted else "the event was not counted for the operator",
    )


def _overlooked(recorded: Recorded, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """What stands in the file and became no piece at all."""
    known = Counter(outcome.wamid for outcome in outcomes)
    there = Counter(_wamid(message) for _, message in recorded.messages())
    there.update(_wamid(status) for status in recorded.statuses())
    return [
        Outcome(
            file=recorded.file, wamid=wamid, kind="?", fate="lost", why="it became no piece at all"
        )
        for wamid, count in (there - known).items()
        if wamid
        for _ in range(count)
    ]


# --- which line of a desk belongs to which message ---------------------------------------------


def _shares(pieces: Sequence[Piece], evidence: Evidence) -> dict[str, list[DeskLine]]:
    """The new lines of each message, by wamid; those of one chat are shared out among its own."""
    wamids = list(dict.fromkeys(piece.wamid for piece in pieces if piece.kind == "message"))
    items = {wamid: evidence.item(wamid) for wamid in wamids}
    shares: dict[str, list[DeskLine]] = {wamid: [] for wamid in wamids}
    contacts = {item.contact for item in items.values() if item and item.contact}
    for contact in contacts:
        mine = {w: item for w, item in items.items() if item and item.contact == contact}
        lines = evidence.new_lines(contact)
        if len(mine) == 1:
            shares[next(iter(mine))] = lines
        else:
            _share_out(lines, mine, shares)
    return shares


def _share_out(
    lines: Sequence[DeskLine], items: dict[str, Any], shares: dict[str, list[DeskLine]]
) -> None:
    """A text belongs to the messages whose recorded words are in it; a file to the message with
    a file whose words came before, or to the next one that had no words."""
    waiting = [wamid for wamid, item in items.items() if item.media_key]
    latest = ""
    for line in lines:
        if line.body is None:
            owners = [wamid for wamid, item in items.items() if _is_in(item.text or "", line.text)]
            latest = owners[-1] if owners else latest
        else:
            owners = [latest if latest in waiting else next(iter(waiting), latest)]
            waiting = [wamid for wamid in waiting if wamid not in owners]
        for wamid in owners:
            shares.setdefault(wamid, []).append(line)


def _is_in(recorded: str, line: str) -> bool:
    return bool(recorded) and (recorded in line or line in recorded)
