"""The protocol's pure rules: what is done, what is claimed, what goes together, what is unsure."""

from dataclasses import replace

import pytest

from chalicelib import contact as contacts
from chalicelib.batches import groups, records, report, side_by_side
from chalicelib.bundles import MAX_CONTENT_BYTES, MAX_EVENTS, Arrival, Queued, plan
from chalicelib.contact import Callback, OutboundPending, judge_unsure, read_callback
from chalicelib.conversation import (
    TAKEOVER_AFTER_SECONDS,
    Conversation,
    Member,
    OpenChat,
    Pending,
    Reply,
    may_take_over,
    maybe_shown_before,
    must_park,
    opening_token,
    part_token,
    taken_over,
    uncertain,
    without_done,
    written_by,
)
from chalicelib.ring import RING_SIZE, Ring, entry

T = 1_795_017_600
REPLY = Reply(origination_id="o", to="15550100001")


def member(number: int, **more: object) -> Member:
    return Member(
        **{"wamid": f"wamid.{number}", "sent_at": T + number, "text": f"t{number}"} | more
    )


def queued(one: Member, receipt: str = "") -> Queued:
    return Queued(receipt or one.wamid, Arrival(keys=("k",), reply=REPLY), one, f"body {one.wamid}")


# --- what was written before a wish to be forgotten -------------------------------------------


@pytest.mark.parametrize(
    ("sent_at", "received_at", "by"),
    [
        pytest.param(T, T + 2, T + 2, id="AWS had it two seconds later"),
        pytest.param(T - 300, T + 2, T + 2, id="WhatsApp's clock may be behind"),
        pytest.param(T, T + 7200, T + 600, id="long on its way: written long before"),
        pytest.param(T + 300, T, T, id="WhatsApp's clock is ahead"),
        pytest.param(T, 0, T + 600, id="nobody says when it came"),
        pytest.param(T, T - 86_400, T + 600, id="no event comes a day before it is written"),
        pytest.param(0, T, T, id="nobody says when it was written"),
        pytest.param(0, 0, 0, id="nobody says anything"),
    ],
)
def test_by_when_a_message_was_surely_written(sent_at, received_at, by):
    assert written_by(sent_at, received_at) == by


# --- ring -----------------------------------------------------------------------------------


def test_what_is_in_the_ring_is_done_and_the_rest_is_new():
    ring = Ring().add([entry("a", 1)])
    assert entry("a", 1) in ring
    assert entry("b", 2) not in ring
    assert not ring.may_have_forgotten(entry("b", 2))


def test_a_full_ring_forgets_the_oldest_and_knows_that_it_did():
    ring = Ring().add(entry(str(number), number) for number in range(RING_SIZE + 2))
    assert len(ring.entries) == RING_SIZE
    assert ring.forgotten_until == 1
    assert ring.may_have_forgotten(entry("0", 0))
    assert ring.may_have_forgotten(entry("never seen, as old", 1))
    assert not ring.may_have_forgotten(entry("younger", 2))


def test_adding_twice_takes_no_room():
    ring = Ring().add([entry("a", 1)]).add([entry("a", 1)])
    assert len(ring.entries) == 1


def test_an_entry_is_small_and_tells_nothing_about_the_wamid():
    assert "wamid" not in entry("wamid.HBgL", T)
    assert len(entry("x" * 200, T)) < 25


# --- claims ---------------------------------------------------------------------------------


def pending(**more: object) -> Pending:
    return Pending(**{"id": "p", "members": (member(1),), "since": T, "claimed_at": T} | more)


@pytest.mark.parametrize(("age", "free"), [(0, False), (29, False), (30, True)])
def test_a_claim_is_left_alone_while_its_worker_may_live(age, free):
    assert may_take_over(T, T + age) is free
    assert TAKEOVER_AFTER_SECONDS == 30


def test_a_released_claim_is_free_at_once():
    assert may_take_over(0, T)


def test_each_takeover_counts_and_the_third_crash_parks():
    first = pending()
    assert not must_park(first)
    second = taken_over(first, "q", T + 40)
    third = taken_over(second, "r", T + 80)
    assert (second.attempts, second.since, second.members) == (2, T + 40, first.members)
    assert not must_park(second)
    assert not must_park(third)
    assert must_park(taken_over(third, "s", T + 120))
    assert third.claimed_at == T


def test_done_and_doubtful_members_are_told_apart():
    ring = Ring(entries=(member(1).ring_entry,), forgotten_until=T + 2)
    every = [member(1), member(2), member(3)]
    assert without_done(every, ring) == (member(2), member(3))
    assert uncertain(every, ring) == (member(2),)


def test_a_redriven_message_counts_as_another_one():
    assert member(1, redrive=2).done_id == "wamid.1#r2"
    assert member(1, redrive=2).ring_entry != member(1).ring_entry


def test_tokens_are_the_same_on_every_attempt_and_different_for_every_content():
    """Law 5."""
    wamids = ("wamid.1", "wamid.2")
    assert part_token(wamids, 0, "c1") == part_token(wamids, 0, "c1")
    every = {
        part_token(wamids, 0, "c1"),
        part_token(wamids, 1, "c1"),
        part_token(wamids, 0, "c2"),
        part_token(wamids[:1], 0, "c1"),
        opening_token(wamids, 0),
        opening_token(wamids, 1),
    }
    assert len(every) == 6
    assert all(len(token) <= 500 for token in every)


def conversation(**more: object) -> Conversation:
    return Conversation(**{"key": "k", "customer": "c", "reply": REPLY} | more)


