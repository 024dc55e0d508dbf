"""What agents can do at their desk, and what they see."""

import pytest

from sandbox.desk import ChatIsOverError, NobodyWaitsError
from tests.unit.sandbox_stage import Stage


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def started(stage):
    given = stage.start_chat(InitialMessage={"ContentType": "text/plain", "Content": "My order?"})
    stage.settle()
    return given


@pytest.fixture
def agent(stage):
    return stage.desk.agent("Luis", ["General"])


def names(stage):
    return [name for _, name, _ in stage.streamed()]


def test_an_agent_sees_the_chat_from_its_beginning(stage, started, agent):
    agent.accept()
    agent.say("Let me look")

    assert [(line.role, line.text) for line in agent.desk_view()] == [
        ("CUSTOMER", "My order?"),
        ("SYSTEM", "Welcome"),
        ("AGENT", "Let me look"),
    ]
    assert agent.desk_view()[0].as_json() == {"content_type": "text/plain", "text": "My order?"}


def test_the_longest_waiting_contact_of_all_queues_comes_first(stage, started, agent):
    stage.advance(10)
    second = stage.start_chat()
    stage.settle()

    assert agent.accept() is stage.chat(started)
    assert agent.accept() is stage.chat(second)
    with pytest.raises(NobodyWaitsError):
        agent.accept()


def test_an_agent_handles_ten_chats(stage, agent):
    for _ in range(11):
        stage.start_chat()
    stage.settle()
    for _ in range(10):
        agent.accept()

    with pytest.raises(NobodyWaitsError):
        agent.accept()
    assert stage.runner.queue("General").agents_available == 0


def test_files_reach_the_chat(stage, started, agent):
    agent.accept()
    agent.attach("bill.pdf", "application/pdf", b"%PDF")

    assert stage.topics.records()[-1]["Attachments"][0]["AttachmentName"] == "bill.pdf"
    with pytest.raises(ValueError, match="ogg"):
        agent.attach("note.ogg", "audio/ogg", b"OggS")


def test_content_connect_refuses_is_not_sent(stage, started, agent):
    agent.accept()
    with pytest.raises(ValueError, match="text/markdown"):
        agent.say("**hi**", "text/markdown")
    with pytest.raises(ValueError, match="bytes"):
        agent.say("")


def test_typing_and_reading_show_in_the_chat(stage, started, agent):
    agent.accept()
    agent.typing()
    agent.reads()
    agent.reads()

    assert names(stage)[-2:] == ["typing", "message.read"]
    record = stage.topics.records()[-1]
    assert record["MessageMetadata"]["Receipts"][0]["ReadTimestamp"]


def test_a_transfer_makes_a_new_contact_of_the_same_chat(stage, started, agent):
    agent.accept()
    chat = agent.transfer("Billing")
    billing = stage.desk.agent("Eva", ["Billing"])
    billing.accept()
    billing.say("Billing here")
    record = stage.topics.records()[-1]

    assert record["InitialContactId"] == started["ContactId"]
    assert record["ContactId"] != started["ContactId"]
    assert chat.current.previous_id == started["ContactId"]
    assert chat.contacts[0].disconnect_reason == "TRANSFERRED"
    assert names(stage)[-4:] == [
        "participant.left",
        "transfer.succeeded",
        "participant.joined",
        "text/plain",
    ]
    assert [line.text for line in billing.desk_view()][-1] == "Billing here"
    with pytest.raises(ChatIsOverError):
        agent.say("I am gone")


def test_an_agent_ends_the_chat(stage, started, agent):
    chat = agent.accept()
    agent.end()

    assert names(stage)[-2:] == ["participant.left", "chat.ended"]
    assert agent.events(chat)[-1] == "chat.ended"
    assert chat.current.disconnect_reason == "AGENT_DISCONNECT"
    assert agent.desk_view()[0].text == "My order?"
    with pytest.raises(ChatIsOverError):
        agent.say("too late")


def test_an_idle_customer_can_be_disconnected(stage, started, agent):
    chat = agent.accept()
    stage.desk.auto_disconnect(chat)

    assert names(stage)[-3:] == ["participant.autodisconnection", "participant.left", "chat.ended"]


def test_an_agent_without_a_chat_cannot_write(stage, agent):
    with pytest.raises(ChatIsOverError):
        agent.say("hello?")


def test_an_unknown_queue_is_an_error(stage):
    with pytest.raises(LookupError):
        stage.desk.agent("Luis", ["Nowhere"])
