"""A voice note in the agent's chat: a card that reads like text, and the sound one click away.

The card normally is there before anybody notices. Over six seconds a short notice goes first;
what this invocation cannot finish is handed to the slow queue, and the agent has the sound
meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, field, replace

from chalicelib import voice_card
from chalicelib.content import Content, Say, fitting
from chalicelib.conversation import LATE_FILE, Member, Part
from chalicelib.errors import ContentError, Rejected, ServiceError
from chalicelib.inbound_files import InboundFiles, media_key
from chalicelib.ports.messages import StoredNote
from chalicelib.ports.queues import Queues
from chalicelib.showing import Work
from chalicelib.voice_note import State, VoiceNote
from chalicelib.voice_notes import Understanding, VoiceNotes
from chalicelib.whatsapp.to_chat import NOTICE_MARK

NOTICE_AFTER_SECONDS = 6.0  # design section 5: a card that takes longer is announced
RESERVE_SECONDS = 5.0  # kept back for showing card and sound before the function must end
WAV = "audio/wav"


def first_note(work: Work, member: Member) -> StoredNote:
    """The note as it arrives, nothing done yet."""
    language = work.conversation.language
    return StoredNote(
        note=VoiceNote(wamid=member.wamid, media_id=member.media_id),
        conversation=work.conversation.key,
        customer=work.conversation.customer,
        origination_id=work.conversation.reply.origination_id,
        languages=(language,) if language else (),
        sent_at=member.sent_at,
    )


class VoiceContents:
    """Makes the content of voice notes; the audio is in the bucket when `of` returns."""

    def __init__(
        self, *, notes: VoiceNotes, queues: Queues, files: Callable[[], InboundFiles], language: str
    ) -> None:
        self._notes = notes
        self._queues = queues
        self._files = files
        self._language = language

    def of(self, work: Work, member: Member) -> Content:
        """Store the audio. A note that opens a chat is saved at once, for its flow will ask.

        Audio that cannot be had now is promised like any other file.
        """
        if member.wamid.endswith(LATE_FILE):
            return self._late(work, member)
        if work.taken_over and self._files().is_promised(work, member):
            return self._files().promise(work, member)
        known = self._notes.load(member.wamid) if work.taken_over else None
        note = known or first_note(work, member)
        try:
            note = self._notes.store(note, media_key(work.conversation.customer, member.wamid))
        except Rejected:
            return self._files().gone(work, member)
        except ServiceError:
            return self._files().promise(work, member)
        if not work.conversation.live:
            note = self._notes.save(note)
        return self._content(work, member, note)

    def _late(self, work: Work, member: Member) -> Content:
        """A promised note whose audio is in the bucket now: the sound at once, the card through
        the slow queue. The claim must not wait for the AI services (law 6)."""
        wamid = member.wamid.removesuffix(LATE_FILE)
        note = self._notes.load(wamid)
        if note is None:
            first = first_note(work, replace(member, wamid=wamid))
            stored = first.note.stored(media_key(work.conversation.customer, wamid))
            note = self._notes.save(replace(first, note=stored, handed_over=True), working=False)
        return self._content(work, member, note)

    def _content(self, work: Work, member: Member, note: StoredNote) -> Content:
        return VoiceContent(
            known=Known(note),
            notes=self._notes,
            queues=self._queues,
            work=work,
            language=self._language,
            beside=member.text,
        )


@dataclass(slots=True)
class Known:
    """How far a note is. Shared by a content and its marked form: what one of them paid for, or
    handed over, is so for the other, in the chat that is opened when the first one was over."""

    stored: StoredNote
    audio: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceContent:
    """A stored voice note that is understood when its parts are asked for.

    `language` is the agent's, for the card; `beside`: what stands above it, e.g. the quote.
    """

    known: Known
    notes: VoiceNotes
    queues: Queues
    work: Work
    language: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""
    beside: str = ""
    opening: str = ""
    fate: str = "delivered"
    token_space: str = ""

    def marked(self, mark: str) -> "VoiceContent":
        return replace(self, mark=mark)

    def parts(self, say: Say) -> Sequence[Part]:
        """Card and sound; or, when it must go on elsewhere, placeholder and sound."""
        known = self.known
        if not known.stored.handed_over:
            done = self._understood(say)
            known.stored, known.audio = self._kept(done.stored), done.audio
        if not known.stored.handed_over:
            return self._with_sound(self._card(known.stored.note), known.audio)
        self.queues.hand_over(known.stored.conversation, known.stored.note.wamid)
        return self._with_sound(self._placeholder(), known.audio)

    def _understood(self, say: Say) -> Understanding:
        stored = self.known.stored
        if stored.note.state in (State.STRUCTURED, State.DELIVERED):
            return Understanding(stored=stored, audio=self.known.audio)
        with ThreadPoolExecutor(max_workers=1) as pool:
            future = pool.submit(self.notes.understand, stored, self._budget_s)
            try:
                return future.result(timeout=NOTICE_AFTER_SECONDS)
            except TookTooLong:
                say(NOTICE_MARK + self._placeholder())
            return future.result()

    def _budget_s(self) -> float:
        return max(1.0, self.work.remaining_s() - RESERVE_SECONDS)

    def _kept(self, done: StoredNote) -> StoredNote:
        """What was reached, durable. What is to be tried again is handed over: durable first, then
        queued, so that a replay shows the same placeholder and queues once."""
        failure = done.note.failure
        if not (failure and failure.retryable):
            return self.notes.save(done)
        later = replace(done, note=done.note.retried(), handed_over=True, tries=done.tries + 1)
        return self.notes.save(later)

    def _with_sound(self, text: str, audio: bytes) -> Sequence[Part]:
        line = "\n".join(each for each in (self.mark, self.beside, text) if each)
        note = self.known.stored.note
        card = Part(kind="text", text=line, key=note.object_key)
        sound = sound_part(self.notes, note, audio)
        return fitting((card, sound) if sound else (card,))

    def _placeholder(self) -> str:
        return voice_card.placeholder(language=self.language)

    def _card(self, note: VoiceNote) -> str:
        return voice_card.card(note, language=self.language)


def sound_part(notes: VoiceNotes, note: VoiceNote, audio: bytes) -> Part | None:
    """The playable rendition, or None when the file is no sound at all."""
    audio = audio or notes.read(note)
    try:
        wav = notes.wav(audio)
    except ContentError:
        return None
    return Part(
        kind="attachment",
        key=note.object_key,
        name="voice-note.wav",
        content_type=WAV,
        body=wav,
    )
