"""What agents, flows and bots may say, as it stands on the customer's phone."""

import io
import json
from typing import Any

import pytest
from PIL import Image

from chalicelib.gateways import audio
from lambdas import send_template
from sandbox.faults import Action
from sandbox.sample_files import sample_file
from sandbox.whatsapp.account import Template
from sandbox.world import World
from tests.gateways.voice_samples import encoded, tone
from tests.scenarios.people import (
    Talk,
    dead_letters,
    failing,
    lines,
    live_chat,
    notices,
    sent_texts,
    stored_status,
)

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
INTERACTIVE = "application/vnd.amazonaws.connect.message.interactive"
MEGABYTE = 1024 * 1024
HOUR = 3600


def picture(kind: str, side: int = 8) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(file, kind)
    return file.getvalue()


def picker(titles: list[str]) -> str:
    content = {"title": "Which one?", "elements": [{"title": title} for title in titles]}
    return json.dumps(
        {"templateType": "ListPicker", "version": "1.0", "data": {"content": content}}
    )


def says_json(talk: Talk, form: dict[str, Any]) -> None:
    talk.agent.say(json.dumps(form), "application/json")


# --- files ----


def test_a_pdf_of_12_megabytes_goes_out_without_passing_through_us(world: World) -> None:
    talk = live_chat(world)
    start = len(world.router.calls)
    talk.agent.attach("offer.pdf", "application/pdf", PDF + bytes(12 * MEGABYTE))
    world.run_for(3)
    shown = talk.customer.screen[-1]
    assert (shown.kind, shown.filename, len(shown.media or b"")) == (
        "document",
        "offer.pdf",
        len(PDF) + 12 * MEGABYTE,
    )
    assert not world.router.operations(start)["s3.PutObject"]


def test_a_recording_in_the_browser_becomes_a_native_voice_message(world: World) -> None:
    talk = live_chat(world)
    talk.agent.attach("recording.wav", "audio/wav", encoded(tone(2.0), "wav", "pcm_s16le", 16000))
    world.run_for(3)
    shown = talk.customer.screen[-1]
    assert shown.is_voice
    assert shown.mime_type == "audio/ogg"
    heard = audio.probe(shown.media or b"")
    assert (heard.codec, heard.channels) == ("opus", 1)
    assert heard.duration_s == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("declared", ["image/heic", "image/heif", ""])
def test_a_heic_picture_arrives_as_a_jpeg(world: World, declared: str) -> None:
    """As iPhones write it; a browser that does not know the type declares none."""
    talk = live_chat(world)
    declared = declared or "application/octet-stream"
    talk.agent.attach("IMG_1.heic", declared, sample_file("image/heic"))
    world.run_for(3)
    shown = talk.customer.screen[-1]
    assert (shown.kind, shown.mime_type) == ("image", "image/jpeg")
    seen = Image.open(io.BytesIO(shown.media or b"")).convert("RGB")
    assert seen.size == (96, 64)
    corner, rest = seen.getpixel((10, 10)), seen.getpixel((80, 50))
    assert corner == pytest.approx((200, 30, 30), abs=12)
    assert rest == pytest.approx((37, 211, 102), abs=12)
    assert notices(talk.chat) == []


def test_a_heic_picture_that_is_damaged_is_refused_in_words_that_help(world: World) -> None:
    talk = live_chat(world)
    talk.agent.attach("IMG_1.heic", "image/heic", sample_file("image/heic")[:300])
    world.run_for(3)
    assert sent_texts(talk.customer) == []
    [notice] = notices(talk.chat)
    assert "files of this type (heic)" in notice
    assert "JPEG" in notice


def test_a_photo_over_whatsapps_limit_is_made_smaller(world: World) -> None:
    """Connect takes 20 MB, WhatsApp 5 MB of picture."""
    talk = live_chat(world)
    heavy = picture("PNG", 2600)
    assert len(heavy) > 5 * MEGABYTE
    talk.agent.attach("site.png", "image/png", heavy)
    world.run_for(3)
    shown = talk.customer.screen[-1]
    assert shown.kind == "image"
    assert len(shown.media or b"") <= 5 * MEGABYTE
    assert notices(talk.chat) == []


def test_a_table_goes_out_under_its_own_name(world: World) -> None:
    talk = live_chat(world)
    talk.agent.attach("prices.csv", "text/csv", b"a,b\n1,2\n")
    world.run_for(3)
    shown = talk.customer.screen[-1]
    assert (shown.kind, shown.filename, shown.media) == ("document", "prices.csv", b"a,b\n1,2\n")


