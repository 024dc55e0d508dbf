"""What the entry points of `app.py` do with a batch: parse, call one use case, report failures.

This is the only place that catches everything: an error of ours costs the message it happened
on, never its neighbours.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from chalicelib import batches, log, routing
from chalicelib.batches import Failures, Record
from chalicelib.bundles import Bundle, Queued, plan
from chalicelib.conversation import MAX_ATTEMPTS
from chalicelib.errors import ServiceError, Throttled, UnreadableEvent
from chalicelib.gateways.queues import Queues
from chalicelib.inline import Outlet
from chalicelib.outbound_entries import kept
from chalicelib.routing import Entry
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.apart import apart
from chalicelib.whatsapp.messages import AccountEvent
from chalicelib.whatsapp.parsing import parse as parse_whatsapp

Remaining = Callable[[], float]
Group = list[Record]


class Context(Protocol):
    """What we use of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int: ...


def remaining(context: Context) -> Remaining:
    """Seconds until Lambda ends the invocation."""
    return lambda: context.get_remaining_time_in_millis() / 1000


@dataclass(frozen=True, slots=True)
class Ingest:
    """Splits events into queue entries. Imports no AI and no DynamoDB.

    `agent_reads`: events that show an agent reading are wanted, too.
    """

    queues: Outlet
    agent_reads: bool = False

    def handle(self, event: Mapping[str, Any]) -> Failures:
        """Handle one batch of WhatsApp events and chat records."""
        every = batches.records(event)
        waiting: set[str] = set()
        return batches.report([record for record in every if not self._routed(record, waiting)])

    def take(self, body: str) -> bool:
        """One event that came by itself; False when it could not be kept and must come again."""
        name = fields.fingerprint(body)
        return self._routed(
            Record(message_id=name, receipt_handle="", body=body, group="", received=1), set()
        )

    def _routed(self, record: Record, waiting: set[str]) -> bool:
        """Queue one event. `waiting`: groups in which an earlier event could not be queued."""
        try:
            self._route(record, waiting)
        except ServiceError as problem:
            log.failure("an event could not be queued and comes again", problem)
            return False
        except Exception as problem:  # noqa: BLE001  (entry point: keep the event, go on)
            return self._each_alone(record, waiting, problem)
        return True

    def _each_alone(self, record: Record, waiting: set[str], problem: Exception) -> bool:
        """What breaks us costs itself: the other things of its event go on at once."""
        bodies, odd = self._apart(record)
        if len(bodies) <= 1:
            log.failure("an event broke the parser and was parked", problem)
            return self._parked(record, type(problem).__name__)
        log.failure("an event broke the parser and is taken apart", problem)
        taken = [self._routed(replace(record, body=body), waiting) for body in bodies]
        if odd:
            log.count("UnreadableEvents")
            taken.append(self._parked(record, "partly unreadable"))
        return all(taken)

    def _apart(self, record: Record) -> tuple[list[str], bool]:
        try:
            return apart(record.body)
        except Exception as another:  # noqa: BLE001  (entry point: what is broken may break this)
            log.failure("an event could not be taken apart", another)
            return [], False

    def _route(self, record: Record, waiting: set[str]) -> None:
        try:
            routed = routing.route(record.body, agent_reads=self.agent_reads)
        except UnreadableEvent as problem:
            log.failure("an unreadable event was parked", problem)
            log.count("UnreadableEvents")
            self.queues.park_unreadable(str(problem), record.body, record.message_id)
            return
        if routed.odd:
            log.count("UnreadableEvents")
            self.queues.park_unreadable("partly unreadable", record.body, record.message_id)
        for piece in routed.account:
            tell_operator(parse_whatsapp(piece.payload))
        self._send([self._sendable(entry, record) for entry in routed.entries], waiting)

    def _send(self, entries: Sequence[Entry], waiting: set[str]) -> None:
        """Queue the entries, but never past an earlier one of their group that has to come again.

        Raises a ServiceError when they have to come again, too.
        """
        groups = {entry.group for entry in entries}
        if groups & waiting:
            raise Throttled("an earlier event of this group comes again first", service="sqs")
        try:
            self.queues.send(entries)
        except ServiceError:
            waiting |= groups
            raise

    def _sendable(self, entry: Entry, record: Record) -> Entry:
        """A message larger than the queue takes goes on shortened; the whole of it is parked."""
        if routing.fits(entry):
            return entry
        log.count("OversizedEvents")
        self.queues.park_unreadable(routing.TOO_LARGE, entry.body, record.message_id)
        return routing.shortened(entry)

    def _parked(self, record: Record, reason: str) -> bool:
        return kept(self.queues.park_unreadable, reason, record)


def tell_operator(event: object) -> None:
    """One line and one metric an account event; a second metric where somebody should look."""
    if not isinstance(event, AccountEvent):
        return
    log.count("AccountEvents")
    if event.alarming:
        log.count("OperatorAlerts")
        log.warn("WhatsApp account event to look at", field=event.field, summary=event.summary)
    else:
        log.info("WhatsApp account event", field=event.field, summary=event.summary)


