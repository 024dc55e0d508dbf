"""Time-outs, attempts and connection pools of every client (protocol law 6, SA-52)."""

import pytest

from chalicelib.conversation import TAKEOVER_AFTER_SECONDS
from chalicelib.wiring_doors import (
    CONNECT_SECONDS,
    NEVER_AGAIN,
    PATIENT,
    POOL,
    READ_SECONDS,
    SIGNED,
)

FUNCTION_SECONDS = 20  # infra/functions.py, the workers
AWS = {
    "dynamodb": lambda app: app.db._client,
    "sqs": lambda app: app.queues._client,
    "connect": lambda app: app.chat._connect(),
    "connectparticipant": lambda app: app.chat._participant,
    "s3": lambda app: app.media._client,
    "socialmessaging": lambda app: app.end_user_messaging._client,
}


@pytest.mark.parametrize("service", AWS)
def test_every_aws_client_gives_up_in_time_and_keeps_few_connections(world, service):
    config = AWS[service](world.app).meta.config
    assert 0 < config.connect_timeout <= CONNECT_SECONDS
    assert 0 < config.read_timeout <= READ_SECONDS
    assert config.max_pool_connections == POOL == 20
    assert config.retries["total_max_attempts"] <= 3


def test_the_lease_outlives_a_worker_and_its_slowest_call():
    """Law 6: whoever takes over must know that the worker before cannot act any more."""
    assert FUNCTION_SECONDS + CONNECT_SECONDS + READ_SECONDS <= TAKEOVER_AFTER_SECONDS


def test_a_whatsapp_message_is_never_repeated_by_the_sdk(world):
    """Law 7."""
    retries = world.app.end_user_messaging._client.meta.config.retries
    assert retries["total_max_attempts"] == 1
    assert NEVER_AGAIN.retries["total_max_attempts"] == 1


def test_queues_and_files_have_the_same_limits_as_the_others():
    for config in (PATIENT, SIGNED):
        assert config.connect_timeout == CONNECT_SECONDS
        assert config.max_pool_connections == POOL


def test_plain_http_keeps_few_connections(world):
    assert world.app.http.connection_pool_kw["maxsize"] == POOL


def test_the_ai_client_has_a_time_out_and_a_pool_and_leaves_retries_to_us(world):
    client = world.app.ai._ai._client
    assert client.max_retries == 0
    assert client.timeout == READ_SECONDS
    assert client._client._transport._pool._max_connections == POOL
