"""A chat event -> the WhatsApp messages to send for it, files uploaded first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import connect_events
from chalicelib.connect_events import ChatAttachment, ChatEvent
from chalicelib.contact import ContactItem
from chalicelib.conversation import Reply
from chalicelib.errors import ContentError, Rejected
from chalicelib.live_chat import ChatOver, LiveChat
from chalicelib.outbound_files import OutboundFiles
from chalicelib.ports.chat import Chat
from chalicelib.routing import APPROVED
from chalicelib.texts import Texts
from chalicelib.whatsapp import payloads
from chalicelib.whatsapp.replies import AttachmentReply, Recipient, TemplateReply

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """Files of an event that do not go to the customer: their names as the agent knows them."""

    names: str
    problem: ContentError


@dataclass(frozen=True, slots=True)
class Rendered:
    """What goes to the customer, and what of the same event does not. When all of it is refused,
    the first speaks for the event, and the others are told `beside` it."""

    parts: list[Body]
    refused: Sequence[Refused] = ()

    def bodies(self) -> list[Body]:
        """What to send, in order. Raises ContentError when every file is refused."""
        if self.refused and not self.parts:
            raise self.refused[0].problem
        return self.parts

    @property
    def beside(self) -> Sequence[Refused]:
        return self.refused if self.parts else self.refused[1:]


class OutboundReplies:
    """Renders replies; `rendered` may call Connect and WhatsApp to move a file."""

    def __init__(
        self,
        *,
        chat: Chat,
        files: OutboundFiles,
        texts: Callable[[str], Texts],
        clock: Callable[[], int],
    ) -> None:
        self._chat = chat
        self._files = files
        self._texts = texts
        self._clock = clock

    def needs_window(self, event: ChatEvent) -> bool:
        """Whether it may only be sent inside the customer service window: all but templates."""
        return not isinstance(connect_events.to_reply(event), TemplateReply)

    def rendered(self, item: ContactItem, event: ChatEvent) -> Rendered:
        """Bodies in order, without callback data; the same on every attempt.

        Raises ContentError or Rejected when nothing of it can be sent, with what to tell the
        agent; other ServiceErrors to try again. Of refused files `Rendered` knows.
        """
        recipient, texts = recipient_of(item.reply), self._texts(item.language)
        if event.kind == "attachment":
            replies, refused = self._files_of(item, event)
            bodies = [body for each in replies for body in payloads.bodies(each, recipient, texts)]
            return Rendered(bodies, refused)
        reply = connect_events.to_reply(event)
        return Rendered(payloads.bodies(reply, recipient, texts) if reply else [])

    def _files_of(
        self, item: ContactItem, event: ChatEvent
    ) -> tuple[list[AttachmentReply], list[Refused]]:
        """Each file that can be sent, and each that cannot."""
        replies, refused = [], _not_let_through(event)
        for file in event.attachments:
            if file.status == APPROVED:
                try:
                    replies.append(self._uploaded(item, file))
                except ContentError as problem:
                    refused.append(Refused(file.name, problem))
        return replies, refused

    def _uploaded(self, item: ContactItem, file: ChatAttachment) -> AttachmentReply:
        line = LiveChat(self._chat, item.chat, self._clock())
        try:
            where = line.attachment(file.attachment_id)
        except ChatOver as over:
            raise Rejected(
                "the chat that holds the file is over",
                code="chat_over",
                service="connect",
                tell_agent="problem.chat_closed",
            ) from over
        return self._files.uploaded(item, file, where)


def _not_let_through(event: ChatEvent) -> list[Refused]:
    """The files that did not pass Connect's scan."""
    names = ", ".join(file.name for file in event.attachments if file.status != APPROVED)
    problem = ContentError(
        "the scan did not let the file through",
        code="rejected_by_scan",
        tell_agent="outbound.attachment_rejected",
        values={"name": names},
    )
    return [Refused(names, problem)] if names else []


def recipient_of(reply: Reply) -> Recipient:
    """The addressee, by exactly the identifiers that were received.

    Raises ContentError when the customer's messages named nobody.
    """
    if reply.group:
        return Recipient(group_id=reply.group)
    if not (reply.to or reply.recipient):
        raise ContentError(
            "WhatsApp did not say who wrote", code="no_address", tell_agent="problem.no_address"
        )
    return Recipient(phone=reply.to or None, user_id=reply.recipient or None)
