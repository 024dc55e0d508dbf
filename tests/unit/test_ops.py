"""What an operator can do about parked messages, and find out about any other."""

import json

import pytest
from typer.testing import CliRunner

from chalicelib import redrive, routing
from chalicelib.conversation import token
from chalicelib.errors import UnreadableEvent
from chalicelib.gateways.dead_letters import PARKED, Received
from chalicelib.routing import write
from ops import letters as dead_letters
from ops.__main__ import app
from ops.letters import NotRedrivable
from sandbox.dynamodb.emulator import DynamoDbEmulator
from sandbox.faults import Action
from sandbox.product_output import caught
from sandbox.wire import AwsError
from sandbox.world import World
from tests import whatsapp_samples as samples


class Center:
    """A customer and an agent in a live chat, and an operator at a terminal."""

    def __init__(self, world):
        self.world = world
        self.phone = world.phones.add("Mia", "15550100001")
        self.agent = world.desk.agent("Ana", list(world.bundle.settings["queues"]))
        self.phone.says("Hello")
        world.run_for(5)
        self.chat = self.agent.accept()
        world.run_for(5)

    def refuse(self, service, operation, action=Action.VALIDATION, nth=1):
        self.world.router.faults.on(service, operation, action, nth=nth)
        self.world.router.faults.arm()

    def parks_a_message(self, text="My order is late"):
        self.refuse("connectparticipant", "SendMessage")
        wamid = self.phone.says(text)
        self.world.run_for(5)
        self.world.router.faults.clear()
        return wamid

    def seen(self):
        return [line.text for line in self.agent.desk_view(self.chat) if line.role == "CUSTOMER"]

    def ops(self, *arguments, answer=None):
        done = CliRunner().invoke(app, list(arguments), input=answer)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    def listed(self):
        return json.loads(self.ops("dlq", "list", "--json").stdout)


@pytest.fixture
def center():
    with caught(), World() as world:
        yield Center(world)


def test_a_parked_message_is_listed_without_words_and_shown_with_them(center):
    center.parks_a_message()
    (row,) = center.listed()
    assert row["kinds"] == "text"
    assert "refused by connectparticipant" in row["reason"]
    assert "order" not in json.dumps(row)
    assert "order is late" in center.ops("dlq", "show", row["id"][:8]).stdout
    assert row["id"][:8] in center.ops("dlq", "list").stdout


def test_a_redriven_message_reaches_the_live_chat_once_and_its_letter_is_gone(center):
    center.parks_a_message()
    (row,) = center.listed()
    assert center.ops("dlq", "redrive", row["id"][:8]).exit_code == 0
    center.world.run_for(5)
    assert [line for line in center.seen() if "My order is late" in line] != []
    assert sum("My order is late" in line for line in center.seen()) == 1
    assert center.listed() == []


def test_a_message_parked_again_can_be_redriven_again_at_once(center):
    """SQS drops a repeated deduplication id for five minutes; each redrive has its own."""
    center.parks_a_message()
    center.refuse("connectparticipant", "SendMessage")
    center.ops("dlq", "redrive", "--all")
    center.world.run_for(5)
    center.world.router.faults.clear()
    assert len(center.listed()) == 1
    center.ops("dlq", "redrive", "--all")
    center.world.run_for(5)
    assert sum("My order is late" in line for line in center.seen()) == 1
    assert center.listed() == []


def test_a_redrive_that_comes_twice_is_shown_once(center):
    center.parks_a_message()
    queue = center.world.sqs.queues["inbound.fifo"]
    center.ops("dlq", "redrive", "--all")
    (message,) = queue.messages.values()
    center.world.run_for(400)
    again = {"MessageBody": message.body, "MessageGroupId": message.group}
    center.world.sqs.send("inbound.fifo", {**again, "MessageDeduplicationId": "another"})
    center.world.run_for(5)
    assert sum("My order is late" in line for line in center.seen()) == 1


def test_a_parked_answer_of_an_agent_is_sent_again_under_a_new_id(center):
    center.refuse("socialmessaging", "SendWhatsAppMessage", Action.KILL_BEFORE, nth=None)
    center.agent.say("On its way")
    center.world.run_for(900)
    center.world.router.faults.clear()
    center.world.run_for(200)
    (row,) = center.listed()
    assert row["kinds"] == "outbound"
    assert center.ops("dlq", "redrive", "--all").exit_code == 0
    center.world.run_for(10)
    assert center.phone.texts.count("On its way") == 1


