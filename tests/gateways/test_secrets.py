"""Secrets are read when they are needed, kept for five minutes, and survive an outage (LA-33)."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.errors import Denied, Throttled
from chalicelib.gateways.secrets import KEPT_SECONDS, Secrets
from sandbox.clock import SandboxClock
from sandbox.in_process import in_process
from sandbox.wire import Router

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:puente-prod/openai-api-key"


class Asked:
    """The real client, and how often it was asked for; `broken` lets the service be away."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make, self.times, self.broken = make, 0, False

    def __call__(self) -> object:
        self.times += 1
        if self.broken:
            raise EndpointConnectionError(endpoint_url="secretsmanager")
        return self._make()


@pytest.fixture
def clock() -> Iterator[list[float]]:
    with in_process(Router(SandboxClock.real())):
        boto3.client("secretsmanager", region_name="us-east-1").create_secret(
            Name="puente-prod/openai-api-key", SecretString="first"
        )
        yield [1000.0]


@pytest.fixture
def asked() -> Asked:
    return Asked(lambda: boto3.client("secretsmanager", region_name="us-east-1"))


def put(value: str) -> None:
    boto3.client("secretsmanager", region_name="us-east-1").put_secret_value(
        SecretId=ARN, SecretString=value
    )


def secrets(asked: Asked, clock: list[float]) -> Secrets:
    return Secrets(asked, lambda: clock[0])  # type: ignore[arg-type]


def test_on_a_laptop_the_setting_is_the_secret(asked: Asked, clock: list[float]) -> None:
    assert secrets(asked, clock).value("sk-local") == "sk-local"
    assert secrets(asked, clock).value("") == ""
    assert asked.times == 0


def test_a_rotated_secret_is_known_within_five_minutes(asked: Asked, clock: list[float]) -> None:
    """No deployment, and no call for every voice note."""
    door = secrets(asked, clock)
    assert [door.value(ARN) for _ in range(3)] == ["first"] * 3
    put("second")
    clock[0] += KEPT_SECONDS - 1
    assert door.value(ARN) == "first"
    clock[0] += 1
    assert door.value(ARN) == "second"
    assert asked.times == 2


def test_an_outage_of_secrets_manager_stops_nobody_who_works(
    asked: Asked, clock: list[float]
) -> None:
    door = secrets(asked, clock)
    assert door.value(ARN) == "first"
    clock[0] += KEPT_SECONDS
    asked.broken = True
    assert door.value(ARN) == "first"
    with pytest.raises(Throttled):
        secrets(asked, clock).value(ARN)


def test_a_secret_that_is_not_there_is_a_mistake_of_the_installation(
    asked: Asked, clock: list[float]
) -> None:
    """Notes wait for it and are not given up on."""
    with pytest.raises(Denied) as denied:
        secrets(asked, clock).value(ARN.replace("openai", "nowhere"))
    assert denied.value.retryable
