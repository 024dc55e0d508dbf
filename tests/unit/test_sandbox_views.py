"""The instance's own views at the wire: made, published, versioned, listed and read."""

import json

import pytest

from flowkit.bundle import load_views
from flowkit.views import View
from infra.settings import FLOWS
from sandbox.wire import AwsError
from tests.unit.sandbox_stage import Stage

NOTE = load_views(FLOWS)["voice_note"]
CONTENT = {"Template": json.dumps(NOTE.template), "Actions": list(NOTE.actions)}


@pytest.fixture
def stage():
    return Stage()


def ask(stage, operation, **params):
    return stage.call(stage.connect, operation, InstanceId=stage.instance.id, **params)


def create(stage, name="mine", status="PUBLISHED", content=CONTENT, **params):
    given = {"Name": name, "Status": status, "Content": content, **params}
    return ask(stage, "CreateView", **given)["View"]


def refused(stage, operation, **params):
    with pytest.raises(AwsError) as error:
        ask(stage, operation, **params)
    return error.value.code


def test_a_published_view_is_read_with_the_inputs_connect_computes(stage):
    made = create(stage, Description="Ours", Tags={"a": "b"})
    found = ask(stage, "DescribeView", ViewId=made["Arn"])["View"]
    assert found == made
    assert (found["Status"], found["Type"]) == ("PUBLISHED", "CUSTOMER_MANAGED")
    schema = json.loads(found["Content"]["InputSchema"])
    assert schema["required"] == list(NOTE.inputs)
    assert schema["properties"]["Facts"] == {"type": "array"}
    assert json.loads(found["Content"]["Template"]) == NOTE.template


def test_views_are_listed_by_name_in_pages_and_awss_own_are_not(stage):
    create(stage, "two")
    create(stage, "one", Description="First")
    first = ask(stage, "ListViews", Type="CUSTOMER_MANAGED", MaxResults=1)
    assert [one["Name"] for one in first["ViewsSummaryList"]] == ["one"]
    rest = ask(stage, "ListViews", NextToken=first["NextToken"])
    assert [one["Name"] for one in rest["ViewsSummaryList"]] == ["two"]
    assert ask(stage, "ListViews", Type="AWS_MANAGED")["ViewsSummaryList"] == []


def test_a_version_is_made_for_every_change_and_kept(stage):
    made = create(stage)
    versions = [ask(stage, "CreateViewVersion", ViewId=made["Id"]) for _ in range(2)]
    assert [one["View"]["Version"] for one in versions] == [1, 1]  # nothing changed
    stored, _ = stage.instance.own_views.find(made["Id"])
    stored.published = View("mine", {"Body": []}, ())
    ask(stage, "CreateViewVersion", ViewId=made["Id"], VersionDescription="Empty")
    listed = ask(stage, "ListViewVersions", ViewId=made["Id"])["ViewVersionSummaryList"]
    assert [one["Arn"] for one in listed] == [f"{made['Arn']}:2", f"{made['Arn']}:1"]
    first = ask(stage, "DescribeView", ViewId=f"{made['Id']}:1")["View"]
    assert (first["Version"], first["Content"]["Actions"]) == (1, list(NOTE.actions))
    assert refused(stage, "DescribeView", ViewId=f"{made['Id']}:3") == "ResourceNotFoundException"
    assert refused(stage, "DescribeView", ViewId=f"{made['Id']}:x") == "ResourceNotFoundException"


def test_what_is_only_saved_is_shown_to_nobody_and_may_be_unfinished(stage):
    unfinished = {"Template": json.dumps({"Head": {}}), "Actions": []}
    draft = create(stage, status="SAVED", content=unfinished)
    assert draft["Status"] == "SAVED"
    assert refused(stage, "DescribeView", ViewId=draft["Id"]) == "ResourceNotFoundException"
    assert ask(stage, "DescribeView", ViewId=f"{draft['Id']}:$SAVED")["View"]["Name"] == "mine"


@pytest.mark.parametrize(
    ("status", "template"), [("SAVED", "{"), ("SAVED", "[]"), ("PUBLISHED", '{"Body": []}')]
)
def test_a_bad_template_is_refused(stage, status, template):
    bad = {"Name": "bad", "Status": status, "Content": {"Template": template, "Actions": []}}
    assert refused(stage, "CreateView", **bad) == "InvalidParameterException"


def test_names_are_taken_once_and_checksums_are_held(stage):
    made = create(stage)
    taken = {"Name": "mine", "Status": "PUBLISHED", "Content": CONTENT}
    assert refused(stage, "CreateView", **taken) == "DuplicateResourceException"
    other = {"ViewId": made["Id"], "ViewContentSha256": "x"}
    assert refused(stage, "CreateViewVersion", **other) == "InvalidRequestException"
