"""A service that refuses, breaks or does not answer delays messages; it costs none.

Each dependency fails in every way: once, three times (each of its operations), and for 15 minutes.
What is refused for good (validation) may be parked or returned to its writer, but never without a
word.
"""

from collections import Counter

import boto3
import pytest

from sandbox.faults import Action
from tests.crash import promises
from tests.crash.stage import Stages

IN_A_LIVE_CHAT = ["dynamodb", "sqs", "connectparticipant", "socialmessaging"]
OPENS_A_CHAT = ["dynamodb", "connect", "connectparticipant"]
SERVICES = sorted({*IN_A_LIVE_CHAT, *OPENS_A_CHAT})
FILES = ["s3", "http:s3", "http:attachments"]
AI = "http:openai"
SECRETS = "secretsmanager"  # asked for the key of the speech service, if it lies there
KILLS = [Action.KILL_BEFORE, Action.KILL_AFTER]  # test_crash_matrix.py
WAYS = [
    Action.THROTTLE,
    Action.SERVER_ERROR,
    Action.ACCESS_DENIED,
    Action.TIMEOUT_BEFORE,
    Action.TIMEOUT_AFTER,
    Action.CONNECT_TIMEOUT,
]
# Another writer had one of the items: only DynamoDB says so.
WAYS_OF = {"dynamodb": [*WAYS, Action.CONFLICT]}
OUTAGE_S = 15 * 60
AFTERWARDS_S = 10 * 60  # the slowest back-off is two minutes, the unsure wait one


def disturb(stage, service, way, times):
    """The first `times` calls of each operation go wrong; None: all of the next 15 minutes.

    Returns the calls that did, by operation.
    """
    began, hit = stage.world.clock.now(), Counter()

    def goes_wrong(call):
        early = (call.at - began).total_seconds() < OUTAGE_S
        wrong = call.service == service and (call.nth <= times if times else early)
        hit[call.operation] += wrong
        return wrong

    stage.world.router.faults.when(goes_wrong, way)
    stage.world.router.faults.arm()
    return hit


def a_conversation(stage, *, files):
    """Both write several times, with pauses."""
    stage.writes("Hello")
    stage.world.run_for(5)
    stage.writes("Are you there?")
    if files:
        stage.sends_picture()
    stage.world.run_for(60)
    stage.writes("My order is late")
    stage.agent.say("Let me see")
    stage.agent.say("It left yesterday")
    if files:
        stage.agent.attach("bill.pdf", "application/pdf", b"%PDF-1.4 a bill")
    stage.world.run_for(30)
    stage.agent.say("Anything else?")
    stage.world.run_for(OUTAGE_S + AFTERWARDS_S)


def a_new_chat(stage, *, files):
    """The disturbance meets a customer whose chat is still to be opened."""
    stage.writes("Hello")
    stage.world.run_for(5)
    stage.writes("Are you there?")
    if files:
        stage.sends_picture()
    stage.world.run_for(OUTAGE_S + AFTERWARDS_S)
    stage.writes("My order is late")
    stage.world.run_for(5)
    stage.answers()
    stage.agent.say("Let me see")
    stage.world.run_for(AFTERWARDS_S)


def play(stages, service, way, times, *, files, opens=False, **allowed):
    stage = stages.take()
    first = len(stage.world.router.calls)
    try:
        if not opens:
            stage.talks()
        hit = disturb(stage, service, way, times)
        (a_new_chat if opens else a_conversation)(stage, files=files)
        assert hit.total(), "nothing went wrong: this case proves nothing"
        stage.world.router.faults.clear()
        stage.writes("Thanks")
        stage.world.run_for(5)
        promises.check(stage, **allowed)
        stage.collect_dead_letters()
        stage.all_over()
    except BaseException as problem:
        failed = [
            f"{call.service}.{call.operation}"
            for call in stage.world.router.calls[first:]
            if call.outcome != "ok"
        ]
        problem.add_note(f"{service} {way}, {times or 'for 15 minutes'}; not ok: {failed[:40]}")
        stage.world.router.faults.clear()
        stages.discard()
        raise


TIMES = {"once": 1, "three times": 3, "15 minutes": None}
# Ingest fails on the standard queue, which keeps no order: what arrives late is shown late (I4).
OVERTAKES = ["sqs"]


def cases(services):
    for service in services:
        for way in WAYS_OF.get(service, WAYS):
            for often, times in TIMES.items():
                yield pytest.param(service, way, times, id=f"{service} {way} {often}")


