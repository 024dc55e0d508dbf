"""CloudWatch Logs (`logs`): which groups there are and how long they keep what they get."""

from typing import Any, ClassVar

from sandbox.wire import Emulator

Params = dict[str, Any]


class LogsEmulator(Emulator):
    """`logs`. `groups`: days of retention by name, 0 for ever."""

    service: ClassVar[str] = "logs"

    def __init__(self) -> None:
        self.groups: dict[str, int] = {}

    def describe_log_groups(self, params: Params) -> Params:
        """Groups by the beginning of their names."""
        beginning = params.get("logGroupNamePrefix", "")
        found = [
            {"logGroupName": name, **({"retentionInDays": days} if days else {})}
            for name, days in self.groups.items()
            if name.startswith(beginning)
        ]
        return {"logGroups": found}
