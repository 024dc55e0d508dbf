"""What a customer who writes on WhatsApp meets before an agent answers.

The flows are the product's own, the functions stand-ins; time is virtual.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from flowkit.coverage import Coverage, measure
from flowkit.engine import Contact, Disconnected, Event, FlowEnded, LambdaAnswer
from flowkit.stand_in import StandInServices, answering, one_after_another
from tests.flows.desk import CLOSED, OPEN, bundle, contact, queued_in, run_to_the_end, said, world

EVERYTHING: dict[str, list[Event]] = defaultdict(list)
TEXTS = world().bundle.settings["texts"]
ROUTING = world().bundle.settings["routing"]

HEARD = {
    "status": "ready",
    "transcriptStatus": "ok",
    "transcript": "Hi, order 4711 has not arrived",
    "confidence": "0.93",
    "language": "en",
}
FACTS = {
    "status": "ready",
    "intent": "order_status",
    "urgency": "low",
    "sentiment": "negative",
    "summary": "Order 4711 has not arrived",
    "orderNumber": "4711",
    "nextStep": "check the delivery",
}
PENDING = LambdaAnswer({"status": "pending"}, took_s=1)


def functions(heard: dict[str, str] | None = None, facts: dict[str, str] | None = None) -> dict:
    return {
        "transcribe": answering(**{**HEARD, **(heard or {})}),
        "structure": answering(**{**FACTS, **(facts or {})}),
    }


class Visit:
    """One contact's way through whatsapp_inbound, and what it left behind."""

    def __init__(
        self,
        services: StandInServices,
        now: Any = OPEN,
        first_words: str | None = None,
        **attributes: str,
    ) -> None:
        given = {"messageType": "text", "language": "en", "voiceNoteId": "none", **attributes}
        self.contact: Contact = contact(attributes=given, initial_message=first_words)
        flow = services.bundle.flows["whatsapp_inbound"]
        self.events = run_to_the_end(flow, services, self.contact, now)
        EVERYTHING["all"].extend(self.events)
        self.messages = said(self.events)
        self.queues = queued_in(self.events, services)

    @property
    def attributes(self) -> dict[str, str]:
        return self.contact.attributes


def voice(services: StandInServices, **attributes: str) -> Visit:
    return Visit(services, messageType="voice", voiceNoteId="wamid.1", **attributes)


@pytest.mark.parametrize(
    ("language", "spoken"), [("en", "en"), ("es", "es"), ("pt", "pt"), ("unknown", "en")]
)
def test_a_customer_is_greeted_once_in_their_language_and_waits_in_the_queue(language, spoken):
    visit = Visit(world(), language=language)
    assert visit.messages == [TEXTS[spoken]["greeting"]]
    assert visit.queues == ["General"]


def test_a_customer_who_was_greeted_is_not_greeted_again():
    visit = Visit(world(), greeted="yes")
    assert visit.messages == []
    assert visit.queues == ["General"]


def test_after_hours_the_customer_hears_when_we_answer_and_waits_in_the_queue_anyway():
    visit = Visit(world(), CLOSED, language="es")
    assert visit.messages == [TEXTS["es"]["closed"]]
    assert visit.queues == ["General"]
    assert visit.attributes["afterHours"] == "yes"


STOP_WORDS = [
    written
    for word in world().bundle.settings["opt_out_words"]
    for written in (word, word.upper(), word.capitalize())
]


@pytest.mark.parametrize("word", STOP_WORDS)
def test_a_customer_who_says_stop_hears_once_that_we_do_and_meets_no_agent(word):
    visit = Visit(world(), first_words=word, language="es")
    assert visit.messages == [TEXTS["es"]["stopped"]]
    assert visit.queues == []
    assert visit.attributes["optedOut"] == "yes"
    assert visit.contact.event_hooks == {}


@pytest.mark.parametrize("words", ["Please stop the order", "Don't stop", "15", "Hello"])
def test_words_that_only_look_like_stop_or_a_rating_reach_an_agent(words):
    assert Visit(world(), first_words=words).queues == ["General"]


@pytest.mark.parametrize("rating", world().bundle.settings["survey"]["ratings"])
def test_a_rating_is_kept_and_takes_no_agents_time(rating):
    visit = Visit(world(), first_words=rating)
    assert visit.messages == [TEXTS["en"]["rated"]]
    assert visit.attributes["satisfaction"] == rating
    assert visit.queues == []


def test_what_happens_while_waiting_with_the_agent_and_afterwards_is_arranged():
    flows = world().bundle.settings["arns"]["flows"]
    assert Visit(world()).contact.event_hooks == {
        "CustomerQueue": flows["customer_queue"],
        "CustomerRemaining": flows["disconnect"],
        "AgentWhisper": flows["agent_whisper"],
        "DefaultAgentUI": flows["agent_guide"],
    }


@pytest.mark.parametrize(("message_type", "queue"), ROUTING["message_types"].items())
def test_a_conversation_that_opens_with_a_file_goes_where_settings_say(message_type, queue):
    assert Visit(world(), messageType=message_type).queues == [queue]


