"""Events reach the queues that asked for them: wrapped or raw, late, twice or out of order."""

import json

import pytest

from sandbox.clock import SandboxClock
from sandbox.filter_policy import FilterPolicy
from sandbox.scheduler import Scheduler
from sandbox.sqs import SqsEmulator
from sandbox.topics import Noise, Topics


@pytest.fixture
def sqs():
    sqs = SqsEmulator(SandboxClock())
    for name in ("a", "b"):
        sqs.create_queue({"QueueName": name})
    return sqs


@pytest.fixture
def scheduler(sqs):
    return Scheduler(sqs.clock)


@pytest.fixture
def topics(sqs, scheduler):
    return Topics(sqs.clock, scheduler, sqs, seed=1)


@pytest.fixture
def topic(topics):
    return topics.create("whatsapp-events")


def stored(sqs, queue):
    return list(sqs.queues[queue].messages.values())


def messages(sqs, queue):
    return [json.loads(message.body)["Message"] for message in stored(sqs, queue)]


def test_every_subscribed_queue_gets_the_notification_aws_writes(topics, topic, sqs):
    for queue in ("a", "b"):
        topics.subscribe(topic, queue)
    message_id = topics.publish(topic, "hola", {"kind": "message", "size": 3, "tags": ["x", "y"]})
    for queue in ("a", "b"):
        (message,) = stored(sqs, queue)
        body = json.loads(message.body)
        assert body["Type"] == "Notification"
        assert body["MessageId"] == message_id
        assert body["TopicArn"] == topic == "arn:aws:sns:us-east-1:123456789012:whatsapp-events"
        assert body["Message"] == "hola"
        assert body["Timestamp"] == "2026-11-20T12:00:00.000Z"
        assert body["SignatureVersion"] == "1"
        assert body["MessageAttributes"] == {
            "kind": {"Type": "String", "Value": "message"},
            "size": {"Type": "Number", "Value": "3"},
            "tags": {"Type": "String.Array", "Value": '["x", "y"]'},
        }
    assert topics.published == {topic: 1}


def test_a_message_without_attributes_has_none_in_its_notification(topics, topic, sqs):
    topics.subscribe(topic, "a")
    topics.publish(topic, "hola")
    assert "MessageAttributes" not in json.loads(stored(sqs, "a")[0].body)


def test_raw_delivery_is_the_message_itself_with_queue_attributes(topics, topic, sqs):
    topics.subscribe(topic, "a", raw=True)
    topics.publish(topic, "hola", {"kind": "message"})
    topics.publish(topic, "bare")
    first, bare = stored(sqs, "a")
    assert (first.body, bare.body) == ("hola", "bare")
    assert first.attributes == {"kind": {"DataType": "String", "StringValue": "message"}}
    assert bare.attributes == {}


def test_a_queue_gets_only_what_its_policy_asks_for(topics, topic, sqs):
    topics.subscribe(topic, "a", filter_policy={"visibility": ["ALL", "CUSTOMER"]})
    topics.publish(topic, "seen", {"visibility": "ALL"})
    topics.publish(topic, "unseen", {"visibility": "AGENT"})
    topics.publish(topic, "unmarked")
    assert messages(sqs, "a") == ["seen"]


def test_a_topic_nobody_created_is_an_error(topics):
    with pytest.raises(KeyError):
        topics.publish("arn:aws:sns:us-east-1:123456789012:none", "lost")


@pytest.mark.parametrize(
    ("condition", "accepted", "refused"),
    [
        ("exact", ["exact", ["other", "exact"]], ["other", []]),
        (5, [5, 5.0], [6, "5"]),
        ({"prefix": "ag"}, ["agent"], ["customer"]),
        ({"suffix": ".ogg"}, ["a.ogg"], ["a.wav"]),
        ({"equals-ignore-case": "Agent"}, ["AGENT"], ["agents"]),
        ({"anything-but": ["a", "b"]}, ["c"], ["a", "b"]),
        ({"anything-but": "a"}, ["b"], ["a"]),
        ({"anything-but": {"prefix": "a"}}, ["ba"], ["ab"]),
        ({"numeric": [">", 1, "<=", 5]}, [2, 5], [1, 6, "3"]),
        ({"numeric": ["=", 1]}, [1], [2]),
        ({"exists": True}, ["anything"], []),
    ],
)
def test_conditions_mean_what_they_mean_in_sns(condition, accepted, refused):
    policy = FilterPolicy({"name": [condition]})
    assert all(policy.accepts({"name": value}) for value in accepted)
    assert not any(policy.accepts({"name": value}) for value in refused)
    assert not policy.accepts({})


def test_an_attribute_may_be_asked_to_be_missing():
    policy = FilterPolicy({"name": [{"exists": False}]})
    assert policy.accepts({"other": "x"})
    assert not policy.accepts({"name": "x"})


def test_all_keys_must_match_and_conditions_of_a_key_are_alternatives():
    policy = FilterPolicy({"a": ["1", "2"], "b": ["3"]})
    assert policy.accepts({"a": "2", "b": "3"})
    assert not policy.accepts({"a": "2", "b": "4"})
    assert FilterPolicy({}).accepts({})


@pytest.mark.parametrize("policy", [{"a": "x"}, {"a": []}, {"a": [{"cidr": "10.0.0.0/8"}]}])
def test_a_policy_that_is_not_understood_is_refused_when_it_is_written(policy):
    with pytest.raises(ValueError, match="filter policy"):
        FilterPolicy(policy)


def run(seed):
    """What a queue gets of twenty messages under noise, in order."""
    sqs = SqsEmulator(SandboxClock())
    sqs.create_queue({"QueueName": "a"})
    scheduler = Scheduler(sqs.clock)
    topics = Topics(sqs.clock, scheduler, sqs, seed=seed)
    topic = topics.create("t")
    topics.subscribe(topic, "a")
    topics.noise = Noise(duplicate_rate=0.3, duplicate_s=10, reorder_rate=0.5, reorder_s=5)
    for number in range(20):
        topics.publish(topic, f"{number:02}")
    while (when := scheduler.next_at()) is not None:
        sqs.clock.at(when)
        scheduler.run_due()
    return messages(sqs, "a")


def test_disorder_and_repeats_lose_nothing_and_repeat_with_the_seed():
    noisy = run(1)
    assert set(noisy) == {f"{number:02}" for number in range(20)}
    assert len(noisy) > 20
    assert noisy != sorted(noisy)
    assert noisy == run(1) != run(2)


def test_a_delay_passes_on_the_clock(topics, topic, sqs, scheduler):
    topics.subscribe(topic, "a")
    topics.noise = Noise(delay_s=3)
    topics.publish(topic, "late")
    assert stored(sqs, "a") == []
    sqs.clock.advance(3)
    scheduler.run_due()
    assert messages(sqs, "a") == ["late"]