@pytest.mark.parametrize(("service", "way", "times"), list(cases(IN_A_LIVE_CHAT)))
def test_everything_arrives_in_order_once_a_service_is_back(stages, service, way, times):
    play(stages, service, way, times, files=False, overtaking=service in OVERTAKES)


@pytest.mark.parametrize(("service", "way", "times"), list(cases(OPENS_A_CHAT)))
def test_one_chat_opens_and_everything_arrives_once_a_service_is_back(stages, service, way, times):
    play(stages, service, way, times, files=False, opens=True)


@pytest.mark.parametrize(("service", "way", "times"), list(cases(FILES)))
def test_files_arrive_in_order_once_storage_is_back(stages, service, way, times):
    play(stages, service, way, times, files=True)


def for_good():
    for service in [*SERVICES, *FILES]:
        for often, times in TIMES.items():
            yield pytest.param(service, times, id=f"{service} {often}")


@pytest.mark.parametrize(("service", "times"), list(for_good()))
def test_what_is_refused_for_good_is_parked_or_returned_never_silently_dropped(
    stages, service, times
):
    play(
        stages,
        service,
        Action.VALIDATION,
        times,
        files=True,
        opens=service not in [*IN_A_LIVE_CHAT, *FILES],
        parking=True,
        returned=True,
        overtaking=service in OVERTAKES,
    )


def test_every_dependency_and_every_way_to_fail_is_in_the_matrix(stages):
    """A new service, or a new kind of failure, is missed the day it is written."""
    stage = stages.take()
    first = len(stage.world.router.calls)
    stage.talks()
    a_conversation(stage, files=True)
    stage.sends_voice_note()
    stage.world.run_for(30)
    called = {call.service for call in stage.world.router.calls[first:]}
    assert called == {*SERVICES, *FILES, AI}
    everything = {*WAYS, *WAYS_OF["dynamodb"], Action.VALIDATION, Action.OK, *KILLS}
    assert everything == set(Action)
    stage.all_over()


@pytest.mark.parametrize("times", list(TIMES.values()), ids=list(TIMES))
@pytest.mark.parametrize("way", [*WAYS, Action.VALIDATION])
@pytest.mark.parametrize("opens", [True, False], ids=["opens the chat", "in a live chat"])
def test_a_voice_note_reaches_the_agent_whatever_speech_and_language_services_do(
    stages, opens, way, times
):
    stage = stages.take()
    try:
        if not opens:
            stage.talks()
        _speaks_meanwhile(stage, AI, way, times)
        stage.all_over()
    except BaseException:
        stage.world.router.faults.clear()
        stages.discard()
        raise


@pytest.mark.deep
@pytest.mark.parametrize("times", list(TIMES.values()), ids=list(TIMES))
@pytest.mark.parametrize("way", [*WAYS, Action.VALIDATION])
def test_a_voice_note_reaches_the_agent_whatever_becomes_of_the_key(stages, way, times):
    """A process keeps the key, so that each case has a new one."""
    stages.discard()
    with Stages(settings={"OPENAI_API_KEY": KEY}, prepare=_keeps_the_key) as own:
        stage = own.take()
        stage.talks()
        _speaks_meanwhile(stage, SECRETS, way, times)


KEY = "arn:aws:secretsmanager:us-east-1:123456789012:secret:puente/openai-api-key"


def _keeps_the_key(_world):
    boto3.client("secretsmanager").create_secret(Name="puente/openai-api-key", SecretString="a-key")


def _speaks_meanwhile(stage, service, way, times):
    hit = disturb(stage, service, way, times)
    stage.sends_voice_note()
    stage.world.run_for(OUTAGE_S + AFTERWARDS_S)
    assert hit.total(), "nothing went wrong: this case proves nothing"
    stage.world.router.faults.clear()
    stage.writes("Did you get it?")
    stage.world.run_for(5)
    _heard(stage)


def _heard(stage):
    """The sound once, in its place; the words once, however long the service was away."""
    (chat,) = stage.chats()
    lines = [line for line in stage.seen_by_agent(chat) if line]
    assert lines.count("file") == 1, lines
    assert lines[-1] == "Did you get it?", lines
    assert lines.count("card") == 1, lines
    assert not stage.dead_letters()
    assert not stage.claims()
    assert not stage.left_in_queues()