@pytest.mark.parametrize(("intent", "queue"), ROUTING["intents"].items())
def test_a_voice_note_goes_to_the_queue_of_its_intent(intent, queue):
    visit = voice(world(functions=functions(facts={"intent": intent})))
    assert visit.queues == [queue]
    assert visit.attributes["voiceNoteStatus"] == "ready"


def test_an_intent_nobody_planned_for_goes_to_the_default_queue():
    assert voice(world(functions=functions(facts={"intent": "poetry"}))).queues == ["General"]


def test_an_urgent_voice_note_goes_to_the_urgent_queue_whatever_it_is_about():
    assert voice(world(functions=functions(facts={"urgency": "high"}))).queues == ["Urgent"]


def test_the_agent_finds_what_the_voice_note_says_among_the_attributes():
    attributes = voice(world(functions=functions())).attributes
    assert attributes["transcript"] == HEARD["transcript"]
    assert attributes["orderNumber"] == "4711"
    assert attributes["summary"] == FACTS["summary"]
    assert attributes["transcriptConfidence"] == "0.93"


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_later_messages_are_in_the_language_the_customer_spoke(language):
    services = world(functions=functions({"language": language}), queues=_full("Orders"))
    visit = voice(services, language="unknown")
    assert visit.messages == [TEXTS["en"]["greeting"], TEXTS[language]["busy"]]
    assert visit.attributes["language"] == language


def test_a_language_we_do_not_write_leaves_the_texts_as_they_were():
    visit = voice(world(functions=functions({"language": "fr"})), language="pt")
    assert visit.attributes["language"] == "pt"


def test_a_voice_note_that_takes_its_time_is_waited_for_without_chatter():
    slow = one_after_another(PENDING, PENDING, LambdaAnswer(HEARD))
    slower = one_after_another(PENDING, LambdaAnswer(FACTS))
    visit = voice(world(functions={"transcribe": slow, "structure": slower}))
    assert visit.messages == [TEXTS["en"]["greeting"]]
    assert visit.queues == ["Orders"]


@pytest.mark.parametrize("late", ["transcribe", "structure"])
def test_a_voice_note_that_takes_too_long_reaches_an_agent_all_the_same(late):
    visit = voice(world(functions={**functions(), late: one_after_another(PENDING)}))
    assert visit.attributes["voiceNoteStatus"] == "pending"
    assert visit.queues == ["General"]


@pytest.mark.parametrize("broken", ["transcribe", "structure"])
def test_a_voice_note_that_failed_says_so_to_the_agent(broken):
    failed = answering(status="failed", reason="audio could not be decoded")
    visit = voice(world(functions={**functions(), broken: failed}))
    assert visit.attributes["voiceNoteStatus"] == "failed"
    assert visit.attributes["voiceNoteReason"] == "audio could not be decoded"
    assert visit.queues == ["General"]


@pytest.mark.parametrize("gone", ["transcribe", "structure"])
def test_a_function_that_does_not_answer_never_loses_the_customer(gone):
    working = functions()
    del working[gone]
    visit = voice(world(functions=working))
    assert visit.attributes["voiceNoteStatus"] == "failed"
    assert visit.queues == ["General"]


def test_a_silent_voice_note_is_marked_as_without_text():
    visit = voice(world(functions=functions({"transcriptStatus": "no_speech", "transcript": ""})))
    assert visit.attributes["voiceNoteStatus"] == "no_text"
    assert visit.queues == ["General"]


def test_a_draft_transcript_is_understood_too():
    assert voice(world(functions=functions({"transcriptStatus": "draft"}))).queues == ["Orders"]


def test_a_voice_contact_without_a_voice_note_is_marked_failed():
    visit = Visit(world(), messageType="voice", voiceNoteId="none")
    assert visit.attributes["voiceNoteStatus"] == "failed"
    assert visit.queues == ["General"]


def _full(*names: str) -> dict[str, dict[str, Any]]:
    return {name: {"size": 1, "capacity": 1} for name in names}


def test_a_full_queue_is_said_once_and_the_default_queue_takes_over():
    services = world(queues=_full("Claims"))
    visit = Visit(services, messageType="image")
    assert visit.messages == [TEXTS["en"]["greeting"], TEXTS["en"]["busy"]]
    assert visit.queues == ["General"]


def test_a_queue_that_empties_in_time_keeps_its_customer():
    services = FillingUp(world().bundle, full_for=2)
    visit = Visit(services, messageType="image")
    assert visit.queues == ["Claims"]
    assert visit.messages.count(TEXTS["en"]["busy"]) == 1


def test_when_every_queue_stays_full_the_customer_is_told_and_the_chat_ends():
    visit = Visit(world(queues=_full("General", "Claims")), messageType="image")
    assert visit.queues == []
    assert visit.messages == [TEXTS["en"][key] for key in ("greeting", "busy", "sorry")]
    assert visit.events[-2:] == [Disconnected(), FlowEnded("disconnected")]


