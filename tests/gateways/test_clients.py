"""Time-outs, attempts and connection pools of every client (protocol law 6, SA-52)."""

import pytest
from botocore.config import Config

from chalicelib import wiring_doors
from chalicelib.conversation import TAKEOVER_AFTER_SECONDS
from chalicelib.wiring_doors import CONNECT_SECONDS, NEVER_AGAIN, POOL, READ_SECONDS
from tests.scenarios.people import live_chat

FUNCTION_SECONDS = 20  # infra/functions.py, the workers
AWS = {
    "dynamodb": lambda app: app.db._client,
    "sqs": lambda app: app.queues._client,
    "connect": lambda app: app.chat._connect(),
    "connectparticipant": lambda app: app.chat._participant,
    "s3": lambda app: app.media._client,
    "socialmessaging": lambda app: app.end_user_messaging._client,
}
FILES_SECONDS = 15  # a file of 100 MB has to be moved


@pytest.mark.parametrize("service", AWS)
def test_every_aws_client_gives_up_in_time_and_keeps_few_connections(world, service):
    config = AWS[service](world.app).meta.config
    assert 0 < config.connect_timeout <= CONNECT_SECONDS
    assert 0 < config.read_timeout <= READ_SECONDS
    assert config.max_pool_connections == POOL == 20
    assert config.retries["total_max_attempts"] <= 3


def test_the_client_that_moves_files_waits_longer_and_still_ends_before_its_function(world):
    config = world.app.end_user_messaging._files().meta.config
    assert READ_SECONDS < config.read_timeout == FILES_SECONDS < FUNCTION_SECONDS
    assert config.connect_timeout <= CONNECT_SECONDS
    assert config.max_pool_connections == POOL
    assert config.retries["total_max_attempts"] == 1


def test_the_lease_outlives_a_worker_and_its_slowest_call():
    """Law 6: whoever takes over must know that the worker before cannot act any more."""
    assert FUNCTION_SECONDS + CONNECT_SECONDS + READ_SECONDS <= TAKEOVER_AFTER_SECONDS


def test_a_whatsapp_message_is_never_repeated_by_the_sdk(world):
    """Law 7."""
    retries = world.app.end_user_messaging._client.meta.config.retries
    assert retries["total_max_attempts"] == 1
    assert NEVER_AGAIN.retries["total_max_attempts"] == 1


# One waits for messages to come, the other for files to be moved.
LONGER = {"WAITING": 20, "MOVING_FILES": FILES_SECONDS}
CONFIGS = {name: one for name, one in vars(wiring_doors).items() if isinstance(one, Config)}


@pytest.mark.parametrize("name", CONFIGS)
def test_every_configuration_of_a_client_has_its_limits(name):
    """`Doors.client` takes one of these, whatever the service (`tests/test_imports.py`)."""
    config = CONFIGS[name]
    longest = LONGER.get(name, READ_SECONDS)
    assert 0 < config.connect_timeout <= CONNECT_SECONDS
    assert 0 < config.read_timeout <= longest
    assert config.max_pool_connections == POOL
    assert 1 <= config.retries["total_max_attempts"] <= 3


def test_a_client_that_nobody_configured_has_the_limits_too(world):
    config = world.app.client("secretsmanager").meta.config
    assert (config.connect_timeout, config.read_timeout) == (CONNECT_SECONDS, READ_SECONDS)
    assert config.max_pool_connections == POOL


def test_plain_http_gives_up_in_time_and_keeps_few_connections(world):
    """Whoever asks may set shorter limits, nobody has none."""
    limits = world.app.http.connection_pool_kw
    assert limits["maxsize"] == POOL
    assert limits["timeout"].connect_timeout == CONNECT_SECONDS
    assert limits["timeout"].read_timeout == READ_SECONDS


def test_words_in_a_live_chat_build_no_client_of_connect_and_none_is_built_twice(world):
    """The model of `connect` is large: it is read when a chat opens (SA-52)."""
    assert "connect" not in services(world)
    talk = live_chat(world)
    assert "connect" in services(world)
    world.app.clients.clear()  # who has one keeps it
    talk.customer.says("And my order?")
    talk.agent.say("On its way")
    world.run_for(5)
    assert talk.customer.texts[-1] == "On its way"
    assert services(world) == set()


def services(world):
    return {service for service, *_ in world.app.clients}


def test_the_ai_client_has_a_time_out_and_a_pool_and_leaves_retries_to_us(world):
    client = world.app.ai._ai._client
    assert client.max_retries == 0
    assert client.timeout == READ_SECONDS
    assert client._client._transport._pool._max_connections == POOL
