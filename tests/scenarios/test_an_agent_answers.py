"""Agent to customer: what the phone shows, and what the agent is told when it does not."""

import io
import json
import random
from datetime import timedelta

import boto3
import pytest
from PIL import Image

from chalicelib.gateways.items import ContactRow, MessageItem
from sandbox.faults import Action
from sandbox.product_output import caught
from sandbox.topics import Noise
from sandbox.whatsapp.envelope import entry, message_value
from sandbox.whatsapp.meta_errors import MetaError
from sandbox.world import World
from tests.scenarios.people import (
    GREETING,
    LONG_ENOUGH_S,
    chats_of,
    dead_letters,
    failing,
    lines,
    live_chat,
    notices,
    sent_texts,
    still_queued,
    stored_status,
    unfinished,
)

HOUR = 3600
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(file, "JPEG")
    return file.getvalue()


def greetings(texts: list[str]) -> int:
    return sum(text.startswith(GREETING) for text in texts)


def test_the_greeting_reaches_the_customer_exactly_once(world):
    talk = live_chat(world)
    talk.customer.says("More")
    talk.agent.say("Yes?")
    world.run_for(LONG_ENOUGH_S)
    assert greetings(talk.customer.texts) == 1
    assert talk.customer.texts[0].startswith(GREETING)


def test_a_greeting_older_than_the_answer_of_start_chat_is_not_lost(world):
    """The flow may speak before StartChatContact has answered (protocol 5.1)."""
    world.switches.greeting_before_answer = True
    talk = live_chat(world)
    world.run_for(LONG_ENOUGH_S)
    assert greetings(talk.customer.texts) == 1


@pytest.mark.parametrize("early", [False, True], ids=["greeting after", "greeting before"])
def test_a_crash_before_the_record_does_not_cost_the_greeting(world, early):
    """Trace 7: nobody wrote down whose contact it is when the greeting comes."""
    world.switches.greeting_before_answer = early
    world.router.faults.on("connect", "StartChatContact", Action.KILL_AFTER)
    world.router.faults.arm()
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello")
    world.run_for(LONG_ENOUGH_S)
    assert greetings(mia.texts) == 1
    [chat] = chats_of(world, mia)
    assert lines(chat) == ["Hello"]
    assert not unfinished()


def test_an_answer_comes_with_whatsapps_own_marks(world):
    """UT-14."""
    talk = live_chat(world)
    talk.agent.say(
        "**Order** 12345 is *on its way*, see [here](https://x.example)", "text/markdown"
    )
    world.run_for(2)
    assert talk.customer.texts[-1] == (
        "*Order* 12345 is _on its way_, see here (https://x.example)"
    )


def test_an_agent_text_costs_four_calls(world):
    talk = live_chat(world)
    start = len(world.router.calls)
    talk.agent.say("Hello Mia")
    world.settle()
    assert world.router.operations(start) == {
        "sqs.SendMessageBatch": 1,
        "dynamodb.UpdateItem": 1,
        "socialmessaging.SendWhatsAppMessage": 1,
        "dynamodb.TransactWriteItems": 1,
    }


def test_a_long_answer_arrives_in_pieces_and_in_order(world):
    talk = live_chat(world)
    text = "\n".join(f"Line {number} of the conditions." for number in range(400))
    talk.agent.say(text)
    world.run_for(2)
    pieces = sent_texts(talk.customer)
    assert len(pieces) > 2
    assert all(len(piece) <= 4096 for piece in pieces)
    assert "\n".join(pieces) == text


def test_answers_written_one_after_the_other_keep_their_order(world):
    """CP-03."""
    talk = live_chat(world)
    said = [f"sentence {number}" for number in range(12)]
    for text in said:
        talk.agent.say(text)
        world.clock.advance(1)
    world.run_for(5)
    assert sent_texts(talk.customer) == said