def test_a_conversation_lives_from_its_chat_to_that_chats_end():
    chat = OpenChat(contact="c1")
    assert not conversation().live
    assert conversation(chat=chat).live
    assert conversation(chat=chat, ended="older").live
    assert not conversation(chat=chat, ended="c1").live


def test_only_a_chat_that_was_open_after_the_claim_may_have_shown_it():
    """I2: marked "repeated" where it may be, and only there."""
    chat = OpenChat(contact="c1")
    assert not maybe_shown_before(conversation(), pending())
    assert maybe_shown_before(conversation(), pending(repeat=True))
    assert maybe_shown_before(conversation(chat=chat), pending())
    ended = conversation(chat=chat, ended="c1")
    assert maybe_shown_before(replace(ended, ended_at=T + 1), pending())
    assert not maybe_shown_before(replace(ended, ended_at=T - 1), pending())


# --- bundles --------------------------------------------------------------------------------


def texts(*members: Member) -> list[list[str]]:
    return [[one.text for one in bundle.members] for bundle in plan([queued(m) for m in members])]


def test_texts_that_waited_together_go_together_by_whatsapps_time():
    assert texts(member(2), member(1), member(3)) == [["t1", "t2", "t3"]]


def test_a_file_stands_alone_and_keeps_its_place():
    assert texts(member(1), member(2, media_id="m"), member(3), member(4)) == [
        ["t1"],
        ["t2"],
        ["t3", "t4"],
    ]


def test_a_redriven_message_is_never_merged():
    assert texts(member(1), member(2, redrive=1), member(3)) == [["t1"], ["t2"], ["t3"]]


def test_merging_ends_where_connects_message_does():
    half = "x" * (MAX_CONTENT_BYTES // 2)
    assert texts(member(1, text=half), member(2, text=half)) == [[half], [half]]
    assert texts(member(1, text=half), member(2, text=half[1:])) == [[half, half[1:]]]


def test_a_repeat_in_one_batch_is_shown_once():
    [bundle] = plan([queued(member(1), "r1"), queued(member(1), "r2"), queued(member(2), "r3")])
    assert bundle.receipts == ("r1", "r3")
    assert bundle.bodies == {"wamid.1": "body wamid.1", "wamid.2": "body wamid.2"}


# --- batches --------------------------------------------------------------------------------


def lambda_event(*rows: tuple[str, str]) -> dict[str, object]:
    return {
        "Records": [
            {
                "messageId": name,
                "receiptHandle": f"h{name}",
                "body": "{}",
                "attributes": {"MessageGroupId": group, "ApproximateReceiveCount": "2"},
            }
            for name, group in rows
        ]
    }


def test_no_more_travel_together_than_can_be_recorded_or_parked_in_one_piece():
    """DynamoDB takes 100 items in a transaction, SQS 1 MiB in a letter."""
    every = plan([queued(member(number)) for number in range(25)])
    assert [len(bundle.members) for bundle in every] == [10, 10, 5]
    large = [replace(queued(member(n)), body="x" * (MAX_EVENTS // 2)) for n in range(3)]
    assert [len(bundle.members) for bundle in plan(large)] == [2, 1]


def test_groups_keep_their_order_and_only_the_failed_are_reported():
    every = groups(records(lambda_event(("1", "a"), ("2", "b"), ("3", "a"))))
    assert [[record.message_id for record in group] for group in every] == [["1", "3"], ["2"]]
    failed = side_by_side(lambda group: group[1:], every)
    assert report(failed) == {"batchItemFailures": [{"itemIdentifier": "3"}]}


def test_an_empty_event_is_no_work():
    assert records({}) == []
    assert side_by_side(lambda group: group, []) == []


# --- the way back ---------------------------------------------------------------------------


def test_callback_data_names_contact_event_part_and_attempt():
    told = Callback("c1", "e1", 2, 3)
    assert read_callback(str(told)) == told
    assert told.record == contacts.record_key("e1", 2) == "out#e1#2"
    assert len(str(Callback("c" * 36, "e" * 36, 99, 99))) <= 512


@pytest.mark.parametrize(
    "text", [None, "", "x", "2|c|e|0|1", "1|c|e|x|1", "1|c|e|0", "1|c|e|0|1|2"]
)
def test_other_peoples_callback_data_is_not_ours(text):
    assert read_callback(text) is None


def sending(**more: object) -> OutboundPending:
    return OutboundPending(**{"id": "p", "event": "e", "sent_at": T, "since": T} | more)


@pytest.mark.parametrize(
    ("proven", "age", "verdict"),
    [(1, 0, "proven"), (0, 59, "wait"), (0, 60, "send_again"), (2, 600, "proven")],
)
def test_an_unsure_send_is_proven_or_waited_for_or_repeated(proven, age, verdict):
    assert judge_unsure(sending(), proven, T + age, 60) == verdict


def test_a_claim_taken_over_remembers_when_its_part_may_have_been_sent():
    again = contacts.resumed(sending(), "q", T + 40)
    assert (again.id, again.attempts, again.since) == ("q", 2, T)
    released = contacts.resumed(sending(since=0), "q", T + 40)
    assert released.since == T + 40


def test_the_next_part_starts_with_its_first_attempt():
    after = contacts.next_part(sending(next=1, attempt=3), T + 5)
    assert (after.next, after.attempt, after.since) == (2, 1, T + 5)
    assert contacts.sending_again(sending(), T + 5).attempt == 2
