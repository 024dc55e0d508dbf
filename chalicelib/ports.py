"""What the use cases need from the outside, in our words. `gateways/` implements each of these.

Every method may raise a `ServiceError` of `errors.py`; what else it raises stands with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chalicelib.contact import ContactItem, OutboundPending
from chalicelib.conversation import (
    Conversation,
    Member,
    MessageRecord,
    OpenChat,
    Pending,
    Reply,
)
from chalicelib.media_types import MediaType
from chalicelib.transcript import Transcript
from chalicelib.voice_note import VoiceNote

if TYPE_CHECKING:  # pydantic is not needed to show a text
    from chalicelib.ai_answers import Structuring
    from chalicelib.prompt import StructuringContext
    from chalicelib.routing import Entry


@dataclass(frozen=True, slots=True)
class Claimed:
    """The claim succeeded; the item as it is now, our pending included."""

    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Refused:
    """The claim was refused; what stands there: a conversation, a pointer to one, or nothing."""

    conversation: Conversation | None = None
    pointer: str = ""


class Conversations(Protocol):
    """Conversations and their aliases (protocol sections 3 and 4)."""

    def claim(self, key: str, pending: Pending) -> Claimed | Refused:
        """Set `pending` unless another is there or a member is done; returns the item."""
        ...

    def create(self, new: Conversation) -> str:
        """Create the conversation and a pointer for each of its aliases, or nothing.

        Returns "" when created, else the key of the conversation that exists already.
        """
        ...

    def point(self, alias: str, key: str) -> None:
        """Make `alias` a pointer to the conversation `key`, unless it is taken."""
        ...

    def move(self, alias: str, key: str) -> None:
        """As `point`, also when it points elsewhere; a conversation of its own stays one."""
        ...

    def readdress(self, conversation: Conversation, reply: Reply) -> None:
        """Answers of this conversation and of its chat go to `reply` from now on."""
        ...

    def load(self, key: str) -> Conversation | None: ...

    def take_over(self, key: str, found: Pending, mine: Pending) -> bool:
        """Replace the pending `found` by `mine`; False when somebody else was faster."""
        ...

    def release(self, key: str, pending: Pending) -> None:
        """Give the claim back after a refusal: free to take over, the attempt not counted."""
        ...

    def drop_claim(self, key: str, pending: Pending) -> None:
        """Remove a claim whose members turned out to be done."""
        ...

    def opened_again(self, key: str, pending: Pending, opened: int) -> None:
        """Count one more opening, so that the next StartChatContact has a new token.

        Stores `pending.repeat` as well: the chat before may have shown the bundle.
        """
        ...

    def record(
        self,
        before: Conversation,
        pending: Pending,
        after: Conversation,
        history: Sequence[MessageRecord],
    ) -> bool:
        """End the claim: ring, chat, last item and history in one transaction.

        Returns False when the claim is no longer ours (somebody took it over).
        """
        ...

    def end(self, key: str, contact: str, at: int) -> None:
        """Mark the chat `contact` as ended, if it is still the conversation's chat (law 3)."""
        ...


class Contacts(Protocol):
    """Contact items: the way back from Connect to the customer (protocol section 5)."""

    def claim(self, contact: str, pending: OutboundPending) -> ContactItem | None:
        """Set `pending` unless another is there or it is done.

        Returns the item as it stands (its `pending.id` tells whether the claim is ours), or None
        when the contact is not known yet.
        """
        ...

    def create(self, item: ContactItem) -> None:
        """Create the item unless it exists."""
        ...

    def load(self, contact: str) -> ContactItem | None: ...

    def take_over(self, contact: str, found: OutboundPending, mine: OutboundPending) -> bool: ...

    def drop_claim(self, contact: str, found: OutboundPending) -> None:
        """Remove a claim without calling its event done."""
        ...

    def progress(self, contact: str, mine: OutboundPending) -> None:
        """Store where the claim stands, e.g. the next part, before it is sent."""
        ...

    def record(
        self,
        item: ContactItem,
        pending: OutboundPending,
        history: Sequence[MessageRecord],
        message_ids: Mapping[str, str],
    ) -> bool:
        """End the claim in one transaction. `message_ids`: provider's ids by history id."""
        ...

    def renew(self, chat: OpenChat) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate:
    """A delivery status to store: rank only moves forward."""

    record: str
    attempt: int
    status: str
    rank: int
    at: int
    error: str = ""
    pricing: str = ""
    wamid: str = ""


