"""Text, files, places and contact cards as the agent reads them. Pure."""

from chalicelib.texts import Texts
from chalicelib.whatsapp import content as said
from chalicelib.whatsapp.safe_text import safe_body, safe_filename, safe_line
from chalicelib.whatsapp.view import (
    MAX_ATTRIBUTE,
    MAX_NAME,
    RENDERERS,
    TOO_LARGE,
    Shown,
    View,
    attributes_of,
    renderer,
    stacked,
)


@renderer("text")
def render_text(content: said.Text, _: View) -> Shown:
    return safe_body(content.body), {}


@renderer("image", "video", "audio", "voice", "document", "sticker")
def render_media(content: said.MediaRef, view: View) -> Shown:
    """What the file is, its name, and its caption once; a placeholder when it cannot be had."""
    kind = view.message.kind if view.message.kind in RENDERERS else "document"
    if isinstance(view.message.content, said.Edit):
        kind = view.message.content.kind
    if view.has_error(TOO_LARGE):
        label = view.texts.get("shown.too_large")
    else:
        label = _media_label(content, kind, view.texts)
    # Phones give a document without words its name as caption.
    caption = "" if content.caption == content.filename else safe_body(content.caption)
    return f"{label} {caption}".rstrip(), {}


def _media_label(media: said.MediaRef, kind: str, texts: Texts) -> str:
    name = safe_filename(media.filename) if media.filename else ""
    if not media.media_id:
        named = kind == "document" and name
        key = "failed_named" if named else "failed"
        return texts.get(f"media.{kind}.{key}", name=name)
    if kind == "document" and name:
        return texts.get("media.document.named", name=name)
    return texts.get(f"media.{kind}.{'animated' if media.animated else 'label'}")


@renderer("location")
def render_location(place: said.Location, view: View) -> Shown:
    head = f"{view.texts.get('shown.location')} {safe_line(place.name, MAX_NAME)}".rstrip()
    rows = [head, safe_line(place.address, MAX_NAME)]
    if place.latitude is None or place.longitude is None:
        rows.append(view.texts.get("shown.location_unknown"))
        return stacked(*rows, safe_line(place.url, MAX_ATTRIBUTE)), {}
    latitude, longitude = f"{place.latitude:.6f}", f"{place.longitude:.6f}"
    rows.append(f"https://www.google.com/maps/search/?api=1&query={latitude},{longitude}")
    shown = stacked(*rows, safe_line(place.url, MAX_ATTRIBUTE))
    return shown, {"latitude": latitude, "longitude": longitude}


@renderer("contacts")
def render_contacts(content: said.ContactCards, view: View) -> Shown:
    if not content.cards:
        return view.texts.get("shown.contacts_empty"), {}
    asked = any(card.origin == "contact_request" for card in content.cards)
    head = view.texts.get("shown.contacts_requested" if asked else "shown.contacts")
    phone = next((phone for card in content.cards for phone in card.phones), "")
    return stacked(head, *(_card(card, view.texts) for card in content.cards)), attributes_of(
        {"sharedPhone": phone}
    )


def _card(card: said.ContactCard, texts: Texts) -> str:
    told = (
        ("label.phone", card.phones),
        ("label.email", card.emails),
        ("label.address", card.addresses),
        ("label.organization", (card.organization,) if card.organization else ()),
        ("label.birthday", (card.birthday,) if card.birthday else ()),
    )
    rows = [
        f"{texts.get(key)}: {safe_line(value, MAX_NAME)}"
        for key, values in told
        for value in values
    ]
    urls = [safe_line(url, MAX_NAME) for url in card.urls]
    name = safe_line(card.name, MAX_NAME) or texts.get("shown.contact_unnamed")
    return stacked(name, *rows, *urls)
