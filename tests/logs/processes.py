"""What other processes write, kept beside what they write it to.

Containers, workers that are killed, the sandbox as a service, command lines: every Python that a
test, or code under test, starts with `subprocess` is heard, also where its output goes to the
terminal or nowhere. Whoever reads a pipe reads the same bytes, whenever they do.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

PIECE = 65536
SOON_S = 10  # a grandchild may hold its pipe a moment longer than the child lives
STREAMS = {"stdout": 1, "stderr": 2}
HEARD = (None, subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT)


@dataclass
class Output:
    """One of the outputs of a process; `program` is its module, its script or "-c"."""

    program: str
    pieces: list[bytes] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return b"".join(self.pieces).decode("utf-8", "replace").splitlines()


class Heard(subprocess.Popen):  # type: ignore[type-arg]
    """Stands for `subprocess.Popen` while a session lasts."""

    outputs: list[Output] = []  # noqa: RUF012  (of all processes of the session)
    listeners: list[threading.Thread] = []  # noqa: RUF012

    def __init__(self, args: Any, **options: Any) -> None:
        program = program_of(args)
        ways = {name: options.get(name) for name in STREAMS} if program else {}
        if any(way not in HEARD for way in ways.values()):
            raise ValueError("nobody hears a process that writes to a file: give it a pipe")
        ends: list[int] = []
        for name, way in ways.items():
            if way in (None, subprocess.DEVNULL):
                reads, options[name] = os.pipe()
                ends.append(options[name])
                self._listen(program, reads, os.dup(STREAMS[name]) if way is None else None)
        try:
            super().__init__(args, **options)
        finally:
            for end in ends:
                os.close(end)
        for name, way in ways.items():
            if way == subprocess.PIPE:
                self._listen(program, *_between(getattr(self, name).fileno()))

    def _listen(self, program: str, reads: int, writes: int | None) -> None:
        output, waiting = Output(program), SimpleQueue[bytes]()
        self.outputs.append(output)
        hears = threading.Thread(target=_hear, args=(output, reads, waiting), daemon=True)
        self.listeners.append(hears)
        hears.start()
        if writes is not None:  # apart: no process waits longer than it would for its own reader
            threading.Thread(target=_pass_on, args=(waiting, writes), daemon=True).start()

    @classmethod
    def everything(cls) -> list[Output]:
        """What was written by processes that have ended, and until now by those that live."""
        for listener in cls.listeners:
            listener.join(SOON_S)
        return cls.outputs


def program_of(args: str | Sequence[str | os.PathLike[str]]) -> str:
    """Module, script or "-c" of a Python; "" for any other program, which is none of ours."""
    words = [args] if isinstance(args, str) else [str(one) for one in args]
    if not Path(words[0]).name.startswith("python") and words[0] != sys.executable:
        return ""
    named = words.index("-m") + 1 if "-m" in words else 1
    return words[named] if named < len(words) else ""


def _between(wanted: int) -> tuple[int, int]:
    """For a pipe's reading end: (where its bytes are from now on, where its reader expects them)"""
    reads = os.dup(wanted)
    ours, writes = os.pipe()
    os.dup2(ours, wanted, inheritable=False)
    os.close(ours)
    return reads, writes


def _hear(output: Output, reads: int, waiting: SimpleQueue[bytes]) -> None:
    while piece := os.read(reads, PIECE):
        output.pieces.append(piece)
        waiting.put(piece)
    os.close(reads)
    waiting.put(b"")


def _pass_on(waiting: SimpleQueue[bytes], writes: int) -> None:
    try:
        while piece := waiting.get():
            while piece:
                piece = piece[os.write(writes, piece) :]
    except BrokenPipeError:
        pass  # its reader has read enough
    finally:
        os.close(writes)
