"""SNS through real clients: what is subscribed, published and asked is the sandbox's own truth."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.clock import SandboxClock
from sandbox.in_process import in_process
from sandbox.scheduler import Scheduler
from sandbox.sns import SnsEmulator
from sandbox.sqs import SqsEmulator
from sandbox.topics import Topics
from sandbox.wire import Router

QUEUE = "arn:aws:sqs:us-east-1:123456789012:a"
SAID = [{"Type": ["MESSAGE"], "Role": [{"anything-but": ["CUSTOMER"]}]}, {"Type": ["EVENT"]}]


@pytest.fixture
def sqs():
    sqs = SqsEmulator(SandboxClock())
    sqs.create_queue({"QueueName": "a"})
    return sqs


@pytest.fixture
def sns(sqs):
    router = Router(sqs.clock)
    topics = Topics(sqs.clock, Scheduler(sqs.clock, router.lock), sqs)
    router.add(sqs, SnsEmulator(topics))
    with in_process(router):
        yield boto3.client("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="events", Attributes={"Policy": "{}"})["TopicArn"]


def told(sqs):
    return [json.loads(one.body)["Message"] for one in sqs.queues["a"].messages.values()]


def publish(sns, topic, text, **attributes):
    given = {n: {"DataType": "String", "StringValue": v} for n, v in attributes.items()}
    sns.publish(TopicArn=topic, Message=text, MessageAttributes=given)


def test_what_a_client_publishes_reaches_the_queues_that_want_it(sns, topic, sqs):
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)["SubscriptionArn"]
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=json.dumps({"$or": SAID})
    )
    publish(sns, topic, "of a customer", Type="MESSAGE", Role="CUSTOMER")
    publish(sns, topic, "of an agent", Type="MESSAGE", Role="AGENT")
    publish(sns, topic, "the end", Type="EVENT")
    assert told(sqs) == ["of an agent", "the end"]
    asked = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert json.loads(asked["FilterPolicy"]) == {"$or": SAID}
    sns.unsubscribe(SubscriptionArn=arn)
    publish(sns, topic, "nobody hears", Type="EVENT")
    assert len(told(sqs)) == 2


def test_an_address_has_to_confirm(sns, topic):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    (one,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (one["SubscriptionArn"], one["Protocol"]) == ("PendingConfirmation", "email")
    assert sns.list_subscriptions()["Subscriptions"] == [one]


def test_attributes_of_a_topic_are_kept(sns, topic):
    sns.create_topic(Name="events", Attributes={"Policy": '{"a": 1}'})
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"] == '{"a": 1}'
    assert sns.list_topics()["Topics"] == [{"TopicArn": topic}]


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("publish", {"TopicArn": "arn:aws:sns:x", "Message": "a"}, "NotFound"),
        ("get_subscription_attributes", {"SubscriptionArn": "arn:aws:sns:x:a"}, "NotFound"),
        ("list_subscriptions_by_topic", {"TopicArn": "arn:aws:sns:x"}, "NotFound"),
        ("list_phone_numbers_opted_out", {}, "NotImplemented"),
    ],
)
def test_what_is_not_there_is_refused_as_sns_refuses_it(sns, operation, parameters, code):
    with pytest.raises(ClientError) as refused:
        getattr(sns, operation)(**parameters)
    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("name", "value"),
    [("FilterPolicy", '{"Type": "EVENT"}'), ("FilterPolicy", "{"), ("SubscriptionRoleArn", "x")],
)
def test_an_attribute_that_sns_would_not_take_is_refused(sns, topic, name, value):
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)["SubscriptionArn"]
    with pytest.raises(ClientError, match="InvalidParameter"):
        sns.set_subscription_attributes(
            SubscriptionArn=arn, AttributeName=name, AttributeValue=value
        )
