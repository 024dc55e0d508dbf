"""An open chat as one writer uses it: the connection is renewed once when it is refused.

AccessDenied never means "over": the connection token lives one day, and a service may deny for
reasons of its own. When the renewal is refused, too, Connect is asked, for one call more; a chat
that is not over is written to later.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from chalicelib.conversation import OpenChat
from chalicelib.errors import Denied, PuenteError
from chalicelib.ports.chat import Chat, ChatFile, ShownItem
from chalicelib.whatsapp.to_chat import NOTICE_MARK

Answer = TypeVar("Answer")
RENEW_BEFORE_SECONDS = 300  # renew a little early: a refused call costs more than a renewal


class ChatOver(PuenteError):
    """The chat has ended: its tokens are refused, and Connect says so."""


class LiveChat:
    """`chat` is what is known now; `renewed` tells whether it must be stored; `wrote`: whether its
    owner showed something here."""

    def __init__(self, gateway: Chat, chat: OpenChat, now: int) -> None:
        self._gateway = gateway
        self.chat = chat
        self.renewed = self.wrote = False
        self._stale = 0 < chat.connected_until < now + RENEW_BEFORE_SECONDS

    def send_text(self, text: str, token: str) -> str:
        return self._with_connection(lambda chat: self._gateway.send_text(chat, text, token))

    def attach(self, name: str, content_type: str, body: bytes, token: str) -> str:
        return self._with_connection(
            lambda chat: self._gateway.attach(chat, name, content_type, body, token)
        )

    def send_response(self, response: str, token: str) -> str:
        return self._with_connection(
            lambda chat: self._gateway.send_response(chat, response, token)
        )

    def receipt(self, kind: str, message_id: str) -> None:
        """A tick is not worth asking whether a chat that refuses it is over: Denied."""
        self._freshen()
        self._gateway.receipt(self.chat, kind, message_id)

    def attachment(self, attachment_id: str) -> ChatFile:
        return self._with_connection(lambda chat: self._gateway.attachment(chat, attachment_id))

    def texts_of_ours(self, after: str) -> list[str]:
        """What the customer's side wrote after the item `after`, notices aside; of files ""."""
        return [item.text for item in self._shown(after) if _is_message(item)]

    def _shown(self, after: str) -> list[ShownItem]:
        return self._with_connection(lambda chat: self._gateway.shown(chat, after))

    def _with_connection(self, call: Callable[[OpenChat], Answer]) -> Answer:
        self._freshen()
        try:
            return call(self.chat)
        except Denied:
            self._renew()
        with self._over_or_later():
            return call(self.chat)

    def _freshen(self) -> None:
        if self._stale or not self.chat.connection_token:
            self._renew()

    def _renew(self) -> None:
        with self._over_or_later():
            if self.renewed:
                raise Denied("the chat refused a fresh connection", service="connectparticipant")
            self.chat = self._gateway.reconnect(self.chat)
        self.renewed, self._stale = True, False

    @contextmanager
    def _over_or_later(self) -> Iterator[None]:
        """A refusal inside means ChatOver if the chat has ended, and to come again if not."""
        try:
            yield
        except Denied as denied:
            if self._gateway.over(self.chat.contact):
                raise ChatOver("the chat has ended") from denied
            raise


def _is_message(item: ShownItem) -> bool:
    return item.role == "CUSTOMER" and not item.text.startswith(NOTICE_MARK)