# --- choices ----


def test_14_options_become_a_numbered_text(world: World) -> None:
    talk = live_chat(world)
    talk.agent.say(picker([f"Option {number}" for number in range(1, 15)]), INTERACTIVE)
    world.run_for(3)
    shown = talk.customer.screen[-1]
    assert shown.kind == "text"
    assert "14. Option 14" in shown.text
    assert "answer with the number" in shown.text


def test_an_agent_reads_the_title_of_the_choice(world: World) -> None:
    talk = live_chat(world)
    talk.agent.say(picker(["Delivery", "A rather long title that no row can hold"]), INTERACTIVE)
    world.run_for(3)
    talk.customer.chooses(talk.customer.screen[-1].buttons[1][0])
    world.settle()
    assert lines(talk.chat)[-1] == "A rather long title that no row can hold"


def test_a_bot_gets_the_answer_to_what_it_offered_with_its_id(world: World) -> None:
    talk = live_chat(world)
    chats = world.desk.chats
    offer = picker(["Delivery", "A rather long title that no row can hold"])
    chats.say(talk.chat, chats.new_participant("CUSTOM_BOT", "Bot"), INTERACTIVE, offer)
    world.run_for(3)
    talk.customer.chooses(talk.customer.screen[-1].buttons[1][0])
    world.settle()
    line = talk.agent.desk_view(talk.chat)[-1]
    assert line.content_type == f"{INTERACTIVE}.response"
    answer = json.loads(line.text)
    assert answer["action"] == "A rather long title that no row can hold"
    assert answer["data"]["id"] == "option:2:A rather long title that no row can hold"


def test_a_choice_that_connect_does_not_take_as_an_answer_is_read_by_its_title(
    world: World,
) -> None:
    """The JSON of `interactive.response` is our reading of a page that gives none."""
    talk = live_chat(world)
    chats = world.desk.chats
    offer = picker(["Delivery", "Invoice"])
    chats.say(talk.chat, chats.new_participant("CUSTOM_BOT", "Bot"), INTERACTIVE, offer)
    world.run_for(3)
    failing(world, "connectparticipant", "SendMessage", Action.VALIDATION, 1)
    talk.customer.chooses("Invoice")
    world.run_for(3)
    assert lines(talk.chat)[-1] == "Invoice"
    assert not dead_letters(world)


def test_a_choice_after_the_chat_is_over_opens_a_new_one_with_its_title(world: World) -> None:
    talk = live_chat(world)
    talk.agent.say(picker(["Delivery", "Invoice"]), INTERACTIVE)
    world.run_for(3)
    talk.agent.end()
    world.run_for(3)
    talk.customer.chooses("Invoice")
    world.run_for(3)
    [chat] = [chat for chat in world.chats if chat is not talk.chat]
    assert lines(chat) == ["Invoice"]
    assert chat.attributes["replyTitle"] == "Invoice"


# --- what only WhatsApp has ----


def test_flows_send_places_cards_and_links(world: World) -> None:
    talk = live_chat(world)
    says_json(talk, {"type": "location", "latitude": 52.5, "longitude": 13.4, "name": "Shop"})
    says_json(talk, {"type": "contacts", "contacts": [{"name": "Ana", "phones": ["+34600"]}]})
    says_json(talk, {"type": "link", "text": "Pay here", "label": "Pay", "url": "https://x.test"})
    world.run_for(3)
    assert [shown.kind for shown in talk.customer.screen[-3:]] == [
        "location",
        "contacts",
        "interactive",
    ]


def test_a_flow_reacts_to_and_quotes_a_message(world: World) -> None:
    talk = live_chat(world)
    wamid = talk.customer.says("It works again")
    world.settle()
    says_json(talk, {"type": "reaction", "message": wamid, "emoji": "🎉"})
    says_json(talk, {"type": "text", "text": "Glad to hear it", "quoted": wamid})
    world.run_for(3)
    assert talk.customer.reactions == {wamid: "🎉"}
    assert talk.customer.screen[-1].quotes == wamid


def test_json_of_somebody_elses_reaches_the_customer_as_it_is(world: World) -> None:
    talk = live_chat(world)
    talk.agent.say('{"type": "riddle"}', "application/json")
    world.run_for(3)
    assert sent_texts(talk.customer) == ['{"type": "riddle"}']


