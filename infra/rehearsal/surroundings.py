"""Amazon Connect, WhatsApp and OpenAI around the local AWS: the sandbox, on real time, on a port.

The emulators are those of `sandbox.world`; only what leaves them is led elsewhere: their events go
to the local AWS's topics, their flows call the local AWS's functions.
"""

import json
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml

from infra.rehearsal.local_aws import LocalAws
from sandbox.clock import SandboxClock
from sandbox.server import SandboxServer
from sandbox.world import World

TICK_SECONDS = 0.05


class FlowFunctionFailed(Exception):
    """The local AWS's function ended with an error; the flow takes its error branch."""


class Surroundings:
    """`world.phones` and `world.desk` are where people are; hold `lock` while touching them."""

    def __init__(self, aws: LocalAws, flows: Path, topics: Mapping[str, str]) -> None:
        self.world = World(clock=SandboxClock.real(), flows=flows)
        self.lock = self.world.router.lock
        self._server = SandboxServer(self.world.router, port=0)
        self._sns, self._lambda = aws.client("sns"), aws.client("lambda")
        self._stopped = threading.Event()
        self.world.network.account.destinations[:] = [
            {"eventDestinationArn": topics["whatsapp-events"]}
        ]
        self.world.topics.publish = self._publish  # type: ignore[method-assign]
        for arn in self.world.bundle.settings["arns"]["lambdas"].values():
            self._associate(arn)

    @property
    def url(self) -> str:
        return self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        self.world.url = self._server.url
        self.world._mount()
        threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._server.close()

    def _tick(self) -> None:
        """Jobs of the sandbox (flow waits, statuses) run when their time has come."""
        while not self._stopped.is_set():
            self.world.scheduler.run_due()
            time.sleep(TICK_SECONDS)

    def _publish(
        self, topic_arn: str, message: str, attributes: Mapping[str, Any] | None = None
    ) -> str:
        typed = {
            name: {"DataType": "String", "StringValue": value}
            for name, value in (attributes or {}).items()
        }
        sent = self._sns.publish(TopicArn=topic_arn, Message=message, MessageAttributes=typed)
        return str(sent["MessageId"])

    def _associate(self, arn: str) -> None:
        """Let flows call the local AWS's function of this ARN."""
        name = arn.rpartition(":")[2]

        def call(event: Any, context: Any) -> Any:  # noqa: ARG001
            answer = self._lambda.invoke(FunctionName=name, Payload=json.dumps(event).encode())
            payload = json.loads(answer["Payload"].read())
            if answer.get("FunctionError"):
                raise FlowFunctionFailed(str(payload))
            return payload

        self.world.flow_runner.register_lambda(name, call)


def flows_for(stage: str, source: Path, target: Path, *, region: str, account: str) -> Path:
    """A copy of the contact flows for the functions of a stage of that name."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    file = target / "settings.yaml"
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    values["stages"]["sandbox"] |= {"region": region, "account": account}
    values["lambdas"] = {
        name: pattern.replace("{stage}", stage) for name, pattern in values["lambdas"].items()
    }
    file.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return target