@pytest.mark.parametrize(
    ("name", "content_type", "kind"),
    [("bill.pdf", "application/pdf", "document"), ("photo.jpg", "image/jpeg", "image")],
)
def test_a_file_of_the_agent_arrives_as_it_is(world, name, content_type, kind):
    talk = live_chat(world)
    body = PDF if kind == "document" else photo()
    talk.agent.attach(name, content_type, body)
    world.run_for(2)
    shown = talk.customer.screen[-1]
    assert (shown.kind, shown.media) == (kind, body)
    if kind == "document":
        assert shown.filename == name
    assert not notices(talk.chat)


def test_a_file_whatsapp_does_not_take_is_told_to_the_agent(world):
    talk = live_chat(world)
    talk.agent.attach("notes.rtf", "application/rtf", b"{\\rtf1 a}")
    world.run_for(2)
    assert sent_texts(talk.customer) == []
    [notice] = notices(talk.chat)
    assert "WhatsApp does not take files of this type (rtf)" in notice


VIRUS = ("virus.pdf", "application/pdf", b"%PDF-1.4 a virus")
RICH_TEXT = ("notes.rtf", "application/rtf", b"{\\rtf1 a}")


def no_viruses(_name, body):
    return b"virus" not in body


@pytest.mark.parametrize(
    ("refused", "why"), [(VIRUS, "virus scan"), (RICH_TEXT, "files of this type (rtf)")]
)
def test_of_several_files_the_agent_learns_by_name_which_one_did_not_go(world, refused, why):
    """Connect's model has several files in one item, each with its Status (AttachmentItem)."""
    world.chats.switches.scan = no_viruses
    talk = live_chat(world)
    bill, terms = (("bill.pdf", "application/pdf", PDF), ("terms.pdf", "application/pdf", PDF))
    talk.agent.attach_several(bill, refused, terms)
    world.run_for(10)
    assert [line.filename for line in talk.customer.screen[-2:]] == ["bill.pdf", "terms.pdf"]
    [notice] = notices(talk.chat)
    assert f'Not delivered: "{refused[0]}"' in notice
    assert why in notice
    assert "bill.pdf" not in notice


def test_a_file_that_whatsapp_and_one_that_the_scan_refuses_are_told_apart(world):
    world.chats.switches.scan = no_viruses
    talk = live_chat(world)
    talk.agent.attach_several(VIRUS, RICH_TEXT, ("bill.pdf", "application/pdf", PDF))
    world.run_for(10)
    assert talk.customer.screen[-1].filename == "bill.pdf"
    assert ["virus.pdf" in notice for notice in notices(talk.chat)] == [True, False]
    assert ["notes.rtf" in notice for notice in notices(talk.chat)] == [False, True]


def test_of_files_that_are_all_refused_each_is_told_with_its_own_reason(world):
    world.chats.switches.scan = no_viruses
    talk = live_chat(world)
    talk.agent.attach_several(VIRUS, RICH_TEXT)
    world.run_for(10)
    assert sent_texts(talk.customer) == []
    reasons = "\n".join(notices(talk.chat))
    assert "virus.pdf was not let through by the virus scan" in reasons
    assert 'Not delivered: "notes.rtf". WhatsApp does not take files of this type (rtf)' in reasons
    assert not dead_letters(world)


@pytest.mark.deep
def test_files_of_which_the_scan_lets_none_through_are_all_named(world):
    world.chats.switches.scan = no_viruses
    talk = live_chat(world)
    talk.agent.attach_several(VIRUS, ("other.pdf", "application/pdf", b"%PDF-1.4 virus, too"))
    world.run_for(10)
    assert sent_texts(talk.customer) == []
    [notice] = notices(talk.chat)
    assert "virus.pdf, other.pdf" in notice


@pytest.mark.deep
@pytest.mark.parametrize("operation", ["connectparticipant.SendMessage", "Upload", "Send"])
def test_the_word_about_a_refused_file_comes_once_and_so_do_the_others(world, operation):
    """Killed after the notice, after the upload, or after the file was sent."""
    world.chats.switches.scan = no_viruses
    talk = live_chat(world)
    service, _, name = {
        "Upload": "socialmessaging.PostWhatsAppMessageMedia",
        "Send": "socialmessaging.SendWhatsAppMessage",
    }.get(operation, operation).partition(".")
    failing(world, service, name, Action.KILL_AFTER, 1)
    talk.agent.attach_several(VIRUS, ("bill.pdf", "application/pdf", PDF))
    world.run_for(LONG_ENOUGH_S)
    assert [line.filename for line in talk.customer.screen if line.kind == "document"] == [
        "bill.pdf"
    ]
    assert len([one for one in notices(talk.chat) if "virus.pdf" in one]) == 1


