"""Files of the customer: into the bucket first, then to the agent.

A file that cannot be had any more becomes a placeholder that says what to do. One that cannot be
had *now* becomes a placeholder too and goes to the slow queue, which brings it later; neither
blocks the conversation.
"""

import hashlib
from collections.abc import Callable

from chalicelib.content import Content, ReadyContent
from chalicelib.conversation import LATE_FILE, Member, Part
from chalicelib.errors import Rejected, ServiceError
from chalicelib.file_parts import FileParts
from chalicelib.ports.messages import Messages, StoredFile
from chalicelib.ports.queues import Queues
from chalicelib.ports.whatsapp import StoredMedia, WhatsApp
from chalicelib.showing import Work
from chalicelib.texts import Texts


def late_id(wamid: str) -> str:
    """The id under which a promised file is shown, once."""
    return f"{wamid}{LATE_FILE}"


def media_key(customer: str, wamid: str) -> str:
    """Where a message's file lies: deterministic, under its customer, without personal data.

    The customer's id, not the conversation's key: a customer who was erased and writes anew has
    another id, so that what is erased and what is new never lie under one prefix.
    """
    return f"{media_prefix(customer)}{hashlib.sha256(wamid.encode()).hexdigest()[:24]}"


def media_prefix(customer: str) -> str:
    """What the keys of all files of a customer begin with, both ways."""
    return f"inbound/{customer}/"


class InboundFiles:
    """Content of messages that carry a file."""

    def __init__(
        self,
        *,
        whatsapp: WhatsApp,
        parts: FileParts,
        stored: Callable[[str], StoredMedia | None],
        history: Messages,
        queues: Queues,
        texts: Callable[[str], Texts],
    ) -> None:
        """`stored` tells what lies under a key of the bucket, if anything."""
        self._whatsapp = whatsapp
        self._stored = stored
        self._parts = parts
        self._history = history
        self._queues = queues
        self._texts = texts

    def of(self, work: Work, member: Member) -> Content:
        """Fetch the file and decide how the agent gets it. Never fails for want of the file.

        Raises ServiceError for one that is in the bucket and cannot be read now: a worker before us
        may have shown the words beside it, and the file has to follow them, not a placeholder.
        """
        if member.wamid.endswith(LATE_FILE):
            return self._late(work, member)
        if self.is_promised(work, member):
            return self.promise(work, member)
        file, texts = _file(work, member), self._texts(work.conversation.language)
        there = self._stored(media_key(file.customer, file.wamid)) if work.taken_over else None
        if there:
            return ReadyContent(ready=self._parts.of(member, there, texts))
        try:
            ready = self._parts.of(member, self.fetch(file), texts)
        except Rejected:
            return self.gone(work, member)
        except ServiceError:
            return self.promise(work, member)
        return ReadyContent(ready=ready)

    def is_promised(self, work: Work, member: Member) -> bool:
        """What a worker before us promised the agent stays promised, or the file comes twice."""
        return work.taken_over and self._history.load_file(member.wamid) is not None

    def promise(self, work: Work, member: Member) -> Content:
        """A placeholder now, the file as soon as it can be had.

        Durable first, then queued, then shown: a replay promises the same and queues once.
        """
        file, texts = _file(work, member), self._texts(work.conversation.language)
        self._history.save_file(file)
        self._queues.hand_over(file.conversation, file.wamid, "file")
        line = texts.get("media.waiting", label=_label(file.kind, file.filename, texts))
        return _placeholder(member, line, media_key(file.customer, file.wamid))

    def gone(self, work: Work, member: Member) -> Content:
        """A placeholder for a file that cannot be had any more."""
        line = self._texts(work.conversation.language).get(f"media.{member.kind}.failed")
        return _placeholder(member, line)

    def fetch(self, file: StoredFile) -> StoredMedia:
        """Bring the file into the bucket.

        A large one may take longer than we wait for the answer, each time anew, and lie there
        all the same: so a later try looks first. Raises Rejected when it is gone for good, other
        ServiceErrors to try again.
        """
        key = media_key(file.customer, file.wamid)
        if file.tries and (there := self._stored(key)):
            return there
        return self._whatsapp.fetch(file.origination_id, file.media_id, key)

    def arrived_text(self, file: StoredFile) -> str:
        """What stands above a promised file when it comes."""
        texts = self._texts("")
        return texts.get("media.arrived", label=_label(file.kind, file.filename, texts))

    def gone_text(self, file: StoredFile) -> str:
        """What the agent reads when a promised file never comes."""
        return self._texts("").get(f"media.{file.kind}.failed")

    def _late(self, work: Work, member: Member) -> Content:
        """A promised file: it is in the bucket already, under the message it belongs to."""
        key = media_key(work.conversation.customer, member.wamid.removesuffix(LATE_FILE))
        stored = StoredMedia(key=key, mime=member.mime, size=0)
        ready = self._parts.of(member, stored, self._texts(work.conversation.language))
        return ReadyContent(ready=ready)


def _file(work: Work, member: Member) -> StoredFile:
    return StoredFile(
        wamid=member.wamid,
        conversation=work.conversation.key,
        customer=work.conversation.customer,
        origination_id=work.conversation.reply.origination_id,
        kind=member.kind,
        media_id=member.media_id,
        filename=member.filename,
        sent_at=member.sent_at,
    )


def _label(kind: str, filename: str, texts: Texts) -> str:
    return filename or texts.get(f"media.{kind}.label")


def _placeholder(member: Member, line: str, key: str = "") -> Content:
    """The words beside the file, and the line in its place."""
    text = "\n".join(part for part in (member.text, line) if part)
    part = Part(kind="text", text=text, key=key)
    return ReadyContent(ready=(part,), fate="placeholder")
