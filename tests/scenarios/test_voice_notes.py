"""A voice note behaves as text everywhere, whatever the audio or the AI service is like.

The words come from a stub of the AI service except where they matter (`real` in the name).
"""

import itertools
import urllib.request

import pytest
from typer.testing import CliRunner

from chalicelib import voice_content
from chalicelib.errors import Denied
from chalicelib.gateways.items import ConversationItem
from ops.__main__ import app as operator
from sandbox.faults import Action
from tests.gateways.voice_samples import (
    CLAIM_EN,
    CLAIM_ES,
    encoded,
    quarter_of_an_hour,
    silence,
    tone,
)
from tests.scenarios import ai
from tests.scenarios.people import (
    LONG_ENOUGH_S,
    QUEUES,
    Talk,
    chats_of,
    dead_letters,
    failing,
    files,
    lines,
    live_chat,
    notices,
    still_queued,
    unfinished,
)


@pytest.fixture(scope="module")
def note() -> bytes:
    """Five seconds of sound; what is said in it is the stub's business."""
    return encoded(tone(5.0), "ogg", "libopus", 48000)


def answered(world, note):
    """An agent who has just taken a chat that begins with a voice note, and the chat."""
    world.phones.add("Mia", "15550100001").sends_voice_note(note)
    world.run_for(2)
    agent = world.desk.agent("Ana", QUEUES)
    return agent, agent.accept()


def test_a_guide_shows_the_note_and_links_to_its_sound(world, note) -> None:
    """The link is made when the guide opens, and opens the recording. Nobody else is given one."""
    ai.brain(world)
    agent, _ = answered(world, note)
    guide = agent.open_guide()
    assert guide is not None
    assert guide.screen is not None
    assert guide.screen.name == "voice_note"
    assert {ai.WORDS, "Wants a refund.", "Next step: Look up the order."} < {*guide.screen.lines}
    sound = guide.screen.data["Bar"][1]
    assert sound["LinkType"] == "external"
    asked = [one.payload for one in world.lambdas.invocations if "transcribe" in one.function_name]
    assert [one.get("audioUrl") for one in asked] == [None, sound["Url"]]
    with urllib.request.urlopen(sound["Url"]) as opened:  # noqa: S310  (the sandbox)
        assert opened.read() == note
    world.desk.guides.press(guide, "Templates")
    assert guide.screen.lines[0] == "Templates"
    world.desk.guides.press(guide, "Back")
    world.desk.guides.press(guide, "Close")
    assert guide.screen is None
    world.desk.guides.press(guide, "Close")  # it is closed: nothing happens


def test_a_guide_says_when_it_shows_only_the_beginning_of_what_was_said(world, note) -> None:
    """The whole stands in the chat; a contact's attributes share 32 KB."""
    words = f"{ai.WORDS} {'and then I waited ' * 100}"
    ai.brain(world).hears = lambda: ai.answer({"text": words})
    agent, _ = answered(world, note)
    guide = agent.open_guide()
    assert guide is not None
    assert guide.screen is not None
    [shown] = [line for line in guide.screen.lines if line.startswith(ai.WORDS)]
    assert shown.endswith("…")
    assert len(shown) <= 1000


def test_a_guide_nobody_uses_closes_and_one_that_was_used_waits_again(world, note) -> None:
    ai.brain(world)
    agent, _ = answered(world, note)
    guide = agent.open_guide()
    world.run_for(3000)
    world.desk.guides.press(guide, "Templates")
    world.run_for(3000)
    assert guide.screen is not None
    world.run_for(700)
    assert guide.screen is None


def test_without_a_link_or_a_view_agents_have_connects_own_card(world, note, monkeypatch) -> None:
    """The guide never fails them."""
    ai.brain(world)
    agent, chat = answered(world, note)
    kept = dict(world.instance.own_views.all)
    world.instance.own_views.all.clear()
    assert agent.open_guide().screen.name == "detail"
    world.instance.own_views.all.update(kept)

    def no_link(_key):
        raise Denied("no key", service="secretsmanager")

    monkeypatch.setattr(world.app.media, "link", no_link)
    assert agent.open_guide().screen.name == "detail"
    chat.event_hooks.clear()
    assert agent.open_guide() is None


def is_playable(file: tuple[str, str, bytes]) -> bool:
    name, content_type, body = file
    return (name, content_type, body[:4]) == ("voice-note.wav", "audio/wav", b"RIFF")


def opened_by(world, note: bytes) -> Talk:
    mia = world.phones.add("Mia", "15550100001")
    mia.sends_voice_note(note)
    world.run_for(60)
    agent = world.desk.agent("Ana", QUEUES)
    return Talk(mia, agent, agent.accept())