def test_a_file_too_large_for_whatsapp_is_told_to_the_agent(world):
    """Connect takes 20 MB, WhatsApp 16 MB of film."""
    talk = live_chat(world)
    talk.agent.attach("film.mp4", "video/mp4", bytes(17 * 1024 * 1024))
    world.run_for(5)
    assert sent_texts(talk.customer) == []
    [notice] = notices(talk.chat)
    assert "WhatsApp takes up to 16 MB for this type" in notice


def test_statuses_move_forward_only(world):
    """CP-04."""
    talk = live_chat(world)
    world.topics.noise.duplicate_rate = 1.0
    world.topics.noise.duplicate_s = 900
    talk.agent.say("Hello Mia")
    world.run_for(5)
    assert ("Hello Mia", "delivered") in stored_status()
    talk.customer.reads()
    world.run_for(2000)
    assert ("Hello Mia", "read") in stored_status()


def test_a_worker_that_dies_in_a_long_answer_goes_on_where_it_was(world):
    """Protocol 5: "next part" is durable before the next part is sent, or all would go again."""
    talk = live_chat(world)
    world.router.faults.on("socialmessaging", "SendWhatsAppMessage", Action.KILL_BEFORE, nth=3)
    world.router.faults.arm()
    parts = [letter * 4000 for letter in "abc"]
    talk.agent.say(" ".join(parts))
    world.run_for(LONG_ENOUGH_S)
    assert sent_texts(talk.customer) == parts
    assert not unfinished()


def test_an_answer_that_comes_again_when_the_ring_forgot_it_is_not_sent_again(world):
    """Law 4: after 64 others only the history knows it; here the ring is emptied instead."""
    talk = live_chat(world)
    world.topics.noise.duplicate_rate = 1.0
    world.topics.noise.duplicate_s = 900
    said = [f"line {number}" for number in range(6)]  # most repeats: after SQS forgot the first
    for text in said:
        talk.agent.say(text)
    world.run_for(5)
    [row] = [one for one in ContactRow.scan() if one.kind == "contact"]
    forgotten = int(world.clock.now().timestamp())
    row.update(actions=[ContactRow.done.remove(), ContactRow.forgotten_until.set(forgotten)])
    world.run_for(2000)
    assert sent_texts(talk.customer) == said
    assert not unfinished()


def test_more_messages_than_whatsapp_takes_from_one_are_paced_not_lost(world):
    """131056: too many messages to one customer in a short time; each is sent again later."""
    talk = live_chat(world)
    for number in range(60):
        talk.agent.say(f"spam {number}")
    world.run_for(30)
    assert len(sent_texts(talk.customer)) < 60
    world.run_for(600)
    assert sorted(sent_texts(talk.customer)) == sorted(f"spam {number}" for number in range(60))
    assert notices(talk.chat) == []


@pytest.mark.deep
def test_a_message_that_never_gets_through_is_told_in_plain_words(world):
    talk = live_chat(world)
    for number in range(200):
        talk.agent.say(f"spam {number}")
    world.run_for(900)
    told = notices(talk.chat)
    assert told
    assert all("Too many messages in a short time" in notice for notice in told)
    assert len(told) + len(sent_texts(talk.customer)) == 200


def test_a_failure_is_told_once_however_often_its_status_comes(world):
    talk = live_chat(world)
    world.network.handsets.remove(talk.customer)  # WhatsApp does not know the number any more
    world.topics.noise.duplicate_rate = 1.0
    world.topics.noise.duplicate_s = 900
    talk.agent.say("Hello Mia")
    world.run_for(2000)
    [notice] = notices(talk.chat)
    assert "WhatsApp cannot reach this customer" in notice


