"""History, delivery statuses, voice notes and files, one item a message."""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.voice_note import VoiceNote


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate:
    """A delivery status to store: rank only moves forward.

    `called_back`: it brought our callback data, so that it proved which send it is of (promise O2).
    """

    record: str
    attempt: int
    status: str
    rank: int
    at: int
    error: str = ""
    pricing: str = ""
    wamid: str = ""
    called_back: bool = False


@dataclass(frozen=True, slots=True)
class SavedStatus:
    """Whether the status was news; who wrote the message (AGENT, SYSTEM, ...) in which contact.

    Role and contact are "" until the message is recorded; `sends`: see `Messages.sent_again`.
    """

    moved: bool
    role: str = ""
    contact: str = ""
    sends: int = 1


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

    def sent_again(self, record: str, attempt: int) -> bool:
        """Mark a part as sent once more though the send before may have arrived (promise O2).

        False when a status has come meanwhile: it did arrive, and there is nothing to send.
        """
        ...

    def sends(self, record: str) -> int:
        """The number of the last such send, 1 when there was none."""
        ...

    def claim_resend(self, record: str, attempt: int) -> bool:
        """Claim the sending of a part as `attempt`; False when it was claimed before."""
        ...

    def free_resend(self, record: str, attempt: int) -> None:
        """Give that claim back: the message surely was not sent."""
        ...

    def forget(self, record: str) -> None:
        """Delete the item of a message."""
        ...

    def load_voice_note(self, wamid: str) -> StoredNote | None: ...

    def save_voice_note(self, stored: StoredNote) -> None:
        """Write the note onto its message item, leaving the rest of the item alone."""
        ...
