"""A stored file of the customer -> what the agent sees of it: attachment, conversion or link."""

from collections.abc import Callable

from chalicelib import chat_files
from chalicelib.conversation import Member, Part
from chalicelib.errors import ContentError
from chalicelib.media_types import JPEG, PNG, WAV, MediaType, from_mime, sniff
from chalicelib.ports.files import Audio, Media, Pictures
from chalicelib.ports.whatsapp import StoredMedia
from chalicelib.texts import Texts

WAV_BYTES_PER_SECOND = 32_000  # 16 kHz, 16 bit, mono: what the audio door writes


class FileParts:
    """Knows the bucket and the converters, which are loaded at their first use."""

    def __init__(
        self, *, media: Media, pictures: Callable[[], Pictures], audio: Callable[[], Audio]
    ) -> None:
        self._media = media
        self._pictures = pictures
        self._audio = audio

    def of(self, member: Member, stored: StoredMedia, texts: Texts) -> tuple[Part, ...]:
        """The parts in order: the words beside the file, then the file or a link to it."""
        # Read by the limit, not by the announced size: End User Messaging's unit is not sure.
        body = self._media.read_up_to(stored.key, chat_files.THUMBNAIL_FROM_BYTES)
        if body is None:
            return self._linked(member, stored, from_mime(stored.mime), b"", texts)
        kind = sniff(body) if body else from_mime(stored.mime)
        try:
            attached = self._attachment(member, stored, kind, body)
        except ContentError:
            attached = None
        if attached is None:
            return self._linked(member, stored, kind, body, texts)
        words = (Part(kind="text", text=member.text),) if member.text else ()
        return (*words, attached)

    def _attachment(
        self, member: Member, stored: StoredMedia, kind: MediaType, body: bytes
    ) -> Part | None:
        """The file as Connect takes it, None when it can only be linked. Raises ContentError."""
        way = chat_files.way_of(kind, len(body))
        if way == "attach":
            extension = chat_files.extension_of(kind, member.filename)
            return _file(member, stored, kind.mime.partition(";")[0], extension, body)
        if way == "png":
            return _file(member, stored, PNG.mime, PNG.extension, self._pictures().to_png(body))
        if way == "wav" and self._short_enough(body):
            return _file(member, stored, WAV.mime, WAV.extension, self._audio().to_wav(body))
        return None

    def _short_enough(self, body: bytes) -> bool:
        seconds = chat_files.MAX_ATTACHMENT_BYTES // WAV_BYTES_PER_SECOND
        return self._audio().probe(body).duration_s < seconds

    def _linked(
        self, member: Member, stored: StoredMedia, kind: MediaType, body: bytes, texts: Texts
    ) -> tuple[Part, ...]:
        label = member.filename or texts.get(f"media.{member.kind}.label")
        line = texts.get("media.link", label=label, url=self._media.link(stored.key))
        text = "\n".join(part for part in (member.text, line) if part)
        return (Part(kind="text", text=text, key=stored.key), *self._preview(kind, body))

    def _preview(self, kind: MediaType, body: bytes) -> tuple[Part, ...]:
        if not (body and chat_files.has_thumbnail(kind, len(body))):
            return ()
        try:
            small = self._pictures().thumbnail(body)
        except ContentError:
            return ()
        return (Part(kind="attachment", name="preview.jpg", content_type=JPEG.mime, body=small),)


def _file(member: Member, stored: StoredMedia, mime: str, extension: str, body: bytes) -> Part:
    return Part(
        kind="attachment",
        key=stored.key,
        name=chat_files.attachment_name(member.filename, member.kind, extension),
        content_type=mime,
        body=body,
    )