@dataclass(frozen=True, slots=True)
class Worker:
    """Works through the groups of a FIFO queue. `queue` is our name of it."""

    queue: str
    queues: Queues
    work: Callable[[Group, Remaining], list[Record]]

    def handle(self, event: Mapping[str, Any], context: Context) -> Failures:
        """Handle one batch; what failed comes back soon, and alone."""
        every = batches.groups(batches.records(event))
        left = remaining(context)
        for record in batches.tried_before(every):
            if not self._back_in(record, batches.after_a_death(left())):
                break  # a queue that does not answer must not take the time for the work
        failed = batches.side_by_side(lambda group: self._worked(group, left), every)
        for record in failed:
            self._back_in(record, batches.delay(record))
        return batches.report(failed)

    def _worked(self, group: Group, left: Remaining) -> list[Record]:
        try:
            return self.work(group, left)
        except Exception as problem:  # noqa: BLE001  (entry point: the other groups go on)
            log.failure("a group broke its worker and comes again", problem)
            return group

    def _back_in(self, record: Record, seconds: int) -> bool:
        try:
            self.queues.delay(self.queue, record.receipt_handle, seconds)
        except ServiceError as problem:
            log.failure("a failed message comes back after the long time-out", problem)
            return False
        return True


def _never(*_: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class InboundWork:
    """Customer to agent. `arrive` gives None for what is no message and is done by then; `abandon`
    names the messages (`done_id`) that broke us and of which no claim counts the attempts; `erase`
    handles the wish to be forgotten and gives False for anything else."""

    queues: Queues
    arrive: Callable[[Record], Queued | None]
    deliver: Callable[[Bundle, Remaining], None]
    abandon: Callable[[Bundle], Collection[str]]
    shown: Callable[[Bundle], None]
    erase: Callable[[Record, Remaining], bool] = _never

    def __call__(self, group: Group, left: Remaining) -> list[Record]:
        by_receipt = {record.message_id: record for record in group}
        failed: list[Record] = []
        bundles = plan(self._arrived(group, failed, left))
        return self._in_turn(bundles, by_receipt, failed, left)

    def _in_turn(
        self,
        bundles: Sequence[Bundle],
        by_receipt: Mapping[str, Record],
        failed: list[Record],
        left: Remaining,
    ) -> list[Record]:
        """Deliver one after the other, none past an earlier one that has to come again."""
        for bundle in bundles:
            try:
                delivered = not failed and self._delivered(bundle, left)
            except Exception as problem:  # noqa: BLE001  (entry point: its third time parks it)
                log.failure("a message broke its worker", problem)
                failed.extend(self._broke(bundle, by_receipt, problem, left))
                continue
            if not delivered:
                failed.extend(by_receipt[receipt] for receipt in bundle.receipts)
        return failed

    def _arrived(self, group: Group, failed: list[Record], left: Remaining) -> list[Queued]:
        queued = []
        for record in group:
            try:
                if self.erase(record, left):
                    continue
                if (arrived := self.arrive(record)) is not None:
                    queued.append(arrived)
            except Exception as problem:  # noqa: BLE001  (entry point: park what breaks us)
                if waits(problem) or not self._parked(problem, record):
                    failed.append(record)
        return queued

    def _delivered(self, bundle: Bundle, left: Remaining) -> bool:
        """False when it has to come again; raises what breaks us."""
        try:
            self.deliver(bundle, left)
        except ServiceError as problem:
            log.failure("a message waits for its next try", problem)
            log.count("InboundRetries")
            return False
        log.count("InboundMessages", len(bundle.members))
        self._told(bundle)
        return True

    def _broke(
        self, bundle: Bundle, by_receipt: Mapping[str, Record], problem: Exception, left: Remaining
    ) -> list[Record]:
        """What has to come again. A claim counts its attempts and parks what it holds; where none
        does, the queue's count parks it, alone: what waited beside it is not to blame."""
        uncounted = self._uncounted(bundle)
        broken = [one for one in bundle.queued if one.member.done_id in uncounted]
        if len(broken) > 1:
            alone = [replace(bundle, queued=(one,)) for one in bundle.queued]
            return self._in_turn(alone, by_receipt, [], left)
        records = [by_receipt[receipt] for receipt in bundle.receipts]
        worn_out = [by_receipt[one.receipt] for one in broken]
        parked = [
            record
            for record in worn_out
            if record.received >= MAX_ATTEMPTS and self._parked(problem, record)
        ]
        return [record for record in records if record not in parked]

    def _uncounted(self, bundle: Bundle) -> Collection[str]:
        try:
            return self.abandon(bundle)
        except Exception as another:  # noqa: BLE001  (entry point: what is broken may break this)
            log.failure("a claim stays until its lease is over", another)
            return () if waits(another) else [member.done_id for member in bundle.members]

    def _told(self, bundle: Bundle) -> None:
        try:
            self.shown(bundle)
        except Exception as problem:  # noqa: BLE001  (entry point: the agent has the message)
            log.failure("the customer does not see that a message was read", problem)

    def _parked(self, problem: Exception, record: Record) -> bool:
        log.failure("a queued message cannot be handled and is parked", problem)
        return kept(self.queues.park_unreadable, type(problem).__name__, record)


def waits(problem: Exception) -> bool:
    """Whether it speaks of a service and not of the message, which has only to come again; even a
    refusal that is no dependency's answer to its content (docs/decisions.md)."""
    return isinstance(problem, ServiceError)
