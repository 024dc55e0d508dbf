"""A file of the agent: checked, converted where WhatsApp needs it, uploaded."""

from collections.abc import Callable

from chalicelib.connect_events import ChatAttachment
from chalicelib.contact import ContactItem
from chalicelib.conversation import token
from chalicelib.errors import ContentError
from chalicelib.ports.chat import ChatFile
from chalicelib.ports.files import Audio, Files, Media, Pictures
from chalicelib.ports.whatsapp import WhatsApp
from chalicelib.whatsapp import limits
from chalicelib.whatsapp.outgoing import Outgoing, outgoing, refused_type, too_large
from chalicelib.whatsapp.replies import AttachmentReply


class OutboundFiles:
    """Brings files to WhatsApp. What needs no conversion never passes through our memory."""

    def __init__(
        self,
        *,
        whatsapp: WhatsApp,
        files: Files,
        media: Media,
        pictures: Callable[[], Pictures],
        audio: Callable[[], Audio],
    ) -> None:
        self._whatsapp = whatsapp
        self._files = files
        self._media = media
        self._pictures = pictures
        self._audio = audio

    def uploaded(self, item: ContactItem, file: ChatAttachment, where: ChatFile) -> AttachmentReply:
        """The file as a reply that names the uploaded copy.

        Raises ContentError with what to tell the agent when WhatsApp does not take it.
        """
        plan = outgoing(file.content_type, file.name, where.size)
        media_id = self._upload(item, file, where, plan)
        return AttachmentReply(
            media_id=media_id, mime_type=plan.mime_type, filename=file.name, voice=plan.voice
        )

    def _upload(
        self, item: ContactItem, file: ChatAttachment, where: ChatFile, plan: Outgoing
    ) -> str:
        origination = item.reply.origination_id
        if not plan.conversion:
            return self._whatsapp.upload(origination, where.url, plan.mime_type)
        body = self._converted(file, self._files.read(where.url), plan)
        if len(body) > limits.max_bytes(plan.mime_type):
            raise too_large(plan.mime_type)
        key = outbound_key(item.customer, file.attachment_id, plan)
        self._media.write(key, body, plan.mime_type)
        return self._whatsapp.upload_stored(origination, key)

    def _converted(self, file: ChatAttachment, body: bytes, plan: Outgoing) -> bytes:
        try:
            return (
                self._audio().to_voice_ogg(body) if plan.voice else self._pictures().to_jpeg(body)
            )
        except ContentError as unreadable:
            # What cannot be read is refused as the type it pretends to be.
            refusal = refused_type(file.content_type, file.name)
            raise refusal from unreadable


def outbound_key(customer: str, attachment: str, plan: Outgoing) -> str:
    """Where a converted file lies: deterministic, so that a repeat overwrites it.

    Beside what the customer sent, so that one prefix holds all of a customer.
    """
    extension = "ogg" if plan.voice else "jpg"
    return f"inbound/{customer}/sent/{token(attachment)[:24]}.{extension}"
