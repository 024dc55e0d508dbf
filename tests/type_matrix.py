"""The type matrix of docs/limits.md, made from the registries and our own sample events.

    python -m tests.type_matrix        writes it between its markers

A kind without a renderer, a sample or a row fails `tests/unit/test_type_matrix.py`.
"""

import re
from pathlib import Path

from chalicelib import chat_files
from chalicelib.arrivals import arrive
from chalicelib.media_types import from_mime
from chalicelib.whatsapp import limits, payloads
from chalicelib.whatsapp.answers import interactive_response
from chalicelib.whatsapp.content import ContactCard
from chalicelib.whatsapp.json_replies import FORMS
from chalicelib.whatsapp.messages import InboundMessage
from chalicelib.whatsapp.outgoing import outgoing
from chalicelib.whatsapp.replies import (
    AttachmentReply,
    ChatReply,
    ContactsReply,
    FormReply,
    InteractiveReply,
    LinkReply,
    LocationReply,
    LocationRequestReply,
    ReactionReply,
    Recipient,
    TemplateReply,
    TextReply,
)
from chalicelib.whatsapp.to_chat import RENDERERS, to_chat
from tests import whatsapp_samples as samples

PAGE = Path(__file__).parent.parent / "docs" / "limits.md"
BEGIN, END = "<!-- type matrix: begin -->", "<!-- type matrix: end -->"

SAMPLE_OF = {
    "interactive": "interactive_our_button",
    "unknown": "poll_of_tomorrow",
    "system": "system_number_changed",
}
"""Where the sample is not named like its kind."""

WAYS = {
    "attach": "the file",
    "png": "the picture as PNG",
    "wav": "the sound as WAV",
    "link": "a link to the file",
}
LARGE = "over 20 MB a link"

REPLIES: dict[type, tuple[str, ChatReply]] = {
    TextReply: ("text, Markdown", TextReply(text="Hello")),
    InteractiveReply: (
        "Connect interactive template",
        InteractiveReply(
            template={
                "templateType": "ListPicker",
                "data": {"content": {"title": "?", "elements": [{"title": "A"}, {"title": "B"}]}},
            }
        ),
    ),
    AttachmentReply: ("file", AttachmentReply(media_id="1", mime_type="application/pdf")),
    TemplateReply: ("message template", TemplateReply(name="reopen", language="en")),
    ReactionReply: ("reaction", ReactionReply(target="wamid.1", emoji="👍")),
    LocationReply: ("place", LocationReply(latitude=52.5, longitude=13.4)),
    ContactsReply: ("contact cards", ContactsReply(cards=(ContactCard(name="Ana"),))),
    LinkReply: ("link button", LinkReply(text="Pay", label="Pay", url="https://x.test")),
    LocationRequestReply: ("question for a place", LocationRequestReply(text="Where?")),
    FormReply: ("WhatsApp form", FormReply(text="F", label="Fill", flow_id="1", token="t")),
}
CONTENT_TYPES = {
    TextReply: "`text/plain`, `text/markdown`",
    InteractiveReply: "`application/vnd.amazonaws.connect.message.interactive`",
    AttachmentReply: "attachment",
}
FORM_OF = {
    TemplateReply: "template",
    ReactionReply: "reaction",
    LocationReply: "location",
    ContactsReply: "contacts",
    LinkReply: "link",
    LocationRequestReply: "location_request",
    FormReply: "form",
}
OTHER_FILES = ("audio/wav", "audio/webm", "image/heic", "image/webp", "image/gif", "text/csv")


def sample_of(kind: str) -> InboundMessage:
    """Our sample of a kind; fails when there is none."""
    return samples.message(SAMPLE_OF.get(kind, kind))


def page() -> str:
    """The whole page as it should be."""
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    return f"{head}{BEGIN}\n{matrix()}\n{END}{rest.partition(END)[2]}"


def matrix() -> str:
    return "\n\n".join((inbound(), replies(), files()))


def inbound() -> str:
    rows = [_inbound_row(kind) for kind in sorted(RENDERERS)]
    return _table(
        (
            "Kind",
            "First message: agent sees",
            "First message: flow sees",
            "Live chat: agent sees",
            "Live chat: flow or bot sees",
        ),
        rows,
    )


def _inbound_row(kind: str) -> tuple[str, ...]:
    message = sample_of(kind)
    line = to_chat(message, samples.ENGLISH)
    beside = arrive(
        message, receipt="", body="", texts=samples.ENGLISH, default_origination_id=""
    ).member.text
    words = _cell(beside)
    seen = "; ".join(filter(None, [words, _file(kind, message) if message.media else ""]))
    names = ", ".join(f"`{name}`" for name in sorted(line.attributes))
    first = f"the same text; attributes {names}"
    if message.media:
        first = f"attributes {names}" + (", `voiceNoteId`" if kind == "voice" else "")
    answers = interactive_response(message)
    live = "the answer with its id, where it had offered" if answers else "the same as the agent"
    return (f"`{kind}`", seen, first, seen, live)


def _file(kind: str, message: InboundMessage) -> str:
    if kind == "voice":
        return "card with transcript, the sound as WAV"
    assert message.media is not None
    found = from_mime(message.media.mime_type)
    preview = " and a preview" if chat_files.has_thumbnail(found, 1) else ""
    return f"{WAYS[chat_files.way_of(found, 1)]}; {LARGE}{preview}"


def replies() -> str:
    rows = [
        (
            told,
            CONTENT_TYPES.get(kind) or f"`application/json`, `type: {FORM_OF[kind]}`",
            ", ".join(f"`{part}`" for part in _kinds(reply)),
        )
        for kind, (told, reply) in REPLIES.items()
    ]
    return _table(("Agent, flow or bot says", "As", "WhatsApp shows"), rows)


def _kinds(reply: ChatReply) -> list[str]:
    bodies = payloads.bodies(reply, Recipient(phone="15550100001"), samples.ENGLISH)
    return [_kind(body) for body in bodies]


def _kind(body: payloads.Body) -> str:
    inner = body.get("interactive", {}).get("type", "")
    return f"{body['type']} {inner}".strip()


def files() -> str:
    rows = [_file_row(mime) for mime in (*limits.MEDIA_TYPES, *OTHER_FILES)]
    return _table(("File of an agent", "Goes out as", "At most"), list(dict.fromkeys(rows)))


def _file_row(mime: str) -> tuple[str, ...]:
    plan = outgoing(mime, "", 1)
    kind = "voice message" if plan.voice else limits.message_type(plan.mime_type)
    how = {"": "as it is", "voice": "as Ogg/Opus", "jpeg": "as JPEG"}
    most = limits.max_bytes(plan.mime_type) // limits.MEGABYTE
    return (f"`{mime}`", f"{kind}, {how[plan.conversion]}", f"{most} MB")


def forms_without_a_row() -> set[str]:
    return set(FORMS) - {*FORM_OF.values(), "text"}


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    first = " / ".join(text.split("\n"))
    shown = first if len(first) <= 90 else first[:89] + "…"
    # A link in a cell would be checked as one of the page's own.
    return re.sub(r"https?://\S+", "(link)", shown).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
