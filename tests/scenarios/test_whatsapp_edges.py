"""Small services around a conversation fail without costing anybody a message."""

import json

import pytest
import urllib3

from chalicelib.conversation import Reply
from chalicelib.errors import Rejected, Throttled, Unsure
from chalicelib.gateways.web_files import WebFiles
from chalicelib.outbound_entries import Resend, read_outbound
from chalicelib.routing import write
from sandbox.faults import Action
from sandbox.world import World
from tests.gateways.stub_server import Answer, stub
from tests.scenarios.people import dead_letters, failing, lines, live_chat, notices, sent_texts


def on_agent() -> World:
    return World(settings={"READ_RECEIPTS": "on_agent"})


def test_blue_ticks_come_when_the_agent_reads() -> None:
    with on_agent() as world:
        talk = live_chat(world)
        world.run_for(5)
        wamid = talk.customer.says("Hello again")
        world.run_for(5)
        assert talk.customer.tick(wamid) == "delivered"
        talk.agent.reads()
        world.run_for(5)
        assert talk.customer.tick(wamid) == "read"


def test_a_tick_whatsapp_refuses_costs_nothing() -> None:
    with on_agent() as world:
        talk = live_chat(world)
        world.run_for(5)
        talk.customer.says("Hello again")
        world.run_for(5)
        failing(world, "socialmessaging", "SendWhatsAppMessage", Action.VALIDATION, 1)
        talk.agent.reads()
        world.run_for(5)
        talk.agent.say("I am here")
        world.run_for(5)
        assert sent_texts(talk.customer) == ["I am here"]


def test_a_quote_that_cannot_be_looked_up_is_still_a_message(world: World) -> None:
    talk = live_chat(world)
    failing(world, "dynamodb", "GetItem", Action.THROTTLE, 3)
    talk.customer.says("This one", context={"from": "15550100200", "id": "wamid.SOME"})
    world.run_for(30)
    assert lines(talk.chat)[-1] == "re: an earlier message\nThis one"


def test_receipts_connect_refuses_leave_the_message_delivered(world: World) -> None:
    talk = live_chat(world)
    failing(world, "connectparticipant", "SendEvent", Action.VALIDATION, 5)
    talk.agent.say("Hello Mia")
    world.run_for(5)
    assert sent_texts(talk.customer) == ["Hello Mia"]
    assert notices(talk.chat) == []


def test_nobody_is_asked_who_cannot_be_reached_or_when_whatsapp_fails(world: World) -> None:
    asking = world.app.ask_again
    assert not asking.ask("nobody", Reply(origination_id=world.number.eum_id), "")
    failing(world, "socialmessaging", "SendWhatsAppMessage", Action.THROTTLE, 5)
    mia = world.phones.add("Mia", "15550100001")
    reply = Reply(origination_id=world.number.eum_id, to="15550100001")
    assert not asking.ask("mia", reply, "es")
    assert mia.texts == []


def test_an_account_alert_is_counted_for_the_operator_and_shown_to_nobody(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    talk = live_chat(world)
    world.network.publish_change("account_update", {"event": "ACCOUNT_RESTRICTION"})
    world.network.publish_change("user_preferences", {"category": "marketing_messages"})
    world.settle()
    told = capsys.readouterr().out
    assert told.count('"OperatorAlerts"') >= 1
    assert "AccountEvents" in told
    assert lines(talk.chat) == ["Hello"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer("gone", 404), Rejected),
        (Answer("busy", 503), Throttled),
    ],
)
def test_a_download_says_whether_to_try_again(answer: Answer, kind: type[Exception]) -> None:
    class Posting(urllib3.PoolManager):
        """The stub server answers POST only."""

        def request(self, method, url, **how):  # type: ignore[no-untyped-def,override]
            return super().request("POST", url, body=b"", **how)

    with stub(answer) as server, pytest.raises(kind):
        WebFiles(Posting()).read(server.base_url)


def test_a_download_that_breaks_off_may_be_tried_again() -> None:
    with pytest.raises(Unsure):
        WebFiles(urllib3.PoolManager()).read("http://127.0.0.1:9/file")


def test_a_file_the_scan_stopped_is_named_to_the_agent(world: World) -> None:
    talk = live_chat(world)
    record = {
        "Type": "ATTACHMENT",
        "Id": "scan-1",
        "InitialContactId": talk.chat.id,
        "ContactId": talk.chat.id,
        "ParticipantRole": "AGENT",
        "ContentType": "application/pdf",
        "AbsoluteTime": "2026-11-18T16:00:05.000Z",
        "Attachments": [
            {
                "AttachmentId": "a",
                "AttachmentName": "virus.pdf",
                "ContentType": "application/pdf",
                "Status": "REJECTED",
            }
        ],
    }
    world.topics.publish(world.chat_topic, json.dumps(record), {"MessageVisibility": "ALL"})
    world.run_for(3)
    assert "virus.pdf was not let through" in notices(talk.chat)[-1]


def test_a_second_send_that_names_no_message_lies_with_the_operator(world: World) -> None:
    queued = read_outbound(write("again", {"callback": "1|c|e|0|2", "due": 5}))
    assert isinstance(queued, Resend)
    assert queued.due == 5
    world.sqs.send_message(
        {
            "QueueUrl": world.sqs.url("outbound.fifo"),
            "MessageBody": write("again", {"callback": "?"}),
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
        }
    )
    world.settle()
    assert len(dead_letters(world)) == 1