def test_what_sqs_gave_up_on_is_put_back_as_it_was(center):
    first = len(center.seen())
    center.phone.says("Stuck")
    center.world.deliverer.step()
    queue = center.world.sqs.queues["inbound.fifo"]
    (message,) = queue.messages.values()
    body = message.body
    queue.purge()
    sent = {"MessageBody": body, "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    center.world.sqs.send("inbound-dlq.fifo", sent)
    (row,) = center.listed()
    assert row["queue"] == "inbound-dlq"
    center.ops("dlq", "redrive", "--all")
    center.world.run_for(5)
    assert center.seen()[first:] == ["Stuck"]


def test_what_sqs_gave_up_on_of_one_customer_comes_in_the_order_it_was_written(center):
    """Together, as if it had only waited: in a queue group of its own, so it waits for nobody."""
    first, queue = len(center.seen()), center.world.sqs.queues["inbound.fifo"]
    for number in range(5):
        center.phone.says(f"line {number}")
        center.world.clock.advance(1)
    center.world.deliverer.step()
    for number, message in enumerate([*queue.messages.values()]):
        sent = {"MessageGroupId": message.group, "MessageDeduplicationId": f"moved-{number}"}
        center.world.sqs.send("inbound-dlq.fifo", {"MessageBody": message.body, **sent})
    queue.purge()
    assert center.ops("dlq", "redrive", "--all").exit_code == 0
    center.world.run_for(60)
    assert center.seen()[first:] == ["\n".join(f"line {number}" for number in range(5))]


@pytest.mark.deep
def test_a_claim_refused_for_good_keeps_its_customer_waiting_and_nobody_else(center, monkeypatch):
    """Nothing a customer sends has DynamoDB refuse a claim, so it waits for a repair; after a
    hundred receives SQS gives the messages up, whole, and they can be sent again."""
    original, first = DynamoDbEmulator.update_item, len(center.seen())
    key = center.chat.attributes["conversation"]

    def refusing(self, params):
        claims = "pending_members" in params.get("ExpressionAttributeNames", {}).values()
        if claims and params["Key"]["key"]["S"] == key:
            raise AwsError("ValidationException", "not in this table")
        return original(self, params)

    monkeypatch.setattr(DynamoDbEmulator, "update_item", refusing)
    center.phone.says("Stuck")
    center.world.run_for(5)
    center.phone.says("Me too")
    center.world.phones.add("Leo", "15550100002").says("Hello from Leo")
    center.world.run_for(5)
    assert [c.customer.display_name for c in center.world.chats.active()] == ["Mia", "Leo"]
    center.world.run_for(4 * 3600)
    assert {row["queue"] for row in center.listed()} == {"inbound-dlq"}
    monkeypatch.setattr(DynamoDbEmulator, "update_item", original)
    center.ops("dlq", "redrive", "--all")
    center.world.run_for(5)
    assert "\n".join(center.seen()[first:]).count("Stuck") == 1
    assert "\n".join(center.seen()[first:]).count("Me too") == 1
    assert center.listed() == []


def test_an_event_that_reached_no_function_is_found_and_sent_again(center):
    """SQS, and SNS when it cannot deliver, leave the event itself behind."""
    first = len(center.seen())
    wamid = center.phone.says("Anybody there?")
    events = center.world.sqs.queues["whatsapp-events"]
    (message,) = events.messages.values()
    events.purge()
    center.world.sqs.send("whatsapp-events-dlq", {"MessageBody": message.body})
    (row,) = center.listed()
    assert (row["queue"], row["kinds"]) == ("whatsapp-events-dlq", "not looked into")
    (traced,) = json.loads(center.ops("trace", wamid).stdout)["dead_letters"]
    assert traced["id"] == row["id"]
    assert center.ops("dlq", "redrive", row["id"]).exit_code == 0
    center.world.run_for(5)
    assert center.seen()[first:] == ["Anybody there?"]
    assert center.listed() == []


def test_a_letter_looked_at_too_often_can_still_be_seen_and_sent_again(center):
    center.parks_a_message()
    (letter,) = center.world.sqs.queues["dead-letters.fifo"].messages.values()
    center.world.sqs.queues["dead-letters.fifo"].purge()
    moved = {"MessageGroupId": letter.group, "MessageDeduplicationId": "moved"}
    center.world.sqs.send("dead-letters-dlq.fifo", {"MessageBody": letter.body, **moved})
    (row,) = center.listed()
    assert row["kinds"] == "text"
    assert center.ops("dlq", "redrive", "--all").exit_code == 0
    center.world.run_for(5)
    assert sum("My order is late" in line for line in center.seen()) == 1


def test_an_unreadable_letter_says_why_it_stays(center):
    center.world.app.queues.park_unreadable("UnreadableEvent", "not json", "r1")
    done = center.ops("dlq", "redrive", "--all")
    assert done.exit_code == 1
    assert "still unreadable" in done.stderr
    assert len(center.listed()) == 1


def test_a_letter_that_still_breaks_our_code_stays_and_keeps_no_other_back(center, monkeypatch):
    for number in range(2):
        center.world.app.queues.park_unreadable("KeyError", samples.body("text"), f"r{number}")
    reads, broken = routing.route, [KeyError("a bug of ours")]

    def breaks_once(*args, **more):
        if broken:
            raise broken.pop()
        return reads(*args, **more)

    monkeypatch.setattr(routing, "route", breaks_once)
    done = center.ops("dlq", "redrive", "--all")
    assert done.exit_code == 1
    assert "still breaks our code: KeyError" in done.stderr
    assert len(center.listed()) == 1


def large_event(texts, characters):
    """An event with several long messages of Mia's."""
    event = samples.load("text")
    value = event["entry"][0]["changes"][0]["value"]
    (message,) = value["messages"]
    value["messages"] = [
        {**message, "id": f"wamid.{n}", "text": {"body": f"part {n} " + "x" * characters}}
        for n in range(texts)
    ]
    return json.dumps(event)


def test_an_event_in_several_letters_is_listed_shown_redriven_and_dropped_as_one(center):
    event = large_event(texts=20, characters=16_000)
    center.world.app.queues.park_unreadable("KeyError", event, "r1")
    assert len(center.world.sqs.queues["dead-letters.fifo"].messages) == 3
    (row,) = center.listed()
    assert json.loads(center.ops("dlq", "show", row["id"]).stdout)["body"] == event
    assert center.ops("dlq", "redrive", "--all").exit_code == 0
    assert center.listed() == []
    center.world.run_for(600)
    shown = "\n".join(
        line.text for chat in center.world.chats for line in center.agent.desk_view(chat)
    )
    assert [n for n in range(20) if shown.count(f"part {n} ") != 1] == []
    center.world.app.queues.park_unreadable("KeyError", event, "r2")
    (row,) = center.listed()
    center.ops("dlq", "drop", row["id"], "--yes")
    assert not center.world.sqs.queues["dead-letters.fifo"].messages


def test_an_event_of_which_a_letter_is_missing_is_not_sent_by_halves(center):
    center.world.app.queues.park_unreadable("KeyError", large_event(20, 9_000), "r1")
    letters = center.world.sqs.queues["dead-letters.fifo"].messages
    letters.pop(next(iter(letters)))
    done = center.ops("dlq", "redrive", "--all")
    assert done.exit_code == 1
    assert "a part of its event is missing" in done.stderr
    assert len(letters) == 1


def test_what_an_agent_got_shortened_stays_with_the_operator_whole(center):
    """Sent again it would count as done, and nobody had the rest."""
    event = large_event(texts=1, characters=210_000)
    center.world.topics.publish(center.world.whatsapp_topic, event)
    center.world.run_for(5)
    (row,) = center.listed()
    done = center.ops("dlq", "redrive", "--all")
    assert done.exit_code == 1
    assert "read the rest with show" in done.stderr
    assert "x" * 210_000 in center.ops("dlq", "show", row["id"]).stdout


def test_a_broken_event_with_too_large_a_message_is_sent_shortened_and_stays(center):
    event = large_event(texts=1, characters=210_000)
    center.world.app.queues.park_unreadable("KeyError", event, "r1")
    assert center.ops("dlq", "redrive", "--all").exit_code == 0
    center.world.run_for(60)
    shown = "\n".join(
        line.text for chat in center.world.chats for line in center.agent.desk_view(chat)
    )
    assert shown.count("part 0") == 1
    assert len(center.listed()) == 1


def test_a_dropped_letter_is_gone_after_a_question(center):
    center.parks_a_message()
    (row,) = center.listed()
    assert center.ops("dlq", "drop", row["id"], answer="n\n").exit_code == 1
    assert len(center.listed()) == 1
    assert center.ops("dlq", "drop", row["id"], answer="y\n").exit_code == 0
    assert center.listed() == []


def test_a_wrong_id_and_a_missing_one_are_refused_in_words(center):
    assert "no letter" in center.ops("dlq", "show", "nothing").stderr
    assert center.ops("dlq", "redrive").exit_code == 2


def test_a_message_is_traced_without_its_words(center):
    wamid = center.phone.says("Where is my order")
    center.world.run_for(5)
    found = json.loads(center.ops("trace", wamid).stdout)
    assert found["message"]["fate"] == "delivered"
    assert found["conversation"]["contact"] == center.chat.id
    assert found["dead_letters"] == []
    assert "order" not in json.dumps(found)
    assert "Mia" not in json.dumps(found)
    told = center.ops("trace", wamid, "--private").stdout
    assert "Where is my order" in told
    assert center.ops("trace", "wamid.unknown").exit_code == 1


def test_a_parked_message_is_traced_to_its_letter_and_an_answer_to_its_status(center):
    wamid = center.parks_a_message()
    found = json.loads(center.ops("trace", wamid).stdout)
    assert [row["kinds"] for row in found["dead_letters"]] == ["text"]
    center.agent.say("On its way")
    center.world.run_for(5)
    message_id = center.world.network.sent[-1].message_id
    row = json.loads(center.ops("trace", center.phone.screen[-1].wamid).stdout)
    other = json.loads(center.ops("trace", message_id).stdout)
    assert {row["message"].get("status"), other["message"].get("status")} & {"delivered"}


def test_a_conversation_is_found_by_its_key_and_by_its_contact(center):
    key = center.chat.attributes["conversation"]
    by_key = json.loads(center.ops("inspect", key).stdout)
    by_contact = json.loads(center.ops("inspect", center.chat.id).stdout)
    assert by_key == by_contact
    assert by_key["contact"]["conversation"] == key
    assert "token" not in json.dumps(by_key)
    assert "15550100001" not in json.dumps(by_key)
    assert center.ops("inspect", "nobody").exit_code == 1


def test_tail_prints_each_message_once(center):
    key = center.chat.attributes["conversation"]
    done = center.ops("tail", key, "--seconds", "0.05", "--every", "0.02")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["direction"] for line in lines] == ["in", "out"]


