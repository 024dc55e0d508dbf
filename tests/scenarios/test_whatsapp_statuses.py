"""Whatever order the statuses of a message come in, what is kept only moves forward."""

import itertools

from chalicelib.ports.messages import StatusUpdate
from chalicelib.whatsapp.statuses import rank, supersedes
from sandbox.world import World

TICKS = ("sent", "failed", "delivered", "read")


def update(record: str, status: str, attempt: int = 1) -> StatusUpdate:
    return StatusUpdate(record=record, attempt=attempt, status=status, rank=rank(status), at=1)


def test_every_order_of_arrival_ends_with_the_furthest_status(world: World) -> None:
    for number, order in enumerate(itertools.permutations(TICKS)):
        record = f"out#order{number}#0"
        kept = 0
        for status in order:
            world.app.history.save_status(update(record, status))
            now = rank(world.app.history.status_of(record)[0])
            assert now >= kept
            kept = now
        assert world.app.history.status_of(record) == ("read", 1)


def test_the_table_keeps_what_the_rule_says_for_every_two_statuses_of_any_two_sends(
    world: World,
) -> None:
    history, sends = world.app.history, (1, 2)
    pairs = itertools.product(TICKS, sends, TICKS, sends)
    for number, (known, known_attempt, seen, attempt) in enumerate(pairs):
        record = f"out#rule{number}#0"
        history.save_status(update(record, known, known_attempt))
        moved = history.save_status(update(record, seen, attempt)).moved
        assert moved == supersedes(known, known_attempt, seen, attempt)
        kept = (seen, attempt) if moved else (known, known_attempt)
        assert history.status_of(record) == kept


def test_a_second_send_is_marked_only_while_no_status_has_come(world: World) -> None:
    history = world.app.history
    assert history.sent_again("out#late#0", 2)
    assert history.sends("out#late#0") == 2
    history.save_status(update("out#proven#0", "sent"))
    assert not history.sent_again("out#proven#0", 2)
    assert history.sends("out#proven#0") == 1


def test_a_message_sent_again_begins_anew_after_its_failure_only(world: World) -> None:
    history = world.app.history
    history.save_status(update("out#a#0", "failed"))
    assert history.save_status(update("out#a#0", "sent", attempt=2)).moved
    assert history.status_of("out#a#0") == ("sent", 2)
    history.save_status(update("out#b#0", "delivered"))
    assert not history.save_status(update("out#b#0", "failed", attempt=2)).moved
    assert history.status_of("out#b#0") == ("delivered", 1)
