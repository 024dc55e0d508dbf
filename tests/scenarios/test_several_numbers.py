"""A business with several numbers: each may have its own flow and language (UT-29, CP-13)."""

import json
from collections.abc import Iterator

import pytest

from chalicelib.errors import SettingsError
from chalicelib.settings import Settings
from sandbox.whatsapp.account import BusinessNumber
from sandbox.world import World
from tests.unit.test_settings import REQUIRED

CLAIMS = BusinessNumber(meta_id="106540352242999", key="b" * 32, number="15550100300")
FLOW = "44444444-4444-4444-8444-0000000000cc"
GREETING = "This is the claims desk."


def claims_flow() -> str:
    """A flow that only greets."""
    end = {"Identifier": "end", "Type": "DisconnectParticipant", "Parameters": {}}
    greet = {
        "Identifier": "greet",
        "Type": "MessageParticipant",
        "Parameters": {"Text": GREETING},
        "Transitions": {
            "NextAction": "end",
            "Errors": [{"NextAction": "end", "ErrorType": "NoMatchingError"}],
            "Conditions": [],
        },
    }
    return json.dumps(
        {
            "Version": "2019-10-30",
            "StartAction": "greet",
            "Metadata": {},
            "Actions": [greet, {**end, "Transitions": {}}],
        }
    )


@pytest.fixture
def world() -> Iterator[World]:
    settings = {
        "CONNECT_FLOWS_BY_NUMBER": f"{CLAIMS.eum_id}={FLOW}",
        "LANGUAGES_BY_NUMBER": f"{CLAIMS.eum_id} = es",
    }
    with World(settings=settings) as running:
        running.network.account.numbers.append(CLAIMS)
        running.instance.flows.add("claims", claims_flow(), flow_id=FLOW, kind="contact-flow")
        yield running


def test_each_number_opens_its_own_flow_and_answers_from_it(world: World) -> None:
    mia = world.phones.add("Mia", "4915550100001")
    mia.says("Hello")
    world.run_for(5)
    assert mia.texts
    assert GREETING not in mia.texts
    mia.writes_to(CLAIMS)
    mia.says("I have a claim")
    world.run_for(5)
    assert mia.texts[-1] == GREETING
    assert [chat.attributes["language"] for chat in world.chats] == ["unknown", "es"]


def test_the_customers_own_country_speaks_louder_than_the_number(world: World) -> None:
    joao = world.phones.add("Joao", "5511955501000")
    joao.writes_to(CLAIMS)
    joao.says("Bom dia")
    world.run_for(5)
    assert [chat.attributes["language"] for chat in world.chats] == ["pt"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CONNECT_FLOWS_BY_NUMBER", "phone-number-id-a", "number=value"),
        ("LANGUAGES_BY_NUMBER", "phone-number-id-a=klingon", "'en', 'es' or 'pt'"),
    ],
)
def test_a_wrong_pair_is_told_at_start(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Settings.from_environment({**REQUIRED, name: value})
