"""The model walks hundreds of thousands of paths: logging them would drown everything."""

import pytest

from chalicelib import (
    deliveries,
    erase,
    introductions,
    log,
    send_again,
    to_agent,
    to_customer,
)
from chalicelib.errors import PuenteError


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    """Our own family of errors is part of the game; any other is a mistake of the model."""

    def failure(sentence, problem, **fields):
        if not isinstance(problem, PuenteError):
            raise AssertionError(sentence) from problem  # noqa: TRY004  (not a type error)

    monkeypatch.setattr(log, "failure", failure)
    monkeypatch.setattr(log, "count", lambda *args: None)
    for module in (deliveries, erase, introductions, send_again, to_agent, to_customer):
        monkeypatch.setattr(module, "count", lambda *args: None)
    for module in (deliveries, log):
        monkeypatch.setattr(module, "warn", lambda *args, **fields: None)
