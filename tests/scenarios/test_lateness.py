"""Supervisors promise two minutes; what took longer is counted against the objective (CP-41)."""

import json
from collections import Counter

from chalicelib import log, objective
from chalicelib.conversation import Member
from chalicelib.objective import IN_TIME_SECONDS
from sandbox.faults import Action
from sandbox.product_output import ProductOutput, caught
from tests.scenarios.people import LONG_ENOUGH_S, failing, live_chat, sent_texts, words


def counted(printed: ProductOutput) -> Counter[str]:
    """Every metric of the product, added up."""
    found: Counter[str] = Counter()
    for line in printed.getvalue().splitlines():
        told = json.loads(line)
        for group in told.get("_aws", {}).get("CloudWatchMetrics", ()):
            for metric in group["Metrics"]:
                found[metric["Name"]] += sum(told[metric["Name"]])
    return found


def test_messages_that_pass_at_once_are_not_late(world):
    with caught() as printed:
        talk = live_chat(world)
        talk.customer.says("And my order?")
        talk.agent.say("It is on its way.")
        world.run_for(IN_TIME_SECONDS)
    found = counted(printed)
    assert found["InboundMessages"] == 2
    assert found["OutboundMessages"] >= 1  # the flow greets, too
    assert not {"InboundLate", "OutboundLate"} & found.keys()


def test_a_customers_message_that_an_outage_held_is_late(world):
    with caught() as printed:
        talk = live_chat(world)
        failing(world, "connectparticipant", "SendMessage", Action.SERVER_ERROR, 20)
        talk.customer.says("And my order?")
        world.run_for(2 * LONG_ENOUGH_S)
    assert words(talk.chat)[-1] == "And my order?"
    assert counted(printed)["InboundLate"] == 1


def test_an_answer_that_an_outage_held_is_late(world):
    with caught() as printed:
        talk = live_chat(world)
        failing(world, "socialmessaging", "SendWhatsAppMessage", Action.THROTTLE, 12)
        talk.agent.say("It is on its way.")
        world.run_for(2 * LONG_ENOUGH_S)
    assert sent_texts(talk.customer)[-1] == "It is on its way."
    found = counted(printed)
    assert found["OutboundLate"] == 1
    assert "InboundLate" not in found


def test_what_nobody_dated_is_not_late(capsys):
    objective.count_inbound([Member(wamid="wamid.one", sent_at=0)], now=1_795_017_600)
    log.flush()
    assert "InboundLate" not in capsys.readouterr().out
