"""The Connect chat, seen from the customer's side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from chalicelib.conversation import OpenChat


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One transcript item: who wrote it and what it was."""

    id: str
    role: str
    text: str
    attachment: bool


@dataclass(frozen=True, slots=True)
class ChatFile:
    """A file in the chat: presigned address (minutes) and size in bytes (0 unknown)."""

    url: str
    size: int


class Chat(Protocol):
    """The Connect chat, seen from the customer's side."""

    def start(
        self,
        *,
        name: str,
        attributes: Mapping[str, str],
        initial_text: str,
        token: str,
        number: str = "",
    ) -> OpenChat:
        """Open a chat. `initial_text` "" opens it without a first message; `number`: the business
        number the customer wrote to, which may have a flow of its own."""
        ...

    def ready(self) -> None:
        """Raise Throttled when a message would not even be tried now (quota, breaker)."""
        ...

    def send_text(self, chat: OpenChat, text: str, token: str) -> str:
        """Show `text` to the agent; returns Connect's message id. Denied: the token is not good."""
        ...

    def attach(self, chat: OpenChat, name: str, content_type: str, body: bytes, token: str) -> str:
        """Show a file to the agent (start, upload, complete); returns the attachment id."""
        ...

    def reconnect(self, chat: OpenChat) -> OpenChat:
        """A fresh connection token. Denied: the chat is over, or refuses for now; see `over`."""
        ...

    def over(self, contact: str) -> bool:
        """Whether the chat that began as `contact` has ended, after all its transfers."""
        ...

    def shown(self, chat: OpenChat, after: str) -> list[ShownItem]:
        """What the transcript holds after the item `after` ("" = from the start), oldest first."""
        ...

    def send_response(self, chat: OpenChat, response: str, token: str) -> str:
        """Answer an interactive message (JSON); returns Connect's message id."""
        ...

    def attachment(self, chat: OpenChat, attachment_id: str) -> "ChatFile": ...

    def receipt(self, chat: OpenChat, kind: str, message_id: str) -> None:
        """Tell that a message was "delivered" or "read" by the customer."""
        ...

    def attributes(self, contact: str) -> Mapping[str, str]:
        """What flows and we have set on a contact; nothing of one that Connect does not know."""
        ...

    def tell_flows(self, contact: str, attributes: Mapping[str, str]) -> None:
        """Set contact attributes; the others stay."""
        ...

    def stop(self, contact: str) -> None: ...
