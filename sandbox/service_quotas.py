"""Service Quotas: what a fresh account may do with Amazon Connect."""

from typing import Any, ClassVar

from sandbox.wire import Emulator

CONNECT = {
    # Amazon Connect administrator guide, "Amazon Connect service quotas": defaults.
    "Concurrent active chats per instance": 500.0,
    "Queues per instance": 50.0,
    "AWS Lambda functions per instance": 50.0,
}


class ServiceQuotasEmulator(Emulator):
    """`service-quotas`, of Connect only. Tests raise `quotas`."""

    service: ClassVar[str] = "service-quotas"

    def __init__(self) -> None:
        self.quotas = dict(CONNECT)

    def list_service_quotas(self, params: dict[str, Any]) -> dict[str, Any]:
        """Every quota of a service."""
        every = self.quotas if params["ServiceCode"] == "connect" else {}
        return {
            "Quotas": [
                {"ServiceCode": "connect", "QuotaName": name, "Value": value, "Adjustable": True}
                for name, value in every.items()
            ]
        }
