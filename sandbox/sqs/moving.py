"""The queues of an account and the move tasks between them."""

from sandbox.clock import SandboxClock
from sandbox.ids import Ids
from sandbox.sqs.moves import MoveTask
from sandbox.sqs.queue import Queue
from sandbox.wire import AwsError, Emulator
from sandbox.wire.emulator import Params

LISTED_TASKS = 10  # API, ListMessageMoveTasks.MaxResults: at most 10, the newest
RATE = (1, 500)  # API, StartMessageMoveTask.MaxNumberOfMessagesPerSecond


class MovingSqs(Emulator):
    """StartMessageMoveTask and its company."""

    def __init__(self, clock: SandboxClock, ids: Ids) -> None:
        self.clock = clock
        self.ids = ids
        self.queues: dict[str, Queue] = {}
        self._tasks: list[MoveTask] = []

    def by_arn(self, arn: str | None) -> Queue | None:
        """The queue with an ARN."""
        return next((queue for queue in self.queues.values() if queue.arn == arn), None)

    def start_message_move_task(self, params: Params) -> Params:
        """Only from a queue that some redrive policy names as its dead-letter queue."""
        source, destination = self._source(params), self._destination(params)
        rate = params.get("MaxNumberOfMessagesPerSecond")
        if rate is not None and not RATE[0] <= rate <= RATE[1]:
            raise AwsError("InvalidParameterValue", "MaxNumberOfMessagesPerSecond: 1 to 500.")
        if any(task.source is source and task.status == "RUNNING" for task in self._tasks):
            raise AwsError("UnsupportedOperation", "There is already a task running.")
        now = self.clock.now()
        task = MoveTask(
            handle=self.ids.hex(32),
            source=source,
            destination=destination,
            rate=rate,
            started_at=now,
            to_move=source.counts(now)[0],
        )
        self._tasks.append(task)
        self.carry_on_moving()
        return {"TaskHandle": task.handle}

    def list_message_move_tasks(self, params: Params) -> Params:
        source = self._source(params)
        self.carry_on_moving()
        mine = [task.facts() for task in reversed(self._tasks) if task.source is source]
        return {"Results": mine[: min(params.get("MaxResults", 1), LISTED_TASKS)]}

    def cancel_message_move_task(self, params: Params) -> Params:
        """What is moved stays moved. Only a running task can be cancelled."""
        self.carry_on_moving()
        for task in self._tasks:
            if task.handle == params["TaskHandle"] and task.status == "RUNNING":
                task.status = "CANCELLED"
                return {"ApproximateNumberOfMessagesMoved": task.moved}
        raise AwsError("ResourceNotFoundException", "There is no running task with this handle.")

    def carry_on_moving(self) -> None:
        """Let running tasks do what is due at the clock's time."""
        for task in self._tasks:
            task.carry_on(self.clock.now(), self.by_arn, self.ids.uuid)

    def _source(self, params: Params) -> Queue:
        source = self.by_arn(params["SourceArn"])
        if source is None:
            raise AwsError("ResourceNotFoundException", "The source queue does not exist.")
        policies = [queue.settings.redrive for queue in self.queues.values()]
        if not any(policy and policy.target_arn == source.arn for policy in policies):
            raise AwsError(
                "InvalidParameterValue",
                "Source queue must be configured as a Dead Letter Queue.",
            )
        return source

    def _destination(self, params: Params) -> Queue | None:
        if "DestinationArn" not in params:
            return None
        destination = self.by_arn(params["DestinationArn"])
        if destination is None:
            raise AwsError("ResourceNotFoundException", "The destination queue does not exist.")
        return destination
