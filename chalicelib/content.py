"""What a bundle looks like to the agent: words, a file, or a voice note; decided by its members.

The claim holds all that is needed, so a bundle can be shown by whoever finds it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from chalicelib.bundles import MAX_CONTENT_BYTES, merged_text
from chalicelib.conversation import Conversation, Member, Part, Pending
from chalicelib.lateness import with_times
from chalicelib.texts import Texts
from chalicelib.whatsapp.split import split, utf8_size
from chalicelib.whatsapp.window import WINDOW_CLOSED, window_closes_at, window_open

if TYPE_CHECKING:
    from chalicelib.showing import Work

Say = Callable[[str], None]


class Content(Protocol):
    """`opening`: text a new chat starts with ("" = none), which is then the first part;
    `attributes`: what flows read instead of, or besides, `flow_attributes`."""

    @property
    def opening(self) -> str: ...

    @property
    def attributes(self) -> Mapping[str, str]: ...

    @property
    def fate(self) -> str: ...

    @property
    def token_space(self) -> str:
        """Keeps the tokens of different contents of one message apart (law 5)."""
        ...

    def parts(self, say: Say) -> Sequence[Part]:
        """Everything the agent sees, the opening included. `say` posts a notice meanwhile."""
        ...

    def marked(self, mark: str) -> "Content":
        """The same content, visibly marked, for a chat that may show it again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyContent:
    """Content whose parts are known at once."""

    ready: tuple[Part, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    fate: str = "delivered"
    token_space: str = ""

    @property
    def opening(self) -> str:
        first = fitting(self.ready[:1])[:1]
        return first[0].text if first and first[0].kind == "text" else ""

    def parts(self, say: Say) -> Sequence[Part]:  # noqa: ARG002  (nothing to wait for)
        return fitting(self.ready)

    def marked(self, mark: str) -> "ReadyContent":
        if not self.opening:
            return replace(self, ready=(Part(kind="text", text=mark), *self.ready))
        first = replace(self.ready[0], text=f"{mark} {self.ready[0].text}")
        return replace(self, ready=(first, *self.ready[1:]))


def fitting(parts: Sequence[Part]) -> Sequence[Part]:
    """The same parts, a text that is longer than one Connect message in several."""
    if all(utf8_size(part.text) <= MAX_CONTENT_BYTES for part in parts):
        return parts
    return tuple(piece for part in parts for piece in _pieces(part))


def _pieces(part: Part) -> Sequence[Part]:
    if utf8_size(part.text) <= MAX_CONTENT_BYTES:
        return (part,)
    return tuple(
        replace(part, text=text) for text in split(part.text, MAX_CONTENT_BYTES, utf8_size)
    )


def text_content(pending: Pending) -> ReadyContent:
    """Words: several messages that waited together in one piece, one very long one in several."""
    words = Part(kind="text", text=merged_text(pending.members))
    return ReadyContent(ready=(words,))


def response_content(work: "Work", member: Member) -> ReadyContent:
    """A choice out of what our side offered: the answer itself where that chat is still open."""
    response = member.response if work.conversation.live else ""
    return ReadyContent(ready=(Part(kind="text", text=member.text, response=response),))


def parked_content(pending: Pending, texts: Texts) -> ReadyContent:
    """The placeholder of a message that lies in the dead-letter queue."""
    first = pending.members[0]
    sent = datetime.fromtimestamp(first.sent_at, UTC).strftime("%H:%M UTC")
    line = texts.get("notice.parked", kind=first.kind, sent=sent)
    return ReadyContent(
        ready=(Part(kind="text", text=line),),
        attributes={"messageType": "parked"},
        fate="parked",
        token_space="park",  # noqa: S106  (not a secret)
    )


def flow_attributes(conversation: Conversation, pending: Pending) -> dict[str, str]:
    """The contact attributes a flow reads; Connect refuses empty values, so none is empty."""
    members, first = pending.members, pending.members[0]
    base = {
        "channel": "whatsapp",
        "messageType": first.kind,
        "voiceNoteId": first.wamid if first.kind == "voice" else "none",
        "language": conversation.language or "unknown",
        "customerName": conversation.name or "unknown",
        **window_attributes(pending.wrote_at, pending.claimed_at),
    }
    extra = {name: value for member in members for name, value in member.attributes if value}
    return {**extra, **base}


def window_attributes(wrote_at: int, now: int) -> dict[str, str]:
    """Until when anything but a template may be sent, if the customer writes no more."""
    closes = window_closes_at(wrote_at)
    end = f"{datetime.fromtimestamp(closes, UTC):%Y-%m-%dT%H:%M:%SZ}" if closes else "unknown"
    closed = "no" if window_open(wrote_at, now) else "yes"
    return {"whatsappWindowClosesAt": end, WINDOW_CLOSED: closed}


class Contents:
    """Chooses the content of a bundle. `files` and `voice` know media and voice notes.

    `late_after_s`: seconds on the way after which a message says so.
    """

    def __init__(
        self,
        *,
        files: Callable[["Work", Member], Content],
        voice: Callable[["Work", Member], Content],
        texts: Callable[[str], Texts],
        late_after_s: int,
    ) -> None:
        self._files = files
        self._voice = voice
        self._texts = texts
        self._late_after_s = late_after_s

    def of(self, work: "Work") -> Content:
        """The content of a claimed bundle; files are in the bucket when this returns."""
        texts = self._texts(work.conversation.language)
        pending = with_times(work.pending, work.conversation, texts, self._late_after_s)
        members = pending.members
        if members[0].kind == "voice" and members[0].media_id:
            return self._voice(work, members[0])
        if members[0].media_id:
            return self._files(work, members[0])
        if members[0].response:
            return response_content(work, members[0])
        return text_content(pending)

    def parked(self, work: "Work") -> Content:
        """The placeholder shown for a bundle that was parked."""
        return parked_content(work.pending, self._texts(work.conversation.language))