def test_a_real_voice_note_opens_a_chat_that_the_flow_routes_by_what_was_said(world):
    """Speech and facts by the sandbox's recogniser: the whole path, nothing stubbed."""
    talk = opened_by(world, CLAIM_EN.read_bytes())
    assert talk.chat.attributes["messageType"] == "voice"
    card = lines(talk.chat)[-1]  # on a busy machine the placeholder stands before it
    assert card.startswith("Voice note 0:")
    assert "refund" in card.lower()
    assert is_playable(files(talk.chat)[0])
    assert talk.chat.attributes.get("intent", "none") != "none"
    assert talk.chat.current.queue_id == world.desk.queue_id(
        world.bundle.settings["routing"]["intents"][talk.chat.attributes["intent"]]
        if talk.chat.attributes["urgency"] != "high"
        else "Urgent"
    )


def test_a_real_voice_note_in_spanish_is_played_and_nothing_invented(world):
    """No honest offline engine for Spanish exists."""
    talk = live_chat(world, number="34600100001")
    talk.customer.sends_voice_note(CLAIM_ES.read_bytes())
    world.settle()
    card = lines(talk.chat)[-1]
    assert "Please play the audio" in card or "Escuche el audio" in card
    assert '"' not in card
    assert is_playable(files(talk.chat)[0])


def test_a_voice_note_reads_like_text_in_a_live_chat(world, note):
    ai.brain(world)
    talk = live_chat(world)
    start = len(world.router.calls)
    talk.customer.sends_voice_note(note)
    world.settle()
    card = lines(talk.chat)[-1]
    assert f'"{ai.WORDS}"' in card
    assert "refund" in card.lower()
    assert "38152" in card
    assert notices(talk.chat) == []
    assert [is_playable(file) for file in files(talk.chat)] == [True]
    aws = [call for call in world.router.calls[start:] if not call.service.startswith("http:")]
    receipts = 2  # typing indicator and blue tick are policy
    assert len(aws) - receipts <= 12, [f"{call.service}.{call.operation}" for call in aws]


def test_the_customer_sees_that_a_voice_note_is_worked_on(world, note):
    talk = live_chat(world)
    seen = []
    brain = ai.brain(world)

    def hears():
        seen.append(talk.customer.sees_typing)
        return ai.Brain.hears()

    brain.hears = hears
    talk.customer.sends_voice_note(note)
    world.settle()
    assert seen == [True]


def test_text_and_voice_keep_their_order(world, note):
    ai.brain(world)
    talk = live_chat(world)
    talk.customer.says("Listen to this")
    world.clock.advance(1)
    talk.customer.sends_voice_note(note)
    world.clock.advance(1)
    talk.customer.says("Did you hear it?")
    world.settle()
    shown = lines(talk.chat)
    assert [shown[1], shown[3]] == ["Listen to this", "Did you hear it?"]
    assert ai.WORDS in shown[2]


def test_a_slow_service_is_announced_first(world, note, monkeypatch):
    monkeypatch.setattr(voice_content, "NOTICE_AFTER_SECONDS", 0.1)
    brain = ai.brain(world)
    brain.hears = ai.slowly(0.5, brain.hears)
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    world.settle()
    [notice] = notices(talk.chat)
    assert "Voice note received, transcribing" in notice
    assert ai.WORDS in lines(talk.chat)[-1]
    assert world.chats.active() == [talk.chat]


def down():
    return ai.refused(503, "down")


def out_of_quota():
    return ai.refused(429, "insufficient_quota")


def no_key():
    return ai.refused(401, "invalid_api_key")


@pytest.mark.parametrize(
    "broken", [down, ai.html, out_of_quota, no_key], ids=lambda broken: broken.__name__
)
def test_while_speech_is_unavailable_the_agent_has_the_sound_and_the_card_follows(
    world, note, broken
):
    """VN-08."""
    brain = ai.brain(world)
    working, brain.hears = brain.hears, broken
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    world.clock.advance(1)
    talk.customer.says("and a text behind it")
    world.settle()
    assert lines(talk.chat)[1:] == ["Voice note received, transcribing.", "and a text behind it"]
    assert is_playable(files(talk.chat)[0])
    brain.hears = working
    world.run_for(LONG_ENOUGH_S)
    assert ai.WORDS in lines(talk.chat)[-1]
    assert len(lines(talk.chat)) == 4
    assert len(files(talk.chat)) == 1
    assert not unfinished()


def reprocess(wamid):
    return CliRunner().invoke(operator, ["reprocess", wamid])


