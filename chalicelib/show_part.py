"""One part of a message in the agent's chat: words, an answer, a file, or a link to it."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.conversation import Part
from chalicelib.errors import Rejected
from chalicelib.live_chat import LiveChat
from chalicelib.log import count
from chalicelib.texts import Texts


@dataclass(frozen=True, slots=True)
class Place:
    """Where we stand in the transcript: our last known text, and our items behind it."""

    last: str = ""
    beyond: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPart:
    """Shows parts. `read_media` gives the bytes under a key, `link` an address for them."""

    read_media: Callable[[str], bytes]
    link: Callable[[str], str]
    texts: Callable[[str], Texts]

    def show(self, chat: LiveChat, part: Part, token: str, place: Place) -> Place:
        """Show the part; returns where we stand then. Raises ServiceError, ChatOver."""
        if part.response:
            return Place(self._send_response(chat, part, token), 0)
        if part.kind == "text":
            return Place(chat.send_text(part.text, token), 0)
        body = part.body or self.read_media(part.key)
        try:
            chat.attach(part.name, part.content_type, body, token)
        except Rejected as refused:
            # An instance may allow fewer types, and a chat takes 35 files: a link is not refused.
            return self._send_link(chat, part, token, refused)
        return Place(place.last, place.beyond + 1)

    def _send_response(self, chat: LiveChat, part: Part, token: str) -> str:
        try:
            return chat.send_response(part.response, token)
        except Rejected:
            # Its JSON is ours, not AWS's: whoever does not understand it reads the title.
            count("ResponsesAsText")
            return chat.send_text(part.text, f"{token}-text")

    def _send_link(self, chat: LiveChat, part: Part, token: str, refused: Rejected) -> Place:
        if not part.key:
            raise refused
        text = self.texts("").get("media.link", label=part.name, url=self.link(part.key))
        return Place(chat.send_text(text, f"{token}-link"), 0)
