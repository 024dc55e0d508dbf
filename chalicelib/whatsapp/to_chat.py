"""What the agent reads for each message of a customer, and what flows get as attributes. Pure.

Text chats show lines, so every kind becomes lines: marks of how it came (group, forwarded, ad,
quote), then the content from the kind's renderer, then errors that came beside it. Files are
described by `message.media` and attached elsewhere; here they are named.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.texts import NOTICE_MARK, Texts
from chalicelib.whatsapp import render_content, render_events, render_replies
from chalicelib.whatsapp.content import CallPermission, Choice, Edit, FormAnswers, MediaRef
from chalicelib.whatsapp.messages import InboundMessage
from chalicelib.whatsapp.safe_text import clip, is_blank, safe_line
from chalicelib.whatsapp.split import split, utf8_size
from chalicelib.whatsapp.view import (
    MAX_NAME,
    RENDERERS,
    TOO_LARGE,
    View,
    attributes_of,
    render_unknown,
)

__all__ = [
    "NOTICE_MARK",
    "RENDERERS",
    "ChatLine",
    "asks_to_resend",
    "join_texts",
    "notice",
    "to_chat",
]

asks_to_resend = render_events.asks_to_resend
RENDERER_MODULES = (render_content, render_events, render_replies)
"""Importing them fills the registry."""

MAX_CHAT_BYTES = 16_384
"""Participant SendMessage and StartChatContact.InitialMessage, every content type.
Source: botocore 1.44.5 connectparticipant; reference whatsapp-eum.md section 9."""

MAX_LINE_BYTES = 200_000
"""More than any customer can type (4,096 characters), as much as an item can keep (`routing.py`);
beyond, the text is cut with a mark."""

ERRORS_SHOWN_BY_KIND = frozenset({"unsupported", "unknown", "errors"})
"""Kinds whose renderer already says what the errors beside them mean."""

_ANSWERS = (Choice, FormAnswers, CallPermission, Edit)


@dataclass(frozen=True, slots=True)
class ChatLine:
    """What the agent reads of one message, and the contact attributes it gives to flows.

    `text` is never blank, may have several lines and be longer than one Connect message:
    send it through `join_texts`. Attribute names are letters, digits, "_" and "-".
    """

    text: str
    attributes: dict[str, str] = field(default_factory=dict)


def to_chat(message: InboundMessage, texts: Texts, *, about: str = "") -> ChatLine:
    """Render one message.

    `about` is the beginning of the message that this one quotes, reacts to, edits or deletes,
    when somebody looked it up; "" shows "an earlier message". Never raises.
    """
    view = View(message=message, texts=texts, about=about)
    shown, attributes = RENDERERS.get(message.kind, render_unknown)(message.content, view)
    content = texts.get("shown.empty") if is_blank(shown) else shown
    cut = texts.get("shown.cut") if message.cut else ""
    lines = [*_marks(view), content, *_errors(view), *filter(None, [cut])]
    return ChatLine(
        text=_capped("\n".join(lines), texts), attributes={**_common(message), **attributes}
    )


def notice(texts: Texts, key: str, **values: object) -> str:
    """A sentence of ours to the agent, marked so that it cannot be taken for the customer's."""
    return NOTICE_MARK + texts.get(key, **values)


def join_texts(lines: Iterable[ChatLine]) -> list[str]:
    """Consecutive lines as few Connect messages of at most 16,384 bytes each, in order.

    Nothing is lost: a line longer than that goes on in the next message.
    """
    joined: list[str] = []
    for part in (part for line in lines for part in split(line.text, MAX_CHAT_BYTES, utf8_size)):
        together = f"{joined[-1]}\n{part}" if joined else part
        if joined and utf8_size(together) <= MAX_CHAT_BYTES:
            joined[-1] = together
        else:
            joined.append(part)
    return joined


def _marks(view: View) -> list[str]:
    marks = (_group(view), _forwarded(view), _referral(view), _quote(view))
    return [mark for mark in marks if mark]


def _group(view: View) -> str:
    if not view.message.group_id:
        return ""
    name = safe_line(view.message.sender.name, 60) or view.texts.get("shown.somebody")
    return view.texts.get("shown.group", name=name)


def _forwarded(view: View) -> str:
    keys = {"forwarded": "shown.forwarded", "often": "shown.forwarded_often"}
    key = keys.get(view.message.forwarded)
    return view.texts.get(key) if key else ""


def _referral(view: View) -> str:
    ad = view.message.referral
    if not ad:
        return ""
    title = safe_line(ad.headline or ad.body, 120) or view.texts.get("shown.referral_untitled")
    key = "shown.referral_post" if ad.source_type == "post" else "shown.referral"
    link = safe_line(ad.source_url, 500)
    return "\n".join(part for part in (view.texts.get(key, title=title), link) if part)


def _quote(view: View) -> str:
    """The "re:" line. Taps and forms have none: they always answer us, and flows compare the
    text of a tapped choice with its title."""
    quoted, content = view.message.quoted, view.message.content
    if not quoted:
        return ""
    if quoted.product and not isinstance(content, Choice):
        return view.texts.get(
            "shown.re_product",
            product=safe_line(quoted.product.product_id, MAX_NAME),
            catalog=safe_line(quoted.product.catalog_id, MAX_NAME),
        )
    return "" if isinstance(content, _ANSWERS) else view.about_or("shown.re_earlier", "shown.re")


def _errors(view: View) -> list[str]:
    if view.message.kind in ERRORS_SHOWN_BY_KIND:
        return []
    return [
        view.texts.get("shown.errors", reason=view.reason(each))
        for each in view.message.errors
        if each.code != TOO_LARGE or not isinstance(view.message.content, MediaRef)
    ]


def _common(message: InboundMessage) -> dict[str, str]:
    ad, quoted = message.referral, message.quoted
    told = {
        "messageType": message.kind,
        "groupId": message.group_id,
        "quotedId": quoted.wamid if quoted else "",
        "productId": quoted.product.product_id if quoted and quoted.product else "",
        "referralType": ad.source_type if ad else "",
        "referralId": ad.source_id if ad else "",
        "referralUrl": ad.source_url if ad else "",
        "referralTitle": ad.headline if ad else "",
        "referralClickId": ad.click_id if ad else "",
    }
    return attributes_of(told)


def _capped(text: str, texts: Texts) -> str:
    if utf8_size(text) <= MAX_LINE_BYTES:
        return text
    # A character has up to four bytes; the mark itself must still fit.
    return clip(text, MAX_LINE_BYTES // 4 - 200) + "\n" + texts.get("shown.cut")
