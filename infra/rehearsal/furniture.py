"""The emulated Connect instance, furnished from the templates, and the flows published into it.

The local AWS knows no Connect, so what the stacks would make there is made in the sandbox's: the
queues, hours, views and the empty way in, with the templates' names. Then `infra/flows.py`
publishes, as after a real deployment.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3

from flowkit.instance import PublishError
from infra.flows import publish_all
from infra.names import Names, flow_export
from infra.rehearsal.local_aws import KEY, RehearsalProblem
from infra.settings import Stage
from sandbox.wire import AwsError
from sandbox.world import World


def furnish(world: World, assembly: Path, stage: Stage) -> list[str]:
    """Make what the templates have; the names of the queues. Hours are always open here."""
    instance = world.instance
    for place in (instance.queues, instance.hours, instance.flows._stored, instance.own_views.all):
        place.clear()
    every_hour = [
        instance.add_hours(one["Name"], time_zone=one["TimeZone"])
        for one in _of_type(assembly, stage, "contact-center", "AWS::Connect::HoursOfOperation")
    ]
    queues = [
        instance.add_queue(one["Name"], hours_id=every_hour[0].id)
        for one in _of_type(assembly, stage, "contact-center", "AWS::Connect::Queue")
    ]
    for one in _of_type(assembly, stage, "instance", "AWS::Connect::ContactFlow"):
        instance.flows.add(one["Name"], one["Content"], kind="contact-flow")
    for one in _of_type(assembly, stage, "contact-center", "AWS::Connect::View"):
        _show(world, one)
    return [queue.name for queue in queues]


def _show(world: World, view: dict[str, Any]) -> None:
    """A view and its first version, by the calls CloudFormation makes. Raises RehearsalProblem."""
    at = {"InstanceId": world.instance.id}
    content = {"Template": json.dumps(view["Template"]), "Actions": view["Actions"]}
    wanted = {**at, "Name": view["Name"], "Status": "PUBLISHED", "Content": content}
    try:
        made = world.connect.create_view(wanted)
    except AwsError as refused:
        raise RehearsalProblem(f"Connect refuses the view {view['Name']}: {refused}") from refused
    world.connect.create_view_version({**at, "ViewId": made["View"]["Id"]})


def publish(world: World, url: str, stage: Stage, folder: Path, say: Callable[[str], None]) -> None:
    """As `make deploy` does. Raises RehearsalProblem with what Connect or the lint refuses."""
    here = replace(stage, connect=replace(stage.connect, instance_id=world.instance.id))

    def client(service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=url,
            region_name=stage.region,
            aws_access_key_id=KEY,
            aws_secret_access_key=KEY,
        )

    try:
        changes = publish_all(
            here, client, lambda change: say(f"  {change.name}: {change.what}"), folder=folder
        )
    except PublishError as problem:
        raise RehearsalProblem(f"the flows cannot be published: {problem}") from problem
    say(f"published {len(changes)} flows")


def exports(world: World, stage: Stage) -> dict[str, str]:
    """What the stack `instance` would export: the instance and its ways in."""
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    ways_in = {f"{at.in_instance}{flow}": flow for flow in stage.whatsapp.flows}
    return {
        f"{stage.prefix}-instance-id": world.instance.id,
        **{
            f"{stage.prefix}-{flow_export(ways_in[stored.name])}": stored.arn
            for stored in world.instance.flows.of_kind("contact-flow")
            if stored.name in ways_in
        },
    }


def _of_type(assembly: Path, stage: Stage, concern: str, kind: str) -> Iterator[dict[str, Any]]:
    template = json.loads((assembly / f"{stage.prefix}-{concern}.template.json").read_text())
    return (one["Properties"] for one in template["Resources"].values() if one["Type"] == kind)