def test_a_queue_that_does_not_exist_falls_back_to_the_default_queue():
    services = FillingUp(world().bundle, missing="Claims")
    assert Visit(services, messageType="image").queues == ["General"]


class FillingUp(StandInServices):
    """Queues that are full for the first `full_for` transfers, or missing."""

    def __init__(self, bundle: Any, full_for: int = 0, missing: str = "") -> None:
        super().__init__(bundle)
        self.full_for, self.missing = full_for, missing
        self.asked = 0

    def queue(self, queue_id: str) -> Any:
        name = self.bundle.queue_name(queue_id)
        self.asked += 1
        # The first look sets the target queue, each later one is a transfer.
        self.queues = _full("Claims") if 1 < self.asked <= 1 + self.full_for else {}
        return None if name == self.missing else super().queue(queue_id)


def _every_error() -> Iterator[tuple[str, str, str]]:
    for flow in (bundle().flows["whatsapp_inbound"], bundle().modules["voice_note"]):
        for action in flow.action_list:
            for branch in action.transitions.errors:
                if branch.error_type == "NoMatchingError":
                    yield flow.name, action.identifier, branch.error_type


def _visits_past(services_of: Any) -> list[Visit]:
    """Enough different customers to meet every action of the two flows."""
    visits = []
    for language in ("en", "es", "pt"):
        heard = {"language": language}
        visits += [
            Visit(services_of(), CLOSED, language=language),
            voice(services_of(functions=functions(heard)), language=language),
        ]
    visits += [
        Visit(services_of(queues=_full("General", "Claims")), messageType=kind)
        for kind in ("image", "text")
    ]
    visits += [Visit(services_of(), messageType=kind) for kind in ROUTING["message_types"]]
    visits += [Visit(services_of(), first_words=words) for words in ("STOP", "5")]
    for intent in ROUTING["intents"]:
        visits.append(voice(services_of(functions=functions(facts={"intent": intent}))))
    late = {**functions(), "transcribe": one_after_another(PENDING)}
    later = {**functions(), "structure": one_after_another(PENDING)}
    lost = {**functions(), "transcribe": answering(status="failed", reason="r")}
    silent = functions({"transcriptStatus": "no_speech"})
    urgent = functions(facts={"urgency": "high"})
    for answers in (late, later, lost, silent, urgent):
        visits.append(voice(services_of(functions=answers)))
    return visits


@pytest.mark.parametrize(("flow", "action", "error"), list(_every_error()))
def test_whatever_fails_the_customer_ends_in_a_queue_or_hears_that_we_could_not(
    flow, action, error
):
    """LA-72."""
    broken = {(flow, action): error}
    if action in ONLY_AFTER:
        broken[flow, ONLY_AFTER[action]] = error
    reached = False
    for visit in _visits_past(lambda **facts: world(errors=broken, **facts)):
        reached = reached or any(getattr(e, "action", "") == action for e in visit.events)
        told = TEXTS_SORRY & set(visit.messages) or action == "Say sorry in English"
        wanted_no_agent = visit.contact.initial_message in ("STOP", "5")
        assert visit.queues or told or wanted_no_agent
        assert visit.events[-1] in (FlowEnded("queued"), FlowEnded("disconnected"))
    assert reached, f"no visit came past {action}"


#: Actions that only run when another one failed before.
ONLY_AFTER = {
    "Tell the agent it failed": "Understand the voice note",
    "Say we keep trying": "Transfer",
    "Remember we said so": "Transfer",
    "Say sorry in English": "Say sorry",
}

TEXTS_SORRY = {texts["sorry"] for texts in TEXTS.values()}


def test_a_transfer_that_breaks_before_anybody_said_it_is_busy_tells_the_customer_later():
    services = world(
        queues=_full("General"), errors={("whatsapp_inbound", "Transfer"): "NoMatchingError"}
    )
    visit = Visit(services)
    assert visit.messages == [TEXTS["en"][key] for key in ("greeting", "busy", "sorry")]


def _coverage(name: str, kind: str) -> Coverage:
    return measure(getattr(bundle(), kind)[name], EVERYTHING["all"])


@pytest.mark.parametrize(
    ("name", "kind"), [("whatsapp_inbound", "flows"), ("voice_note", "modules")]
)
def test_the_stories_above_take_every_branch(name, kind):
    """CP-21."""
    if len(EVERYTHING["all"]) < 10_000:
        pytest.skip("needs the whole file to have run")
    coverage = _coverage(name, kind)
    assert coverage.missing == []
    assert coverage.percent == 100
    assert coverage.entered == coverage.actions


def test_every_language_has_every_text():
    assert sorted(TEXTS) == ["en", "es", "pt"]
    for texts in TEXTS.values():
        assert texts.keys() == TEXTS["en"].keys()


def test_every_queue_settings_route_to_exists():
    settings = world().bundle.settings
    named = {ROUTING["default_queue"], ROUTING["urgent_queue"], *ROUTING["intents"].values()}
    assert named | set(ROUTING["message_types"].values()) <= settings["queues"].keys()
