"""SNS: a topic fans its messages out to SQS queues, at least once and in any order.

Connect and End User Messaging publish here, and clients through `sandbox.sns`. Disorder is made
here as well (`Noise`), from a seed.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.clock import SandboxClock
from sandbox.filter_policy import FilterPolicy
from sandbox.ids import Ids
from sandbox.moto_services import REGION
from sandbox.scheduler import Scheduler
from sandbox.sqs import SqsEmulator
from sandbox.sqs.emulator import ACCOUNT

# A value becomes String, Number or String.Array, as publishers of AWS write them.
AttributeValue = str | int | float | list[str]


@dataclass(slots=True, kw_only=True)
class Noise:
    """How badly delivery behaves: chances from 0 to 1, times in seconds of the sandbox's clock.

    Every delivery waits `delay_s`; with `reorder_rate` it waits up to `reorder_s` longer and is
    overtaken; with `duplicate_rate` it comes again, up to `duplicate_s` later.
    """

    duplicate_rate: float = 0.0
    duplicate_s: float = 0.0
    delay_s: float = 0.0
    reorder_rate: float = 0.0
    reorder_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One queue's subscription. `raw`: the message itself instead of the Notification around it."""

    arn: str
    queue: str
    raw: bool = False
    policy: FilterPolicy = field(default_factory=lambda: FilterPolicy({}))
    redrive: str = ""  # as it was written; nothing fails to be delivered here


class Topics:
    """All topics. `noise` and `chance`, which makes it, may be changed at any time; `published`
    counts messages per topic, `subscriptions` are by the topic's ARN."""

    def __init__(
        self,
        clock: SandboxClock,
        scheduler: Scheduler,
        sqs: SqsEmulator,
        ids: Ids | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self.noise = Noise()
        self.published: dict[str, int] = {}
        self._clock = clock
        self._scheduler = scheduler
        self._sqs = sqs
        self._ids = ids or Ids(seed)
        self.chance = random.Random(seed)
        self.subscriptions: dict[str, list[Subscription]] = {}

    def create(self, name: str) -> str:
        """Create a topic (again); returns its ARN."""
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"
        self.subscriptions.setdefault(arn, [])
        return arn

    def subscribe(
        self,
        topic_arn: str,
        queue: str,
        *,
        raw: bool = False,
        filter_policy: Mapping[str, Any] | None = None,
    ) -> Subscription:
        """Send the topic's messages to a queue by name. Raises KeyError for an unknown topic."""
        subscription = Subscription(
            arn=f"{topic_arn}:{self._ids.uuid()}",
            queue=queue,
            raw=raw,
            policy=FilterPolicy(filter_policy or {}),
        )
        self.subscriptions[topic_arn].append(subscription)
        return subscription

    def publish(
        self,
        topic_arn: str,
        message: str,
        attributes: Mapping[str, AttributeValue] | None = None,
    ) -> str:
        """Deliver to every subscription whose policy accepts the attributes; the message id.

        Raises KeyError for an unknown topic, AwsError when a queue refuses the message.
        """
        subscriptions = self.subscriptions[topic_arn]
        self.published[topic_arn] = self.published.get(topic_arn, 0) + 1
        message_id, given = self._ids.uuid(), dict(attributes or {})
        for subscription in subscriptions:
            if subscription.policy.accepts(given):
                entry = (
                    _raw(message, given)
                    if subscription.raw
                    else self._notification(topic_arn, subscription, message_id, message, given)
                )
                self._deliver(subscription.queue, entry)
        return message_id

    def _notification(
        self,
        topic_arn: str,
        subscription: Subscription,
        message_id: str,
        message: str,
        attributes: dict[str, AttributeValue],
    ) -> dict[str, Any]:
        host = f"https://sns.{REGION}.amazonaws.com"
        leave = urlencode({"Action": "Unsubscribe", "SubscriptionArn": subscription.arn})
        body: dict[str, Any] = {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": topic_arn,
            "Message": message,
            "Timestamp": _iso(self._clock.now()),
            "SignatureVersion": "1",
            "Signature": "c2FuZGJveA==",
            "SigningCertURL": f"{host}/SimpleNotificationService-sandbox.pem",
            "UnsubscribeURL": f"{host}/?{leave}",
        }
        if attributes:
            body["MessageAttributes"] = {
                name: {"Type": kind, "Value": value}
                for name, (kind, value) in _typed(attributes).items()
            }
        return {"MessageBody": json.dumps(body)}

    def _deliver(self, queue: str, entry: dict[str, Any]) -> None:
        noise, wait = self.noise, self.noise.delay_s
        if self.chance.random() < noise.reorder_rate:
            wait += self.chance.uniform(0, noise.reorder_s)
        self._send_after(wait, queue, entry)
        if self.chance.random() < noise.duplicate_rate:
            self._send_after(wait + self.chance.uniform(0, noise.duplicate_s), queue, entry)

    def _send_after(self, seconds: float, queue: str, entry: dict[str, Any]) -> None:
        if seconds <= 0:
            self._sqs.send(queue, entry)
        else:
            self._scheduler.after(seconds, lambda: self._sqs.send(queue, entry))


def _raw(message: str, attributes: dict[str, AttributeValue]) -> dict[str, Any]:
    """Raw delivery: SNS attributes become SQS attributes."""
    entry: dict[str, Any] = {"MessageBody": message}
    if attributes:
        entry["MessageAttributes"] = {
            name: {"DataType": kind, "StringValue": value}
            for name, (kind, value) in _typed(attributes).items()
        }
    return entry


def _typed(attributes: dict[str, AttributeValue]) -> dict[str, tuple[str, str]]:
    return {
        name: ("String", value)
        if isinstance(value, str)
        else ("String.Array" if isinstance(value, list) else "Number", json.dumps(value))
        for name, value in attributes.items()
    }


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
