"""Growth, rate and goals: a read that grows and a goal that is missed would be seen."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchmarks import goals, growth, load, null_wire, rate, startup
from chalicelib.gateways.conversation_table import ConversationTable
from chalicelib.gateways.items import MessageItem
from chalicelib.ports.conversations import Claimed
from sandbox.product_output import caught

A_CROWD = load.Result(
    customers=9,
    seconds=1,
    sent=40,
    delivered=39,
    lost=1,
    duplicated=0,
    disordered=0,
    p50_ms=75,
    p95_ms=255,
    peak_rss_mb=200,
    rss_mb=[1, 2],
    kept_kb=20,
    workers_rss_mb=[[136, 136], [130, 150]],
    workers_cpu_ms=9,
    real_s=1,
    per_s=40,
)


def marked(rows):
    return [row.what for row in rows if row.reached is False]


def test_what_misses_its_goal_is_marked_and_named_at_the_end():
    slow = null_wire.CpuResult(
        median_ms=2.1,
        p99_ms=5,
        per_s=500,
        quiet_ms=2,
        sdk_ms=1,
        function_calls=7000,
        emulators_ms=1,
        log_bytes=601,
        rss_growth_mb=0,
    )
    rows = goals.cpu(slow)
    assert marked(rows) == ["CPU of a text, median", "logged for a text"]
    assert "| <= 2 ms | 2.1 ms | not reached |" in goals.table(rows)
    assert goals.missed(rows) == "Not reached: CPU of a text, median; logged for a text."
    assert goals.missed(rows[1:3]) == "Every goal is reached."


def test_a_lost_message_and_a_process_that_grows_are_marked():
    step = rate.Step(customers=9, per_s=36, borne=True, result=A_CROWD)
    assert marked(goals.load(A_CROWD)) == ["9 customers: lost"]
    assert marked(goals.rate([step, replace(step, result=replace(A_CROWD, lost=0))])) == [
        "over HTTP, all other crowds: harmed messages",
        "over HTTP, 9 customers: memory of each process",
    ]
    assert marked(goals.rate([step])) == [
        "over HTTP, 9 customers: lost",
        "over HTTP, 9 customers: memory of each process",
    ]


def test_a_slow_start_and_a_module_that_is_not_needed_are_marked():
    stages = {
        name: startup.Start(ms=100, rss_mb=71, ratio=1.3, forbidden=["openai"])
        for name in ("ingest", "inbound", "outbound")
    }
    assert marked(goals.start(stages)) == [
        "start of ingest",
        "memory of ingest at its start",
        "AI and media modules in ingest",
        "memory of inbound at its start",
        "AI and media modules in inbound",
    ]


def test_a_read_that_grows_is_marked():
    cost = growth.Cost(calls=5, items_read=3, bytes_out=9, cpu_ms=2, emulators_ms=1)
    base, after = (
        growth.State(
            stored=growth.Stored(messages=size, of_customer=size, conversations=size),
            kinds={"text_live": replace(cost, items_read=size)},
        )
        for size in (1, 1000)
    )
    assert marked(goals.growth({"base": base, "grown": after})) == ["text live: items read"]


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
