"""Service Quotas: what a fresh account may do, by service."""

from typing import Any, ClassVar

from sandbox.wire import AwsError, Emulator

# Names, codes and defaults as Service Quotas lists them for a new account. The participant
# service's and End User Messaging's are not in the list of every account, so not here either.
DEFAULTS = {
    "connect": {
        "Concurrent active chats per instance": ("L-D4BA6F6E", 500.0),
        "Rate of StartChatContact API requests": ("L-AA48CD49", 5.0),
        "Rate of UpdateContactAttributes API requests": ("L-F001E5ED", 10.0),
    },
    "lambda": {"Concurrent executions": ("L-B99A9384", 1000.0)},
    "dynamodb": {"Table-level write throughput limit": ("L-AB614373", 40000.0)},
}


class ServiceQuotasEmulator(Emulator):
    """`service-quotas`. Tests raise `quotas`: service -> name -> (code, value), or a quota of one
    resource alone, `of_resources`: its ARN -> name -> value, which an account's list leaves out."""

    service: ClassVar[str] = "service-quotas"

    def __init__(self) -> None:
        self.quotas = {service: dict(every) for service, every in DEFAULTS.items()}
        self.of_resources: dict[str, dict[str, float]] = {}

    def list_service_quotas(self, params: dict[str, Any]) -> dict[str, Any]:
        """Every quota of a service: of the account, unless resources' are asked for, too."""
        service = params["ServiceCode"]
        if service not in self.quotas:
            raise AwsError("NoSuchResourceException", f"no service {service}")
        known = self.quotas[service]
        found = [_quota(service, name, *one) for name, one in known.items()]
        if params.get("QuotaAppliedAtLevel") == "ALL":
            found += [
                _quota(service, name, known[name][0], value)
                | {"QuotaAppliedAtLevel": "RESOURCE", "QuotaContext": {"ContextId": arn}}
                for arn, every in self.of_resources.items()
                for name, value in every.items()
                if name in known
            ]
        return {"Quotas": found}


def _quota(service: str, name: str, code: str, value: float) -> dict[str, Any]:
    return {
        "ServiceCode": service,
        "QuotaName": name,
        "QuotaCode": code,
        "Value": value,
        "Adjustable": True,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }
