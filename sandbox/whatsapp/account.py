"""The business side: a linked WhatsApp Business Account with its numbers and templates."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessNumber:
    """A number of the business. `meta_id` is Meta's, `key` the hex part of EUM's own id."""

    meta_id: str
    key: str
    number: str
    name: str = "Puente"

    @property
    def eum_id(self) -> str:
        """`originationPhoneNumberId` of the API."""
        return f"phone-number-id-{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A message template. `parameters` counts the placeholders of its body text."""

    name: str
    language: str = "en"
    category: str = "UTILITY"
    status: str = "APPROVED"
    text: str = ""
    meta_id: str = "1000000000000001"

    @property
    def parameters(self) -> int:
        """Placeholders {{1}}, {{2}}, ... in the body."""
        return sum(f"{{{{{number}}}}}" in self.text for number in range(1, 100))


@dataclass(slots=True, kw_only=True)
class WhatsAppAccount:
    """One WABA linked to AWS. `destinations` is its event destination list (at most one)."""

    numbers: list[BusinessNumber]
    waba_id: str = "102290129340398"
    key: str = "0f3a5c7e9b1d4f6080a2c4e6f8091b3d"
    name: str = "Puente sandbox"
    region: str = "us-east-1"
    account_id: str = "123456789012"
    templates: list[Template] = field(default_factory=list)
    destinations: list[dict[str, str]] = field(default_factory=list)
    linked_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    @property
    def eum_id(self) -> str:
        """The linked account's id in AWS."""
        return f"waba-{self.key}"

    @property
    def arn(self) -> str:
        """arn:aws:social-messaging:REGION:ACCOUNT:waba/KEY"""
        return f"{self._arn}:waba/{self.key}"

    @property
    def _arn(self) -> str:
        return f"arn:aws:social-messaging:{self.region}:{self.account_id}"

    def number_arn(self, number: BusinessNumber) -> str:
        """arn:aws:social-messaging:REGION:ACCOUNT:phone-number-id/KEY"""
        return f"{self._arn}:phone-number-id/{number.key}"

    def is_me(self, id_or_arn: str) -> bool:
        """Whether an API call means this account."""
        return id_or_arn in (self.eum_id, self.arn)

    def find(self, id_or_arn: str) -> BusinessNumber | None:
        """A number by EUM id or ARN."""
        for number in self.numbers:
            if id_or_arn in (number.eum_id, self.number_arn(number)):
                return number
        return None

    def number_facts(self, number: BusinessNumber) -> dict[str, Any]:
        """A number as the API describes it (model, WhatsAppPhoneNumberSummary)."""
        return {
            "arn": self.number_arn(number),
            "phoneNumber": f"+{number.number}",
            "phoneNumberId": number.eum_id,
            "metaPhoneNumberId": number.meta_id,
            "displayPhoneNumberName": number.name,
            "displayPhoneNumber": number.number,
            "qualityRating": "GREEN",
        }

    def facts(self) -> dict[str, Any]:
        """The account as the API describes it, without its numbers."""
        return {
            "arn": self.arn,
            "id": self.eum_id,
            "wabaId": self.waba_id,
            "registrationStatus": "COMPLETE",
            "linkDate": self.linked_at,
            "wabaName": self.name,
            "eventDestinations": list(self.destinations),
        }
