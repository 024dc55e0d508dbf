"""Phones and desks of a served sandbox with Puente inside, driven over HTTP."""

import boto3
import pytest

from sandbox.sample_files import sample_file
from tests.scenarios.over_http import ask, eventually, served_with_puente


@pytest.fixture(scope="module")
def world():
    with served_with_puente() as running:
        yield running


def test_a_customer_and_an_agent_talk_over_http(world):
    assert ask(world.url, "phones", {"name": "Mia", "number": "15550100001"})[0] == 200
    ask(world.url, "phones/15550100001/text", {"text": "Hello"})
    eventually(lambda: sum(ask(world.url, "desk")[1]["waiting"].values()))
    _, desk = ask(world.url, "desk/accept", {"agent": "Ana"})
    assert desk["chats"][0]["lines"][0]["text"] == "Hello"

    ask(world.url, "desk/say", {"agent": "Ana", "text": "Hi **Mia**"})
    eventually(lambda: len(ask(world.url, "phones/15550100001")[1]["screen"]) == 2)
    _, phone = ask(world.url, "phones/15550100001/read", {})
    assert [(one["text"], one["read"]) for one in phone["screen"]][1] == ("Hi *Mia*", True)
    _, desk = ask(world.url, "desk/end", {"agent": "Ana"})
    assert desk["waiting"]["General"] == 0


def test_a_voice_note_is_sent_as_the_file_itself(world):
    ask(world.url, "phones", {"name": "Leo", "number": "15550100002"})
    status, _ = ask(world.url, "phones/15550100002/voice", sample_file("audio/ogg"))
    assert status == 200
    eventually(lambda: ask(world.url, "phones/15550100002")[1]["screen"])


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("phones/1", None, 404),
        ("phones/15550100003/sing", {}, 404),
        ("desk/fly", {"agent": "Ana"}, 404),
        ("desk/say", {"agent": "Nobody", "text": "x"}, 400),
        ("desk/accept", {}, 400),
        ("phones", {"name": "no number"}, 400),
        ("phones", b"{no json", 400),
        ("elsewhere", None, 404),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(world, path, body, status):
    ask(world.url, "phones", {"name": "Bo", "number": "15550100003"})
    code, answer = ask(world.url, path, body)
    assert code == status
    assert answer["error"]


def test_what_a_client_publishes_on_our_topic_reaches_the_product(world):
    before = len(world.sqs.queues["dead-letters.fifo"].messages)
    boto3.client("sns").publish(
        TopicArn=world.whatsapp_topic,
        Message="nothing anybody can read",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "odd"}},
    )
    eventually(lambda: len(world.sqs.queues["dead-letters.fifo"].messages) > before)
