"""The operations of `connect` that read the instance: queues, hours, functions, storage."""

from collections.abc import Callable
from typing import Any

from sandbox.amazon_connect import limits
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.instance import Hours, Queue
from sandbox.amazon_connect.paging import page
from sandbox.wire import AwsError

Params = dict[str, Any]


class ResourceOperations:
    """Mixed into the `connect` emulator."""

    chats: Chats
    _check_instance: Callable[[Params], None]

    def describe_instance(self, params: Params) -> Params:
        """The one instance of the sandbox."""
        self._check_instance(params)
        instance = self.chats.instance
        facts = {
            "Id": instance.id,
            "Arn": instance.arn,
            "IdentityManagementType": "CONNECT_MANAGED",
            "InstanceAlias": instance.alias,
            "CreatedTime": instance.created_at or self.chats.clock.now(),
            "InstanceStatus": "ACTIVE",
            "InboundCallsEnabled": True,
            "OutboundCallsEnabled": False,
        }
        return {"Instance": facts}

    def list_queues(self, params: Params) -> Params:
        """Standard queues; the sandbox has no agent queues."""
        self._check_instance(params)
        wanted = params.get("QueueTypes") or ["STANDARD"]
        queues = self.chats.instance.queues.values() if "STANDARD" in wanted else []
        summaries = [
            {"Id": one.id, "Arn": one.arn, "Name": one.name, "QueueType": "STANDARD"}
            for one in queues
        ]
        return page("QueueSummaryList", summaries, params)

    def describe_queue(self, params: Params) -> Params:
        """One queue."""
        self._check_instance(params)
        queue = self.chats.instance.queues.get(params["QueueId"])
        if queue is None:
            raise AwsError("ResourceNotFoundException", "Queue not found")
        return {"Queue": _queue(queue)}

    def list_routing_profiles(self, params: Params) -> Params:
        """All routing profiles; a name is its id here."""
        self._check_instance(params)
        names = self.chats.instance.routing_profiles
        return page("RoutingProfileSummaryList", [{"Id": n, "Name": n} for n in names], params)

    def list_routing_profile_queues(self, params: Params) -> Params:
        """The queues of one, each for chats."""
        self._check_instance(params)
        queues = self.chats.instance.routing_profiles.get(params["RoutingProfileId"])
        if queues is None:
            raise AwsError("ResourceNotFoundException", "Routing profile not found")
        found = [{"QueueId": one, "Priority": 1, "Delay": 0, "Channel": "CHAT"} for one in queues]
        return page("RoutingProfileQueueConfigSummaryList", found, params, most=100)

    def list_hours_of_operations(self, params: Params) -> Params:
        """All hours of operation."""
        self._check_instance(params)
        summaries = [
            {"Id": one.id, "Arn": one.arn, "Name": one.name}
            for one in self.chats.instance.hours.values()
        ]
        return page("HoursOfOperationSummaryList", summaries, params)

    def describe_hours_of_operation(self, params: Params) -> Params:
        """One set of hours with its entries."""
        self._check_instance(params)
        hours = self.chats.instance.hours.get(params["HoursOfOperationId"])
        if hours is None:
            raise AwsError("ResourceNotFoundException", "Hours of operation not found")
        return {"HoursOfOperation": _hours(hours)}

    def associate_lambda_function(self, params: Params) -> Params:
        """Let flows invoke a function; 50 at most."""
        self._check_instance(params)
        functions = self.chats.instance.lambdas
        if params["FunctionArn"] in functions:
            raise AwsError("ResourceConflictException", "The function is associated already")
        if len(functions) >= limits.LAMBDAS:
            raise AwsError("ServiceQuotaExceededException", f"Quota of {limits.LAMBDAS} functions")
        functions.append(params["FunctionArn"])
        return {}

    def list_lambda_functions(self, params: Params) -> Params:
        """ARNs of the associated functions."""
        self._check_instance(params)
        return page("LambdaFunctions", list(self.chats.instance.lambdas), params, most=25)

    def list_approved_origins(self, params: Params) -> Params:
        """Pages in which the agent workspace may be embedded."""
        self._check_instance(params)
        return page("Origins", list(self.chats.instance.origins), params, most=25)

    def list_instance_storage_configs(self, params: Params) -> Params:
        """Where transcripts and attachments of the instance are kept, if configured."""
        self._check_instance(params)
        config = self.chats.instance.storage.get(params["ResourceType"])
        return {"StorageConfigs": [config] if config else []}


def _queue(queue: Queue) -> Params:
    facts: Params = {
        "Name": queue.name,
        "QueueArn": queue.arn,
        "QueueId": queue.id,
        "HoursOfOperationId": queue.hours_id,
        "Status": "ENABLED",
        "MaxContacts": queue.max_contacts,
    }
    return {key: value for key, value in facts.items() if value is not None}


def _hours(hours: Hours) -> Params:
    return {
        "HoursOfOperationId": hours.id,
        "HoursOfOperationArn": hours.arn,
        "Name": hours.name,
        "TimeZone": hours.time_zone,
        "Config": hours.config,
    }
