"""The SQS operations the sandbox plays, over its queues."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.clock import SandboxClock
from sandbox.ids import Ids
from sandbox.moto_services import REGION
from sandbox.sqs import answers, checks, limits
from sandbox.sqs.message import Message
from sandbox.sqs.moving import MovingSqs
from sandbox.sqs.queue import Queue
from sandbox.sqs.settings import QueueSettings
from sandbox.wire import AwsError
from sandbox.wire.emulator import Params

ACCOUNT = "123456789012"


class SqsEmulator(MovingSqs):
    """SQS. `queues` by name; `fail_entry(queue, entry)` true puts an entry into `Failed`."""

    service = "sqs"

    def __init__(
        self, clock: SandboxClock, ids: Ids | None = None, *, base_url: str | None = None
    ) -> None:
        super().__init__(clock, ids or Ids())
        self.base_url = base_url or f"https://sqs.{REGION}.amazonaws.com"
        self.fail_entry: Callable[[str, Params], bool] = lambda _queue, _entry: False
        self._deleted: dict[str, datetime] = {}

    def url(self, name: str) -> str:
        """A queue's address."""
        return f"{self.base_url}/{ACCOUNT}/{name}"

    # Queues

    def create_queue(self, params: Params) -> Params:
        """Idempotent for equal attributes."""
        name, attributes = params["QueueName"], params.get("Attributes", {})
        fifo = checks.check_queue_name(name, attributes)
        existing = self.queues.get(name)
        if existing is None:
            self._create(name, attributes, fifo)
        elif not existing.settings.same_as(attributes):
            raise AwsError(
                "QueueNameExists", "A queue already exists with the same name and other attributes."
            )
        return {"QueueUrl": self.url(name)}

    def _create(self, name: str, attributes: dict[str, str], fifo: bool) -> None:
        now = self.clock.now()
        deleted = self._deleted.get(name)
        if deleted and now < deleted + timedelta(seconds=limits.REBORN_S):
            raise AwsError(
                "QueueDeletedRecently",
                f"You must wait {limits.REBORN_S} seconds after deleting a queue before you can "
                "create another with the same name.",
            )
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        queue = Queue(name, arn, QueueSettings(attributes, fifo=fifo), now)
        queue.dead_letter = self._dead_letter
        self.queues[name] = queue

    def delete_queue(self, params: Params) -> Params:
        queue = self._queue(params)
        del self.queues[queue.name]
        self._deleted[queue.name] = self.clock.now()
        return {}

    def get_queue_url(self, params: Params) -> Params:
        if params["QueueName"] not in self.queues:
            raise no_such_queue()
        return {"QueueUrl": self.url(params["QueueName"])}

    def list_queues(self, params: Params) -> Params:
        prefix = params.get("QueueNamePrefix", "")
        urls = [self.url(name) for name in sorted(self.queues) if name.startswith(prefix)]
        return {"QueueUrls": urls} if urls else {}

    def get_queue_attributes(self, params: Params) -> Params:
        queue = self._queue(params)
        visible, in_flight, delayed = queue.counts(self.clock.now())
        created = str(int(queue.created_at.timestamp()))
        found = queue.settings.texts() | {
            "QueueArn": queue.arn,
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(in_flight),
            "ApproximateNumberOfMessagesDelayed": str(delayed),
            "CreatedTimestamp": created,
            "LastModifiedTimestamp": created,
        }
        return {"Attributes": answers.named(found, params.get("AttributeNames", []))}

    def set_queue_attributes(self, params: Params) -> Params:
        self._queue(params).settings.update(params["Attributes"])
        return {}

    def purge_queue(self, params: Params) -> Params:
        queue, now = self._queue(params), self.clock.now()
        if queue.purged_at and now < queue.purged_at + timedelta(seconds=limits.PURGE_S):
            raise AwsError(
                "PurgeQueueInProgress",
                f"Only one PurgeQueue operation on {queue.name} is allowed every "
                f"{limits.PURGE_S} seconds.",
            )
        queue.purge()
        queue.purged_at = now
        return {}

    # Sending

    def send_message(self, params: Params) -> Params:
        return self._send(self._queue(params), params)

    def send_message_batch(self, params: Params) -> Params:
        """Each entry succeeds or fails by itself; failed ones are listed, not raised."""
        queue, entries = self._queue(params), params["Entries"]
        checks.check_batch(entries)
        checks.check_batch_bytes(entries)

        def send(entry: Params) -> Params:
            if self.fail_entry(queue.name, entry):
                raise AwsError("InternalError", "The entry was not stored.", 500)
            return self._send(queue, entry)

        return answers.each(entries, send)

    def send(self, name: str, params: Params) -> Params:
        """Send from inside the sandbox (topics): checked like SendMessage, but not a call."""
        return self._send(self.queues[name], params)

    def _send(self, queue: Queue, params: Params) -> Params:
        checks.check_message(queue, params)
        now = self.clock.now()
        delay = params.get("DelaySeconds", queue.settings.number("DelaySeconds"))
        message = Message(
            message_id=self.ids.uuid(),
            body=params["MessageBody"],
            attributes=params.get("MessageAttributes", {}),
            system=params.get("MessageSystemAttributes", {}),
            group=params.get("MessageGroupId"),
            dedup_id=params.get("MessageDeduplicationId"),
            sent_at=now,
            visible_at=now + timedelta(seconds=delay),
        )
        if queue.fifo and message.dedup_id is None:
            message.dedup_id = hashlib.sha256(message.body.encode()).hexdigest()
        return answers.sent(queue.put(message, now), message)

    def _dead_letter(self, source: Queue, message: Message, now: datetime) -> bool:
        """Redrive policy: a FIFO message gets a new age in the dead letters, others keep it."""
        redrive = source.settings.redrive
        target = self.by_arn(redrive.target_arn) if redrive else None
        if target is None:
            return False
        sent_at = now if source.fifo else message.sent_at
        moved = replace(
            message,
            sent_at=sent_at,
            visible_at=now,
            receive_count=0,
            receipt=0,
            received_at=None,
            first_received_at=None,
            source_arn=source.arn,
        )
        target.append(moved, now)
        return True

    # Receiving

    def receive_message(self, params: Params) -> Params:
        """Answers at once, whatever WaitTimeSeconds says: the clock stands still meanwhile."""
        queue, count = self._queue(params), params.get("MaxNumberOfMessages", 1)
        if not 1 <= count <= limits.RECEIVE_MESSAGES:
            raise checks.invalid(
                "MaxNumberOfMessages", count, f"Must be between 1 and {limits.RECEIVE_MESSAGES}."
            )
        visibility = params.get("VisibilityTimeout")
        _check_visibility(0 if visibility is None else visibility)
        messages = queue.receive(self.clock.now(), count, visibility)
        return (
            {"Messages": [answers.received(queue, m, params) for m in messages]} if messages else {}
        )

    def delete_message(self, params: Params) -> Params:
        self._queue(params).delete(params["ReceiptHandle"], self.clock.now())
        return {}

    def delete_message_batch(self, params: Params) -> Params:
        queue, entries = self._queue(params), params["Entries"]
        checks.check_batch(entries)

        def delete(entry: Params) -> Params:
            queue.delete(entry["ReceiptHandle"], self.clock.now())
            return {}

        return answers.each(entries, delete)

    def change_message_visibility(self, params: Params) -> Params:
        self._hide(self._queue(params), params)
        return {}

    def change_message_visibility_batch(self, params: Params) -> Params:
        queue, entries = self._queue(params), params["Entries"]
        checks.check_batch(entries)
        return answers.each(entries, lambda entry: self._hide(queue, entry))

    def _hide(self, queue: Queue, params: Params) -> Params:
        seconds = params.get("VisibilityTimeout", 0)
        _check_visibility(seconds)
        queue.change_visibility(params["ReceiptHandle"], seconds, self.clock.now())
        return {}

    def _queue(self, params: Params) -> Queue:
        """The queue of a QueueUrl: the name at its end, whatever host a client was given."""
        queue = self.queues.get(params["QueueUrl"].rpartition("/")[2])
        if queue is None:
            raise no_such_queue()
        self.carry_on_moving()
        return queue


def no_such_queue() -> AwsError:
    return AwsError("QueueDoesNotExist", "The specified queue does not exist.")


def _check_visibility(seconds: int) -> None:
    if not 0 <= seconds <= limits.VISIBILITY_S:
        raise checks.invalid(
            "VisibilityTimeout", seconds, f"Must be between 0 and {limits.VISIBILITY_S}."
        )
