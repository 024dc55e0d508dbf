"""A chat event -> the WhatsApp messages to send for it, files uploaded first."""

from collections.abc import Callable
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


class OutboundReplies:
    """Renders replies; `bodies` may call Connect and WhatsApp to move a file."""

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

    def bodies(self, item: ContactItem, event: ChatEvent) -> list[Body]:
        """Bodies in order, without callback data.

        Raises ContentError or Rejected when the content cannot be sent, with what to tell the
        agent; other ServiceErrors to try again.
        """
        recipient, texts = recipient_of(item.reply), self._texts(item.language)
        if event.kind == "attachment":
            replies = [self._uploaded(item, file) for file in _passed(event)]
            return [body for each in replies for body in payloads.bodies(each, recipient, texts)]
        reply = connect_events.to_reply(event)
        return payloads.bodies(reply, recipient, texts) if reply else []

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


def _passed(event: ChatEvent) -> list[ChatAttachment]:
    """The files that passed Connect's scan. Raises ContentError when none did."""
    passed = [file for file in event.attachments if file.status == APPROVED]
    if passed:
        return passed
    raise ContentError(
        "the scan did not let the file through",
        code="rejected_by_scan",
        tell_agent="outbound.attachment_rejected",
        values={"name": ", ".join(file.name for file in event.attachments)},
    )


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
