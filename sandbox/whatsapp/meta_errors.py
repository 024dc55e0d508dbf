"""Meta's errors as statuses carry them (reference whatsapp-eum, section 5.3)."""

from dataclasses import dataclass
from typing import Any

_TITLES = {
    100: "Invalid parameter",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131051: "Unsupported message type",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    131062: "Business-scoped user ID is not allowed for this message",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132015: "Template is paused",
}


@dataclass(frozen=True, slots=True)
class MetaError:
    """A refusal by Meta: `code`, and `details` in words."""

    code: int
    details: str

    @property
    def title(self) -> str:
        """Meta's title; not stable, for people only."""
        return _TITLES.get(self.code, "Unknown error")

    def as_status(self) -> dict[str, Any]:
        """The entry of `statuses[].errors`."""
        return {
            "code": self.code,
            "title": self.title,
            "message": self.title,
            "error_data": {"details": self.details},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        }
