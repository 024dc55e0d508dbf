"""SNS (`sns`) for clients: the sandbox's own topics, with what queues and people subscribe to.

In the sandbox's own process nobody publishes through a client; over HTTP somebody may.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from sandbox.amazon_connect.paging import page
from sandbox.filter_policy import FilterPolicy
from sandbox.topics import AttributeValue, Subscription, Topics
from sandbox.wire import AwsError, Emulator

Params = dict[str, Any]

PAGE = 100  # API reference: both lists of subscriptions come by the hundred
PENDING = "PendingConfirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A subscription of no queue: an address that may have to confirm."""

    arn: str
    topic: str
    protocol: str
    endpoint: str
    confirmed: bool = False

    @property
    def facts(self) -> Params:
        """As lists tell it."""
        arn = self.arn if self.confirmed else PENDING
        return _facts(arn, self.topic, self.protocol, self.endpoint)


@dataclass(slots=True)
class Told:
    """What a topic was given besides subscriptions of queues."""

    attributes: dict[str, str] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)


class SnsEmulator(Emulator):
    """`sns` over `Topics`. `told`: attributes and people of each topic, by its ARN."""

    service: ClassVar[str] = "sns"

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self.told: dict[str, Told] = {}

    # --- topics ---------------------------------------------------------------------------------

    def create_topic(self, params: Params) -> Params:
        """Make it, or find it and set its attributes."""
        arn = self._topics.create(params["Name"])
        self._told(arn).attributes.update(params.get("Attributes", {}))
        return {"TopicArn": arn}

    def list_topics(self, params: Params) -> Params:
        """Every topic."""
        arns = [{"TopicArn": arn} for arn in self._topics.subscriptions]
        return page("Topics", arns, params, most=PAGE)

    def get_topic_attributes(self, params: Params) -> Params:
        """Its policy among them."""
        arn = self._known(params["TopicArn"])
        return {"Attributes": {"TopicArn": arn, **self._told(arn).attributes}}

    def set_topic_attributes(self, params: Params) -> Params:
        """Change one."""
        told = self._told(self._known(params["TopicArn"]))
        told.attributes[params["AttributeName"]] = params.get("AttributeValue", "")
        return {}

    def publish(self, params: Params) -> Params:
        """Deliver to the queues that are subscribed."""
        topic = self._known(params["TopicArn"])
        attributes = dict(_values(params.get("MessageAttributes", {})))
        return {"MessageId": self._topics.publish(topic, params["Message"], attributes)}

    # --- subscriptions --------------------------------------------------------------------------

    def subscribe(self, params: Params) -> Params:
        """A queue hears at once; an address has to confirm (it never does here)."""
        topic, endpoint = self._known(params["TopicArn"]), params["Endpoint"]
        if params["Protocol"] == "sqs":
            return {"SubscriptionArn": self._subscribed_queue(topic, endpoint, params).arn}
        told = self._told(topic)
        arn = f"{topic}:{len(told.people):08d}-0000-4000-8000-000000000000"
        told.people.append(
            Person(arn=arn, topic=topic, protocol=params["Protocol"], endpoint=endpoint)
        )
        return {"SubscriptionArn": "pending confirmation"}

    def confirm(self, topic: str) -> None:
        """Everybody follows the link in the mail."""
        told = self._told(topic)
        told.people[:] = [replace(one, confirmed=True) for one in told.people]

    def _subscribed_queue(self, topic: str, endpoint: str, params: Params) -> Subscription:
        queue = endpoint.rpartition(":")[2]
        found = [one for one in self._topics.subscriptions[topic] if one.queue == queue]
        made = found[0] if found else self._topics.subscribe(topic, queue)
        for name, value in params.get("Attributes", {}).items():
            self._set(made.arn, name, value)
        return made

    def unsubscribe(self, params: Params) -> Params:
        """Whoever it was hears no more."""
        arn = params["SubscriptionArn"]
        for every in self._topics.subscriptions.values():
            every[:] = [one for one in every if one.arn != arn]
        for told in self.told.values():
            told.people[:] = [one for one in told.people if one.arn != arn]
        return {}

    def list_subscriptions(self, params: Params) -> Params:
        """Of all topics."""
        found = [fact for topic in self._topics.subscriptions for fact in self._of(topic)]
        return page("Subscriptions", found, params, most=PAGE)

    def list_subscriptions_by_topic(self, params: Params) -> Params:
        """Of one topic."""
        found = list(self._of(self._known(params["TopicArn"])))
        return page("Subscriptions", found, params, most=PAGE)

    def get_subscription_attributes(self, params: Params) -> Params:
        """How a queue is subscribed."""
        _, one = self._subscription(params["SubscriptionArn"])
        told = {"SubscriptionArn": one.arn, "RawMessageDelivery": str(one.raw).lower()}
        if one.policy.as_written:
            told["FilterPolicy"] = json.dumps(one.policy.as_written)
        if one.redrive:
            told["RedrivePolicy"] = one.redrive
        return {"Attributes": told}

    def set_subscription_attributes(self, params: Params) -> Params:
        """Change one of them."""
        self._set(
            params["SubscriptionArn"], params["AttributeName"], params.get("AttributeValue", "")
        )
        return {}

    def _set(self, arn: str, name: str, value: str) -> None:
        topic, one = self._subscription(arn)
        try:
            changed = _changed(one, name, value)
        except ValueError as wrong:
            raise AwsError("InvalidParameter", f"{name}: {wrong}") from wrong
        every = self._topics.subscriptions[topic]
        every[every.index(one)] = changed

    def _subscription(self, arn: str) -> tuple[str, Subscription]:
        for topic, every in self._topics.subscriptions.items():
            for one in every:
                if one.arn == arn:
                    return topic, one
        raise AwsError("NotFound", "Subscription does not exist", 404)

    def _of(self, topic: str) -> Iterable[Params]:
        for one in self._topics.subscriptions[topic]:
            queue = f"arn:aws:sqs:{':'.join(topic.split(':')[3:5])}:{one.queue}"
            yield _facts(one.arn, topic, "sqs", queue)
        for person in self._told(topic).people:
            yield person.facts

    def _known(self, arn: str) -> str:
        if arn not in self._topics.subscriptions:
            raise AwsError("NotFound", "Topic does not exist", 404)
        return arn

    def _told(self, topic: str) -> Told:
        return self.told.setdefault(topic, Told())


def _changed(one: Subscription, name: str, value: str) -> Subscription:
    """Raises ValueError for what SNS would not take, or what is not played here."""
    if name == "FilterPolicy":
        return replace(one, policy=FilterPolicy(json.loads(value or "{}")))
    if name == "RawMessageDelivery":
        return replace(one, raw=value == "true")
    if name == "RedrivePolicy":
        return replace(one, redrive=value)
    raise ValueError("not played here")


def _facts(arn: str, topic: str, protocol: str, endpoint: str) -> Params:
    return {
        "SubscriptionArn": arn,
        "TopicArn": topic,
        "Protocol": protocol,
        "Endpoint": endpoint,
        "Owner": topic.split(":")[4],
    }


def _values(attributes: dict[str, Params]) -> Iterable[tuple[str, AttributeValue]]:
    """Names and values as a publisher gave them."""
    for name, one in attributes.items():
        text = one.get("StringValue", "")
        yield name, text if one["DataType"] == "String" else json.loads(text)
