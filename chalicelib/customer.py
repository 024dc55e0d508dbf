"""Who a customer is: identifiers, how they compare, and the keys made of them. Pure.

WhatsApp names a person by a business-scoped user id (BSUID, "US.1349..."), a parent BSUID
("US.ENT.118...") and a phone number without "+"; any of them may be missing. The BSUID is the
strongest: it stays while the number is hidden, and a number may pass to somebody else.
Source: Meta, business-scoped-user-ids; reference whatsapp-eum.md section 2.2.
"""

import hashlib
import re
from dataclasses import dataclass

BSUID = re.compile(r"[A-Z]{2}\.(?P<parent>ENT\.)?[A-Za-z0-9]{1,128}")
"""Form of a (parent) business-scoped user id. Source: Meta, business-scoped-user-ids."""

KEY_LENGTH = 64
"""Characters of a key: hex SHA-256. SQS group and deduplication ids end at 128."""

_NO_DIGITS = re.compile(r"[^0-9]+")
_BR_AREA_AND_OLD_MOBILE = re.compile(r"(55[1-9][0-9])([6-9][0-9]{7})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiers:
    """What one event says about who somebody is; each exactly as received, None when absent.

    `group_id` is set for a WhatsApp group: then it alone names the conversation, since its
    members are different people and must never become one customer.
    """

    phone: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None
    group_id: str | None = None

    def strongest_first(self) -> tuple[str, ...]:
        """The identifiers present: BSUID, parent BSUID, phone; a group's id alone."""
        if self.group_id:
            return (self.group_id,)
        present = (self.user_id, self.parent_user_id, self.phone)
        return tuple(dict.fromkeys(item for item in present if item))

    @property
    def strongest(self) -> str:
        """The identifier that names the conversation; "" when the event names nobody."""
        return next(iter(self.strongest_first()), "")


NOBODY = Identifiers()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """WhatsApp says that `previous` is now reached as `current`: the aliases must move."""

    previous: Identifiers
    current: Identifiers


def identify(*received: str | None) -> Identifiers:
    """Sort identifiers by their form: a BSUID may stand where a phone number is expected."""
    found: dict[str, str] = {}
    for text in received:
        if text:
            found.setdefault(_slot(text), text)
    return Identifiers(**found)


def _slot(identifier: str) -> str:
    match = BSUID.fullmatch(identifier)
    if not match:
        return "phone"
    return "parent_user_id" if match["parent"] else "user_id"


def is_bsuid(identifier: str) -> bool:
    """Whether this is a business-scoped user id (or a parent one) and not a phone number."""
    return BSUID.fullmatch(identifier) is not None


def is_parent(identifier: str) -> bool:
    """Whether this is a parent BSUID, which linked portfolios share."""
    found = BSUID.fullmatch(identifier)
    return found is not None and bool(found["parent"])


def normalize_phone(text: str) -> str:
    """The number as E.164 with "+", everything but digits removed; a BSUID is left alone.

    Returns "" when there is no digit. Never adds or drops a digit: replies go to exactly the
    number that was received.
    """
    if is_bsuid(text):
        return text
    digits = _NO_DIGITS.sub("", text)
    return f"+{digits}" if digits else ""


def canonical(identifier: str) -> str:
    """A form in which two spellings of one number are equal. For comparing, never for sending.

    Meta adds or drops a digit for mobiles of three countries: Argentina 54 9, Mexico 52 1 and
    Brazil's ninth digit (source: reference whatsapp-eum.md section 2.2).
    """
    phone = normalize_phone(identifier)
    if not phone.startswith("+"):
        return identifier  # a BSUID, or nothing that anybody could call
    digits = phone[1:]
    if digits.startswith("549") and len(digits) == len("5491112345678"):
        digits = "54" + digits[3:]
    elif digits.startswith("521") and len(digits) == len("5215512345678"):
        digits = "52" + digits[3:]
    elif brazilian := _BR_AREA_AND_OLD_MOBILE.fullmatch(digits):
        digits = f"{brazilian[1]}9{brazilian[2]}"
    return f"+{digits}"


def same_customer(one: Identifiers, other: Identifiers) -> bool:
    """Whether two events surely speak of one person.

    The strongest kind of identifier that both carry decides. A phone number never joins two
    different BSUIDs: it was given to somebody else.
    """
    if one.group_id or other.group_id:
        return one.group_id == other.group_id
    for mine, theirs in (
        (one.user_id, other.user_id),
        (one.parent_user_id, other.parent_user_id),
        (one.phone, other.phone),
    ):
        if mine and theirs:
            return canonical(mine) == canonical(theirs)
    return False


def combined(known: Identifiers, seen: Identifiers) -> Identifiers:
    """What is known of a customer after an event: the newest identifiers, the old where silent."""
    return Identifiers(
        phone=seen.phone or known.phone,
        user_id=seen.user_id or known.user_id,
        parent_user_id=seen.parent_user_id or known.parent_user_id,
        group_id=seen.group_id or known.group_id,
    )


def conversation_key(phone_number_id: str, identifier: str) -> str:
    """Key of the conversation of one business number with one identifier: 64 hex characters.

    One customer writing to two business numbers has two conversations. The key is opaque: it
    may be logged and put on a contact.
    """
    return _digest("conversation", phone_number_id, canonical(identifier))


def alias_keys(phone_number_id: str, identifiers: Identifiers) -> tuple[str, ...]:
    """Keys of all identifiers, strongest first; the first one is the conversation's own."""
    every = (conversation_key(phone_number_id, item) for item in identifiers.strongest_first())
    return tuple(dict.fromkeys(every))


def _digest(*parts: str) -> str:
    # Lengths keep ("ab", "c") and ("a", "bc") apart; surrogates may come from broken JSON.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:KEY_LENGTH]
