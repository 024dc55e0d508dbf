"""An open chat as one writer uses it: the connection is renewed once when it is refused.

AccessDenied never means "over" by itself (the connection token lives one day): only a refused
renewal, or a refusal right after one, does.
"""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.conversation import OpenChat
from chalicelib.errors import Denied, PuenteError
from chalicelib.ports.chat import Chat, ChatFile, ShownItem
from chalicelib.whatsapp.to_chat import NOTICE_MARK

Answer = TypeVar("Answer")
RENEW_BEFORE_SECONDS = 300  # renew a little early: a refused call costs more than a renewal


class ChatOver(PuenteError):
    """The chat has ended: its tokens are refused even after a renewal."""


class LiveChat:
    """`chat` is what is known now; `renewed` tells whether it must be stored."""

    def __init__(self, gateway: Chat, chat: OpenChat, now: int) -> None:
        self._gateway = gateway
        self.chat = chat
        self.renewed = False
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
        self._with_connection(lambda chat: self._gateway.receipt(chat, kind, message_id))

    def attachment(self, attachment_id: str) -> ChatFile:
        return self._with_connection(lambda chat: self._gateway.attachment(chat, attachment_id))

    def shown_by_us(self, after: str) -> int:
        """How many items the customer's side has in the transcript after `after`, notices aside."""
        return sum(1 for item in self._shown(after) if _is_message(item))

    def _shown(self, after: str) -> list[ShownItem]:
        return self._with_connection(lambda chat: self._gateway.shown(chat, after))

    def _with_connection(self, call: Callable[[OpenChat], Answer]) -> Answer:
        if self._stale or not self.chat.connection_token:
            self._renew()
        try:
            return call(self.chat)
        except Denied:
            self._renew()
        try:
            return call(self.chat)
        except Denied as denied:
            raise ChatOver("the chat refused a fresh connection") from denied

    def _renew(self) -> None:
        if self.renewed:
            raise ChatOver("the chat refused a fresh connection")
        try:
            self.chat = self._gateway.reconnect(self.chat)
        except Denied as denied:
            raise ChatOver("the chat refuses to be joined again") from denied
        self.renewed, self._stale = True, False


def _is_message(item: ShownItem) -> bool:
    return item.role == "CUSTOMER" and not item.text.startswith(NOTICE_MARK)
