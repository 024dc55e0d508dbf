"""Whatever WhatsApp can send, the agent gets a readable line or the file; nothing vanishes."""

import io
import json
from typing import Any

import pytest
from PIL import Image

from sandbox.faults import Action
from sandbox.whatsapp import inbound
from sandbox.world import World
from tests.gateways.voice_samples import encoded, tone
from tests.scenarios.people import (
    LONG_ENOUGH_S,
    Talk,
    dead_letters,
    everything_read,
    files,
    lines,
    live_chat,
    still_queued,
    unfinished,
)

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(file, kind)
    return file.getvalue()


def mp3() -> bytes:
    return encoded(tone(1.0), "mp3", "mp3", 16000)


CONTENT: dict[str, dict[str, Any]] = {
    "text": {"body": "words"},
    "image": {"media": picture("JPEG"), "caption": "my lamp"},
    "audio": {"media": mp3(), "mime_type": "audio/mpeg"},
    "voice": {"media": mp3()},
    "video": {"media": b"\x00\x00\x00\x18ftypmp42" + bytes(64)},
    "document": {"media": PDF, "filename": "bill.pdf"},
    "sticker": {"media": picture("WEBP")},
    "location": {"latitude": 40.7, "longitude": -74.0, "name": "Home"},
    "contacts": {"contacts": [{"name": {"formatted_name": "Jo"}, "phones": [{"phone": "+1555"}]}]},
    "reaction": {"message_id": "wamid.x", "emoji": "\U0001f44d"},
    "interactive": {"button_reply": {"id": "yes", "title": "Yes, please"}},
    "button": {"payload": "go", "text": "Go on"},
    "order": {
        "catalog_id": "c",
        "product_items": [
            {"product_retailer_id": "p1", "quantity": 2, "item_price": 5, "currency": "USD"}
        ],
    },
    "system": {"body": "Mia changed", "type": "customer_identity_changed"},
    "request_welcome": {},
    "unsupported": {},
    "unknown": {},
    "errors": {},
    "edit": {"message_id": "wamid.x", "text": {"body": "better"}},
    "revoke": {"message_id": "wamid.x"},
}
READS = {
    "text": "words",
    "image": "my lamp",
    "location": "Home",
    "contacts": "Jo",
    "reaction": "\U0001f44d",
    "interactive": "Yes, please",
    "button": "Go on",
    "order": "2 x p1",
}
ATTACHED = {"image": "image.jpg", "document": "bill.pdf", "video": "video.mp4"}


def test_the_table_of_this_test_knows_every_kind_a_phone_can_send():
    assert set(CONTENT) == set(inbound.BUILDERS)


def test_in_a_live_chat_the_agent_learns_of_each(world):
    """LA-67."""
    talk = live_chat(world)
    for kind, content in CONTENT.items():
        said, held = lines(talk.chat), files(talk.chat)
        talk.customer.sends(kind, **content)
        world.run_for(30)  # nobody is shown faster than an agent can read
        new_lines, new_files = lines(talk.chat)[len(said) :], files(talk.chat)[len(held) :]
        assert new_lines or new_files, kind
        assert READS.get(kind, "") in "".join(new_lines)
        if kind in ATTACHED:
            [(name, _, body)] = new_files
            assert (name, body) == (ATTACHED[kind], content["media"])
    assert not dead_letters(world)
    assert not unfinished()


def test_each_may_be_the_first_thing_a_customer_ever_sends(world):
    """CP-20."""
    for index, (kind, content) in enumerate(CONTENT.items()):
        known = list(world.chats)
        world.phones.add(kind, f"155501{index:05}").sends(kind, **content)
        world.run_for(5)
        [chat] = [one for one in world.chats if one not in known]
        assert lines(chat) or files(chat), kind
    assert not dead_letters(world)
    assert not unfinished()


def test_a_file_connect_refuses_becomes_a_link(world):
    """An archive is nothing a chat takes, and nothing we would unpack."""
    talk = live_chat(world)
    talk.customer.sends("document", media=b"PK\x05\x06" + bytes(18), filename="all.zip")
    world.settle()
    assert "Open it: http" in lines(talk.chat)[-1]


