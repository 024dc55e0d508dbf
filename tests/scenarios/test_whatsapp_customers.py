"""What customers may do on WhatsApp, as the agent sees it."""

import io
from typing import Any

import pytest
from PIL import Image

from chalicelib.gateways import audio
from chalicelib.gateways.items import ConversationItem
from sandbox.faults import Action
from sandbox.whatsapp.account import BusinessNumber
from sandbox.whatsapp.envelope import entry
from sandbox.world import World
from tests.gateways.voice_samples import encoded, tone
from tests.scenarios.people import (
    LONG_ENOUGH_S,
    QUEUES,
    chats_of,
    failing,
    files,
    lines,
    live_chat,
    sent_texts,
    still_queued,
    text_value,
    unfinished,
)

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
MEGABYTE = 1024 * 1024


def picture(kind: str, side: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), (200, 30, 30)).save(file, kind)
    return file.getvalue()


def animated() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


# --- files ----


def test_a_photo_album_arrives_whole_and_in_order(world: World) -> None:
    talk = live_chat(world)
    shades = [picture("JPEG", 8 + number) for number in range(4)]
    for shade in shades:
        talk.customer.sends("image", media=shade)
    world.settle()
    assert [body for _, _, body in files(talk.chat)] == shades
    assert lines(talk.chat) == ["Hello"], "a bare photo needs no words of ours"


def test_a_caption_is_shown_once_above_its_photo(world: World) -> None:
    talk = live_chat(world)
    talk.customer.sends("image", media=picture("JPEG"), caption="Broken on arrival")
    world.settle()
    said = [line for line in lines(talk.chat) if "Broken on arrival" in line]
    assert len(said) == 1
    assert len(files(talk.chat)) == 1


@pytest.mark.parametrize("media", [picture("WEBP"), animated()], ids=["still", "animated"])
def test_a_sticker_may_come_first_and_is_a_picture_the_agent_can_see(
    world: World, media: bytes
) -> None:
    mia = world.phones.add("Mia", "15550100001")
    mia.sends("sticker", media=media)
    world.run_for(5)
    [chat] = chats_of(world, mia)
    [(name, kind, body)] = files(chat)
    assert (name, kind) == ("sticker.png", "image/png")
    assert opened(body).format == "PNG"


def test_a_document_of_100_megabytes_comes_as_a_link(world: World) -> None:
    talk = live_chat(world)
    talk.customer.sends(
        "document", media=PDF + bytes(100 * MEGABYTE - len(PDF)), filename="plans.pdf"
    )
    world.settle()
    assert "plans.pdf" in lines(talk.chat)[-1]
    assert "Open it: http" in lines(talk.chat)[-1]
    assert files(talk.chat) == []


def test_a_picture_too_large_for_the_chat_has_a_preview_beside_its_link(world: World) -> None:
    """CP-26."""
    talk = live_chat(world)
    heavy = picture("PNG", 900) + bytes(21 * MEGABYTE)
    talk.customer.sends("document", media=heavy, mime_type="image/png", filename="site.png")
    world.settle()
    assert "Open it: http" in lines(talk.chat)[-1]
    [(name, _, body)] = files(talk.chat)
    assert name == "preview.jpg"
    assert max(opened(body).size) == 640
    assert len(body) < MEGABYTE


@pytest.mark.parametrize(
    ("container", "codec", "mime"),
    [("mp3", "mp3", "audio/mpeg"), ("adts", "aac", "audio/aac"), ("ogg", "libopus", "audio/ogg")],
)
def test_a_shared_sound_file_plays_in_the_agents_browser(
    world: World, container: str, codec: str, mime: str
) -> None:
    talk = live_chat(world)
    sound = encoded(tone(1.0), container, codec, 48000)
    talk.customer.sends("audio", media=sound, mime_type=mime)
    world.settle()
    [(name, kind, body)] = files(talk.chat)
    assert name.endswith(".wav")
    assert kind == "audio/wav"
    assert audio.probe(body).duration_s == pytest.approx(1.0, abs=0.2)


def test_a_table_keeps_its_name_and_a_lie_about_the_type_is_not_believed(world: World) -> None:
    talk = live_chat(world)
    talk.customer.sends(
        "document", media=b"a,b\n1,2\n", filename="prices.csv", mime_type="text/csv"
    )
    talk.customer.sends("document", media=PDF, filename="photo.jpg", mime_type="image/jpeg")
    world.settle()
    assert [name for name, _, _ in files(talk.chat)] == ["prices.csv", "photo.pdf"]


def test_an_archive_that_pretends_to_be_a_photo_is_only_linked(world: World) -> None:
    talk = live_chat(world)
    bomb = b"PK\x03\x04" + bytes(2000)
    talk.customer.sends("image", media=bomb, mime_type="image/jpeg")
    world.settle()
    assert files(talk.chat) == []
    assert "Open it: http" in lines(talk.chat)[-1]