def test_a_failure_is_told_even_if_the_process_dies_in_between(world):
    talk = live_chat(world)
    world.network.handsets.remove(talk.customer)
    talk.agent.say("Hello Mia")
    world.settle()
    world.router.faults.when(
        lambda call: call.operation == "UpdateItem" and call.service == "dynamodb",
        Action.KILL_AFTER,
        times=1,
    )
    world.router.faults.arm()
    world.run_for(LONG_ENOUGH_S)
    [notice] = notices(talk.chat)
    assert "WhatsApp cannot reach this customer" in notice


def test_a_failure_is_told_when_the_answer_of_the_table_was_lost(world):
    """The SDK repeats the conditional update, which then meets its own first try."""
    talk = live_chat(world)
    world.network.handsets.remove(talk.customer)
    talk.agent.say("Hello Mia")
    world.settle()
    world.router.faults.when(
        lambda call: call.operation == "UpdateItem", Action.TIMEOUT_AFTER, times=1
    )
    world.router.faults.arm()
    world.run_for(LONG_ENOUGH_S)
    assert len(notices(talk.chat)) == 1


def test_a_failed_status_without_our_callback_data_is_told_as_well(world):
    """Pass-through of callback data by End User Messaging is not documented."""
    world.network.switches.callback_data = False
    world.network.switches.message_id_is_wamid = True
    talk = live_chat(world)
    world.network.handsets.remove(talk.customer)
    talk.agent.say("Hello Mia")
    world.run_for(LONG_ENOUGH_S)
    assert len(notices(talk.chat)) == 1


def test_of_a_long_answer_the_agent_reads_which_part_was_refused_and_the_rest_is_on_record(world):
    """What went out before it keeps its words, its fate and, for an erase, its customer."""
    talk = live_chat(world)
    world.router.faults.on("socialmessaging", "SendWhatsAppMessage", Action.VALIDATION, nth=3)
    world.router.faults.arm()
    talk.agent.say("\n\n".join(f"part{number} " * 400 for number in range(3)))
    world.run_for(20)
    assert [text[:5] for text in sent_texts(talk.customer)] == ["part0", "part1"]
    [notice] = notices(talk.chat)
    assert 'Not delivered from "part2' in notice
    every = {one.id: one for one in MessageItem.scan()}
    event = next(name for name, one in every.items() if (one.text or "").startswith("part0"))
    parts = [every[f"{event.removesuffix('0')}{number}"] for number in range(3)]
    assert [(one.fate, one.status) for one in parts] == [
        ("sent", "delivered"),
        ("sent", "delivered"),
        ("not_sent", None),
    ]
    assert len({one.customer for one in parts}) == 1
    assert all("part" in one.body for one in parts[:2])


@pytest.mark.deep
def test_a_further_send_that_was_answered_is_not_made_again_while_the_queue_is_disturbed(world):
    """O2: the work comes twice, after SQS has forgotten the first, and its status is held up."""
    talk = live_chat(world)
    world.topics.noise = Noise(duplicate_rate=0.6, duplicate_s=900, reorder_rate=0.5)
    world.topics.chance = random.Random(4)
    world.network.refusals.append(MetaError(130429, "Rate limit hit"))
    until = world.clock.now() + timedelta(minutes=15)
    talk.agent.say("answer")
    world.run_for(0.6)
    world.router.faults.when(
        lambda call: call.service == "sqs" and call.at < until, Action.TIMEOUT_AFTER
    )
    world.router.faults.arm()
    world.run_for(3000)
    assert sent_texts(talk.customer).count("answer") == 1
    assert notices(talk.chat) == []


def test_a_failed_status_that_is_faster_than_the_index_of_messages_is_told(world, monkeypatch):
    """Without callback data only DynamoDB's index knows whose it is, and that lags."""
    world.network.switches.callback_data = False
    world.network.switches.message_id_is_wamid = True
    talk = live_chat(world)
    world.network.handsets.remove(talk.customer)
    find, there_from = world.app.history.record_of, world.clock.now() + timedelta(seconds=2)
    monkeypatch.setattr(
        world.app.history,
        "record_of",
        lambda wamid: find(wamid) if world.clock.now() > there_from else "",
    )
    talk.agent.say("Hello Mia")
    world.run_for(20)
    assert len(notices(talk.chat)) == 1


