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

AGENT = "AGENT"


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

    def of(self, event: ChatEvent) -> ContactItem | None:
        """Whose contact this is, by the attribute it carries; None when it is none of ours."""
        contact = event.initial_contact_id
        key = self._chat.attributes(contact).get("conversation", "")
        conversation = self._conversations.load(key) if key else None
        if conversation is None:
            return None
        if _is_stray(contact, conversation) and not _is_said(event, conversation):
            self._stop(contact)
            return None
        item = _item(contact, key, conversation)
        self._contacts.create(item)
        return item

    def stop_stray(self, item: ContactItem, event: ChatEvent) -> None:
        """End a chat that was introduced, but never recorded, once an agent wrote in it: where
        StartChatContact forgets its token a crash leaves one beside the customer's chat."""
        if item.chat.participant_token or event.participant_role != AGENT:
            return
        conversation = self._conversations.load(item.conversation)
        if conversation is not None and _is_stray(item.chat.contact, conversation):
            self._stop(item.chat.contact)

    def _stop(self, contact: str) -> None:
        try:
            self._chat.stop(contact)
        except Rejected:
            count("ChatsOverBefore")  # e.g. the end of a chat whose customer was erased

    def end(self, event: ChatEvent) -> None:
        """Note that the chat is over, so that the next message opens a new one at once."""
        contact = event.initial_contact_id
        item = self._contacts.load(contact) or self.of(event)
        if item is not None:
            self._conversations.end(item.conversation, contact, self._clock())


def _is_stray(contact: str, conversation: Conversation) -> bool:
    """Whether it is a second chat that nobody recorded (protocol 4.4)."""
    known = conversation.chat
    return bool(known and known.contact != contact and conversation.pending is None)


def _is_said(event: ChatEvent, conversation: Conversation) -> bool:
    """Whether an agent wrote it to who the customer is now: that reaches them all the same."""
    said = event.participant_role == AGENT and not event.ends_chat
    return said and event.at.timestamp() > conversation.erased_before


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
