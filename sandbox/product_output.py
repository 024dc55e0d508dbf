"""What the product's functions print in AWS: log lines and metrics, kept off the terminal.

In Lambda both go to standard output and from there to CloudWatch. A command whose own output is
data must not mix with them.
"""

import json
import logging
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO

from chalicelib import log


class ProductOutput(StringIO):
    """What was printed so far."""

    def metrics(self) -> Counter[str]:
        """The sum of each metric published (embedded metric format: one JSON object a line)."""
        found: Counter[str] = Counter()
        for line in self.getvalue().splitlines():
            if line.startswith('{"_aws"'):
                document = json.loads(line)
                for group in document["_aws"]["CloudWatchMetrics"]:
                    for metric in group["Metrics"]:
                        found[metric["Name"]] += int(sum(document[metric["Name"]]))
        return found

    def clear(self) -> None:
        """Forget what was printed."""
        self.seek(0)
        self.truncate()


@contextmanager
def caught() -> Iterator[ProductOutput]:
    """Catch what the product prints. Whoever wants to print meanwhile needs the real stream."""
    output = ProductOutput()
    handlers = [one for one in log.logger.handlers if isinstance(one, logging.StreamHandler)]
    streams = [one.setStream(output) for one in handlers]
    try:
        with redirect_stdout(output), warnings.catch_warnings():
            # powertools warns of invocations that count nothing; that is no mistake.
            warnings.filterwarnings("ignore", "No application metrics", UserWarning)
            yield output
    finally:
        for handler, stream in zip(handlers, streams, strict=True):
            handler.setStream(stream)
