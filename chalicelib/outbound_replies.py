"""A chat event -> the WhatsApp messages to send for it, files uploaded first."""

from collections.abc import Callable
from typing import Any

from chalicelib import connect_events
from chalicelib.connect_events import ChatAttachment, ChatEvent
from chalicelib.contact import ContactItem
from chalicelib.conversation import Reply
from chalicelib.errors import ContentError, Rejected
from chalicelib.live_chat import ChatOver, LiveChat
from chalicelib.ports import Chat, WhatsApp
from chalicelib.routing import APPROVED
from chalicelib.texts import Texts
from chalicelib.whatsapp import limits, payloads
from chalicelib.whatsapp.replies import AttachmentReply, Recipient

Body = dict[str, Any]


class OutboundReplies:
    """Renders replies; `bodies` may call Connect and WhatsApp to move a file."""

    def __init__(
        self,
        *,
        chat: Chat,
        whatsapp: WhatsApp,
        texts: Callable[[str], Texts],
        clock: Callable[[], int],
    ) -> None:
        self._chat = chat
        self._whatsapp = whatsapp
        self._texts = texts
        self._clock = clock

    def bodies(self, item: ContactItem, event: ChatEvent) -> list[Body]:
        """Bodies in order, without callback data.

        Raises ContentError or Rejected when the content cannot be sent, with what to tell the
        agent; other ServiceErrors to try again.
        """
        recipient, texts = recipient_of(item.reply), self._texts(item.language)
        if event.kind == "attachment":
            files = [file for file in event.attachments if file.status == APPROVED]
            replies = [self._uploaded(item, file) for file in files]
            return [body for each in replies for body in payloads.bodies(each, recipient, texts)]
        reply = connect_events.to_reply(event)
        return payloads.bodies(reply, recipient, texts) if reply else []

    def _uploaded(self, item: ContactItem, file: ChatAttachment) -> AttachmentReply:
        mime = file.content_type.split(";")[0].strip().lower()
        if mime not in limits.MEDIA_TYPES:
            raise ContentError(
                "WhatsApp does not take this type of file",
                code="media_type",
                tell_agent="problem.media_type",
                values={"type": mime},
            )
        line = LiveChat(self._chat, item.chat, self._clock())
        try:
            url = line.attachment_url(file.attachment_id)
        except ChatOver as over:
            raise Rejected(
                "the chat that holds the file is over",
                code="chat_over",
                service="connect",
                tell_agent="problem.chat_closed",
            ) from over
        media_id = self._whatsapp.upload(item.reply.origination_id, url, mime)
        return AttachmentReply(media_id=media_id, mime_type=mime, filename=file.name)


def recipient_of(reply: Reply) -> Recipient:
    """The addressee, by exactly the identifiers that were received."""
    if reply.group:
        return Recipient(group_id=reply.group)
    return Recipient(phone=reply.to or None, user_id=reply.recipient or None)