def test_a_status_of_somebody_elses_message_is_looked_for_ten_seconds_only(world):
    """Another system sends from the same number."""
    status = {"id": "wamid.theirs", "status": "sent", "recipient_id": "15550100009"}
    told = {**status, "timestamp": str(int(world.clock.now().timestamp()))}
    value = message_value(world.number, statuses=[told])
    world.network.publish(entry(world.network.account, "messages", value))
    world.run_for(20)
    assert not still_queued(world)
    assert not dead_letters(world)


def test_after_24_hours_the_agent_is_told_and_nothing_is_sent():
    """SA-47."""
    with World(settings={"CHAT_DURATION_MINUTES": "10080"}) as world:
        talk = live_chat(world)
        world.run_for(25 * HOUR)
        start = len(world.router.calls)
        talk.agent.say("Are you still there?")
        world.run_for(5)
        [notice] = notices(talk.chat)
        assert "More than 24 hours have passed" in notice
        assert sent_texts(talk.customer) == []
        assert not world.router.operations(start)["socialmessaging.SendWhatsAppMessage"]
        talk.customer.says("Yes")
        world.run_for(5)
        talk.agent.say("Good")
        world.run_for(5)
        assert talk.customer.texts[-1] == "Good"


def test_a_message_without_a_time_can_be_answered(world):
    """WhatsApp's timestamp is text of somebody else's; the window must not close over its lack."""
    mia = world.phones.add("Mia", "15550100001")
    mia.last_wrote[mia.business.meta_id] = world.clock.now()
    mia.publish_raw(untimed_text(world, mia.number))
    world.run_for(2)
    agent = world.desk.agent("Ana", ["General"])
    chat = agent.accept()
    assert lines(chat) == ["no time"]
    agent.say("Hello Mia")
    world.run_for(2)
    assert notices(chat) == []
    assert mia.texts[-1] == "Hello Mia"


def untimed_text(world: World, number: str) -> dict[str, object]:
    business = world.number
    message = {"from": number, "id": "wamid.notime", "type": "text", "text": {"body": "no time"}}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100200", "phone_number_id": business.meta_id},
        "contacts": [{"profile": {"name": "Mia"}, "wa_id": number}],
        "messages": [message],
    }
    return {"id": "waba", "changes": [{"field": "messages", "value": value}]}


def test_a_transfer_keeps_the_conversation(world):
    """CP-05. A new ContactId, the same chat: neither side notices."""
    talk = live_chat(world)
    talk.agent.say("I connect you with billing")
    talk.agent.transfer("Billing")
    world.run_for(2)
    ben = world.desk.agent("Ben", ["Billing"])
    chat = ben.accept()
    assert chat.current.id != chat.id
    ben.say("Billing here")
    world.run_for(2)
    talk.customer.says("Good")
    world.settle()
    assert sent_texts(talk.customer) == ["I connect you with billing", "Billing here"]
    assert lines(chat) == ["Hello", "Good"]
    assert chats_of(world, talk.customer) == [chat]


def test_a_list_picker_becomes_buttons_and_the_choice_comes_back(world):
    talk = live_chat(world)
    picker = {
        "templateType": "ListPicker",
        "version": "1.0",
        "data": {
            "replyMessage": {"title": "Thanks"},
            "content": {
                "title": "What is it about?",
                "elements": [{"title": "Order"}, {"title": "Invoice"}],
            },
        },
    }
    talk.agent.say(json.dumps(picker), "application/vnd.amazonaws.connect.message.interactive")
    world.run_for(2)
    shown = talk.customer.screen[-1]
    assert "What is it about?" in shown.text
    assert [title for _, title in shown.buttons] == ["Order", "Invoice"]
    talk.customer.chooses("Invoice")
    world.settle()
    assert "Invoice" in lines(talk.chat)[-1]


def test_an_answer_waits_for_a_phone_that_is_off(world):
    talk = live_chat(world)
    talk.customer.is_off = True
    talk.agent.say("Hello Mia")
    world.run_for(60)
    assert ("Hello Mia", "sent") in stored_status()
    talk.customer.is_off = False
    world.run_for(5)
    assert ("Hello Mia", "delivered") in stored_status()


