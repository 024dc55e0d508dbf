"""CloudWatch (`cloudwatch`): which alarms there are, and how they stand."""

from typing import Any, ClassVar

from sandbox.amazon_connect.paging import page
from sandbox.wire import Emulator

Params = dict[str, Any]

PAGE = 100  # API reference, DescribeAlarms: the most records of a page


class CloudWatchEmulator(Emulator):
    """`cloudwatch`, of which alarms are told. `alarms`: by name."""

    service: ClassVar[str] = "cloudwatch"

    def __init__(self) -> None:
        self.alarms: dict[str, Params] = {}

    def watch(self, name: str, metric: str, topic: str, **dimensions: str) -> None:
        """An alarm that is quiet and tells a topic."""
        self.alarms[name] = {
            "AlarmName": name,
            "MetricName": metric,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            "ActionsEnabled": True,
            "AlarmActions": [topic],
            "StateValue": "OK",
        }

    def describe_alarms(self, params: Params) -> Params:
        """Alarms by the beginning of their names, in pages."""
        beginning = params.get("AlarmNamePrefix", "")
        found = [one for name, one in self.alarms.items() if name.startswith(beginning)]
        words = ("NextToken", "MaxRecords")
        return page("MetricAlarms", found, params, most=PAGE, words=words)
