"""KMS (`kms`): the state of keys and who may use them. Nothing is encrypted with them here."""

import json
from typing import Any, ClassVar

from sandbox.clock import SandboxClock
from sandbox.wire import AwsError, Emulator

Params = dict[str, Any]


class KmsEmulator(Emulator):
    """`kms`. `states`: key state by ARN; `users`: services that the key's policy names."""

    service: ClassVar[str] = "kms"

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self.states: dict[str, str] = {}
        self.users: dict[str, list[str]] = {}
        self.rotated: dict[str, bool] = {}

    def make(self, arn: str, users: list[str]) -> None:
        """A key that is enabled, rotates and may be used by these services."""
        self.states[arn], self.users[arn], self.rotated[arn] = "Enabled", list(users), True

    def describe_key(self, params: Params) -> Params:
        """One key by its ARN."""
        arn = self._known(params)
        facts = {
            "KeyId": arn.rpartition("/")[2],
            "Arn": arn,
            "Enabled": self.states[arn] == "Enabled",
            "KeyState": self.states[arn],
            "CreationDate": self._clock.now(),
        }
        return {"KeyMetadata": facts}

    def get_key_policy(self, params: Params) -> Params:
        """Its policy as JSON text: the account, and the services."""
        users = [f"{name}.amazonaws.com" for name in self.users[self._known(params)]]
        statements = [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Principal": {"Service": users},
                "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
                "Resource": "*",
            },
        ]
        return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}

    def get_key_rotation_status(self, params: Params) -> Params:
        """Whether AWS renews its material once a year."""
        return {"KeyRotationEnabled": self.rotated[self._known(params)]}

    def _known(self, params: Params) -> str:
        arn = str(params["KeyId"])
        if arn not in self.states:
            raise AwsError("NotFoundException", f"Key {arn} does not exist")
        return arn
