"""The benchmark counts what happens, says what was not reached, and its document is current."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from benchmarks import calls, costs, growth, load, null_wire, rate, startup
from benchmarks.__main__ import app
from benchmarks.calls import Figure
from benchmarks.latency import milliseconds
from benchmarks.table import GOALS, reached, table
from chalicelib.gateways.conversation_table import ConversationTable
from chalicelib.gateways.items import MessageItem
from chalicelib.ports.conversations import Claimed
from sandbox.product_output import caught

NAMES = {
    "first_text_new",
    "text_live",
    "text_after_end",
    "burst_of_four",
    "voice_10s_live",
    "voice_60s_live",
    "voice_first",
    "image_live",
    "agent_text",
    "agent_attachment",
    "status",
    "chat_ended",
}


@pytest.fixture(scope="module")
def figures():
    with caught():
        return calls.measure()


def test_every_case_of_the_issue_is_measured(figures):
    assert set(figures) == NAMES == set(GOALS)


def test_no_case_needs_more_calls_or_time_than_its_goal(figures):
    """LA-54, CP-38, CP-39."""
    missed = [name for name, one in figures.items() if not reached(one, GOALS[name][2])]
    assert missed == []


def test_calls_are_the_sum_of_their_operations_and_receipts_stand_apart(figures):
    for figure in figures.values():
        assert figure.calls == sum(figure.by_operation.values())
    assert figures["text_live"].apart == 1
    assert "socialmessaging.SendWhatsAppMessage" not in figures["text_live"].by_operation


def test_a_goal_that_is_missed_is_said_in_the_table(figures):
    slow = {**figures, "text_live": replace(figures["text_live"], calls=9)}
    assert "9, 75 ms (not reached)" in table(slow)
    assert "not reached" not in table(figures)
    assert not reached(Figure(4, 91, {}, 0), (4, 90))


def test_an_operation_the_latency_model_does_not_know_stops_the_benchmark(figures):
    class Unknown:
        service, operation = "polly", "SynthesizeSpeech"

    with pytest.raises(KeyError, match="polly"):
        milliseconds(Unknown())


def test_the_cost_document_holds_what_the_benchmark_counts(figures):
    document = Path(__file__).parents[2] / "docs" / "costs.md"
    assert document.read_text(encoding="utf-8") == costs.document(figures) + "\n", (
        "run python -m benchmarks costs"
    )


def test_the_cost_command_compares_and_writes(figures, monkeypatch, tmp_path):
    monkeypatch.setattr(calls, "measure", lambda: figures)
    monkeypatch.setattr("benchmarks.__main__.DOCUMENT", tmp_path / "costs.md")
    (tmp_path / "costs.md").write_text("old", encoding="utf-8")
    assert CliRunner().invoke(app, ["costs", "--check"]).exit_code == 1
    assert CliRunner().invoke(app, ["costs"]).exit_code == 0
    assert CliRunner().invoke(app, ["costs", "--check"]).exit_code == 0


@pytest.mark.deep
def test_everything_is_printed_for_people(figures, monkeypatch):
    monkeypatch.setattr(calls, "measure", lambda: figures)
    monkeypatch.setattr(startup.measure, "__defaults__", (1,))
    monkeypatch.setattr(null_wire.measure, "__defaults__", (20,))
    small = growth.Plan(rounds=1, history=2, conversations=2, others=1, earlier=0)
    monkeypatch.setattr(growth.measure, "__defaults__", (small,))
    done = CliRunner().invoke(app, ["all", "--customers", "3"])
    assert done.exit_code == 0
    for word in ("text, live chat", "ingest", "median_ms", "text live", "p95_ms"):
        assert word in done.stdout


def test_the_number_of_billed_messages_is_the_bill(figures):
    texts, bursts, *_ = costs.rows(figures)
    assert texts.by_payee["other AWS"] < texts.total / 100
    assert bursts.total < 4 * texts.total  # merged: Connect is paid once


def test_the_calls_command_prints_one_json_object(figures, monkeypatch):
    monkeypatch.setattr(calls, "measure", lambda: figures)
    done = CliRunner().invoke(app, ["calls", "--json"])
    printed = json.loads(done.stdout)
    assert set(printed) == NAMES
    assert {"calls", "agent_sees_ms", "by_operation"} <= set(printed["text_live"])


@pytest.mark.deep
def test_a_small_crowd_gets_every_message_once_and_in_order():
    done = CliRunner().invoke(app, ["load", "--customers", "12", "--seconds", "5", "--json"])
    printed = json.loads(done.stdout)
    assert done.exit_code == 0
    assert printed["sent"] == printed["delivered"] > 48
    assert (printed["lost"], printed["duplicated"], printed["disordered"]) == (0, 0, 0)
    assert 0 < printed["p50_ms"] <= printed["p95_ms"]


def test_the_load_sees_what_is_lost_doubled_and_out_of_order():
    assert load._disordered(["a", "b", "c"], ["b", "a", "c"]) == 1
    assert load._disordered(["a", "b", "c"], ["a", "b", "c"]) == 0


def borne_up_to(most):
    """A machine that bears this many customers."""
    unharmed = SimpleNamespace(
        p95_ms=1, lost=0, duplicated=0, disordered=0, workers_rss_mb=[], harmed=False
    )

    def step(customers):
        return rate.Step(
            customers=customers, per_s=customers / 5, borne=customers <= most, result=unharmed
        )

    return step


@pytest.mark.parametrize(("most", "found"), [(180, 175), (99, 87), (50, 50)])
def test_the_rate_is_looked_for_between_the_last_crowd_that_is_borne_and_the_next(most, found):
    steps = rate.search(borne_up_to(most), start=50)
    best = steps[-1]
    assert (best.borne, best.customers) == (True, found)
    assert f"{best.per_s:.1f} messages/s" in rate.report(steps)


def test_a_machine_that_bears_nothing_is_said_to_bear_less_than_the_smallest_crowd():
    steps = rate.search(borne_up_to(3), start=50)
    assert [one.customers for one in steps] == [50]
    assert "less than 10.0 messages/s" in rate.report(steps)


@pytest.mark.deep
def test_replayed_answers_cost_cpu_but_no_emulator():
    result = null_wire.measure(rounds=40)
    assert 0 < result.sdk_ms < result.quiet_ms <= result.median_ms <= result.p99_ms
    assert 0 < result.log_bytes <= 600


def test_the_text_path_loads_nothing_that_only_media_and_ai_need():
    starts = startup.measure(runs=1)
    for name in ("ingest", "inbound"):
        assert starts[name].forbidden == []
        assert starts[name].rss_mb <= 70


def grown(kinds=(), rounds=1):
    plan = growth.Plan(rounds=rounds, history=20, conversations=5, others=1, earlier=0, kinds=kinds)
    with caught():
        states = growth.measure(plan)
    assert states["grown"].stored.messages >= 20 * states["base"].stored.messages
    assert states["grown"].stored.of_customer >= 20 * states["base"].stored.of_customer
    assert states["grown"].stored.conversations >= 5 * states["base"].stored.conversations
    return states["base"].kinds, states["grown"].kinds


def test_what_is_stored_changes_neither_a_texts_calls_nor_the_items_read_for_it():
    """LA-57."""
    base, after = grown(("text_live",))
    assert after["text_live"].calls == base["text_live"].calls
    assert after["text_live"].items_read == base["text_live"].items_read > 0


def test_a_read_of_the_whole_history_would_be_seen_to_grow(monkeypatch):
    claim = ConversationTable.claim

    def claim_after_reading(self, key, pending):
        claimed = claim(self, key, pending)
        if isinstance(claimed, Claimed):
            self._db.find(MessageItem, "by_customer", "customer", claimed.conversation.customer)
        return claimed

    monkeypatch.setattr(ConversationTable, "claim", claim_after_reading)
    base, after = grown(("text_live",))
    assert after["text_live"].calls == base["text_live"].calls
    assert after["text_live"].items_read > base["text_live"].items_read + 20


@pytest.mark.deep
def test_what_is_stored_changes_no_kind_of_message():
    base, after = grown()
    for name in growth.KINDS:
        assert (after[name].calls, after[name].items_read) == (
            base[name].calls,
            base[name].items_read,
        )
        assert after[name].bytes_out == pytest.approx(base[name].bytes_out, rel=0.1)


def test_growth_is_shown_before_and_after():
    cost = growth.Cost(calls=5, items_read=3, bytes_out=9, cpu_ms=None, emulators_ms=1)
    few, many = (
        growth.State(
            stored=growth.Stored(messages=size, of_customer=1, conversations=1),
            kinds={"text_live": cost},
        )
        for size in (10, 10_000)
    )
    shown = growth.report({"base": few, "grown": many})
    assert "messages: 10 -> 10,000 (1,000 times)" in shown
    assert "| text live | 5 -> 5 | 3 -> 3 | 9 -> 9 |  | 1 -> 1 |" in shown
