"""Contact cards: WhatsApp's own form, and the vCard that comes in its place at times. Pure.

Source of both: Meta, webhooks/reference/messages/contacts; vCard lines: RFC 6350, section 3.
"""

from typing import Any

from chalicelib.whatsapp import fields
from chalicelib.whatsapp.content import ContactCard


def card_of(item: dict[str, Any]) -> ContactCard:
    """One contact; what its own fields do not say is taken from its vCard."""
    work, vcard = fields.child(item, "org"), _vcard(fields.text(item, "vcard"))
    organization = (fields.text(work, key) for key in ("company", "department", "title"))
    return ContactCard(
        name=_name(item) or next(iter(vcard.get("FN", ())), ""),
        phones=_each(item, "phones", "phone", "wa_id") or vcard.get("TEL", ()),
        emails=_each(item, "emails", "email") or vcard.get("EMAIL", ()),
        addresses=tuple(filter(None, (_address(at) for at in fields.objects(item, "addresses")))),
        urls=_each(item, "urls", "url") or vcard.get("URL", ()),
        organization=", ".join(filter(None, organization)) or ", ".join(vcard.get("ORG", ())),
        birthday=fields.text(item, "birthday"),
        origin=fields.text(item, "origin"),
    )


def _name(item: dict[str, Any]) -> str:
    name = fields.child(item, "name")
    parts = (fields.text(name, key) for key in ("first_name", "middle_name", "last_name"))
    return (
        fields.text(name, "formatted_name")
        or " ".join(filter(None, parts))
        or fields.text(item, "name")
    )


def _each(item: dict[str, Any], key: str, *names: str) -> tuple[str, ...]:
    """The values of a list of objects, or of plain texts where senders write those."""
    listed = item.get(key)
    plain = [fields.scalar(value) for value in listed] if isinstance(listed, list) else []
    found = [*(fields.text(entry, *names) for entry in fields.objects(item, key)), *plain]
    return tuple(dict.fromkeys(value for value in found if value))


def _address(address: dict[str, Any]) -> str:
    keys = ("street", "city", "state", "zip", "country")
    return ", ".join(filter(None, (fields.text(address, key) for key in keys)))


def _vcard(written: str) -> dict[str, tuple[str, ...]]:
    """Property name -> its values. A folded line goes on behind a space."""
    unfolded = written.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")
    found: dict[str, tuple[str, ...]] = {}
    for line in unfolded.split("\n"):
        head, _, value = line.partition(":")
        # "item1.TEL;type=CELL" is a grouped TEL with a parameter.
        name = head.partition(";")[0].rpartition(".")[2].strip().upper()
        if name and value.strip():
            found[name] = (*found.get(name, ()), _plain(value))
    return found


def _plain(value: str) -> str:
    """Without RFC 6350's escapes, parts of a structured value one after the other."""
    words = value.strip().replace("\\n", " ").replace("\\,", ",").replace("\\;", ",")
    return ", ".join(filter(None, (part.strip() for part in words.split(";"))))
