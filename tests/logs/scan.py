"""Everything that is logged while a test session lasts, and what in it no log may hold.

Heard are: the product's logger, in its own format; its metrics; what any library says from WARNING
on, which Lambda writes down too; what other processes write (`processes.py`). A process that is a
program of ours and nothing but logs is held to every line; what a command line prints is for
whoever typed it, and `ops dlq show` shows a customer's words on purpose: there the lines count that
the product logged.
"""

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider as Metrics,
)

from chalicelib import log
from tests.logs.accounted import is_log_line, strange
from tests.logs.hidden import hidden
from tests.logs.processes import Output

CHANGING = re.compile(r'"timestamp":"[^"]*",?')
NOTHING_BUT_LOGS = {"container", "tests.crash.worker", "benchmarks.http_worker"}
A_PROCESS_ID = re.compile(r"\d{1,7}")
"""What the parent of the workers that are killed tells its test, one a line."""


class Scan:
    """`lines`: all that was logged, each different line once; `private`: what must not be there."""

    def __init__(self) -> None:
        self.lines: set[str] = set()
        self.private: set[str] = set()
        self.product = _Kept(self.lines)
        self.libraries = _Said(self.lines)

    def listen(self) -> None:
        log.logger.addHandler(self.product)
        logging.getLogger().addHandler(self.libraries)

    def stop(self) -> None:
        log.logger.removeHandler(self.product)
        logging.getLogger().removeHandler(self.libraries)

    def counted(self, serialize: Callable[..., Any]) -> Callable[..., Any]:
        """`serialize_metric_set` of powertools that keeps what it answers."""

        def kept(metrics: Metrics, *args: Any, **kwargs: Any) -> Any:
            document = serialize(metrics, *args, **kwargs)
            about = {**document["_aws"], "Timestamp": 0}
            self.lines.add(json.dumps({**document, "_aws": about}))
            return document

        return kept

    def hear(self, outputs: list[Output]) -> None:
        """Take what other processes wrote."""
        for output in outputs:
            self.lines.update(CHANGING.sub("", line) for line in _logged(output))

    def findings(self) -> list[str]:
        """Each value that nothing accounts for, and each private text, with its line."""
        found = {f"{value!r} in {line}" for line in self.lines for value in strange(line)}
        found |= {f"{text!r} in {line}" for text, line in hidden(self.lines, self.private).items()}
        return sorted(found)


class _Kept(logging.Handler):
    def __init__(self, lines: set[str]) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(log.logger.registered_formatter)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.add(CHANGING.sub("", self.format(record)))


class _Said(logging.Handler):
    """The root logger's: the product's own lines come by here as well, without their fields."""

    def __init__(self, lines: set[str]) -> None:
        super().__init__(logging.WARNING)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != log.SERVICE:
            self.lines.add(self.format(record))


def _logged(output: Output) -> Iterator[str]:
    lines = (line for line in output.lines if line.strip())
    if output.program not in NOTHING_BUT_LOGS:
        yield from filter(is_log_line, lines)
        return
    for line in lines:
        if not (output.program == "tests.crash.worker" and A_PROCESS_ID.fullmatch(line)):
            yield line
