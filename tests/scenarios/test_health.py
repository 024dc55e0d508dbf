"""Operators and load balancers ask whether everything we depend on answers (LA-20, SA-59)."""

import threading

import pytest

import app
from chalicelib.errors import Denied
from chalicelib.readiness import KEPT_SECONDS, Dependencies
from sandbox.faults import Action
from sandbox.world import World

EVERY = {
    *("conversations", "messages", "files", "connect", "whatsapp", "ai"),
    *("inbound_queue", "outbound_queue", "voice_notes_queue", "dead_letters_queue"),
}
# Which service fails, and what is then named.
NEEDED = {
    "dynamodb": {"conversations", "messages"},
    "sqs": {name for name in EVERY if name.endswith("_queue")},
    "s3": {"files"},
    "connect": {"connect"},
    "socialmessaging": {"whatsapp"},
}


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """This machine may be busy; who does not answer in time has a test of its own."""
    monkeypatch.setattr(Dependencies.__init__, "__defaults__", (60.0,))
    monkeypatch.setattr("chalicelib.gateways.ai_models.TIMEOUT", 60.0)


def asked():
    answer = app.ready()
    return answer.status_code, answer.body


def failing(checks):
    return {name for name, told in checks.items() if told != "ok"}


def break_down(world, service, action=Action.SERVER_ERROR):
    world.router.faults.decide = lambda called, *_: action if called == service else Action.OK


def test_everything_that_answers_is_named(world):
    status, body = asked()
    assert (status, body["status"]) == (200, "ready")
    assert body["checks"] == dict.fromkeys(EVERY, "ok")


def test_a_dependency_without_which_no_message_passes_makes_us_not_ready(world):
    """SA-59."""
    for service, checks in NEEDED.items():
        break_down(world, service)
        status, body = asked()
        assert (status, body["status"]) == (503, "not ready")
        assert failing(body["checks"]) == checks
        world.clock.advance(KEPT_SECONDS)


def test_without_ai_messages_still_pass(world):
    break_down(world, "http:openai")
    status, body = asked()
    assert (status, body["status"]) == (200, "degraded")
    assert failing(body["checks"]) == {"ai"}


def test_what_is_refused_is_told_by_its_class_and_nothing_else(world):
    break_down(world, "connect", Action.ACCESS_DENIED)
    _, body = asked()
    assert body["checks"]["connect"] == "Denied"
    words = str(body)
    assert not [
        secret for secret in world.environment().values() if len(secret) > 8 and secret in words
    ]


def test_an_archived_flow_opens_no_chat_and_a_number_may_be_unlinked(world):
    flow = world.bundle.settings["flows"]["whatsapp_inbound"]["id"]
    world.instance.flows.find(flow, "contact-flow").state = "ARCHIVED"
    world.network.account.numbers.clear()
    checks = asked()[1]["checks"]
    assert (checks["connect"], checks["whatsapp"]) == ("Rejected", "Rejected")


def test_whoever_asks_again_at_once_costs_no_calls(world):
    asked()
    before = len(world.router.calls)
    asked()
    assert len(world.router.calls) == before
    world.clock.advance(KEPT_SECONDS)
    asked()
    assert len(world.router.calls) > before


def test_metas_own_api_is_not_asked():
    with World(settings={"WHATSAPP_PROVIDER": "cloud_api", "WHATSAPP_ACCESS_TOKEN": "any"}):
        assert set(asked()[1]["checks"]) == EVERY - {"whatsapp"}


def test_who_does_not_answer_in_time_holds_nobody_up():
    released = threading.Event()
    probes = {"slow": released.wait, "quick": lambda: None}
    found = Dependencies(probes, {}, clock=lambda: 0, seconds=0.05).ask()
    released.set()
    assert found.state == "not ready"
    assert found.checks == {"slow": "no answer", "quick": "ok"}


def test_several_failures_are_all_named():
    def denied():
        raise Denied("no", service="any")

    found = Dependencies({"one": denied, "two": denied}, {"ai": denied}, clock=lambda: 0).ask()
    assert found.checks == {"one": "Denied", "two": "Denied", "ai": "Denied"}