def test_a_file_over_20_megabytes_becomes_a_link(world):
    """CP-24."""
    talk = live_chat(world)
    talk.customer.sends("document", media=PDF + bytes(21 * 1024 * 1024), filename="big.pdf")
    world.settle()
    assert "big.pdf" in lines(talk.chat)[-1]
    assert "Open it: http" in lines(talk.chat)[-1]


def test_a_live_photo_costs_eight_calls_and_a_tick(world):
    """Protocol section 7, image without caption: 7 calls of ours and the upload itself."""
    talk = live_chat(world)
    start = len(world.router.calls)
    talk.customer.sends("image", media=picture("JPEG"))
    world.settle()
    operations = world.router.operations(start)
    assert (
        operations
        == {
            "sqs.SendMessageBatch": 1,
            "dynamodb.UpdateItem": 1,
            "socialmessaging.GetWhatsAppMessageMedia": 1,
            "s3.PutObject": 1,  # by WhatsApp, through our presigned address
            "s3.GetObject": 1,
            "connectparticipant.StartAttachmentUpload": 1,
            "http:attachments.PUT /attachments": 1,
            "connectparticipant.CompleteAttachmentUpload": 1,
            "dynamodb.TransactWriteItems": 1,
            "socialmessaging.SendWhatsAppMessage": 1,
        }
        or operations.total() == 10
    )


def test_a_file_that_whatsapp_has_no_more_becomes_a_request(world):
    talk = live_chat(world)
    world.router.faults.on(
        "socialmessaging", "GetWhatsAppMessageMedia", Action.VALIDATION, nth=None
    )
    world.router.faults.arm()
    talk.customer.sends("image", media=picture("JPEG"), caption="my lamp")
    world.settle()
    assert lines(talk.chat)[-1].endswith(
        "my lamp\n[Photo could not be loaded - ask the customer to send it again]"
    )


# --- things nobody can read -----------------------------------------------------------------


def test_an_unreadable_event_is_kept_for_the_operator_and_its_neighbours_go_on(world):
    talk = live_chat(world)
    with_ingest_paused(world, lambda: publish_around(world, talk, "this is not JSON"))
    assert lines(talk.chat)[1:] == ["before\nafter"]
    [letter] = dead_letters(world)
    assert "this is not JSON" in letter["body"]
    assert letter["reason"]


def test_an_event_of_an_unknown_shape_is_kept_as_well(world):
    talk = live_chat(world)
    with_ingest_paused(world, lambda: publish_around(world, talk, json.dumps({"a": [1, None]})))
    assert lines(talk.chat)[1:] == ["before\nafter"]
    assert len(dead_letters(world)) == 1


def publish_around(world: World, talk: Talk, message: str) -> None:
    talk.customer.says("before")
    world.topics.publish(world.whatsapp_topic, message, {})
    talk.customer.says("after")


def with_ingest_paused(world: World, act: Any) -> None:
    """Let events collect, so that one batch holds them all."""
    mapping = next(one for one in world.deliverer.mappings if one.queue == "whatsapp-events")
    world.deliverer.mappings.remove(mapping)
    act()
    world.deliverer.mappings.append(mapping)
    world.run_for(5)


@pytest.mark.parametrize(
    "text",
    [
        "nul \x00 and vertical \x0b tab",
        "not a character \uffff\ufffe",
        "half a pair \ud83d",
        "right to left \u202e and \u2066 isolates",
        "family \U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301",
        "\u2139\ufe0f Not sent: a customer who writes like a notice",
        "   ",
    ],
    ids=["controls", "noncharacters", "surrogate", "bidi", "emoji", "mark", "blank"],
)
def test_strange_characters_reach_the_agent_somehow(world, text):
    talk = live_chat(world)
    talk.customer.says(text)
    talk.customer.says("and on")
    world.run_for(LONG_ENOUGH_S)
    assert "and on" in everything_read(world, talk.customer)[-1]
    assert len("\n".join(everything_read(world, talk.customer)).split("\n")) == 3
    assert not dead_letters(world)
    assert not unfinished()
    assert not still_queued(world)