def test_an_uncertain_send_is_proved_by_its_status_and_not_repeated(world):
    talk = live_chat(world)
    world.router.faults.on("socialmessaging", "SendWhatsAppMessage", Action.TIMEOUT_AFTER)
    world.router.faults.arm()
    talk.agent.say("Hello Mia")
    world.run_for(LONG_ENOUGH_S)
    assert sent_texts(talk.customer) == ["Hello Mia"]
    assert ("Hello Mia", "delivered") in stored_status()
    assert not unfinished()


def test_an_uncertain_send_that_nothing_proves_is_sent_once_more(world):
    """O2: never lost, doubled only where no status tells."""
    talk = live_chat(world)
    world.network.switches.statuses = "never"
    world.router.faults.on("socialmessaging", "SendWhatsAppMessage", Action.TIMEOUT_BEFORE)
    world.router.faults.arm()
    talk.agent.say("Hello Mia")
    talk.agent.say("And more")
    world.run_for(LONG_ENOUGH_S)
    assert sent_texts(talk.customer) == ["Hello Mia", "And more"]
    assert not unfinished()


@pytest.mark.parametrize("went", [Action.TIMEOUT_BEFORE, Action.TIMEOUT_AFTER, Action.KILL_BEFORE])
def test_a_further_send_that_is_lost_is_made_once_more(world, went, monkeypatch):
    """O1, O2: WhatsApp refused the first for now, and nobody knows what became of the second."""
    talk = live_chat(world)
    refused = iter([MetaError(131056, "Pair rate limit hit")])
    monkeypatch.setattr(world.network, "_pair_problem", lambda *_: next(refused, None))
    talk.agent.say("Hello Mia")
    world.run_for(2)
    world.router.faults.on("socialmessaging", "SendWhatsAppMessage", went)
    world.router.faults.arm()
    world.run_for(LONG_ENOUGH_S)
    assert sent_texts(talk.customer) == ["Hello Mia"]
    assert ("Hello Mia", "delivered") in stored_status()
    said = [notice for notice in notices(talk.chat) if "may have it twice" in notice]
    assert len(said) == (went is not Action.TIMEOUT_AFTER)
    assert not unfinished()


@pytest.mark.parametrize("first_went", ["sent", "failed"])
def test_a_send_repeated_in_doubt_is_told_and_kept_and_counted_once_it_proves_double(
    world, first_went
):
    """O2: T passed without a status, so it went out again; then the first one's status comes."""
    talk = live_chat(world)
    world.network.switches.statuses = "never"
    with caught() as output:
        world.router.faults.on("socialmessaging", "SendWhatsAppMessage", Action.TIMEOUT_AFTER)
        world.router.faults.arm()
        talk.agent.say("Hello Mia")
        world.run_for(LONG_ENOUGH_S)
        first, second = world.network.sent[-2:]
        assert sent_texts(talk.customer) == ["Hello Mia", "Hello Mia"]
        assert any("may have it twice" in notice for notice in notices(talk.chat))
        (line,) = [item for item in MessageItem.scan() if item.text == "Hello Mia"]
        assert line.sends == 2
        busy = MetaError(130429, "Too many") if first_went == "failed" else None
        world.network.status(first, first_went, None, busy)
        for status in ("sent", "delivered"):
            world.network.status(second, status, None)
            world.network.status(first, first_went, None, busy)
        world.run_for(LONG_ENOUGH_S)
        counted = output.metrics()
    assert counted["OutboundSentUnsure"] == 1
    assert counted["OutboundDoubled"] == (first_went == "sent")
    assert counted["OutboundFailed"] == counted["OutboundPaced"] == 0
    assert ("Hello Mia", "delivered") in stored_status()
    assert len(sent_texts(talk.customer)) == 2
    assert not unfinished()


