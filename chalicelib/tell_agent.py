"""What the product itself says to the agent in the chat: a notice, never forwarded to WhatsApp.

A notice is sent as the customer's participant, because that role is never forwarded; it starts
with NOTICE_MARK so that nobody takes it for the customer's words and readback does not count it.
"""

from collections.abc import Callable

from chalicelib.contact import ContactItem, notice_token
from chalicelib.errors import Rejected
from chalicelib.live_chat import ChatOver, LiveChat
from chalicelib.ports.chat import Chat
from chalicelib.ports.contacts import Contacts
from chalicelib.texts import Texts
from chalicelib.whatsapp.to_chat import NOTICE_MARK


class TellAgent:
    """Posts notices into chats that are still open."""

    def __init__(
        self,
        *,
        chat: Chat,
        contacts: Contacts,
        texts: Callable[[str], Texts],
        clock: Callable[[], int],
    ) -> None:
        self._chat = chat
        self._contacts = contacts
        self._texts = texts
        self._clock = clock

    def say(self, item: ContactItem, key: str, *cause: object, **values: object) -> bool:
        """Say the text `key` once for this cause; False when nobody is there to read it.

        The history keeps what happened in any case.
        """
        if not item.chat.participant_token:
            return False
        line = LiveChat(self._chat, item.chat, self._clock())
        text = NOTICE_MARK + self._texts(item.language).get(key, **values)
        try:
            line.send_text(text, notice_token(item.chat.contact, key, *cause))
        except (ChatOver, Rejected):
            return False
        if line.renewed:
            self._contacts.renew(line.chat)
        return True
