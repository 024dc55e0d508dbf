"""A message WhatsApp refused only for now is sent again, and once more if that may have failed."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.contact import Callback, ContactItem, callback_of, read_callback
from chalicelib.conversation import OpenChat, Reply
from chalicelib.errors import Denied, Rejected, ServiceError, Throttled, Unsure
from chalicelib.ports.messages import StatusUpdate
from chalicelib.routing import Entry, read
from chalicelib.send_again import MAX_RESENDS, MAX_UNSURE, SPAM_LIMIT, SendAgain
from chalicelib.whatsapp.failures import failure_of

PAIR_RATE, WINDOW = failure_of(131056), failure_of(131047)
ITEM = ContactItem(
    chat=OpenChat(contact="c"),
    conversation="k",
    customer="u",
    reply=Reply(origination_id="n", to="1"),
)


@dataclass
class Surroundings:
    """Contacts, history, WhatsApp, queue and agent, as small as they can be and still behave."""

    body: str = '{"type": "text"}'
    known: bool = True
    problem: ServiceError | None = None
    status: tuple[str, int] = ("failed", 1)
    now: int = 1000
    claimed: int = 1
    sent: list[dict[str, Any]] = field(default_factory=list)
    queued: list[Entry] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def load(self, contact: str) -> ContactItem | None:
        return ITEM if self.known else None

    def sent_body(self, record: str) -> str:
        return self.body

    def status_of(self, record: str) -> tuple[str, int]:
        return self.status

    def save_status(self, update: StatusUpdate) -> None:
        self.status = (update.status, update.attempt)

    def claim_resend(self, record: str, attempt: int) -> bool:
        fresh, self.claimed = attempt > self.claimed, max(attempt, self.claimed)
        return fresh

    def free_resend(self, record: str, attempt: int) -> None:
        self.claimed = attempt - 1

    def send(self, *args: Any) -> str:
        if len(args) == 1:
            self.queued.extend(args[0])
            return ""
        if self.problem:
            raise self.problem
        self.sent.append(args[1])
        return "wamid"

    def say(self, item: ContactItem, key: str, *cause: object, **values: object) -> bool:
        self.told.append(key)
        return True

    def undelivered(
        self, item: ContactItem, about: str, key: str, *cause: object, **values: object
    ) -> bool:
        return self.say(item, key)

    def again(self) -> SendAgain:
        every: Any = self
        return SendAgain(
            contacts=every,
            history=every,
            whatsapp=every,
            outbox=every,
            tell_agent=every,
            unsure_wait_s=60,
            clock=lambda: self.now,
        )

    def runs(self) -> None:
        """What is queued is done, each when it is due."""
        while self.queued:
            _, job = read(self.queued.pop(0).body)
            self.now = max(self.now, job["due"])
            callback = read_callback(job["callback"])
            assert callback is not None
            self.again().send(callback, job["due"], job["unless_proven"])

    @property
    def attempts(self) -> list[str]:
        return [str(body["biz_opaque_callback_data"]).rpartition("|")[2] for body in self.sent]


FIRST = Callback("c", "e", 0, 1)
SECOND = Callback("c", "e", 0, 2)


def test_a_paced_message_waits_four_seconds_then_sixteen() -> None:
    """LA-28."""
    world = Surroundings()
    assert world.again().plan(FIRST, PAIR_RATE)
    assert world.again().plan(SECOND, PAIR_RATE)
    jobs = [read(entry.body) for entry in world.queued]
    assert [(kind, job["due"] - world.now) for kind, job in jobs] == [("again", 4), ("again", 16)]
    assert jobs[0][1]["callback"] == str(SECOND)


@pytest.mark.parametrize(
    ("callback", "failure", "body"),
    [
        (FIRST, WINDOW, "{}"),
        (FIRST, failure_of(SPAM_LIMIT), "{}"),
        (FIRST, PAIR_RATE, ""),
        (Callback("c", "e", 0, MAX_RESENDS + 1), PAIR_RATE, "{}"),
    ],
    ids=["does not help", "customers complained", "body not kept", "tried enough"],
)
def test_what_sending_again_cannot_mend_is_left_to_the_agent(
    callback: Callback, failure: Any, body: str
) -> None:
    world = Surroundings(body=body)
    assert not world.again().plan(callback, failure)
    assert world.queued == []


def test_it_is_sent_when_due_with_callback_data_of_its_own() -> None:
    world = Surroundings()
    with pytest.raises(Throttled):
        world.again().send(SECOND, due=1001)
    world.again().send(SECOND, due=1000)
    assert [body["biz_opaque_callback_data"] for body in world.sent] == [str(SECOND)]


def test_a_second_delivery_of_the_same_work_sends_nothing() -> None:
    """Its status may be held up by the very disturbance that brought the work twice."""
    world = Surroundings()
    world.again().send(SECOND, due=0)
    world.again().send(SECOND, due=0)
    assert (world.attempts, world.queued, world.told) == (["2"], [], [])


def test_a_second_delivery_of_what_was_refused_for_good_sends_nothing() -> None:
    world = Surroundings(problem=Rejected("no", service="whatsapp", tell_agent="failed.unknown"))
    world.again().send(SECOND, due=0)
    world.again().send(SECOND, due=0)
    assert (world.queued, world.told) == ([], ["failed.unknown"])


def test_a_send_that_died_unproven_is_made_once_more_and_said() -> None:
    """Protocol O1, O2: claimed, and nothing was ever heard of it."""
    world = Surroundings(claimed=2)
    world.again().send(SECOND, due=0)
    assert world.sent == []
    world.runs()
    assert world.now == 1060
    assert world.attempts == ["3"]
    assert world.told == ["outbound.doubled"]


def test_a_send_that_had_no_answer_waits_for_its_status() -> None:
    world = Surroundings(problem=Unsure("lost", service="whatsapp"))
    world.again().send(SECOND, due=0)
    world.problem, world.status = None, ("delivered", 2)
    world.runs()
    assert (world.attempts, world.told) == ([], [])


def test_a_refusal_that_comes_meanwhile_has_its_own_further_send() -> None:
    """Two reasons for one attempt: it is made once."""
    world = Surroundings(problem=Unsure("lost", service="whatsapp"))
    world.again().send(SECOND, due=0)
    world.problem, world.status = None, ("failed", 2)
    assert world.again().plan(SECOND, PAIR_RATE)
    assert len({entry.dedup for entry in world.queued}) == 2
    world.status = ("failed", 2)
    world.runs()
    assert world.attempts == ["3"]


def test_when_no_attempt_is_left_the_agent_has_a_word_of_doubt() -> None:
    world = Surroundings(problem=Unsure("lost", service="whatsapp"))
    world.again().send(SECOND, due=0)
    world.runs()
    assert world.claimed == MAX_UNSURE + 1
    assert world.now - 1000 > 15 * 60
    assert world.told == ["outbound.uncertain"]


def test_a_status_of_that_attempt_leaves_no_doubt() -> None:
    world = Surroundings(status=("sent", 2), claimed=2)
    world.again().send(SECOND, due=0)
    assert (world.sent, world.told) == ([], [])


@pytest.mark.parametrize("refused", [Throttled, Denied])
def test_a_send_that_surely_did_not_happen_may_be_tried_again(refused: type[ServiceError]) -> None:
    """An expired token is no reason for doubt, and none to leave it at one try."""
    world = Surroundings(problem=refused("not now", service="whatsapp"))
    with pytest.raises(refused):
        world.again().send(SECOND, due=0)
    world.problem = None
    world.again().send(SECOND, due=0)
    assert len(world.sent) == 1
    assert world.told == []


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            Rejected("no", service="whatsapp", tell_agent="failed.bad_request"),
            ["failed.bad_request"],
        ),
    ],
)
def test_what_became_of_it_is_told(problem: ServiceError, told: list[str]) -> None:
    world = Surroundings(problem=problem)
    world.again().send(SECOND, due=0)
    assert world.told == told


@pytest.mark.parametrize("world", [Surroundings(known=False), Surroundings(body="")])
def test_a_message_nobody_knows_any_more_is_let_go(world: Surroundings) -> None:
    world.again().send(SECOND, due=0)
    assert (world.sent, world.told) == ([], [])


def test_the_callback_of_a_record_is_that_of_its_first_send() -> None:
    assert callback_of(FIRST.record, "c") == FIRST
    assert callback_of("wamid.X", "c") is None
    assert callback_of(FIRST.record, "") is None
    redriven = Callback("c", "e#r1", 0, 1)
    assert callback_of(redriven.record, "c") == redriven
