"""What a message of the business looks like on the phone."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.whatsapp.media_store import MediaStore
from sandbox.whatsapp.records import Outbound


@dataclass(slots=True, kw_only=True)
class Bubble:
    """One bubble. `buttons` are (id, title) of reply buttons, list rows and quick replies."""

    wamid: str
    kind: str
    at: datetime
    text: str = ""
    header: str = ""
    footer: str = ""
    buttons: list[tuple[str, str]] = field(default_factory=list)
    list_button: str = ""
    media: bytes | None = None
    mime_type: str = ""
    filename: str = ""
    is_voice: bool = False
    quotes: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    read: bool = False
    message: Outbound


def bubble(message: Outbound, media: MediaStore, at: datetime, template_text: str = "") -> Bubble:
    """Render a message the network accepted."""
    part = message.body.get(message.kind)
    shown = Bubble(
        wamid=message.wamid, kind=message.kind, at=at, body=message.body, message=message
    )
    shown.quotes = (message.body.get("context") or {}).get("message_id", "")
    if isinstance(part, dict):
        shown.text = part.get("body") or part.get("caption") or template_text
        _add_media(shown, part, media, message)
    if message.kind == "interactive" and isinstance(part, dict):
        _add_interactive(shown, part)
    if message.kind == "template" and isinstance(part, dict):
        _add_template(shown, part)
    return shown


def _add_media(shown: Bubble, part: dict[str, Any], media: MediaStore, message: Outbound) -> None:
    file = media.find(str(part.get("id")), message.number.key) if "id" in part else None
    if file is not None:
        shown.media, shown.mime_type = file.body, file.mime_type
        shown.filename = part.get("filename", "")
        shown.is_voice = bool(part.get("voice"))


def _add_interactive(shown: Bubble, part: dict[str, Any]) -> None:
    shown.text = part["body"]["text"]
    shown.header = (part.get("header") or {}).get("text", "")
    shown.footer = (part.get("footer") or {}).get("text", "")
    action = part["action"]
    replies = [one["reply"] for one in action.get("buttons") or []]
    rows = [row for section in action.get("sections") or [] for row in section["rows"]]
    shown.buttons = [(one["id"], one["title"]) for one in [*replies, *rows]]
    shown.list_button = action.get("button", "")


def _add_template(shown: Bubble, part: dict[str, Any]) -> None:
    for component in part.get("components") or []:
        parameters = component.get("parameters") or []
        if component.get("type") == "body":
            for number, one in enumerate(parameters, 1):
                shown.text = shown.text.replace(f"{{{{{number}}}}}", str(one.get("text", "")))
        if component.get("type") == "button" and parameters:
            payload = str(parameters[0].get("payload", ""))
            shown.buttons.append((payload, payload))
