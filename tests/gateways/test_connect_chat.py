"""The chat as the customer's side sees it, through boto3's own clients."""

from dataclasses import replace

import pytest

from chalicelib.conversation import OpenChat
from chalicelib.errors import Denied, Rejected, Throttled, Unsure
from sandbox.faults import Action
from sandbox.world import World
from tests.gateways.voice_samples import tone

DAY = 24 * 3600


def opened(world: World, key: str = "token-1", text: str = "Hello") -> OpenChat:
    return world.app.chat.start(
        name="Mia", attributes={"conversation": "k1"}, initial_text=text, token=key
    )


@pytest.fixture(params=["true", "false"], ids=["one call", "classic"])
def either(request):
    with World(settings={"START_CHAT_IN_ONE_CALL": request.param}) as world:
        yield world


def test_a_new_chat_is_connected_and_streams(either):
    """CP-01."""
    chat = opened(either)
    found = either.chats.find(chat.contact)
    assert chat.participant_token
    assert chat.connection_token
    assert chat.connected_until > either.clock.now().timestamp() + 3600
    assert found.streaming
    assert found.customer.is_present
    assert either.app.chat.attributes(chat.contact)["conversation"] == "k1"


def test_the_same_token_gives_the_same_chat(either):
    assert opened(either).contact == opened(either).contact
    assert opened(either, "token-2").contact != opened(either).contact


def test_a_repeat_without_participant_token_says_so(either):
    """Not documented either way: the caller stops such a chat."""
    opened(either)
    either.switches.repeat_returns_participant_token = False
    assert opened(either).participant_token == ""


def test_a_chat_may_begin_without_words(world):
    assert world.app.chat.shown(opened(world, text=""), "") == []


def test_a_nameless_or_endless_name_is_no_obstacle(world):
    for name, shown in (("", "Customer"), ("x" * 300, "x" * 256)):
        chat = world.app.chat.start(
            name=name, attributes={"conversation": "k"}, initial_text="Hi", token=name or "none"
        )
        assert world.chats.find(chat.contact).customer.display_name == shown


def test_what_was_shown_is_read_back_in_order_and_over_pages(world):
    door, chat = world.app.chat, opened(world)
    ids = [door.send_text(chat, f"line {number}", f"t{number}") for number in range(120)]
    every = door.shown(chat, "")
    assert [item.text for item in every] == ["Hello", *(f"line {n}" for n in range(120))]
    assert {item.role for item in every} == {"CUSTOMER"}
    assert [item.id for item in door.shown(chat, ids[-3])] == ids[-2:]
    world.switches.start_position_inclusive = False
    assert [item.id for item in door.shown(chat, ids[-3])] == ids[-2:]


def test_a_repeated_send_is_shown_once_while_connect_remembers(world):
    door, chat = world.app.chat, opened(world)
    assert door.send_text(chat, "once", "t") == door.send_text(chat, "once", "t")
    assert len(door.shown(chat, "")) == 2


def test_a_file_is_uploaded_in_three_steps_and_counts_as_shown(world):
    door, chat = world.app.chat, opened(world)
    door.attach(chat, "note.wav", "audio/wav", tone(0.2), "t")
    [item] = [item for item in door.shown(chat, "") if item.attachment]
    assert item.role == "CUSTOMER"
    assert world.chats.find(chat.contact).attachments[0].body == tone(0.2)


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (Action.SERVER_ERROR, Throttled),
        (Action.VALIDATION, Rejected),
        (Action.TIMEOUT_BEFORE, Unsure),
    ],
)
def test_an_upload_that_fails_says_how(world, action, error):
    chat = opened(world)
    world.router.faults.when(lambda call: call.service == "http:attachments", action)
    world.router.faults.arm()
    with pytest.raises(error):
        world.app.chat.attach(chat, "note.wav", "audio/wav", tone(0.2), "t")


def test_a_type_the_chat_does_not_take_is_rejected(world):
    with pytest.raises(Rejected):
        world.app.chat.attach(opened(world), "x.exe", "application/x-msdownload", b"MZ", "t")


def test_an_expired_connection_is_denied_and_a_fresh_one_is_good(world):
    door, chat = world.app.chat, opened(world)
    world.clock.advance(DAY + 1)
    with pytest.raises(Denied):
        door.send_text(chat, "late", "t")
    fresh = door.reconnect(chat)
    assert fresh.connected_until > chat.connected_until
    assert door.send_text(fresh, "late", "t")


def test_a_chat_that_is_over_denies_everything(world):
    door, chat = world.app.chat, opened(world)
    door.stop(chat.contact)
    assert world.chats.find(chat.contact).is_over
    with pytest.raises(Denied):
        door.send_text(chat, "late", "t")
    with pytest.raises(Denied):
        door.reconnect(chat)


def test_a_chat_is_over_when_its_last_contact_is_and_not_with_its_first_one(world):
    """A transfer ends the contact that began the chat; the chat goes on in another one."""
    door, chat = world.app.chat, opened(world)
    found = world.chats.find(chat.contact)
    assert not door.over(chat.contact)
    world.chats.next_contact(found, "TRANSFER")
    assert found.contacts[0].disconnected_at
    assert not door.over(chat.contact)
    world.chats.end(found, "CUSTOMER_DISCONNECT")
    assert door.over(chat.contact)


def test_a_chat_that_connect_does_not_know_is_over(world):
    assert world.app.chat.over("99999999-9999-4999-8999-999999999999")


def test_whether_a_chat_is_over_is_not_guessed_when_connect_does_not_say(world):
    chat = opened(world)
    world.router.faults.on("connect", "ListAssociatedContacts", Action.VALIDATION)
    world.router.faults.arm()
    with pytest.raises(Rejected):
        world.app.chat.over(chat.contact)


def test_a_wrong_token_is_denied_and_an_unknown_contact_has_no_attributes(world):
    with pytest.raises(Denied):
        world.app.chat.reconnect(replace(opened(world), participant_token="wrong"))
    assert world.app.chat.attributes("99999999-9999-4999-8999-999999999999") == {}


def test_a_contact_that_connect_does_not_tell_of_is_not_taken_for_an_unknown_one(world):
    chat = opened(world)
    world.router.faults.on("connect", "GetContactAttributes", Action.VALIDATION)
    world.router.faults.arm()
    with pytest.raises(Rejected):
        world.app.chat.attributes(chat.contact)