def test_what_another_channel_says_in_the_same_instance_stays_there(world):
    """A web chat may stream into the same topic: it carries no attribute of ours."""
    answer = boto3.client("connect").start_chat_contact(
        InstanceId=world.instance.id,
        ContactFlowId=world.bundle.settings["flows"]["whatsapp_inbound"]["id"],
        ParticipantDetails={"DisplayName": "Web"},
        ChatStreamingConfiguration={"StreamingEndpointArn": world.chat_topic},
        ConnectionTypes=["CONNECTION_CREDENTIALS"],
    )
    world.run_for(LONG_ENOUGH_S)
    assert world.chats.find(answer["ContactId"]).items
    assert world.network.sent == []
    assert not world.sqs.queues["outbound.fifo"].messages


def test_chat_records_of_a_contact_nobody_knows_are_let_go(world):
    record = {
        "InitialContactId": "99999999-9999-4999-8999-999999999999",
        "ContactId": "99999999-9999-4999-8999-999999999999",
        "Id": "m1",
        "Type": "MESSAGE",
        "ParticipantRole": "AGENT",
        "ContentType": "text/plain",
        "Content": "not for WhatsApp",
        "AbsoluteTime": "2026-11-18T16:00:00.000Z",
    }
    world.topics.publish(world.chat_topic, json.dumps(record), {"MessageVisibility": "ALL"})
    world.run_for(LONG_ENOUGH_S)
    assert world.network.sent == []
    assert not world.sqs.queues["outbound.fifo"].messages


def test_a_window_that_whatsapp_closes_at_once_is_told_as_such(world):
    """The refusal may come with the answer of the send instead of a status."""
    world.network.switches.window = "synchronous"
    talk = live_chat(world)
    talk.customer.last_wrote.clear()
    talk.agent.say("Are you there?")
    world.run_for(2)
    [notice] = notices(talk.chat)
    assert "More than 24 hours have passed" in notice


def test_an_answer_that_came_twice_while_whatsapp_was_away_blocks_nobody(world):
    """SQS forgets a repeat after five minutes, so an outage may give out both together, with a
    claim open: neither waits for the other."""
    talk = live_chat(world)
    for _ in range(3):
        world.topics.subscribe(world.chat_topic, "chat-events")
    world.topics.noise.duplicate_rate, world.topics.noise.duplicate_s = 1.0, 900
    faults, now = world.router.faults, world.clock.now()
    faults.outage("socialmessaging", now, now + timedelta(minutes=15))
    faults.when(lambda call: call.index > 1_000, Action.KILL_BEFORE)  # it would go on for ever
    faults.arm()
    talk.agent.say("We look into it")
    world.run_for(HOUR)
    talk.agent.say("It left yesterday")
    world.run_for(HOUR)
    faults.clear()
    assert sent_texts(talk.customer) == ["We look into it", "It left yesterday"]
    assert not still_queued(world)
    assert not unfinished()


@pytest.mark.parametrize("ends", [Action.KILL_AFTER, Action.TIMEOUT_AFTER])
def test_an_answer_that_failed_before_it_was_recorded_still_reaches_the_phone(world, ends):
    """Meta was busy, and the worker had died by then: nobody had the words to send it again."""
    talk = live_chat(world)
    world.network.refusals.append(MetaError(130429, "Too many"))
    failing(world, "socialmessaging", "SendWhatsAppMessage", ends, 1)
    talk.agent.say("It left yesterday")
    world.run_for(LONG_ENOUGH_S)
    assert sent_texts(talk.customer) == ["It left yesterday"]
    assert not any("Not delivered" in notice for notice in notices(talk.chat))
    assert not still_queued(world)
    assert not unfinished()


def test_the_agent_reads_which_answer_failed_though_it_was_not_recorded_yet(world):
    talk = live_chat(world)
    world.network.refusals += [MetaError(131026, "Unreachable")] * 2
    failing(world, "socialmessaging", "SendWhatsAppMessage", Action.KILL_AFTER, 1)
    talk.agent.say("It left yesterday")
    world.run_for(LONG_ENOUGH_S)
    assert sent_texts(talk.customer) == []
    told = [notice for notice in notices(talk.chat) if "Not delivered" in notice]
    assert ['"It left yesterday"' in notice for notice in told] == [True]
    assert not still_queued(world)