def test_a_damaged_picture_is_still_there_as_a_link(world: World) -> None:
    talk = live_chat(world)
    talk.customer.sends("sticker", media=picture("WEBP")[:30])
    world.settle()
    assert "Open it: http" in lines(talk.chat)[-1]


def test_a_file_whatsapp_cannot_give_now_follows_by_itself(world: World) -> None:
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.THROTTLE, times=3)
    talk.customer.sends("image", media=picture("JPEG"), caption="My meter")
    talk.customer.says("Do you see it?")
    world.settle()
    assert "My meter" in lines(talk.chat)[1]
    assert "follows here by itself" in lines(talk.chat)[1]
    assert lines(talk.chat)[2] == "Do you see it?", "a missing file holds nobody up"
    world.run_for(LONG_ENOUGH_S)
    [(name, kind, _)] = files(talk.chat)
    assert (name, kind) == ("image.jpg", "image/jpeg")
    assert "that did not load before" in lines(talk.chat)[3]
    assert not unfinished()
    assert not still_queued(world)


def test_a_photo_whose_words_are_shown_already_is_not_announced_instead(world: World) -> None:
    """The upload to the chat failed once; by then WhatsApp does not give the file a second time."""
    talk = live_chat(world)
    faults = world.router.faults
    faults.when(lambda call: call.service == "http:attachments", Action.TIMEOUT_BEFORE, times=1)
    faults.on("socialmessaging", "GetWhatsAppMessageMedia", Action.SERVER_ERROR, nth=2)
    faults.arm()
    talk.customer.sends("image", media=picture("JPEG"), caption="My meter")
    world.run_for(LONG_ENOUGH_S)
    assert lines(talk.chat) == ["Hello", "[Photo] My meter"]
    assert len(files(talk.chat)) == 1
    assert not unfinished()


def test_a_file_that_never_comes_ends_in_a_word_for_the_agent(world: World) -> None:
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.THROTTLE, times=500)
    talk.customer.sends("document", media=PDF, filename="contract.pdf")
    world.run_for(2 * 3600)
    assert "ask the customer to send it again" in lines(talk.chat)[-1]
    assert files(talk.chat) == []
    assert not still_queued(world)


def test_a_file_that_heals_after_the_chat_is_over_opens_no_new_one(world: World) -> None:
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.THROTTLE, times=2)
    talk.customer.sends("image", media=picture("JPEG"))
    world.settle()
    talk.agent.end()
    world.run_for(LONG_ENOUGH_S)
    assert len(chats_of(world, talk.customer)) == 1
    assert not still_queued(world)


def test_a_first_message_whose_file_waits_opens_the_chat_at_once(world: World) -> None:
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.SERVER_ERROR, times=1)
    mia = world.phones.add("Mia", "15550100001")
    mia.sends("video", media=b"\x00\x00\x00\x18ftypmp42" + bytes(40))
    world.settle()
    [chat] = chats_of(world, mia)
    assert "follows here by itself" in lines(chat)[0]
    world.run_for(LONG_ENOUGH_S)
    assert [name for name, _, _ in files(chat)] == ["video.mp4"]


# --- what refers to something else ----


def test_a_quoted_answer_shows_what_it_answers(world: World) -> None:
    """The agent's own message: its wamid becomes known with its first status."""
    talk = live_chat(world)
    talk.agent.say("Your order left on Monday")
    world.run_for(3)
    quoted = {"from": talk.customer.business.number, "id": talk.customer.screen[-1].wamid}
    talk.customer.says("Which one?", context=quoted)
    world.settle()
    assert lines(talk.chat)[-1] == 're: "Your order left on Monday"\nWhich one?'


def test_a_quoted_voice_note_shows_the_beginning_of_its_card(world: World) -> None:
    talk = live_chat(world)
    note = talk.customer.sends_voice_note(encoded(tone(1.0), "ogg", "libopus", 48000))
    world.run_for(20)
    card = lines(talk.chat)[-1]
    talk.customer.says("I meant this", context={"from": talk.customer.number, "id": note})
    world.settle()
    assert lines(talk.chat)[-1].startswith(f're: "{card.splitlines()[0][:20]}')
    assert lines(talk.chat)[-1].endswith("I meant this")


def test_a_reaction_names_the_photo_it_is_about(world: World) -> None:
    talk = live_chat(world)
    photo = talk.customer.sends("image", media=picture("JPEG"))
    world.settle()
    talk.customer.reacts(photo, "👍")
    world.settle()
    talk.customer.reacts(photo, None)
    world.settle()
    assert lines(talk.chat)[-2:] == [
        '[Reacted 👍 to: "[Photo]"]',
        '[Took back the reaction to: "[Photo]"]',
    ]


def test_edits_and_deletions_say_of_what(world: World) -> None:
    talk = live_chat(world)
    wamid = talk.customer.says("I need 3 pieces")
    world.settle()
    talk.customer.sends(
        "edit",
        original_message_id=wamid,
        message={"type": "text", "text": {"body": "I need 5 pieces"}},
    )
    talk.customer.sends("revoke", original_message_id=wamid)
    world.settle()
    assert "I need 3 pieces" in lines(talk.chat)[-2] or "I need 3 pieces" in lines(talk.chat)[-1]
    told = "\n".join(lines(talk.chat)[2:])
    assert '[Edited: "I need 3 pieces"]\nI need 5 pieces' in told
    assert '[Deleted the message: "I need 3 pieces"]' in told


