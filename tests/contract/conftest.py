"""The same checks against the sandbox and, where credentials are given, against the real thing.

For the live half set in the environment: AWS credentials as usual and
PUENTE_LIVE_REGION, PUENTE_LIVE_INSTANCE_ID, PUENTE_LIVE_FLOW_ID, PUENTE_LIVE_TOPIC_ARN (a topic
the instance may stream to); for WhatsApp also PUENTE_LIVE_NUMBER_ID (End User Messaging's id) and
PUENTE_LIVE_RECIPIENT (a phone, E.164, that wrote to that number within 24 hours), and
PUENTE_LIVE_BUCKET. Live checks open chats and send one message; they cost cents.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import urllib3

from chalicelib.breaker import Breaker
from chalicelib.gateways.connect_chat import ConnectChat
from chalicelib.gateways.end_user_messaging import EndUserMessaging
from chalicelib.gateways.media import MediaBucket
from chalicelib.pacing import Pace
from chalicelib.wiring_doors import BY_TOKEN, MOVING_FILES, NEVER_AGAIN, QUICK, SIGNED
from sandbox.world import World

CONNECT = ("REGION", "INSTANCE_ID", "FLOW_ID", "TOPIC_ARN")
WHATSAPP = ("REGION", "NUMBER_ID", "RECIPIENT", "BUCKET")


@dataclass
class Place:
    """Where a check runs. `world` is None on the real service."""

    chat: Any = None
    whatsapp: Any = None
    media: Any = None
    number: str = ""
    recipient: str = ""
    world: World | None = None


def live(names: tuple[str, ...]) -> dict[str, str]:
    """The settings of the live half. Skips, with what is missing, when it cannot run."""
    found = {name: os.environ.get(f"PUENTE_LIVE_{name}", "") for name in names}
    missing = [f"PUENTE_LIVE_{name}" for name, value in found.items() if not value]
    if missing:
        pytest.skip(f"no live instance: {', '.join(missing)} not set")
    return found


def live_connect() -> Place:
    given = live(CONNECT)
    chat = ConnectChat(
        connect=lambda: boto3.client("connect", given["REGION"], config=QUICK),
        participant=boto3.client("connectparticipant", given["REGION"], config=BY_TOKEN),
        http=urllib3.PoolManager(retries=False),
        instance_id=given["INSTANCE_ID"],
        flow_id=given["FLOW_ID"],
        flows={},
        streaming_topic=given["TOPIC_ARN"],
        duration_minutes=60,
        one_call=True,
        breaker=Breaker("connect", time.time),
        pace=Pace("connect", {}, time.time),
    )
    return Place(chat=chat)


def live_whatsapp() -> Place:
    given = live(WHATSAPP)
    media = MediaBucket(boto3.client("s3", given["REGION"], config=SIGNED), given["BUCKET"])
    door = EndUserMessaging(
        boto3.client("socialmessaging", given["REGION"], config=NEVER_AGAIN),
        files=lambda: boto3.client("socialmessaging", given["REGION"], config=MOVING_FILES),
        put_url=media.put_url,
        bucket=given["BUCKET"],
        meta_api_version="v23.0",
    )
    return Place(
        whatsapp=door, media=media, number=given["NUMBER_ID"], recipient=given["RECIPIENT"]
    )


def in_sandbox(world: World) -> Place:
    phone = world.phones.add("Mia", "15550100001")
    phone.last_wrote[phone.business.meta_id] = world.clock.now()
    return Place(
        chat=world.app.chat,
        whatsapp=world.app.whatsapp,
        media=world.app.media,
        number=world.number.eum_id,
        recipient="+15550100001",
        world=world,
    )


HALVES = [pytest.param("sandbox"), pytest.param("live", marks=pytest.mark.live)]


@pytest.fixture(params=HALVES)
def connect(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "live":
        yield live_connect()
        return
    with World() as world:
        yield in_sandbox(world)


@pytest.fixture(params=HALVES)
def whatsapp(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "live":
        yield live_whatsapp()
        return
    with World() as world:
        yield in_sandbox(world)
