"""AWS at the wire: requests of real clients in, answers real clients understand out.

Write an emulator by subclassing `Emulator`, hand it to `Router.add`, and reach the router through
`sandbox.in_process` (same process) or `sandbox.server` (a port).
"""

from sandbox.wire.answers import EmulatorMistake
from sandbox.wire.calls import CallRecord
from sandbox.wire.emulator import AwsError, Emulator, NotImplementedOperation, WireCall
from sandbox.wire.http import HttpRequest, HttpResponse
from sandbox.wire.lock import LendableLock
from sandbox.wire.router import Mount, Router

__all__ = [
    "AwsError",
    "CallRecord",
    "Emulator",
    "EmulatorMistake",
    "HttpRequest",
    "HttpResponse",
    "LendableLock",
    "Mount",
    "NotImplementedOperation",
    "Router",
    "WireCall",
]