def test_a_report_counts_queues_and_letters_and_says_so_by_its_exit_code(center):
    quiet = center.ops("report", "--json")
    assert quiet.exit_code == 0
    assert json.loads(quiet.stdout)["queues"]["inbound"]["waiting"] == 0
    center.parks_a_message()
    told = center.ops("report")
    assert told.exit_code == 1
    assert "1 dead letters: refused by connectparticipant" in told.stdout


def test_settings_that_are_missing_are_named(monkeypatch):
    for name in ("INBOUND_QUEUE_URL", "CONNECT_INSTANCE_ID"):
        monkeypatch.delenv(name, raising=False)
    done = CliRunner().invoke(app, ["report"])
    assert done.exit_code == 2
    assert "INBOUND_QUEUE_URL" in done.stderr


def test_a_letter_without_the_event_cannot_be_sent_again():
    letter = _parked({"members": [{"wamid": "w", "kind": "text"}], "bodies": {}})
    with pytest.raises(NotRedrivable, match="not the event"):
        dead_letters.entries_of(letter)
    parts = {"reason": "x", "body": "y", "part": 1, "parts": 2}
    with pytest.raises(NotRedrivable, match="part of its event is missing"):
        dead_letters.entries_of(_parked(parts))
    chat = {"Type": "EVENT", "InitialContactId": "c", "ContactId": "c", "Id": "i"}
    typing = {**chat, "ContentType": "application/vnd.amazonaws.connect.event.typing"}
    nothing = {"body": json.dumps({**typing, "AbsoluteTime": "2026-11-18T16:00:00Z"})}
    with pytest.raises(NotRedrivable):
        dead_letters.entries_of(_parked(nothing))


def _parked(content):
    received = Received(id="1", queue=PARKED, handle="", since=0, body=json.dumps(content))
    return dead_letters.Letter(received, content)


def test_a_redrive_is_opened_to_the_original_entry():
    entry = redrive.inbound(write("whatsapp", {"a": 1}), "wamid.1", 2, "group")
    opened = redrive.opened(entry.body)
    assert (opened.payload, opened.again) == ({"a": 1}, 2)
    assert opened.body == write("whatsapp", {"a": 1})
    assert entry.dedup == token("redrive", "wamid.1#r2")
    assert redrive.opened(opened.body).again == 0
    with pytest.raises(UnreadableEvent):
        redrive.opened(write("redrive", {"n": "x"}))
    with pytest.raises(UnreadableEvent):
        redrive.outbound(write("whatsapp", {}), "e", 1)


def test_a_chat_record_is_renamed_wrapped_or_not():
    record = json.dumps({"Id": "e1#r1", "Content": "Hi"})
    wrapped = json.dumps({"Type": "Notification", "Message": record})
    for body in (record, wrapped):
        payload = json.loads(redrive.outbound(write("chat", body), "e1", 2).body)["payload"]
        assert "e1#r2" in payload
        assert "e1#r1" not in payload
