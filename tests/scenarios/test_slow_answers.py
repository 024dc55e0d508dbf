"""Services that answer late: after 10 to 15 seconds, after our patience, after the function's end.

Connect's clients wait 8 s and try twice under one ClientToken; WhatsApp's send waits 8 s, once, and
whoever moves a file 15 s. What nobody waited for happens all the same, afterwards. Assumed is that
Connect remembers a ClientToken for the seconds that a call may take: a service that forgets at once
shows a message twice, whoever asks it.
"""

import pytest

from chalicelib.whatsapp.limits import MEGABYTE
from sandbox.amazon_connect import limits
from sandbox.amazon_connect.switches import TokenMemory
from sandbox.world import World
from tests.scenarios.people import (
    LONG_ENOUGH_S,
    chats_of,
    dead_letters,
    everything_read,
    files,
    lines,
    live_chat,
    notices,
    sent_texts,
    still_queued,
    unfinished,
    words,
)
from tests.scenarios.test_an_agent_answers import PDF, photo

PARTICIPANT = "connectparticipant"
FILES = ("GetWhatsAppMessageMedia", "PostWhatsAppMessageMedia")
UPLOAD = ("StartAttachmentUpload", "CompleteAttachmentUpload")
REPEATED = "(repeated) "  # shown in a chat that had to be stopped, too (protocol, promise I2)
EVERY = ("CreateParticipantConnection", "SendMessage", "GetTranscript", "SendEvent", *UPLOAD)


def deep(*values: object) -> object:
    return pytest.param(*values, marks=pytest.mark.deep)


@pytest.fixture
def world(world: World) -> World:
    world.chats.switches.token_memory = TokenMemory.FIVE_MINUTES
    return world


def slow(world: World, service: str, *operations: str, seconds: float, times: int) -> None:
    patience = 15 if operations[0] in FILES else 8  # as in chalicelib/wiring_doors.py
    world.router.faults.clear()
    world.router.faults.slow(service, operations, seconds, times=times, patience=patience)
    world.router.faults.arm()


def died(world: World) -> int:
    return sum(one.outcome == "killed" for one in world.deliverer.deliveries)


def all_is_over(world: World) -> None:
    assert not dead_letters(world)
    assert not unfinished()
    assert not still_queued(world)


@pytest.mark.parametrize("repeats", [True, deep(False)], ids=["token again", "no token again"])
@pytest.mark.parametrize(
    ("seconds", "times"), [deep(7, 1), deep(12, 1), (12, 2), deep(15, 3), deep(40, 4)]
)
def test_a_chat_that_opens_slowly_is_one_chat_with_everything_in_order(
    world: World, seconds: float, times: int, repeats: bool
) -> None:
    world.chats.switches.token_memory_of["StartChatContact"] = TokenMemory.SEVEN_DAYS
    world.chats.switches.repeat_returns_participant_token = repeats
    mia = world.phones.add("Mia", "15550100001")
    slow(world, "connect", "StartChatContact", seconds=seconds, times=times)
    mia.says("Hello")
    world.run_for(1)
    mia.says("Anybody there?")
    world.run_for(LONG_ENOUGH_S)
    live = [chat for chat in chats_of(world, mia) if not chat.is_over]
    shown = [[line.removeprefix(REPEATED) for line in words(chat)] for chat in live]
    assert shown == [["Hello", "Anybody there?"]]
    all_is_over(world)


@pytest.mark.parametrize(
    ("seconds", "times"), [deep(7, 2), deep(12, 1), deep(12, 2), (15, 3), deep(40, 4)]
)
def test_a_text_that_connect_takes_slowly_is_shown_once_and_before_the_next(
    world: World, seconds: float, times: int
) -> None:
    talk = live_chat(world)
    slow(world, PARTICIPANT, "SendMessage", seconds=seconds, times=times)
    talk.customer.says("slow")
    world.run_for(2)
    talk.customer.says("after it")
    world.run_for(LONG_ENOUGH_S)
    assert words(talk.chat)[1:] == ["slow", "after it"]
    all_is_over(world)


def test_a_function_that_ends_while_connect_still_works_on_its_call_shows_the_text_once(
    world: World,
) -> None:
    """Renewed connection 7 s, the text 12 s and again 12 s: Lambda ends it after 20."""
    talk = live_chat(world)
    world.run_for(24 * 3600)  # the connection token has run out
    world.router.faults.clear()
    world.router.faults.slow(PARTICIPANT, ["CreateParticipantConnection"], 7, times=1)
    world.router.faults.slow(PARTICIPANT, ["SendMessage"], 12, times=2)
    world.router.faults.arm()
    talk.customer.says("slow")
    world.run_for(25)
    assert died(world) == 1
    talk.customer.says("after it")
    world.run_for(LONG_ENOUGH_S)
    assert everything_read(world, talk.customer)[-2:] == ["slow", "after it"]
    assert died(world) == 1
    all_is_over(world)


@pytest.mark.deep
@pytest.mark.parametrize("operation", [*UPLOAD, "PUT /connect-attachments/"])
@pytest.mark.parametrize(("seconds", "times"), [(7, 1), (12, 2), (40, 3)])
def test_a_picture_that_connect_takes_slowly_is_shown_once(
    world: World, operation: str, seconds: float, times: int
) -> None:
    talk = live_chat(world)
    service = "http:attachments" if operation.startswith("PUT") else PARTICIPANT
    slow(world, service, operation, seconds=seconds, times=times)
    talk.customer.sends("image", media=photo())
    world.run_for(2)
    talk.customer.says("after it")
    world.run_for(LONG_ENOUGH_S)
    assert [name for name, *_ in files(talk.chat)] == ["image.jpg"]
    assert words(talk.chat)[1:] == ["after it"]
    all_is_over(world)