@dataclass(frozen=True, slots=True)
class SavedStatus:
    """Whether the status was news; who wrote the message (AGENT, SYSTEM, ...) in which contact.

    Role and contact are "" until the message is recorded.
    """

    moved: bool
    role: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNote:
    """A voice note with what is needed to go on with it.

    `languages`: likely ISO 639-1 codes; `working_since`: when somebody last worked on it, epoch
    seconds; `handed_over`: it is with the slow queue, and the agent has the audio already.
    """

    note: VoiceNote
    conversation: str
    customer: str
    origination_id: str
    languages: tuple[str, ...] = ()
    working_since: int = 0
    handed_over: bool = False
    tries: int = 0
    sent_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A customer's file that could not be fetched yet; `tries` so far by the slow queue."""

    wamid: str
    conversation: str
    customer: str
    origination_id: str
    kind: str
    media_id: str
    filename: str = ""
    sent_at: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier message: kind, text (may be ""); of ours also the JSON sent and who wrote it."""

    kind: str
    text: str
    body: str = ""
    role: str = ""


class Messages(Protocol):
    """History, statuses and voice notes, one item a message."""

    def earlier(self, wamid: str) -> Earlier | None:
        """A message of either side that another one refers to, None when it is not known."""
        ...

    def first_time(self, key: str, conversation: str, customer: str) -> bool:
        """Note that something was done; False when it had been noted before."""
        ...

    def load_file(self, wamid: str) -> StoredFile | None: ...

    def save_file(self, file: StoredFile) -> None:
        """Write the file's state onto its message item, leaving the rest of the item alone."""
        ...

    def fate(self, message: str) -> str:
        """How the message ended ("" when nothing is recorded)."""
        ...

    def status_of(self, record: str) -> tuple[str, int]:
        """The furthest status of an outbound part and the attempt it belongs to, or ("", 0)."""
        ...

    def record_of(self, message_id: str) -> str:
        """The outbound part the provider knows under `message_id`, "" when none."""
        ...

    def save_status(self, update: StatusUpdate) -> SavedStatus:
        """Store a status unless a later one is there already."""
        ...

    def contact_of(self, record: str) -> str:
        """The contact an outbound part came from, "" when it is not recorded."""
        ...

    def sent_body(self, record: str) -> str:
        """The JSON of a part as we sent it, without callback data; "" when it was not kept."""
        ...

    def claim_resend(self, record: str, attempt: int) -> bool:
        """Claim the sending of a part as `attempt`; False when it was claimed before."""
        ...

    def free_resend(self, record: str, attempt: int) -> None:
        """Give that claim back: the message surely was not sent."""
        ...

    def load_voice_note(self, wamid: str) -> StoredNote | None: ...

    def save_voice_note(self, stored: StoredNote) -> None:
        """Write the note onto its message item, leaving the rest of the item alone."""
        ...


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One transcript item: who wrote it and what it was."""

    id: str
    role: str
    text: str
    attachment: bool


@dataclass(frozen=True, slots=True)
class ChatFile:
    """A file in the chat: presigned address (minutes) and size in bytes (0 unknown)."""

    url: str
    size: int


class Chat(Protocol):
    """The Connect chat, seen from the customer's side."""

    def start(
        self, *, name: str, attributes: Mapping[str, str], initial_text: str, token: str
    ) -> OpenChat:
        """Open a chat. `initial_text` "" opens it without a first message."""
        ...

    def send_text(self, chat: OpenChat, text: str, token: str) -> str:
        """Show `text` to the agent; returns Connect's message id. Denied: the token is not good."""
        ...

    def attach(self, chat: OpenChat, name: str, content_type: str, body: bytes, token: str) -> str:
        """Show a file to the agent (start, upload, complete); returns the attachment id."""
        ...

    def reconnect(self, chat: OpenChat) -> OpenChat:
        """A fresh connection token; Denied means the chat is over."""
        ...

    def shown(self, chat: OpenChat, after: str) -> list[ShownItem]:
        """What the transcript holds after the item `after` ("" = from the start), oldest first."""
        ...

    def send_response(self, chat: OpenChat, response: str, token: str) -> str:
        """Answer an interactive message (JSON); returns Connect's message id."""
        ...

    def attachment(self, chat: OpenChat, attachment_id: str) -> "ChatFile": ...

    def receipt(self, chat: OpenChat, kind: str, message_id: str) -> None:
        """Tell that a message was "delivered" or "read" by the customer."""
        ...

    def attributes(self, contact: str) -> Mapping[str, str]: ...

    def stop(self, contact: str) -> None: ...


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """A file that lies in the media bucket. `size` in bytes, `mime` as WhatsApp declared it."""

    key: str
    mime: str
    size: int