# --- the window and templates ----


def flow_event(talk: Talk, **parameters: str) -> dict[str, Any]:
    contact = {
        "ContactId": talk.chat.id,
        "InitialContactId": talk.chat.id,
        "Attributes": talk.chat.attributes,
    }
    return {"Details": {"ContactData": contact, "Parameters": parameters}}


class Context:
    function_name, memory_limit_in_mb, aws_request_id = "send-template", 256, "r"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:puente-send-template"


@pytest.fixture
def long_lived() -> Any:
    with World(settings={"CHAT_DURATION_MINUTES": "10080"}) as world:
        world.deliverer.raise_errors = True
        yield world


def test_the_window_closes_while_the_agent_types(long_lived: World) -> None:
    world = long_lived
    talk = live_chat(world)
    world.run_for(24 * HOUR - 60)
    talk.agent.typing()
    talk.agent.say("Just in time")
    world.run_for(120)
    assert sent_texts(talk.customer)[-1] == "Just in time"
    talk.agent.say("A minute too late")
    world.run_for(5)
    assert sent_texts(talk.customer)[-1] == "Just in time"
    assert notices(talk.chat)[-1].endswith(
        'Not delivered: "A minute too late". More than 24 hours have passed since the customer\'s '
        "last message. Choose a template in the guide beside this chat, or wait until the "
        "customer writes."
    )


def test_whatsapps_own_word_that_the_window_is_closed_reads_the_same(world: World) -> None:
    """Our clock may be wrong, or the customer's last message was a call: 131047 as a status."""
    talk = live_chat(world)
    world.network.handsets[0].last_wrote.clear()
    talk.agent.say("Hello?")
    world.run_for(5)
    assert 'Not delivered: "Hello?". More than 24 hours' in notices(talk.chat)[-1]


def test_a_template_goes_out_when_the_window_is_closed(long_lived: World) -> None:
    """LA-68."""
    world = long_lived
    talk = live_chat(world)
    world.run_for(25 * HOUR)
    told = send_template.handler(flow_event(talk, template="reopen", name="Mia"), Context())
    world.run_for(3)
    assert told["status"] == "queued"
    assert told["text"] == "Hello Mia, may we go on?"
    assert talk.customer.screen[-1].text == "Hello Mia, may we go on?"
    assert notices(talk.chat) == []


def test_a_template_a_flow_asks_for_twice_by_mistake_is_sent_once(world: World) -> None:
    talk = live_chat(world)
    event = flow_event(talk, template="reopen", name="Mia")
    until_five_minutes = 300 - world.clock.now().timestamp() % 300
    world.run_for(until_five_minutes - 1)
    for _ in range(3):
        send_template.handler(event, Context())
        world.run_for(3)
    assert [shown.kind for shown in talk.customer.screen].count("template") == 1
    world.run_for(300)
    send_template.handler(event, Context())
    world.run_for(3)
    assert [shown.kind for shown in talk.customer.screen].count("template") == 2


def test_a_template_that_lacks_a_value_is_refused_before_whatsapp_does(world: World) -> None:
    talk = live_chat(world)
    told = send_template.handler(flow_event(talk, template="reopen"), Context())
    assert told == {
        "status": "refused",
        "template": "reopen",
        "reason": "Template reopen lacks: name.",
    }
    unknown = send_template.handler(flow_event(talk, template="nope"), Context())
    assert unknown["reason"] == "There is no template named nope."


def test_a_guide_lists_what_may_be_sent() -> None:
    account = "waba-0f3a5c7e9b1d4f6080a2c4e6f8091b3d"
    with World(settings={"WHATSAPP_BUSINESS_ACCOUNT_ID": account}) as world:
        talk = live_chat(world)
        told = send_template.handler(flow_event(talk), Context())
        assert (told["count"], told["name1"], told["parameters1"]) == ("2", "reopen", "name")
        world.network.account.templates[:] = [
            Template(name="reopen", text="Hello {{1}}", status="PAUSED")
        ]
        assert send_template.handler(flow_event(talk), Context())["count"] == "0"


def test_a_template_whatsapp_refuses_is_told_in_the_chat(world: World) -> None:
    talk = live_chat(world)
    world.network.account.templates[:] = [
        Template(name="reopen", text="Hello {{1}}", status="PAUSED")
    ]
    send_template.handler(flow_event(talk, template="reopen", name="Mia"), Context())
    world.run_for(3)
    assert "refused the template" in notices(talk.chat)[-1]