@pytest.mark.deep
@pytest.mark.parametrize("seconds", [9, 12, 15])
def test_when_every_call_of_connects_is_slow_for_a_while_all_arrives_in_order(
    world: World, seconds: float
) -> None:
    talk = live_chat(world)
    slow(world, PARTICIPANT, *EVERY, seconds=seconds, times=12)
    talk.customer.sends("image", media=photo())
    world.run_for(2)
    talk.customer.says("one")
    world.run_for(30)
    talk.customer.says("two")
    world.run_for(2 * LONG_ENOUGH_S)
    assert len(files(talk.chat)) == 1
    assert words(talk.chat)[1:] == ["one", "two"]
    order = [item.type for item in talk.chat.items if item.role == "CUSTOMER"]
    assert order.index("ATTACHMENT") < len(order) - 1
    all_is_over(world)


@pytest.mark.parametrize(("seconds", "times"), [deep(7, 1), (12, 1), deep(15, 2), deep(45, 1)])
def test_an_answer_that_whatsapp_takes_slowly_reaches_the_phone_once_and_raises_no_doubt(
    world: World, seconds: float, times: int
) -> None:
    """Its status proves it within a minute."""
    talk = live_chat(world)
    slow(world, "socialmessaging", "SendWhatsAppMessage", seconds=seconds, times=times)
    talk.agent.say("slow")
    world.run_for(2)
    talk.agent.say("after it")
    world.run_for(LONG_ENOUGH_S)
    assert sent_texts(talk.customer) == ["slow", "after it"]
    assert not notices(talk.chat)
    all_is_over(world)


@pytest.mark.deep
def test_an_answer_slower_than_every_proof_comes_twice_at_most_and_the_agent_is_told(
    world: World,
) -> None:
    """O2: no status within a minute, so it is sent once more; both arrive after 100 s."""
    talk = live_chat(world)
    slow(world, "socialmessaging", "SendWhatsAppMessage", seconds=100, times=2)
    talk.agent.say("slow")
    world.run_for(LONG_ENOUGH_S)
    assert sent_texts(talk.customer) == ["slow", "slow"]
    [notice] = notices(talk.chat)
    assert "may have it twice" in notice
    all_is_over(world)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("service", "operation"),
    [
        (PARTICIPANT, "GetAttachment"),
        ("socialmessaging", "PostWhatsAppMessageMedia"),
        ("socialmessaging", "SendWhatsAppMessage"),
    ],
)
def test_a_file_of_the_agent_on_a_slow_way_reaches_the_phone_once(
    world: World, service: str, operation: str
) -> None:
    talk = live_chat(world)
    slow(world, service, operation, seconds=18 if operation in FILES else 12, times=2)
    talk.agent.attach("bill.pdf", "application/pdf", PDF)
    world.run_for(2)
    talk.agent.say("That is your bill")
    world.run_for(LONG_ENOUGH_S)
    shown = [line.filename or line.text for line in talk.customer.screen[1:]]
    assert shown == ["bill.pdf", "That is your bill"]
    assert not notices(talk.chat)
    all_is_over(world)


@pytest.mark.deep
def test_a_document_that_always_takes_longer_than_we_wait_is_shown_when_it_lies_there(
    world: World,
) -> None:
    """A document may have 100 MB; End User Messaging writes it in 18 s each time, we wait 15."""
    talk = live_chat(world)
    slow(world, "socialmessaging", "GetWhatsAppMessageMedia", seconds=18, times=1000)
    talk.customer.sends("document", media=PDF, filename="plans.pdf")
    world.run_for(5)
    talk.customer.says("Did you get it?")
    world.run_for(60)
    assert [name for name, *_ in files(talk.chat)] == ["plans.pdf"]
    assert "plans.pdf does not load yet" in lines(talk.chat)[1]
    assert lines(talk.chat)[2] == "Did you get it?"
    all_is_over(world)


@pytest.mark.deep
def test_an_agents_document_of_100_megabytes_that_always_takes_twelve_seconds_goes_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance may allow 100 MiB (UpdateAttachedFilesConfiguration); so does WhatsApp."""
    monkeypatch.setattr(limits, "ATTACHMENT_BYTES", 101 * MEGABYTE)
    talk = live_chat(world)
    start = len(world.router.calls)
    slow(world, "socialmessaging", "PostWhatsAppMessageMedia", seconds=12, times=1000)
    document = PDF + bytes(100 * MEGABYTE - len(PDF))
    talk.agent.attach("plans.pdf", "application/pdf", document)
    world.run_for(30)
    shown = talk.customer.screen[-1]
    assert (shown.filename, len(shown.media or b"")) == ("plans.pdf", len(document))
    assert not world.router.operations(start)["s3.PutObject"], "no byte of it went through us"
    talk.agent.attach("more.pdf", "application/pdf", document + b"x")
    world.run_for(30)
    assert talk.customer.screen[-1].filename == "plans.pdf"
    [notice] = notices(talk.chat)
    assert "more.pdf" in notice
    assert "WhatsApp takes up to 100 MB for this type" in notice
    all_is_over(world)
