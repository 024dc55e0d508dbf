"""Connect's interactive messages -> WhatsApp's buttons, lists or numbered text. Pure.

The mapping is ours (Connect's own for its native channel is not published): up to 3 short options
-> reply buttons; up to 10 -> a list; more -> numbered text. What does not fit a button or a row is
written out in the body, so nothing of it is lost. An image goes ahead as a message of its own: if
its link cannot be fetched, only the image fails.
Shapes: reference flow-language.md section 4.8.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.texts import Texts
from chalicelib.whatsapp import fields, limits
from chalicelib.whatsapp.markdown import to_whatsapp
from chalicelib.whatsapp.option_ids import option_id, slot_id
from chalicelib.whatsapp.safe_text import clip
from chalicelib.whatsapp.slots import slot_description, slot_title
from chalicelib.whatsapp.split import split

Body = dict[str, Any]

MAX_DEPTH = 3
"""A carousel holds cards; a card that claims to hold carousels is read this deep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One option: full title, description, id that comes back; `section` groups carousel cards."""

    id: str
    title: str
    description: str = ""
    section: str = ""

    @property
    def fits_button(self) -> bool:
        more = self.description or self.section
        return len(self.title) <= limits.BUTTON_TITLE and not more

    @property
    def fits_row(self) -> bool:
        short = len(self.description) <= limits.ROW_DESCRIPTION
        return len(self.title) <= limits.ROW_TITLE and short


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """An interactive message in neutral form; `text` is what stands above the options."""

    text: str
    offers: tuple[Offer, ...]
    images: tuple[str, ...]


def interactive_bodies(template: Body, texts: Texts) -> list[Body]:
    """The type-specific parts of the Meta messages for one Connect template.

    A template without anything to show (ViewResource, unknown types) yields a sentence that
    says so: the customer must not be left with silence.
    """
    menu = read_menu(template, texts)
    images = [{"type": "image", "image": {"link": link}} for link in menu.images]
    if not menu.offers:
        return [*images, *_texts(menu.text.strip() or texts.get("customer.cannot_show"))]
    if len(menu.offers) > limits.LIST_ROWS:
        return [*images, *_texts(_numbered(menu, texts))]
    if _as_buttons(menu):
        return [*images, *_buttons(menu)]
    return [*images, *_list(menu, texts)]


def read_menu(template: Body, texts: Texts) -> Menu:
    """A Connect template in neutral form. Tolerant: missing parts are empty."""
    data = fields.child(template, "data")
    heads, offers, images = _read(template, texts, depth=0)
    opening = _head(fields.child(data, "replyMessage"))
    lines = [opening, *heads]
    return Menu(
        text="\n".join(line for line in dict.fromkeys(lines) if line),
        offers=_numbered_ids(offers),
        images=tuple(dict.fromkeys(images)),
    )


def _read(template: Body, texts: Texts, depth: int) -> tuple[list[str], list[Offer], list[str]]:
    content = fields.child(fields.child(template, "data"), "content") or template
    heads, images = [_head(content)], _images(content)
    images = [*_images(fields.child(fields.child(template, "data"), "replyMessage")), *images]
    offers = [_slot(slot, content, texts) for slot in fields.objects(content, "timeslots")]
    for element in fields.objects(content, "elements"):
        if _is_card(element) and depth < MAX_DEPTH:
            _, inner, more = _read(element, texts, depth + 1)
            title = fields.text(_content(element), "title")
            offers += [_in_section(offer, title) for offer in inner]
            heads += [] if inner else [_head(_content(element))]
            images += more
        elif fields.text(element, "title").strip():
            offers.append(_offer(element))
    place = fields.child(content, "location")
    heads.append(fields.text(place, "title"))
    return heads, offers, images


def _is_card(element: Body) -> bool:
    return "templateType" in element or "elements" in _content(element)


def _content(card: Body) -> Body:
    return fields.child(fields.child(card, "data"), "content") or card


def _head(content: Body) -> str:
    told = (fields.text(content, "title"), fields.text(content, "subtitle"))
    return "\n".join(part for part in told if part)


def _images(content: Body) -> list[str]:
    link = fields.text(content, "imageData")
    # Meta fetches links itself over public HTTPS; anything else would fail the message.
    return [link] if link.startswith("https://") else []


def _offer(element: Body) -> Offer:
    title = " ".join(fields.text(element, "title").split())
    subtitle = " ".join(fields.text(element, "subtitle").split())
    return Offer(id="", title=title, description=subtitle)


def _slot(slot: Body, content: Body, texts: Texts) -> Offer:
    date = fields.text(slot, "date")
    offset = fields.number(content, "timeZoneOffset")
    return Offer(
        id=f"slot {date}",
        title=slot_title(date, offset, texts),
        description=slot_description(slot, texts),
    )


def _in_section(offer: Offer, section: str) -> Offer:
    return Offer(id=offer.id, title=offer.title, description=offer.description, section=section)


def _numbered_ids(offers: list[Offer]) -> tuple[Offer, ...]:
    """Ids unique within the message: the number comes first."""
    return tuple(
        Offer(
            id=slot_id(number, offer.id.removeprefix("slot "))
            if offer.id
            else option_id(number, offer.title),
            title=offer.title,
            description=offer.description,
            section=offer.section,
        )
        for number, offer in enumerate(offers, start=1)
    )


def _as_buttons(menu: Menu) -> bool:
    titles = [offer.title for offer in menu.offers]
    short = all(offer.fits_button for offer in menu.offers)
    return short and len(titles) <= limits.BUTTONS and len(set(titles)) == len(titles)


def _buttons(menu: Menu) -> list[Body]:
    buttons = [
        {"type": "reply", "reply": {"id": offer.id, "title": offer.title}} for offer in menu.offers
    ]
    first, body = _body(menu.text, limits.BUTTON_BODY)
    return [*first, _interactive("button", body, {"buttons": buttons})]


def _list(menu: Menu, texts: Texts) -> list[Body]:
    full = menu.text if all(offer.fits_row for offer in menu.offers) else _written_out(menu)
    first, body = _body(full, limits.LIST_BODY)
    label = clip(texts.get("choice.open"), limits.LIST_BUTTON)
    action = {"button": label, "sections": _sections(menu)}
    return [*first, _interactive("list", body, action)]


def _sections(menu: Menu) -> list[Body]:
    """Rows by section, in order; WhatsApp wants titles as soon as there are two sections."""
    sections: dict[str, list[Body]] = {}
    for offer in menu.offers:
        sections.setdefault(offer.section, []).append(_row(offer))
    if len(sections) == 1:
        return [{"rows": rows} for rows in sections.values()]
    return [
        {"title": clip(title or "-", limits.SECTION_TITLE), "rows": rows}
        for title, rows in sections.items()
    ]


def _row(offer: Offer) -> Body:
    row = {"id": offer.id, "title": clip(offer.title, limits.ROW_TITLE)}
    cut = len(offer.title) > limits.ROW_TITLE
    told = [offer.title] if cut else []
    description = " - ".join([*told, *([offer.description] if offer.description else [])])
    return {**row, "description": clip(description, limits.ROW_DESCRIPTION)} if description else row


def _interactive(kind: str, body: str, action: Body) -> Body:
    return {
        "type": "interactive",
        "interactive": {"type": kind, "body": {"text": body}, "action": action},
    }


def _body(text: str, limit: int) -> tuple[list[Body], str]:
    """What does not fit the body goes ahead as text; a body may not be empty."""
    parts = split(to_whatsapp(text), limit) or ["…"]
    return [_text(part) for part in parts[:-1]], parts[-1]


def _written_out(menu: Menu) -> str:
    return "\n".join(part for part in (menu.text, *_option_lines(menu)) if part)


def _numbered(menu: Menu, texts: Texts) -> str:
    return f"{_written_out(menu)}\n\n{texts.get('choice.reply_with_number')}"


def _option_lines(menu: Menu) -> list[str]:
    lines: list[str] = []
    section = ""
    for number, offer in enumerate(menu.offers, start=1):
        if offer.section and offer.section != section:
            section = offer.section
            lines.append(f"*{section}*")
        more = f" - {offer.description}" if offer.description else ""
        lines.append(f"{number}. {offer.title}{more}")
    return lines


def _texts(text: str) -> list[Body]:
    return [_text(part) for part in split(to_whatsapp(text), limits.TEXT)]


def _text(text: str) -> Body:
    return {"type": "text", "text": {"body": text, "preview_url": "https://" in text}}
