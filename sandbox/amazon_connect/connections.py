"""Connection tokens and websocket addresses: who may act in a chat, and for how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.amazon_connect import limits
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.records import Chat, Participant, iso
from sandbox.wire import AwsError


@dataclass(frozen=True, slots=True)
class _Connection:
    chat: Chat
    participant: Participant
    until: datetime


class Connections:
    """Gives connection tokens (1 day) and tells whose they are."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self._given: dict[str, _Connection] = {}

    def expiry(self) -> str:
        """When a token given now ends, as Connect writes times."""
        return iso(self._chats.clock.now() + timedelta(seconds=limits.CONNECTION_TOKEN_S))

    def answer(self, chat: Chat, participant: Participant, wanted: list[str]) -> dict[str, Any]:
        """What StartChatContact and CreateParticipantConnection answer for `wanted` types."""
        answer: dict[str, Any] = {}
        if "CONNECTION_CREDENTIALS" in wanted:
            token = self._give(chat, participant)
            answer["ConnectionCredentials"] = {"ConnectionToken": token, "Expiry": self.expiry()}
        if "WEBSOCKET" in wanted:
            until = self._chats.clock.now() + timedelta(seconds=limits.WEBSOCKET_URL_S)
            url = f"wss://sandbox.invalid/participant/{self._chats.ids.hex(32)}"
            answer["Websocket"] = {"Url": url, "ConnectionExpiry": iso(until)}
        return answer

    def _give(self, chat: Chat, participant: Participant) -> str:
        token = self._chats.ids.hex(200)
        until = self._chats.clock.now() + timedelta(seconds=limits.CONNECTION_TOKEN_S)
        self._given[token] = _Connection(chat, participant, until)
        return token

    def who(self, token: str) -> tuple[Chat, Participant]:
        """The holder. Raises AccessDeniedException when expired, gone, or the chat is over."""
        connection = self._given.get(token)
        if connection is None or connection.until <= self._chats.clock.now():
            raise AwsError("AccessDeniedException", "Access denied")
        if connection.participant.left_at is not None or connection.chat.is_over:
            raise AwsError("AccessDeniedException", "Access denied")
        return connection.chat, connection.participant

    def by_participant_token(self, token: str) -> tuple[Chat, Participant]:
        """The holder of a participant token, as long as they are part of the contact."""
        found = self._chats.by_participant_token(token)
        if found is None or found[0].is_over or found[1].left_at is not None:
            raise AwsError("AccessDeniedException", "Access denied")
        return found
