"""Publishing the flows of a deployed stage: into an instance that others use, too."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from flowkit.instance import PublishError
from infra import flows, settings
from infra.flow_settings import load as load_flow_settings
from infra.settings import SettingsProblem, Stage
from sandbox.world import World

GREETING = "Thank you for writing."


@pytest.fixture
def world() -> Iterator[World]:
    """An instance as the stacks leave it: queues, hours and an empty way in, all with a prefix."""
    with World() as running:
        known = load_flow_settings()
        for name, hours in known.hours.items():
            running.instance.add_hours(f"puente-prod-{name}", time_zone=hours.time_zone)
        for name in known.queues:
            running.instance.add_queue(f"puente-prod-{name}")
        for name, view in known.views.items():
            named = replace(view, name=f"puente-prod-{name}")
            running.instance.own_views.add(named, view_id=f"77777777-{name}:3")
        empty = json.dumps(
            {
                "Version": "2019-10-30",
                "StartAction": "end",
                "Metadata": {},
                "Actions": [
                    {
                        "Identifier": "end",
                        "Type": "DisconnectParticipant",
                        "Parameters": {},
                        "Transitions": {},
                    }
                ],
            }
        )
        running.instance.flows.add("puente-prod-whatsapp_inbound", empty, kind="contact-flow")
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(flows, "BUILD", tmp_path / "build")
    shutil.copytree(settings.FLOWS, tmp_path / "flows")
    return tmp_path / "flows"


def stage(world: World, tmp_path: Path, **whatsapp: Any) -> Stage:
    document = yaml.safe_load(settings.FILE.read_text())
    document["stages"]["prod"]["connect"] |= {"instance_id": world.instance.id}
    document["stages"]["prod"]["whatsapp"] |= whatsapp
    file = tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(document))
    return settings.load("prod", file)


def client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1")


def names(world: World) -> dict[str, str]:
    """Name -> id of every flow of the instance."""
    listed = client("connect").list_contact_flows(InstanceId=world.instance.id)
    return {one["Name"]: one["Id"] for one in listed["ContactFlowSummaryList"]}


def published(world: World) -> dict[str, str]:
    """Name -> content of the flows that begin with the stage's prefix."""
    return {
        name: client("connect").describe_contact_flow(
            InstanceId=world.instance.id, ContactFlowId=id_
        )["ContactFlow"]["Content"]
        for name, id_ in names(world).items()
        if name.startswith("puente-prod-")
    }


def test_one_command_fills_the_way_in_and_creates_the_rest(
    world: World, folder: Path, tmp_path: Path
) -> None:
    """Each refers to the queues, hours and functions of this stage, and others' stay alone."""
    told: list[Any] = []
    before = len(names(world))
    changes = flows.publish_all(stage(world, tmp_path), client, told.append, folder=folder)
    what = {change.name: change.what for change in changes}
    assert what["whatsapp_inbound"] == "updated"
    assert what["customer_queue"] == what["voice_note"] == "created"
    found = published(world)
    assert GREETING in found["puente-prod-whatsapp_inbound"]
    whole = " ".join(found.values())
    assert "function:puente-prod-send-template" in whole
    assert "/view/77777777-voice_note:3" in found["puente-prod-agent_guide"]
    assert flows.UNPUBLISHED not in whole
    assert len(names(world)) == before + len(found) - 1
    again = flows.publish_all(stage(world, tmp_path), client, told.append, folder=folder)
    assert {change.what for change in again} == {"unchanged"}


def test_looking_first_changes_nothing(world: World, folder: Path, tmp_path: Path) -> None:
    flows.publish_all(stage(world, tmp_path), client, print, dry_run=True, folder=folder)
    assert GREETING not in " ".join(published(world).values())


@pytest.mark.deep
def test_a_bad_flow_is_taken_back(world: World, folder: Path, tmp_path: Path) -> None:
    prod = stage(world, tmp_path)
    flows.publish_all(prod, client, print, folder=folder)
    file = folder / "settings.yaml"
    file.write_text(file.read_text().replace(GREETING, "Oops."))
    flows.publish_all(prod, client, print, folder=folder)
    assert "Oops." in published(world)["puente-prod-whatsapp_inbound"]
    assert flows.roll_back(prod, client, "whatsapp_inbound", folder=folder) == "flows"
    assert GREETING in published(world)["puente-prod-whatsapp_inbound"]


def test_before_the_stacks_are_there_the_reader_is_told(
    world: World, folder: Path, tmp_path: Path
) -> None:
    world.instance.own_views.all.clear()
    with pytest.raises(PublishError, match="no views: voice_note"):
        flows.publish_all(stage(world, tmp_path), client, print, folder=folder)
    world.instance.queues.clear()
    with pytest.raises(PublishError, match="no queues"):
        flows.publish_all(stage(world, tmp_path), client, print, folder=folder)


def test_a_number_may_have_a_flow_of_its_own(world: World, tmp_path: Path) -> None:
    """UT-29: it must be there to be published."""
    with pytest.raises(SettingsProblem, match=r"no contact_flows/claims.json.j2"):
        stage(world, tmp_path, numbers={"phone-number-id-b": {"flow": "claims"}})
    two = stage(world, tmp_path, numbers={"phone-number-id-a": None, "phone-number-id-b": {}})
    assert two.whatsapp.flows == ("whatsapp_inbound",)


def test_exports_name_the_instance_that_the_stacks_made(tmp_path: Path) -> None:
    class Exports:
        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self) -> list[dict[str, Any]]:
            return [{"Exports": [{"Name": "puente-prod-instance-id", "Value": "the-id"}]}]

    made: Callable[[str], Any] = lambda _: Exports()  # noqa: E731
    assert flows.instance_of(settings.load("prod"), made) == "the-id"
