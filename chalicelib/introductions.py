"""Whose contact is it? Asked when Connect streams of a contact that nobody recorded yet.

Normal for the greeting of a flow, which is published before StartChatContact has answered.
"""

from collections.abc import Callable

from chalicelib.connect_events import ChatEvent
from chalicelib.contact import ContactItem
from chalicelib.conversation import Conversation, OpenChat, Pending
from chalicelib.errors import Rejected
from chalicelib.log import count
from chalicelib.ports.chat import Chat
from chalicelib.ports.contacts import Contacts
from chalicelib.ports.conversations import Conversations


class Introductions:
    """Creates the contact item that inbound has not come to write."""

    def __init__(
        self,
        *,
        contacts: Contacts,
        conversations: Conversations,
        chat: Chat,
        clock: Callable[[], int],
    ) -> None:
        self._contacts = contacts
        self._conversations = conversations
        self._chat = chat
        self._clock = clock

    def of(self, contact: str) -> ContactItem | None:
        """Whose contact this is, by the attribute it carries; None when it is none of ours."""
        try:
            key = self._chat.attributes(contact).get("conversation", "")
        except Rejected:
            return None  # Connect does not know this contact, and never will
        conversation = self._conversations.load(key) if key else None
        if conversation is None:
            return None
        known = conversation.chat
        if known and known.contact != contact and conversation.pending is None:
            self._stop(contact)  # a second chat that nobody recorded (protocol 4.4)
            return None
        item = _item(contact, key, conversation)
        self._contacts.create(item)
        return item

    def _stop(self, contact: str) -> None:
        try:
            self._chat.stop(contact)
        except Rejected:
            count("ChatsOverBefore")  # e.g. the end of a chat whose customer was erased

    def end(self, event: ChatEvent) -> None:
        """Note that the chat is over, so that the next message opens a new one at once."""
        contact = event.initial_contact_id
        item = self._contacts.load(contact) or self.of(contact)
        if item is not None:
            self._conversations.end(item.conversation, contact, self._clock())


def _item(contact: str, key: str, conversation: Conversation) -> ContactItem:
    known = conversation.chat
    return ContactItem(
        chat=known if known and known.contact == contact else OpenChat(contact=contact),
        conversation=key,
        customer=conversation.customer,
        reply=conversation.reply,
        language=conversation.language,
        wrote_at=max(conversation.wrote_at, _claimed_at(conversation.pending)),
    )


def _claimed_at(pending: Pending | None) -> int:
    return max((member.sent_at for member in pending.members), default=0) if pending else 0
