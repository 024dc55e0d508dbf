"""Files of the customer: into the bucket first, then to the agent as attachment, or as a link.

A file that cannot be had any more becomes a placeholder that says what to do; it never blocks
the conversation.
"""

import hashlib
from collections.abc import Callable, Mapping

from chalicelib.bundles import MAX_CONTENT_BYTES
from chalicelib.content import Content, ReadyContent
from chalicelib.conversation import Member, Part
from chalicelib.errors import Rejected
from chalicelib.media_types import MediaType, from_mime, sniff
from chalicelib.ports import Media, StoredMedia, WhatsApp
from chalicelib.showing import Work
from chalicelib.texts import Texts

# What a Connect chat takes by default, and its largest file (Connect admin guide, feature-limits;
# both can be widened per instance by UpdateAttachedFilesConfiguration).
ATTACHABLE = frozenset(
    {"csv", "doc", "docx", "heic", "jfif", "jpeg", "jpg", "mov", "mp4", "pdf", "png", "ppt"}
    | {"pptx", "rtf", "txt", "wav", "xls", "xlsx"}
)
MAX_ATTACHMENT_BYTES = 20 * 1024 * 1024


def media_key(conversation: str, wamid: str) -> str:
    """Where a message's file lies: deterministic, under its conversation, without personal data."""
    return f"inbound/{conversation}/{hashlib.sha256(wamid.encode()).hexdigest()[:24]}"


class InboundFiles:
    """Content of messages that carry a file."""

    def __init__(self, *, whatsapp: WhatsApp, media: Media, texts: Callable[[str], Texts]) -> None:
        self._whatsapp = whatsapp
        self._media = media
        self._texts = texts

    def of(self, work: Work, member: Member, attributes: Mapping[str, str]) -> Content:
        """Fetch the file and decide how the agent gets it."""
        key = media_key(work.conversation.key, member.wamid)
        texts = self._texts(work.conversation.language)
        try:
            stored = self._whatsapp.fetch(
                work.conversation.reply.origination_id, member.media_id, key
            )
        except Rejected:
            return self._gone(member, attributes, texts)
        if stored.size > MAX_ATTACHMENT_BYTES:
            return self._linked(member, stored, attributes, texts)
        body = self._media.read(key)
        kind = sniff(body) if body else from_mime(stored.mime)
        if kind.extension not in ATTACHABLE:
            return self._linked(member, stored, attributes, texts)
        return self._attached(member, stored, kind, body, attributes)

    def _attached(
        self,
        member: Member,
        stored: StoredMedia,
        kind: MediaType,
        body: bytes,
        attributes: Mapping[str, str],
    ) -> Content:
        file = Part(
            kind="attachment",
            key=stored.key,
            name=attachment_name(member, kind),
            content_type=kind.mime.split(";")[0],
            body=body,
        )
        words = (Part(kind="text", text=member.text),) if member.text else ()
        return ReadyContent(ready=(*words, file), attributes=attributes)

    def _linked(
        self, member: Member, stored: StoredMedia, attributes: Mapping[str, str], texts: Texts
    ) -> Content:
        line = texts.get(
            "media.link", label=self._label(member, texts), url=self._media.link(stored.key)
        )
        text = "\n".join(part for part in (member.text, line) if part)
        return ReadyContent(
            ready=(Part(kind="text", text=text, key=stored.key),), attributes=attributes
        )

    def _gone(self, member: Member, attributes: Mapping[str, str], texts: Texts) -> Content:
        line = texts.get(f"media.{member.kind}.failed")
        text = "\n".join(part for part in (member.text, line) if part)
        return ReadyContent(
            ready=(Part(kind="text", text=text[:MAX_CONTENT_BYTES]),),
            attributes=attributes,
            fate="placeholder",
        )

    @staticmethod
    def _label(member: Member, texts: Texts) -> str:
        return member.filename or texts.get(f"media.{member.kind}.label")


def attachment_name(member: Member, kind: MediaType) -> str:
    """A name with the extension the bytes deserve; Connect judges files by it."""
    stem = member.filename.rsplit(".", 1)[0] if member.filename else member.kind
    return f"{stem[:200] or member.kind}.{kind.extension}"
