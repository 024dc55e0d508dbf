"""What the product itself says to the agent in the chat: a notice, never forwarded to WhatsApp.

A notice is sent as the customer's participant, because that role is never forwarded; it starts
with NOTICE_MARK so that nobody takes it for the customer's words and readback does not count it.
"""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.contact import ContactItem, notice_token
from chalicelib.errors import Rejected, ServiceError, Throttled
from chalicelib.live_chat import ChatOver, LiveChat
from chalicelib.log import count
from chalicelib.ports.chat import Chat
from chalicelib.ports.contacts import Contacts
from chalicelib.ports.conversations import Conversations
from chalicelib.texts import Texts
from chalicelib.whatsapp.safe_text import safe_line
from chalicelib.whatsapp.to_chat import NOTICE_MARK
from chalicelib.whatsapp.view import MAX_START
from chalicelib.whatsapp.window import WINDOW_CLOSED


class TellAgent:
    """Posts notices into chats that are still open."""

    def __init__(
        self,
        *,
        chat: Chat,
        contacts: Contacts,
        conversations: Conversations,
        texts: Callable[[str], Texts],
        clock: Callable[[], int],
    ) -> None:
        self._chat = chat
        self._contacts = contacts
        self._conversations = conversations
        self._texts = texts
        self._clock = clock

    def say(
        self, item: ContactItem, key: str, *cause: object, about: str = "", **values: object
    ) -> bool:
        """Say the text `key` once for this cause; False when nobody is there to read it.

        `about`: the words of the message it is about, "" when they are not known. The history keeps
        what happened in any case.
        """
        start = safe_line(about, MAX_START)
        text = self._texts(item.language).get(key, **values) + (f' ("{start}")' if start else "")
        try:
            return self._post(item, text, notice_token(item.chat.contact, key, *cause))
        except Rejected:
            return False

    def undelivered(
        self, item: ContactItem, about: str, key: str, *cause: object, **values: object
    ) -> bool:
        """Say that a message did not reach the customer: which one, why, and what to do.

        `about`: its words, "" when they are not known. False when the chat is over; raises Rejected
        when Connect refuses the very notice, which an operator has to know then, and Throttled.
        """
        texts, start = self._texts(item.language), safe_line(about, MAX_START)
        form = "notice.undelivered" if start else "notice.undelivered_unnamed"
        text = texts.get(form, start=start, reason=texts.get(key, **values))
        return self._post(self._reached(item), text, notice_token(item.chat.contact, key, *cause))

    def undelivered_from(
        self, item: ContactItem, about: str, key: str, *cause: object, **values: object
    ) -> bool:
        """The same of a message that went out in part: `about` and all behind it did not."""
        texts, start = self._texts(item.language), safe_line(about, MAX_START)
        reason = texts.get(key, **values)
        text = texts.get("notice.undelivered_from", start=start, reason=reason)
        return self._post(self._reached(item), text, notice_token(item.chat.contact, key, *cause))

    def _reached(self, item: ContactItem) -> ContactItem:
        """The contact with its chat, where an agent was faster than the record of its opening.

        Raises Throttled while the worker that opened it, or the one that finishes its work, is
        still to write that record.
        """
        if item.chat.participant_token:
            return item
        known = self._conversations.load(item.conversation)
        if known and known.chat and known.chat.contact == item.chat.contact:
            return replace(item, chat=known.chat)
        if known and known.pending:
            raise Throttled("the chat is not on record yet", service="conversation")
        return item

    def _post(self, item: ContactItem, text: str, token: str) -> bool:
        if not item.chat.participant_token:
            return False
        line = LiveChat(self._chat, item.chat, self._clock())
        try:
            line.send_text(NOTICE_MARK + text, token)
        except ChatOver:
            return False
        if line.renewed:
            self._contacts.renew(line.chat)
        return True

    def window_closed(self, item: ContactItem) -> None:
        """Let the flows of this chat know that only a template may be sent; best effort."""
        try:
            self._chat.tell_flows(item.chat.contact, {WINDOW_CLOSED: "yes"})
        except ServiceError:
            count("WindowNotTold")
