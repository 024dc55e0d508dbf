"""Webhook fields that are no conversation: quality, restriction, templates, preferences, calls.

They become metrics and an operator's alert, never chat. Fields nobody knows are kept and named.
Source: Meta, webhooks/overview; reference whatsapp-eum.md section 4.
"""

import re

from chalicelib.whatsapp import fields
from chalicelib.whatsapp.content import Json
from chalicelib.whatsapp.errors_list import errors_of
from chalicelib.whatsapp.messages import AccountEvent
from chalicelib.whatsapp.senders import change_in_update

TELLING = (
    "event",
    "decision",
    "entity_type",
    "category",
    "value",
    "reason",
    "new_quality_score",
    "new_category",
    "current_limit",
    "max_phone_numbers_per_business",
    "message_template_name",
    "message_template_language",
    "alert_type",
    "alert_severity",
)
"""Keys whose values say what happened, as far as they are WORDs."""

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""What Meta's own words, template names and languages look like. What stands under these keys in an
event of tomorrow may be anything: no sentence, number or address gets by."""

ALARMING_FIELDS = frozenset({"account_alerts", "account_update", "security"})
ALARMING_WORDS = frozenset(
    {"REJECTED", "PAUSED", "DISABLED", "FLAGGED", "PENDING_DELETION", "RED", "DOWNGRADE"}
    | {"THROUGHPUT_DOWNGRADE", "ENDPOINT_ERROR_RATE", "ENDPOINT_AVAILABILITY", "UNFLAGGED"}
)
"""Words in `event`, `decision` or `new_quality_score`; UNFLAGGED ends an alarm and is worth a line.
Source: Meta, webhooks/overview; reference whatsapp-eum.md section 4."""

MAX_SUMMARY = 200
"""Characters; a summary is one line of a log."""

_GUESSED_FIELDS = {"calls": "calls", "message_echoes": "smb_message_echoes", "errors": "errors"}


def account_event_of(payload: Json) -> AccountEvent:
    """The account event in a piece's payload."""
    value = fields.child(payload, "value")
    errors = errors_of(value)
    name = "errors" if errors else _field_name(payload, value)
    update = next(iter(fields.objects(value, "user_id_update")), value)
    return AccountEvent(
        field=name,
        summary=_summary(name, value, [error.code for error in errors]),
        phone_number_id=fields.text(fields.child(value, "metadata"), "phone_number_id"),
        waba_id=fields.text(payload, "waba_id"),
        errors=errors,
        alarming=bool(errors) or _alarming(name, value),
        identity_change=change_in_update(update) if name == "user_id_update" else None,
        raw=value or payload,
    )


def _alarming(name: str, value: Json) -> bool:
    """Whether the account may soon be unable to send: restrictions, quality, refused templates."""
    if name in ALARMING_FIELDS:
        return True
    words = {fields.text(value, key).upper() for key in ("event", "decision", "new_quality_score")}
    return bool(words & ALARMING_WORDS)


def _field_name(payload: Json, value: Json) -> str:
    """The change's field; Meta's samples also put it inside the value, or leave it out."""
    declared = fields.text(payload, "field") or fields.text(value, "field")
    guessed = (name for key, name in _GUESSED_FIELDS.items() if key in value)
    if declared:
        return declared if WORD.fullmatch(declared) else "unknown"
    return "user_id_update" if "user_id_update" in value else next(guessed, "unknown")


def _summary(name: str, value: Json, codes: list[int]) -> str:
    places = [value, *fields.objects(value, name), fields.child(value, "alert_info")]
    told = [fields.text(place, key) for place in places for key in TELLING]
    words = [*dict.fromkeys(word for word in told if WORD.fullmatch(word)), *map(str, codes)]
    return f"{name}: {', '.join(words)}"[:MAX_SUMMARY] if words else name