def test_an_operator_has_a_failed_note_understood_once_more(world, note):
    """VN-14: of which the model would not speak; the chat gets a new card."""
    brain = ai.brain(world)
    working, brain.thinks = brain.thinks, lambda: ai.completion(None, refusal="I cannot")
    talk = live_chat(world)
    wamid = talk.customer.sends_voice_note(note)
    world.run_for(600)
    assert "Fields could not be read" in lines(talk.chat)[-1]
    brain.thinks = working
    assert reprocess(wamid).stdout == "queued, run 2\n"
    assert reprocess(wamid).stdout == "queued, run 2\n"
    world.run_for(60)
    assert " - understood later - " in lines(talk.chat)[-1]
    assert ai.WORDS in lines(talk.chat)[-1]
    assert len(lines(talk.chat)) == 3
    assert reprocess(wamid).exit_code == 0
    world.run_for(60)
    assert len(lines(talk.chat)) == 4
    assert not unfinished()


def test_what_cannot_be_reprocessed_is_said_in_one_sentence(world, note):
    ai.brain(world)
    talk = live_chat(world)
    wamid = talk.customer.sends_voice_note(note)
    world.settle()
    at_work = reprocess(wamid)
    assert (at_work.exit_code, at_work.stdout) == (1, "")
    assert "ask again in half a minute" in at_work.stderr
    unknown = reprocess("wamid.nobody")
    assert (unknown.exit_code, unknown.stderr) == (1, "no voice note of that id\n")


@pytest.mark.parametrize(
    "thinks",
    [
        lambda: ai.completion(None, refusal="I cannot"),
        lambda: ai.completion('{"intent": "ref', finish="length"),
        lambda: ai.completion('{"intent": "something else"}'),
    ],
    ids=["refuses", "truncates", "misfits"],
)
def test_without_facts_the_agent_still_has_the_words(world, note, thinks):
    brain = ai.brain(world)
    brain.thinks = thinks
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    world.run_for(3600)
    assert ai.WORDS in lines(talk.chat)[-1]
    assert len(files(talk.chat)) == 1


def test_a_late_card_is_not_a_reason_to_open_a_chat(world, note):
    brain = ai.brain(world)
    working, brain.hears = brain.hears, down
    talk = live_chat(world)
    talk.customer.sends_voice_note(note)
    world.settle()
    talk.agent.end()
    world.settle()
    brain.hears = working
    world.run_for(LONG_ENOUGH_S)
    assert chats_of(world, talk.customer) == [talk.chat]


@pytest.mark.parametrize("first", [no_key, None], ids=["handed over", "understood"])
def test_a_note_whose_chat_ends_while_it_is_understood_has_one_card_and_one_price(
    world, note, first
):
    """What was handed over stays so in the chat that is opened, and nothing is heard twice."""
    brain, talk = ai.brain(world), live_chat(world)
    working = brain.hears

    def hears():
        talk.agent.end()
        brain.hears = working
        return first() if first else working()

    brain.hears = hears
    talk.customer.sends_voice_note(note)
    world.run_for(LONG_ENOUGH_S)
    _, chat = chats_of(world, talk.customer)
    assert [ai.WORDS in line for line in lines(chat)].count(True) == 1
    assert len(files(chat)) == 1
    assert brain.asked.count("speech") == (2 if first else 1)
    assert not unfinished()


def test_a_late_card_does_not_hold_the_customer_service_window_open(world, note):
    """The window counts from the customer's last word, not from the card's."""
    brain = ai.brain(world)
    working, brain.hears = brain.hears, down
    talk = live_chat(world)
    wrote = world.clock.now().timestamp()
    talk.customer.sends_voice_note(note)
    world.settle()
    failing(world, "dynamodb", "UpdateItem", Action.THROTTLE, 20)
    world.run_for(100)
    world.router.faults.clear()
    brain.hears = working
    world.run_for(LONG_ENOUGH_S)
    assert ai.WORDS in lines(talk.chat)[-1]
    [row] = [item for item in ConversationItem.scan() if item.kind == "conversation"]
    assert int(row.wrote_at) <= wrote + 1


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: encoded(silence(3.0), "ogg", "libopus", 48000), "Nothing understood"),
        (lambda: b"OggS" + bytes(range(256)) * 8, "damaged audio"),
        (lambda: b"", "damaged audio"),
    ],
    ids=["silent", "corrupt", "empty"],
)
def test_audio_that_says_nothing_gets_a_card_that_says_so(world, make, told):
    """By the sandbox's own recogniser."""
    talk = live_chat(world)
    talk.customer.sends_voice_note(make())
    world.run_for(LONG_ENOUGH_S)
    card = lines(talk.chat)[1]
    assert told in card
    assert len(lines(talk.chat)) == 2


