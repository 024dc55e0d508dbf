"""What every renderer shares: the view it looks at, and the registry it stands in. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.conversation import UNKNOWN_TYPE
from chalicelib.texts import Texts
from chalicelib.whatsapp.content import Content, Unknown
from chalicelib.whatsapp.messages import InboundMessage, WhatsAppError
from chalicelib.whatsapp.safe_text import safe_body, safe_line

MAX_NAME = 200
MAX_START = 80
"""Characters of a quoted message that are shown: enough to recognise it."""
MAX_ATTRIBUTE = 1000
"""Characters of an attribute; all attributes of a contact share 32 KB (Connect)."""
UNAVAILABLE = 131060
"""WhatsApp could not pass the message on; typical for the first one to a coexistence number."""
TOO_LARGE = 131052
"""The customer's media cannot be downloaded: over 100 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a renderer may look at besides the content."""

    message: InboundMessage
    texts: Texts
    about: str = ""

    @property
    def start(self) -> str:
        """The beginning of the message this one is about, on one line."""
        return safe_line(self.about, MAX_START)

    def about_or(self, plain: str, known: str, **values: object) -> str:
        """The sentence that names the other message when it is known, else the plain one."""
        if self.about:
            return self.texts.get(known, start=self.start, **values)
        return self.texts.get(plain, **values)

    def reason(self, error: WhatsAppError) -> str:
        """An error in WhatsApp's words and its code."""
        words = safe_line(error.details or error.message or error.title, MAX_NAME)
        code = self.texts.get("shown.errors_code", code=error.code)
        return f"{words} ({code})" if words else code

    def has_error(self, code: int) -> bool:
        return any(error.code == code for error in self.message.errors)


Shown = tuple[str, dict[str, str]]
Renderer = Callable[[Any, View], Shown]
RENDERERS: dict[str, Renderer] = {}


def renderer(*kinds: str) -> Callable[[Renderer], Renderer]:
    def register(function: Renderer) -> Renderer:
        RENDERERS.update(dict.fromkeys(kinds, function))
        return function

    return register


def stacked(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def attributes_of(values: dict[str, str]) -> dict[str, str]:
    """Attributes for flows: one line each, none empty, since Connect refuses empty ones."""
    safe = {name: safe_line(value, MAX_ATTRIBUTE) for name, value in values.items() if value}
    return {name: value for name, value in safe.items() if value}


@renderer("unknown")
def render_unknown(content: Content, view: View) -> Shown:
    """Anything without a renderer of its own: its name and the words in it, never silence."""
    named = content.named if isinstance(content, Unknown) else view.message.kind
    words = content.words if isinstance(content, Unknown) else ""
    told = [
        view.texts.get("shown.errors", reason=view.reason(each)) for each in view.message.errors
    ]
    name = safe_line(named, 60)
    known = name and name != "unknown"
    key = "shown.unknown_named" if known else "shown.unknown"
    head = view.texts.get(key, name=name)
    return stacked(head, safe_body(words), *told), attributes_of({UNKNOWN_TYPE: named})
