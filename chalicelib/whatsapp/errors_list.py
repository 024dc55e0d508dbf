"""The `errors` list, which has the same form beside messages, in statuses and on its own."""

from typing import Any

from chalicelib.whatsapp import fields
from chalicelib.whatsapp.messages import WhatsAppError


def errors_of(holder: Any) -> tuple[WhatsAppError, ...]:
    """The errors of a message, status or value; older forms have `details` beside the code."""
    return tuple(
        WhatsAppError(
            code=fields.integer(error, "code"),
            title=fields.text(error, "title"),
            message=fields.text(error, "message"),
            details=fields.text(fields.child(error, "error_data"), "details")
            or fields.text(error, "details"),
            href=fields.text(error, "href"),
        )
        for error in fields.objects(holder, "errors")
    )
