"""A sandbox run repeats exactly, and what it shows of itself holds no secrets."""

from tests.unit.sandbox_stage import Stage


def day():
    """One customer, one chat, one agent; everything that was published."""
    stage = Stage()
    ana = stage.phones.add("Ana", "14155550123")
    ana.sends_voice_note(b"OggS")
    started = stage.start_chat(Attributes={"conversation": "c-1"})
    stage.settle()
    agent = stage.desk.agent("Luis", ["General"])
    agent.accept()
    agent.say("Good morning")
    stage.text(ana, "Good morning")
    stage.advance(5)
    ana.reads()
    stage.advance(5)
    agent.transfer("Billing")
    stage.chats.end(stage.chat(started), "API")
    return stage


def test_the_same_seed_and_the_same_acts_publish_the_same_events():
    assert day().topics.published == day().topics.published


def test_a_chat_does_not_show_its_tokens():
    stage = Stage()
    started = stage.start_chat()
    chat = stage.chat(started)

    assert started["ParticipantToken"] not in f"{chat!r} {chat.customer!r} {chat.contacts!r}"
    assert repr(chat) == f"<chat {chat.id} of Ana>"
