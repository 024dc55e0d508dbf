"""An inbound WhatsApp message as the protocol handles it: who wrote, what will be shown. Pure."""

from collections.abc import Mapping

from chalicelib.bundles import Arrival, Queued
from chalicelib.conversation import Member, Reply
from chalicelib.customer import Identifiers, IdentityChange, alias_keys, conversation_key
from chalicelib.texts import Texts
from chalicelib.whatsapp.content import MediaRef
from chalicelib.whatsapp.messages import InboundMessage
from chalicelib.whatsapp.safe_text import safe_filename, safe_line
from chalicelib.whatsapp.to_chat import asks_to_resend, to_chat

MAX_NAME = 256  # of a participant in Connect; an attribute takes more, all together 32 KB
NONE: Mapping[str, str] = {}

NAMED_ONLY = ("unknown", "unsupported", "errors")
"""Kinds that nobody can show: naming them is all that can be done."""

LOST = ("messageLost", "yes")
"""Attribute of a message that WhatsApp could not pass on: the customer is asked for it again."""

# Country calling codes and BSUID prefixes of places where most customers write Spanish or
# Portuguese: a first guess for texts and speech, never a decision. Source: ITU-T E.164.
SPANISH_CODES = [
    "34",
    "51",
    "52",
    "53",
    "54",
    "56",
    "57",
    "58",
    "502",
    "503",
    "504",
    "505",
    "506",
    "507",
    "591",
    "593",
    "595",
    "598",
    "1787",
    "1809",
    "1829",
    "1849",
    "1939",
]
PORTUGUESE_CODES = ["55", "351", "238", "239", "244", "245", "258"]
SPANISH_COUNTRIES = frozenset(
    [
        "ES",
        "PE",
        "MX",
        "CU",
        "AR",
        "CL",
        "CO",
        "VE",
        "GT",
        "SV",
        "HN",
        "NI",
        "CR",
        "PA",
        "BO",
        "EC",
        "PY",
        "UY",
        "PR",
        "DO",
    ]
)
PORTUGUESE_COUNTRIES = frozenset(["BR", "PT", "CV", "ST", "AO", "GW", "MZ"])


def arrive(
    message: InboundMessage,
    *,
    receipt: str,
    body: str,
    texts: Texts,
    default_origination_id: str,
    redrive: int = 0,
    about: str = "",
    response: str = "",
    languages: Mapping[str, str] = NONE,
) -> Queued:
    """The message with its sender, ready to be bundled.

    `about`: the beginning of the message it refers to; `response`: a choice as Connect's
    interactive messages expect it; `languages`: by business number, for customers whose own
    language nothing tells.
    """
    return Queued(
        receipt=receipt,
        arrival=_arrival(message, default_origination_id, languages),
        member=_member(message, texts, redrive, about, response),
        body=body,
    )


def moved_to(change: IdentityChange, phone_number_id: str, origination_id: str) -> Arrival:
    """An account event that tells of a new identity, as an arrival without a message."""
    return Arrival(
        keys=_both_keys(phone_number_id, change),
        reply=_reply(change.current, origination_id),
        moved=True,
    )


def language_of(identifiers: Identifiers) -> str:
    """A guess from the customer's country: es, pt, or "" when nothing speaks for either."""
    for bsuid in (identifiers.user_id, identifiers.parent_user_id):
        country = (bsuid or "").split(".")[0]
        if country in SPANISH_COUNTRIES:
            return "es"
        if country in PORTUGUESE_COUNTRIES:
            return "pt"
    phone = (identifiers.phone or "").lstrip("+")
    if phone.startswith(tuple(SPANISH_CODES)):
        return "es"
    return "pt" if phone.startswith(tuple(PORTUGUESE_CODES)) else ""


def _arrival(
    message: InboundMessage, default_origination_id: str, languages: Mapping[str, str]
) -> Arrival:
    number = message.origination_id or default_origination_id
    change, current = message.identity_change, message.identity
    if change:
        keys, current = _both_keys(message.phone_number_id, change), change.current
    else:
        keys = alias_keys(message.phone_number_id, current)
    return Arrival(
        keys=keys or (_nobody(message),),
        reply=_reply(current, number),
        name=safe_line(message.sender.name or message.sender.username, MAX_NAME),
        language=language_of(current) or languages.get(number, ""),
        moved=change is not None,
    )


def _both_keys(phone_number_id: str, change: IdentityChange) -> tuple[str, ...]:
    """Keys of who the customer was and of who they are now; the former lead."""
    former = alias_keys(phone_number_id, change.previous)
    return tuple(dict.fromkeys((*former, *alias_keys(phone_number_id, change.current))))


def _reply(identifiers: Identifiers, origination_id: str) -> Reply:
    return Reply(
        origination_id=origination_id,
        to=identifiers.phone or "",
        recipient=identifiers.user_id or identifiers.parent_user_id or "",
        group=identifiers.group_id or "",
    )


def _nobody(message: InboundMessage) -> str:
    """A message that names no sender still gets a conversation of its own: it is not lost."""
    return conversation_key(message.phone_number_id, message.wamid)


def _member(
    message: InboundMessage, texts: Texts, redrive: int, about: str, response: str
) -> Member:
    line = to_chat(message, texts, about=about)
    media, content = message.media, message.content
    return Member(
        wamid=message.wamid,
        sent_at=int(message.sent_at.timestamp()) if message.sent_at else 0,
        kind=message.kind,
        text=_beside_file(line.text, message, texts) if media else line.text,
        media_id=media.media_id if media else "",
        mime=media.mime_type if media else "",
        filename=safe_filename(media.filename) if media and media.filename else "",
        attributes=(*line.attributes.items(), *((LOST,) if asks_to_resend(message) else ())),
        redrive=redrive,
        response=response,
        received_at=message.received_at,
        placeholder=message.kind in NAMED_ONLY or (isinstance(content, MediaRef) and not media),
    )


def _beside_file(text: str, message: InboundMessage, texts: Texts) -> str:
    """The words beside a file; its bare label says nothing that the file does not, so it goes.

    Every Connect message is billed.
    """
    labels = {texts.get(f"media.{message.kind}.label")}
    return "\n".join(line for line in text.split("\n") if line not in labels)
