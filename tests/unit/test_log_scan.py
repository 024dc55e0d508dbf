"""The scan of the whole session's log sees what it is there to see."""

from chalicelib import log
from sandbox.world import World
from tests.log_scan import (
    SHORTEST,
    leaks,
    names_of,
    of_payloads,
    of_world,
    our_sentences,
    written,
)
from tests.scenarios.people import live_chat
from tests.source_tree import ROOT


def test_what_people_wrote_are_called_and_hold_is_private() -> None:
    with World() as world:
        talk = live_chat(world, "Wilhelmina Quagmire", "15550177123")
        talk.customer.says("my zebra needs a passport")
        world.run_for(5)
        talk.agent.say("bring the zebra tomorrow")
        world.run_for(5)
        private = set(of_world(world))
    for text in ("Wilhelmina Quagmire", "15550177123", talk.customer.user_id):
        assert text in private
    assert {"my zebra needs a passport", "bring the zebra tomorrow"} <= private
    assert talk.customer.sent[0].wamid in private
    assert {one.token for one in talk.chat.participants} <= private
    assert set(world.connections._given) <= private


def test_the_event_files_give_their_words_and_numbers() -> None:
    private = set(of_payloads(ROOT / "tests" / "events"))
    assert len([text for text in private if len(text) >= SHORTEST]) > 50
    assert set(written({"a": [{"wa_id": "15550177123", "other": "left out of it"}]})) == {
        "15550177123"
    }


def test_a_line_that_holds_a_private_text_is_found_and_our_own_sentences_are_not() -> None:
    sentence = next(one for one in our_sentences() if one == "a message waits for its next try")
    lines = [
        f'{{"level":"ERROR","message":"{sentence}","problem":"Throttled"}}',
        '{"level":"INFO","message":"moved","to":"+15550177123"}',
    ]
    assert leaks(lines, [sentence, "15550177123", "my zebra needs a passport", "moved"]) == [
        ("15550177123", lines[1])
    ]


def test_a_short_name_is_found_as_a_word_of_its_own() -> None:
    lines = ['{"message":"moved","of":"Mia"}', '{"message":"Miami"}', '{"code":"ben_3"}']
    assert leaks(lines, [], ["Mia", "Ben", "Al"]) == [("Mia", lines[0])]


def test_a_number_in_a_name_is_nobodys() -> None:
    """Identifiers are full of numbers."""
    assert not leaks(['{"contact":"38bee7bc-1205-4d00"}'], [], ["Customer 1205"])


def test_what_customers_are_called_is_told_before_their_sandbox_closes() -> None:
    with World() as world:
        live_chat(world, "Mia")
        assert "Mia" in set(names_of(world))


def test_everything_the_product_logs_reaches_the_scan(nothing_personal_is_logged) -> None:
    log.info("a flow asked for a voice note's facts", status="test of the scan")
    assert any("test of the scan" in line for line in nothing_personal_is_logged.lines)
