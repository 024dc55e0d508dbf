"""Who wrote: the sender of a message out of `from`, `from_user_id` and the event's `contacts`.

What makes it more than a lookup (reference whatsapp-eum.md 2.1, 2.2): `from` may differ from every
`wa_id` or be absent, a BSUID may stand in either, `system` messages have no contacts. Identifiers
are taken from a contact only when it surely is the sender: a wrong BSUID would merge two people.
"""

from typing import Any

from chalicelib.customer import BSUID, NOBODY, Identifiers, IdentityChange, canonical, identify
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.messages import Sender


def own_identifiers(message: Any) -> Identifiers:
    """What the message itself says about its sender, without looking at contacts."""
    return identify(
        fields.text(message, "from_user_id"),
        fields.text(message, "from_parent_user_id"),
        fields.text(message, "from"),
    )


def contact_identifiers(contact: Any) -> Identifiers:
    return identify(
        fields.text(contact, "user_id"),
        fields.text(contact, "parent_user_id"),
        fields.text(contact, "wa_id"),
    )


def contacts_of(message: Any, value: Any) -> list[dict[str, Any]]:
    """The contacts of an event that speak of this message's sender: one or none.

    A lone contact is taken although its number differs, as long as all messages of the event
    have one sender: Meta's own samples and numbers rewritten by country rules look like that.
    """
    contact, _ = _contact_of(own_identifiers(message), value)
    return [] if contact is None else [contact]


def sender_of(message: Any, value: Any) -> Sender:
    """The sender of a message within the `value` of its change."""
    mine = own_identifiers(message)
    contact, theirs = _contact_of(mine, value)
    profile = fields.child(contact, "profile")
    return Sender(
        phone=mine.phone or theirs.phone,
        user_id=mine.user_id or theirs.user_id,
        parent_user_id=mine.parent_user_id or theirs.parent_user_id,
        name=fields.text(profile, "name") or fields.text(contact, "name"),
        username=fields.text(profile, "username"),
    )


def _contact_of(mine: Identifiers, value: Any) -> tuple[dict[str, Any] | None, Identifiers]:
    """The contact of the sender `mine`, and the identifiers in it that surely are the sender's."""
    contacts = fields.objects(value, "contacts")
    for contact in contacts:
        theirs = contact_identifiers(contact)
        if _share_one(mine, theirs):
            return contact, theirs
    writers = {own_identifiers(each) for each in fields.objects(value, "messages")}
    if len(contacts) != 1 or len(writers) > 1:
        return None, NOBODY
    return contacts[0], NOBODY if mine.strongest else contact_identifiers(contacts[0])


def _share_one(one: Identifiers, other: Identifiers) -> bool:
    mine, theirs = one.strongest_first(), other.strongest_first()
    if not set(mine).isdisjoint(theirs):
        return True  # nearly always they are spelled alike
    return not {canonical(item) for item in mine}.isdisjoint(map(canonical, theirs))


def change_in_system(message: Any) -> IdentityChange | None:
    """The change a `system` message tells of: the number (new one in `system.wa_id`, formerly
    `new_wa_id`; old one in `from`) or the user id (new one in `system.user_id`, old one in the
    body's "changed from OLD to NEW"). None for anything else.
    """
    system = fields.child(message, "system")
    current = identify(
        fields.text(system, "user_id"),
        fields.text(system, "parent_user_id"),
        fields.text(system, "wa_id", "new_wa_id"),
    )
    named = [match.group() for match in BSUID.finditer(fields.text(system, "body"))]
    mine = own_identifiers(message).strongest_first()
    told = [*named, *mine, fields.text(system, "customer")]
    previous = identify(*(item for item in told if item not in current.strongest_first()))
    return _change(previous, current)


def change_in_update(item: Any) -> IdentityChange | None:
    """The change in one item of the webhook field `user_id_update`."""
    ids, parents = fields.child(item, "user_id"), fields.child(item, "parent_user_id")
    phone = fields.text(item, "wa_id")
    return _change(
        identify(fields.text(ids, "previous"), fields.text(parents, "previous"), phone),
        identify(fields.text(ids, "current"), fields.text(parents, "current"), phone),
    )


def _change(previous: Identifiers, current: Identifiers) -> IdentityChange | None:
    if not previous.strongest or not current.strongest or previous == current:
        return None
    return IdentityChange(previous=previous, current=current)
