"""SQS on the sandbox's clock: FIFO order that survives redelivery, which moto's does not."""

from sandbox.sqs.emulator import SqsEmulator
from sandbox.sqs.queue import Queue

__all__ = ["Queue", "SqsEmulator"]
