"""Dead letters of the deployed stage, and an operator who looks after them.

Three arise, each in its own way: Connect refuses a message for good, nobody can read an event, and
SQS itself gives up on a message that no function reads.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from infra import names
from infra.functions import MAX_RECEIVES
from infra.names import Names
from infra.rehearsal.conversation import Pair, Timeline
from infra.rehearsal.local_aws import LocalAws, RehearsalProblem
from infra.rehearsal.operator import Operator
from infra.rehearsal.surroundings import Surroundings
from sandbox.faults import Action

REFUSED = "My order 777 arrived broken"
NO_EVENT = "this is no event"
UNREAD = "Where is my order 888?"
FIRST, SECOND = 1, 2  # how many our own code has parked
POLL_SECONDS = 2  # the local AWS looks at a queue each second


class Queues:
    """The stage's queues on the local AWS, and who reads them."""

    def __init__(self, aws: LocalAws, at: Names) -> None:
        self.sqs, self.sns, self.functions = map(aws.client, ("sqs", "sns", "lambda"))
        self.at = at

    def waiting(self, queue: str) -> int:
        told = self.sqs.get_queue_attributes(
            QueueUrl=self.url(queue), AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(told["Attributes"]["ApproximateNumberOfMessages"])

    def url(self, queue: str) -> str:
        return str(self.sqs.get_queue_url(QueueName=self.at.queue(queue))["QueueUrl"])

    def read_by_function(self, queue: str, *, on: bool) -> None:
        """Switch a queue's event source, and wait until the local AWS has seen it."""
        arn = self.at.queue_arn(queue)
        (source,) = self.functions.list_event_source_mappings(EventSourceArn=arn)[
            "EventSourceMappings"
        ]
        self.functions.update_event_source_mapping(UUID=source["UUID"], Enabled=on)
        time.sleep(POLL_SECONDS)

    def receive_too_often(self, queue: str) -> None:
        """Take and never delete, until SQS moves what is there into the queue's own letters."""
        for _ in range(2 * MAX_RECEIVES):
            self.sqs.receive_message(QueueUrl=self.url(queue), VisibilityTimeout=0)
            if self.waiting(names.letters_of(queue)):
                return
        raise RehearsalProblem(f"SQS moves nothing of {queue} after {MAX_RECEIVES} receives")


def hold(
    queues: Queues,
    around: Surroundings,
    pair: Pair,
    operator: Callable[[], Operator],
    say: Callable[[str], None],
) -> None:
    """Letters arise and are listed, shown, sent again, dropped. Raises RehearsalProblem."""
    line = Timeline(say)
    _refused(around, queues, pair, line)
    _unreadable(queues, line)
    _given_up(around, queues, pair, line)
    knows = operator()
    line.add('an operator evals "$(python -m infra env)" in a shell of their own')
    refused, unreadable, given_up = _listed(knows, line)
    _shown(knows, {refused: REFUSED, unreadable: NO_EVENT, given_up: UNREAD}, line)
    for letter, words in ((refused, REFUSED), (given_up, UNREAD)):
        told = knows.ops("dlq", "redrive", letter)
        line.add(f"$ python -m ops dlq redrive {letter[:8]}: {_words(told)}")
        line.until(f"Ben reads, once: {words}", partial(_reads_once, around, pair, words))
    told = knows.ops("dlq", "drop", unreadable, "--yes")
    line.add(f"$ python -m ops dlq drop {unreadable[:8]} --yes: {_words(told)}")
    if left := knows.letters():
        raise RehearsalProblem(f"letters are left: {left}")
    line.add("$ python -m ops dlq list --json: no letters")


def _words(told: str) -> str:
    """What a command says, without the letter's id."""
    return told.partition("  ")[2].strip()


def _reads_once(around: Surroundings, pair: Pair, words: str) -> bool:
    return _desk(around, pair).count(words) == 1


def _refused(around: Surroundings, queues: Queues, pair: Pair, line: Timeline) -> None:
    """Our code parks it, and the agent is told."""
    with around.lock:
        around.world.router.faults.on("connectparticipant", "SendMessage", Action.VALIDATION)
        around.world.router.faults.arm()
        pair.phone.says(REFUSED)
    line.add(f"Leo writes: {REFUSED}; Connect refuses it for good")
    line.until("Ben reads that a message waits", lambda: "not be shown" in _desk(around, pair))
    line.until("it is a letter", lambda: queues.waiting(names.DEAD_LETTERS) == FIRST)
    with around.lock:
        around.world.router.faults.clear()


def _unreadable(queues: Queues, line: Timeline) -> None:
    topic = queues.at.topic_arn(names.WHATSAPP_EVENTS)
    queues.sns.publish(TopicArn=topic, Message=NO_EVENT)
    line.add("something that is no event comes to the topic")
    line.until("it is a letter, too", lambda: queues.waiting(names.DEAD_LETTERS) == SECOND)


def _given_up(around: Surroundings, queues: Queues, pair: Pair, line: Timeline) -> None:
    queues.read_by_function(names.INBOUND, on=False)
    with around.lock:
        pair.phone.says(UNREAD)
    line.add(f"the function of customers' messages is switched off; Leo writes: {UNREAD}")
    line.until("it waits in the queue", lambda: queues.waiting(names.INBOUND) == 1)
    queues.receive_too_often(names.INBOUND)
    line.add(f"after {MAX_RECEIVES} receives SQS moves it into the queue's own dead letters")
    queues.read_by_function(names.INBOUND, on=True)
    line.add("the function is on again")


def _listed(knows: Operator, line: Timeline) -> tuple[str, str, str]:
    """The ids: of what Connect refused, of what nobody could read, of what SQS gave up on."""
    found = knows.letters()
    for one in found:
        line.add(
            f"$ python -m ops dlq list --json: {one['id'][:8]}  {one['kinds']}: {one['reason']}"
        )
    wanted = [("dead_letters", "text"), ("dead_letters", "unreadable"), ("inbound-dlq", "")]
    chosen = [_of(found, queue, kinds) for queue, kinds in wanted]
    if len(found) != len(wanted) or any(words in str(found) for words in (REFUSED, UNREAD)):
        raise RehearsalProblem(f"not the letters that were to be, without people's words: {found}")
    return chosen[0], chosen[1], chosen[2]


def _of(found: list[dict[str, Any]], queue: str, kinds: str) -> str:
    ids = [one["id"] for one in found if one["queue"] == queue and kinds in one["kinds"]]
    if len(ids) != 1:
        raise RehearsalProblem(f"{len(ids)} letters of {queue} {kinds}, not one: {found}")
    return str(ids[0])


def _shown(knows: Operator, letters: dict[str, str], line: Timeline) -> None:
    for letter, words in letters.items():
        if words not in knows.ops("dlq", "show", letter):
            raise RehearsalProblem(f"dlq show {letter} does not show {words!r}")
        line.add(f"$ python -m ops dlq show {letter[:8]}: {words}")


def _desk(around: Surroundings, pair: Pair) -> str:
    with around.lock:
        return "\n".join(str(row.text) for row in pair.agent.desk_view())