# --- what the agent learns ----


def test_the_agent_sees_when_the_customer_has_and_reads_a_message(world: World) -> None:
    talk = live_chat(world)
    talk.agent.say("Are you there?")
    world.run_for(3)
    line = talk.agent.desk_view(talk.chat)[-1]
    assert line.delivered_at
    assert not line.read_at
    talk.customer.reads()
    world.run_for(3)
    assert talk.agent.desk_view(talk.chat)[-1].read_at


@pytest.mark.parametrize(("policy", "expected"), [("never", set()), ("read", {"message.read"})])
def test_receipts_in_the_chat_are_a_policy(policy: str, expected: set[str]) -> None:
    with World(settings={"CHAT_RECEIPTS": policy}) as world:
        talk = live_chat(world)
        talk.agent.say("Are you there?")
        world.run_for(3)
        talk.customer.reads()
        world.run_for(3)
        line = talk.agent.desk_view(talk.chat)[-1]
        assert bool(line.read_at) == bool(expected)


def test_the_price_of_a_message_is_kept(world: World) -> None:
    talk = live_chat(world)
    talk.agent.say("Hello Mia")
    world.run_for(3)
    assert ("Hello Mia", "delivered") in stored_status()
    from chalicelib.gateways.items import MessageItem

    [kept] = [item for item in MessageItem.scan() if item.text == "Hello Mia"]
    assert json.loads(kept.pricing)["category"] == "service"


def test_a_flow_knows_until_when_it_may_answer(world: World) -> None:
    talk = live_chat(world)
    assert talk.chat.attributes["whatsappWindowClosesAt"] == "2026-11-19T16:00:00Z"
    assert talk.chat.attributes["windowClosed"] == "no"


def test_the_time_moves_on_when_the_customer_writes_hours_later(world: World) -> None:
    """Each telling is a call to Connect: the first message in six hours is worth one."""
    talk = live_chat(world)
    world.run_for(7 * HOUR)
    start = len(world.router.calls)
    for text in ("Any news?", "Hello?"):
        talk.customer.says(text)
        world.run_for(10)
    assert talk.chat.attributes["whatsappWindowClosesAt"] == "2026-11-19T23:00:02Z"
    assert world.router.operations(start)["connect.UpdateContactAttributes"] == 1


def test_flows_know_that_the_window_is_closed_and_that_it_opened_again(long_lived: World) -> None:
    world = long_lived
    talk = live_chat(world)
    world.run_for(24 * HOUR + 60)
    talk.agent.say("Are you still there?")
    world.run_for(3)
    assert talk.chat.attributes["windowClosed"] == "yes"
    talk.customer.says("Yes!")
    world.run_for(3)
    assert talk.chat.attributes["windowClosed"] == "no"


def test_whatsapps_own_word_closes_the_window_for_flows_too(world: World) -> None:
    talk = live_chat(world)
    world.network.handsets[0].last_wrote.clear()
    talk.agent.say("Hello?")
    world.run_for(5)
    assert talk.chat.attributes["windowClosed"] == "yes"


def test_a_message_arrives_though_connect_refuses_the_attribute(world: World) -> None:
    talk = live_chat(world)
    world.run_for(7 * HOUR)
    failing(world, "connect", "UpdateContactAttributes", Action.THROTTLE, times=100)
    talk.customer.says("Any news?")
    world.run_for(3)
    assert lines(talk.chat)[-1] == "Any news?"


def test_a_guide_on_the_agents_screen_sends_the_template_it_was_asked_for(world: World) -> None:
    """The guide runs in a contact of its own; it passes the customer's conversation on."""
    talk = live_chat(world)
    event = flow_event(talk, template="feedback", name="Mia")
    guide = "6f1d2c3b-0a1b-4c2d-8e3f-5a6b7c8d9e0f"
    event["Details"]["ContactData"] |= {"ContactId": guide, "InitialContactId": guide}
    assert send_template.handler(event, Context())["status"] == "queued"
    world.run_for(3)
    assert talk.customer.texts[-1] == "Hello Mia, we would like to hear how it went."


def test_what_a_guide_offers_is_what_may_be_sent(world: World) -> None:
    offered = set(world.bundle.settings["templates"])
    told = send_template.handler(flow_event(live_chat(world)), Context())
    assert offered <= {value for name, value in told.items() if name.startswith("name")}
