"""The container on Fargate: its service (`ecs`) and its settings (`ssm`). None by default."""

from typing import Any, ClassVar

from sandbox.wire import AwsError, Emulator

Params = dict[str, Any]


class EcsEmulator(Emulator):
    """`ecs`. `running`: tasks by service; `wanted`: how many there should be."""

    service: ClassVar[str] = "ecs"

    def __init__(self) -> None:
        self.running: dict[str, int] = {}
        self.wanted: dict[str, int] = {}

    def describe_services(self, params: Params) -> Params:
        """Services by name; those that are not there are failures, not errors."""
        known = [name for name in params["services"] if name in self.running]
        services = [
            {
                "serviceName": name,
                "status": "ACTIVE",
                "runningCount": self.running[name],
                "desiredCount": self.wanted.get(name, 1),
            }
            for name in known
        ]
        missing = [name for name in params["services"] if name not in known]
        return {"services": services, "failures": [{"reason": "MISSING"} for _ in missing]}


class SsmEmulator(Emulator):
    """`ssm`. `parameters`: value by name."""

    service: ClassVar[str] = "ssm"

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}

    def get_parameter(self, params: Params) -> Params:
        """One parameter."""
        name = params["Name"]
        if name not in self.parameters:
            raise AwsError("ParameterNotFound", f"{name} is not there")
        return {"Parameter": {"Name": name, "Type": "String", "Value": self.parameters[name]}}
