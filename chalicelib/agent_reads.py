"""Blue ticks when an agent reads, for those who want them (READ_RECEIPTS=on_agent)."""

from chalicelib.connect_events import ChatEvent
from chalicelib.errors import ServiceError
from chalicelib.log import count
from chalicelib.ports.contacts import Contacts
from chalicelib.ports.conversations import Conversations
from chalicelib.ports.whatsapp import WhatsApp
from chalicelib.whatsapp.payloads import read_receipt


class AgentReads:
    """Marks the customer's messages as read when an agent joins the chat or reads on."""

    def __init__(
        self, *, contacts: Contacts, conversations: Conversations, whatsapp: WhatsApp
    ) -> None:
        self._contacts = contacts
        self._conversations = conversations
        self._whatsapp = whatsapp

    def mark(self, event: ChatEvent) -> None:
        """Mark everything up to the customer's last message; best effort."""
        item = self._contacts.load(event.initial_contact_id)
        found = self._conversations.load(item.conversation) if item else None
        if found is None or not found.newest or found.wrote_at >= int(event.at.timestamp()):
            return  # what came after the agent looked is not read yet
        try:
            self._whatsapp.post_status(found.reply.origination_id, read_receipt(found.newest))
        except ServiceError:
            count("ReceiptsNotSent")