class WhatsApp(Protocol):
    """WhatsApp Business through End User Messaging Social, or another provider."""

    def send(self, origination_id: str, body: Mapping[str, object]) -> str:
        """Send one message body; returns the provider's message id. Never retried inside."""
        ...

    def fetch(self, origination_id: str, media_id: str, key: str) -> StoredMedia:
        """Copy inbound media into the bucket under exactly `key`. Rejected: it is gone."""
        ...

    def upload(self, origination_id: str, url: str, content_type: str) -> str:
        """Upload outbound media from a presigned `url`; returns the media id."""
        ...

    def upload_stored(self, origination_id: str, key: str) -> str:
        """Upload outbound media that lies in the bucket; returns the media id."""
        ...

    def post_status(self, origination_id: str, body: Mapping[str, object]) -> None:
        """Read receipt or typing indicator: best effort, no message."""
        ...


class Files(Protocol):
    """Files behind presigned addresses."""

    def read(self, url: str) -> bytes: ...


class Media(Protocol):
    """The private media bucket."""

    def read(self, key: str) -> bytes: ...

    def read_up_to(self, key: str, limit: int) -> bytes | None:
        """The object, or None without reading it when it has more than `limit` bytes."""
        ...

    def write(self, key: str, body: bytes, content_type: str) -> None: ...

    def link(self, key: str) -> str:
        """A presigned link for a person, valid for hours."""
        ...


class Ai(Protocol):
    """Speech to text, and text to facts. Both raise the ServiceErrors of `errors.py`."""

    def transcribe(
        self,
        audio: bytes,
        media: MediaType,
        *,
        budget_s: float,
        language_hints: Sequence[str] = (),
        keywords: Sequence[str] = (),
        duration_s: float = 0.0,
    ) -> Transcript:
        """Raises ContentError when the container must be converted first."""
        ...

    def structure(
        self, transcript: Transcript, context: "StructuringContext", *, budget_s: float
    ) -> "Structuring": ...


class SoundInfo(Protocol):
    """What is known of a sound without hearing it."""

    @property
    def duration_s(self) -> float: ...


class Audio(Protocol):
    """Decoding and encoding of sound. All raise ContentError when it is none."""

    def probe(self, data: bytes, /) -> SoundInfo: ...

    def to_wav(self, data: bytes, /) -> bytes: ...

    def to_voice_ogg(self, data: bytes, /) -> bytes: ...


class Pictures(Protocol):
    """Conversions of pictures. All raise ContentError when the bytes are none."""

    def to_png(self, data: bytes, /) -> bytes: ...

    def to_jpeg(self, data: bytes, /) -> bytes: ...

    def thumbnail(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A dead letter: why, and everything needed to send the messages again."""

    reason: str
    conversation: str
    members: Sequence[Member]
    bodies: Mapping[str, str]


class Outbox(Protocol):
    """Puts work into our own queues."""

    def send(self, entries: "Sequence[Entry]") -> None:
        """Queue every entry, or raise; repeating the call is harmless."""
        ...


class Queues(Protocol):
    """The queues we write to."""

    def park(self, parked: Parked) -> None:
        """Put a message into the dead-letter queue, where an operator sees it."""
        ...

    def hand_over(self, conversation: str, wamid: str, kind: str = "voice_note") -> None:
        """Give a slow "voice_note" or "file" to its own queue; twice the same is dropped there."""
        ...