def test_a_message_that_was_long_on_its_way_says_when_it_was_sent(world: World) -> None:
    talk = live_chat(world)
    sent = int(world.clock.now().timestamp()) - 7 * 60
    message = {"from": "15550100001", "type": "text", "text": {"body": "Hurry"}}
    value = text_value(world, {**message, "id": "wamid.LATE", "timestamp": str(sent)})
    talk.customer.publish_raw(entry(world.network.account, "messages", value))
    world.settle()
    assert lines(talk.chat)[-1] == "Hurry\n(sent 15:53, received 16:00 UTC)"


# --- who somebody is ----


def test_a_customer_without_a_number_writes_is_answered_and_reads(world: World) -> None:
    lea = world.phones.add("Lea", username="lea.k")
    lea.says("Hello")
    world.run_for(2)
    agent = world.desk.agent("Ana", QUEUES)
    chat = agent.accept()
    agent.say("Hello Lea")
    world.run_for(3)
    assert sent_texts(lea) == ["Hello Lea"]
    lea.sends("image", media=picture("JPEG"))
    lea.says("Thanks")
    world.settle()
    assert lines(chat) == ["Hello", "Thanks"]
    assert len(files(chat)) == 1


def test_a_new_number_in_the_middle_of_a_chat_stays_the_same_chat(world: World) -> None:
    talk = live_chat(world)
    talk.customer.changes_number("15550100999")
    world.settle()
    assert "another phone number" in lines(talk.chat)[-1]
    talk.customer.says("It is me, with my new number")
    world.settle()
    assert lines(talk.chat)[-1] == "It is me, with my new number"
    talk.agent.say("Noted")
    world.run_for(3)
    assert sent_texts(talk.customer) == ["Noted"]
    assert len(chats_of(world, talk.customer)) == 1


def test_a_new_user_id_moves_the_conversation_without_a_word_in_the_chat(world: World) -> None:
    lea = world.phones.add("Lea", username="lea.k")
    lea.says("Hello")
    world.run_for(2)
    agent = world.desk.agent("Ana", QUEUES)
    chat = agent.accept()
    old, lea.user_id = lea.user_id, "US.99887766554433221100"
    update = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": world.number.number,
            "phone_number_id": world.number.meta_id,
        },
        "user_id_update": [{"user_id": {"previous": old, "current": lea.user_id}}],
    }
    lea.publish_raw(entry(world.network.account, "user_id_update", update))
    world.settle()
    assert lines(chat) == ["Hello"]
    agent.say("Still there?")
    world.run_for(3)
    assert sent_texts(lea) == ["Still there?"]
    lea.says("Yes")
    world.settle()
    assert lines(chat) == ["Hello", "Yes"]


def test_a_recycled_number_does_not_lead_into_a_strangers_chat(world: World) -> None:
    mia = live_chat(world)
    ben = world.phones.add("Ben", "15550100001", user_id="US.22222222222222222222")
    ben.says("My first message here")
    world.run_for(5)
    assert lines(mia.chat) == ["Hello"]
    [chat] = chats_of(world, ben)
    assert lines(chat) == ["My first message here"]


def test_one_customer_on_two_business_numbers_has_two_conversations(world: World) -> None:
    second = BusinessNumber(meta_id="200000000000002", key="b" * 32, number="15550100300")
    world.network.account.numbers.append(second)
    talk = live_chat(world)
    talk.customer.writes_to(second)
    talk.customer.says("About another shop")
    world.run_for(5)
    first, other = chats_of(world, talk.customer)
    assert lines(first) == ["Hello"]
    assert lines(other) == ["About another shop"]
    conversations = [row for row in ConversationItem.scan() if row.kind == "conversation"]
    assert len({row.origination_id for row in conversations}) == 2


# --- what WhatsApp loses, and what is hostile ----


def lost(world: World, wamid: str) -> dict[str, Any]:
    error = {"code": 131060, "title": "This message is currently unavailable."}
    message = {
        "from": "15550100001",
        "id": wamid,
        "timestamp": str(int(world.clock.now().timestamp())),
        "type": "unsupported",
        "errors": [error],
    }
    return entry(world.network.account, "messages", text_value(world, message))


def test_a_message_whatsapp_lost_is_asked_for_once(world: World) -> None:
    talk = live_chat(world)
    talk.customer.publish_raw(lost(world, "wamid.LOST1"))
    world.run_for(3)
    talk.customer.publish_raw(lost(world, "wamid.LOST2"))
    world.run_for(3)
    asked = [text for text in talk.customer.texts if "send it again" in text]
    assert len(asked) == 1
    assert "WhatsApp could not pass on" in lines(talk.chat)[-1]