def test_a_mislabelled_voice_note_is_understood(world):
    """A WAV that calls itself Ogg: bytes decide, not names."""
    ai.brain(world)
    talk = live_chat(world)
    talk.customer.sends_voice_note(tone(5.0))
    world.settle()
    assert ai.WORDS in lines(talk.chat)[-1]


def test_audio_that_whatsapp_has_no_more_is_asked_for_again(world, note):
    talk = live_chat(world)
    world.router.faults.on(
        "socialmessaging", "GetWhatsAppMessageMedia", Action.VALIDATION, nth=None
    )
    world.router.faults.arm()
    talk.customer.sends_voice_note(note)
    world.settle()
    assert lines(talk.chat)[-1] == (
        "[Voice note could not be loaded - ask the customer to send it again]"
    )
    assert not dead_letters(world)


def test_audio_that_does_not_load_now_follows_with_its_card_and_holds_nobody_up(world, note):
    ai.brain(world)
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.SERVER_ERROR, times=3)
    talk.customer.sends_voice_note(note)
    world.clock.advance(1)
    talk.customer.says("Do you hear me?")
    world.settle()
    assert lines(talk.chat)[1:] == [
        "[Voice note] does not load yet; it follows here by itself as soon as WhatsApp gives it.",
        "Do you hear me?",
    ]
    assert files(talk.chat) == []
    world.run_for(LONG_ENOUGH_S)
    assert lines(talk.chat)[3].startswith("[Voice note] that did not load before:")
    assert is_playable(files(talk.chat)[0])
    assert ai.WORDS in lines(talk.chat)[4]
    assert (len(lines(talk.chat)), len(files(talk.chat))) == (5, 1)
    assert not unfinished()
    assert not still_queued(world)


@pytest.mark.parametrize(
    ("service", "nth"),
    [("dynamodb", 2), ("dynamodb", 5), ("dynamodb", 8), ("connectparticipant", 2), ("sqs", 1)],
)
def test_a_crash_on_the_way_shows_late_audio_once(world, note, service, nth):
    """Killed after its n-th call to a service, from the moment the audio is there."""
    ai.brain(world)
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.SERVER_ERROR, times=2)
    talk.customer.sends_voice_note(note)
    world.settle()
    count = itertools.count(1)
    world.router.faults.clear()
    world.router.faults.when(
        lambda call: call.service == service and next(count) == nth, Action.KILL_AFTER, times=1
    )
    world.router.faults.arm()
    world.run_for(2 * LONG_ENOUGH_S)
    assert next(count) > nth, "the crash happened"
    assert len(files(talk.chat)) == 1
    assert sum(ai.WORDS in line for line in lines(talk.chat)) == 1
    assert not unfinished()


def test_a_first_voice_note_that_does_not_load_opens_the_chat_at_once(world, note):
    ai.brain(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.SERVER_ERROR, times=2)
    mia = world.phones.add("Mia", "15550100001")
    mia.sends_voice_note(note)
    world.run_for(20)
    chat = world.desk.agent("Ana", QUEUES).accept()
    assert "does not load yet" in lines(chat)[0]
    world.run_for(LONG_ENOUGH_S)
    assert is_playable(files(chat)[0])
    assert ai.WORDS in lines(chat)[-1]


def test_audio_that_never_loads_ends_in_a_word_for_the_agent(world, note):
    talk = live_chat(world)
    failing(world, "socialmessaging", "GetWhatsAppMessageMedia", Action.THROTTLE, times=500)
    talk.customer.sends_voice_note(note)
    world.run_for(2 * 3600)
    assert "Voice note could not be loaded - ask the customer" in lines(talk.chat)[-1]
    assert not still_queued(world)


def test_the_flow_does_the_work_when_the_worker_died(world, note):
    """The worker is killed while it understands; flow and redelivery finish the note."""
    ai.brain(world)
    world.router.faults.on("s3", "GetObject", Action.KILL_AFTER)
    world.router.faults.arm()
    talk = opened_by(world, note)
    world.run_for(LONG_ENOUGH_S)
    [card] = lines(talk.chat)
    assert ai.WORDS in card
    assert len(files(talk.chat)) == 1
    assert talk.chat.attributes["intent"] == "refund"
    assert not unfinished()


def test_a_quarter_of_an_hour_is_kept_and_the_agent_can_listen(world):
    """Its playable rendition is larger than a chat takes (20 MB): then by link."""
    talk = live_chat(world)
    talk.customer.sends_voice_note(quarter_of_an_hour(), mime_type="audio/flac")
    world.run_for(60)
    shown = lines(talk.chat)
    assert "Too long to transcribe" in shown[1]
    assert files(talk.chat) or "http" in "".join(shown)
    assert not dead_letters(world)
    assert not unfinished()
