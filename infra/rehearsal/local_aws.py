"""ministack as a child process on loopback: started, asked, ended."""

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config

from infra.problem import Problem

HOST = "127.0.0.1"
READY_SECONDS = 30
STEP_SECONDS = 0.2
KEY = "test"
PORT, LAST_PORT = "4571", 65535


class RehearsalProblem(Problem):
    """The rehearsal cannot go on; the message says what to do."""


class LocalAws:
    """A running local AWS; `client` gives boto3 clients that reach nothing else."""

    def __init__(self, python: Path, *, port: int, account: str, region: str, log: Path) -> None:
        self.url = f"http://{HOST}:{port}"
        self.account, self.region = account, region
        self._python, self._port, self._log = python, port, log
        self._scratch = log.parent / "scratch"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        require_free(self._port)
        state = self._log.parent / "state"
        self._clear()  # what a rehearsal left that was killed
        self._scratch.mkdir()
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self._log.parent),
            "BIND_HOST": HOST,  # it binds every address otherwise
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_ACCOUNT_ID": self.account,
            "MINISTACK_REGION": self.region,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            # It unpacks every function, and leaves the 2 GB where they are.
            "TMPDIR": str(self._scratch),
            "S3_DATA_DIR": str(state / "s3"),
            "STATE_DIR": str(state),
            # A function's output goes to the server's own log from this level on.
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  (our own virtual environment)
                [str(self._python), "-m", "ministack"],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._log.parent,
            )
        try:
            self._wait()
        except RehearsalProblem:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._clear()

    def _clear(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id=KEY,
            aws_secret_access_key=KEY,
            config=Config(
                signature_version="s3v4" if service == "s3" else None,
                read_timeout=120,
                retries={"total_max_attempts": 1},
            ),
        )

    def _wait(self) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(STEP_SECONDS)
        raise RehearsalProblem(f"ministack did not start; its log is {self._log}")


def chosen_port() -> int:
    """REHEARSAL_PORT of the environment. Raises RehearsalProblem when it is none."""
    told = os.environ.get("REHEARSAL_PORT") or PORT
    if not (told.isdecimal() and 0 < int(told) <= LAST_PORT):
        raise RehearsalProblem(f"REHEARSAL_PORT is {told!r}: a number from 1 to {LAST_PORT}")
    return int(told)


def require_free(port: int) -> None:
    """Raises RehearsalProblem when somebody listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as taken:
            raise RehearsalProblem(
                f"port {port} of {HOST} is taken: stop the program that uses it, or choose "
                "another with REHEARSAL_PORT"
            ) from taken
