"""The door to Secrets Manager: what a secret setting names is read when it is needed.

A setting holds the secret itself (on a laptop) or the ARN of a secret (in AWS). A value is kept
for `KEPT_SECONDS`, so that a rotated secret needs no deployment and a busy function pays for one
call in five minutes. Nothing on the text path has a secret.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.errors import Denied, Rejected, ServiceError
from chalicelib.gateways.aws_errors import aws

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

SERVICE = "secretsmanager"
KEPT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Kept:
    value: str
    until: float


class Secrets:
    """One instance a process. `clock` gives epoch seconds."""

    def __init__(
        self, client: Callable[[], "SecretsManagerClient"], clock: Callable[[], float]
    ) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[str, Kept] = {}

    def value(self, setting: str) -> str:
        """The secret that a setting is or names.

        Raises Throttled, Unsure or Denied (also for a secret that is not there, a mistake of the
        installation), unless an older value is still known.
        """
        if not names_a_secret(setting):
            return setting
        kept, now = self._kept.get(setting), self._clock()
        if kept is None or kept.until <= now:
            kept = Kept(self._read(setting, kept), now + KEPT_SECONDS)
            self._kept[setting] = kept
        return kept.value

    def _read(self, arn: str, older: Kept | None) -> str:
        try:
            with aws(SERVICE):
                return self._client().get_secret_value(SecretId=arn)["SecretString"]
        except Rejected as refused:
            raise Denied("the secret is not there", service=SERVICE, code=refused.code) from refused
        except ServiceError:
            if older is None:
                raise
            return older.value  # an outage of Secrets Manager stops nobody who works


def names_a_secret(setting: str) -> bool:
    """Whether a setting is the ARN of a secret; the partition differs in China and GovCloud."""
    return setting.startswith("arn:") and ":secretsmanager:" in setting
