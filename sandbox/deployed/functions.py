"""Lambda (`lambda`) as it describes functions, their triggers and their share of the account."""

import hashlib
import json
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, uuid5

from sandbox.wire import AwsError, Emulator

Params = dict[str, Any]

ACCOUNT_LIMIT = 1000  # Lambda quotas: concurrent executions of an account
PAGE = 100  # API reference, ListEventSourceMappings: the most items of a page
CODE = hashlib.sha256(b"puente.zip").hexdigest()
_ARN = "arn:aws:lambda:us-east-1:123456789012"


class LambdaEmulator(Emulator):
    """`functions`: configurations by name; `mappings`: event source mappings; `reserved`: by name;
    `invokers`: statements of the functions' own policies by name."""

    service: ClassVar[str] = "lambda"

    def __init__(self) -> None:
        self.functions: dict[str, Params] = {}
        self.mappings: list[Params] = []
        self.reserved: dict[str, int] = {}
        self.invokers: dict[str, list[Params]] = {}
        self.limit = ACCOUNT_LIMIT

    # --- deploying ------------------------------------------------------------------------------

    def deploy(self, name: str, *, timeout_s: int, variables: dict[str, str]) -> None:
        """A function that is ready to run."""
        self.functions[name] = {
            "FunctionName": name,
            "FunctionArn": function_arn(name),
            "Runtime": "python3.13",
            "Timeout": timeout_s,
            "CodeSha256": CODE,
            "Version": "$LATEST",
            "Environment": {"Variables": dict(variables)},
            "State": "Active",
            "LastUpdateStatus": "Successful",
        }

    def map(self, queue_arn: str, name: str, *, batch: int = 10) -> None:
        """An event source mapping that reports each message that fails."""
        self.mappings.append(
            {
                "UUID": str(uuid5(NAMESPACE_URL, f"{queue_arn} {name}")),
                "EventSourceArn": queue_arn,
                "FunctionArn": function_arn(name),
                "BatchSize": batch,
                "MaximumBatchingWindowInSeconds": 0,
                "State": "Enabled",
                "StateTransitionReason": "USER_INITIATED",
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            }
        )

    # --- asking ---------------------------------------------------------------------------------

    def get_function_configuration(self, params: Params) -> Params:
        """One function, with its environment."""
        return self._function(params)

    def list_event_source_mappings(self, params: Params) -> Params:
        """Those of a queue or of a function, in pages."""
        wanted = [
            one
            for one in self.mappings
            if params.get("EventSourceArn", one["EventSourceArn"]) == one["EventSourceArn"]
            and params.get("FunctionName", "") in one["FunctionArn"]
        ]
        start, size = int(params.get("Marker") or 0), params.get("MaxItems") or PAGE
        answer: Params = {"EventSourceMappings": wanted[start : start + size]}
        more = start + size < len(wanted)
        return {**answer, "NextMarker": str(start + size)} if more else answer

    def get_account_settings(self, _params: Params) -> Params:
        """What the account may run at once, and what of it is not reserved."""
        free = self.limit - sum(self.reserved.values())
        limits = {"ConcurrentExecutions": self.limit, "UnreservedConcurrentExecutions": free}
        return {"AccountLimit": limits, "AccountUsage": {"FunctionCount": len(self.functions)}}

    def get_function_concurrency(self, params: Params) -> Params:
        """What is reserved; nothing where nothing is."""
        reserved = self.reserved.get(self._function(params)["FunctionName"])
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    def get_policy(self, params: Params) -> Params:
        """Who may invoke it, as JSON text."""
        statements = self.invokers.get(self._function(params)["FunctionName"])
        if not statements:
            raise AwsError("ResourceNotFoundException", "No policy is associated", 404)
        return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}

    def _function(self, params: Params) -> Params:
        name = params["FunctionName"].rpartition(":")[2]
        if name not in self.functions:
            raise AwsError("ResourceNotFoundException", f"Function not found: {name}", 404)
        return self.functions[name]


def function_arn(name: str) -> str:
    return f"{_ARN}:function:{name}"
