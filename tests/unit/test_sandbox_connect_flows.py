"""Publishing flows and modules, and reading the instance's queues and hours."""

import json
from datetime import UTC, datetime

import pytest

from sandbox.wire import AwsError
from tests.unit.sandbox_stage import GREETING_THEN_QUEUE, Stage

FLOW = json.dumps(GREETING_THEN_QUEUE)
OTHER = json.dumps(GREETING_THEN_QUEUE | {"Metadata": {"changed": True}})


@pytest.fixture
def stage():
    return Stage()


def refused(call, *args, **kwargs):
    with pytest.raises(AwsError) as error:
        call(*args, **kwargs)
    return error.value


def ask(stage, operation, **params):
    return stage.call(stage.connect, operation, InstanceId=stage.instance.id, **params)


def create(stage, name="after_hours", content=FLOW, **params):
    asked = {"Name": name, "Type": "CONTACT_FLOW", "Content": content} | params
    return ask(stage, "CreateContactFlow", **asked)["ContactFlowId"]


def describe(stage, flow_id):
    return ask(stage, "DescribeContactFlow", ContactFlowId=flow_id)["ContactFlow"]


class TestFlows:
    def test_a_created_flow_is_published_and_listed(self, stage):
        flow_id = create(stage, Description="closed", Tags={"a": "b"})
        listed = ask(stage, "ListContactFlows")["ContactFlowSummaryList"]

        assert [one["Name"] for one in listed] == ["inbound", "after_hours"]
        assert describe(stage, flow_id)["Status"] == "PUBLISHED"
        assert describe(stage, flow_id)["Content"] == FLOW
        assert describe(stage, flow_id)["Description"] == "closed"

    def test_a_list_comes_in_pages_and_by_type(self, stage):
        create(stage, "queue", Type="CUSTOMER_QUEUE")
        first = ask(stage, "ListContactFlows", MaxResults=1)
        second = ask(stage, "ListContactFlows", MaxResults=1, NextToken=first["NextToken"])
        typed = ask(stage, "ListContactFlows", ContactFlowTypes=["CUSTOMER_QUEUE"])

        assert second["ContactFlowSummaryList"] == typed["ContactFlowSummaryList"]
        assert "NextToken" not in second
        strange = refused(ask, stage, "ListContactFlows", NextToken="strange")
        assert strange.code == "InvalidParameterException"

    def test_a_name_can_be_used_once(self, stage):
        create(stage)
        other = create(stage, "other")

        assert refused(create, stage).code == "DuplicateResourceException"
        rename = {"ContactFlowId": other, "Name": "after_hours"}
        assert (
            refused(ask, stage, "UpdateContactFlowName", **rename).code
            == "DuplicateResourceException"
        )
        ask(stage, "UpdateContactFlowMetadata", ContactFlowId=other, ContactFlowState="ARCHIVED")
        assert describe(stage, other)["State"] == "ARCHIVED"

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("not json", "Content is not JSON"),
            ("[]", "Content is not a JSON object"),
            (json.dumps({"Version": "1", "Actions": []}), "Version must be 2019-10-30"),
            (json.dumps(GREETING_THEN_QUEUE | {"StartAction": "?"}), "StartAction '?'"),
            (json.dumps(GREETING_THEN_QUEUE | {"Settings": {}}), "Settings belong to"),
            ("x" * 256_001, "Content has 256001 characters"),
            (
                FLOW.replace('"NextAction": "Queue"', '"NextAction": "Nowhere"'),
                "'Choose queue' leads to 'Nowhere'",
            ),
            (FLOW.replace('"Welcome"', '[{"a": ""}]'), "'Greet' has an empty string"),
            (FLOW.replace('"MessageParticipant"', '""'), "'Greet' has no Type"),
            (
                FLOW.replace('"Identifier": "Queue"', '"Identifier": "Greet"'),
                "'Greet' is used twice",
            ),
        ],
    )
    def test_publishing_refuses_a_broken_flow_and_saving_does_not(self, stage, content, problem):
        error = refused(create, stage, content=content)

        assert error.code == "InvalidContactFlowException"
        assert problem in " ".join(one["message"] for one in error.extra["problems"])
        assert describe(stage, create(stage, content=content, Status="SAVED"))["Status"] == "SAVED"

    def test_251_actions_are_too_many(self, stage):
        action = GREETING_THEN_QUEUE["Actions"][3]
        many = [action | {"Identifier": f"End {number}"} for number in range(251)]
        content = json.dumps({**GREETING_THEN_QUEUE, "StartAction": "End 0", "Actions": many})

        assert "More than 250" in str(refused(create, stage, content=content).extra)

    def test_new_content_reaches_the_next_chat(self, stage):
        changed = FLOW.replace("Welcome", "Bom dia")
        ask(stage, "UpdateContactFlowContent", ContactFlowId=stage.flow.id, Content=changed)
        stage.start_chat()
        stage.settle()

        assert ("SYSTEM", "text/plain", "Bom dia") in stage.streamed()

    def test_saved_content_waits_for_its_publication(self, stage):
        saved = f"{stage.flow.id}:$SAVED"
        ask(stage, "UpdateContactFlowContent", ContactFlowId=saved, Content=OTHER)

        assert describe(stage, stage.flow.id)["Content"] == FLOW
        assert describe(stage, saved)["Content"] == OTHER

    def test_versions_are_numbered_and_never_change(self, stage):
        version = ask(stage, "CreateContactFlowVersion", ContactFlowId=stage.flow.id)
        ask(stage, "UpdateContactFlowContent", ContactFlowId=stage.flow.id, Content=OTHER)

        assert version["Version"] == 1
        assert describe(stage, f"{stage.flow.id}:1")["Content"] == FLOW
        assert refused(describe, stage, f"{stage.flow.id}:2").code == "ResourceNotFoundException"

    def test_a_version_needs_the_published_content(self, stage):
        saved = create(stage, Status="SAVED")
        code = refused(ask, stage, "CreateContactFlowVersion", ContactFlowId=saved).code
        assert code == "InvalidRequestException"

        other = {"ContactFlowId": stage.flow.id, "FlowContentSha256": "0" * 64}
        code = refused(ask, stage, "CreateContactFlowVersion", **other).code
        assert code == "InvalidRequestException"

    def test_an_unknown_flow_is_not_found(self, stage):
        assert refused(describe, stage, "unknown").code == "ResourceNotFoundException"


class TestModules:
    def create(self, stage, content=FLOW):
        return ask(
            stage, "CreateContactFlowModule", Name="voice_note", Content=content, Settings="{}"
        )["Id"]

    def test_a_module_is_created_described_listed_and_changed(self, stage):
        module_id = self.create(stage)
        ask(
            stage,
            "UpdateContactFlowModuleContent",
            ContactFlowModuleId=module_id,
            Content=OTHER,
        )
        described = ask(stage, "DescribeContactFlowModule", ContactFlowModuleId=module_id)
        listed = ask(stage, "ListContactFlowModules", ContactFlowModuleState="ACTIVE")

        assert described["ContactFlowModule"]["Content"] == OTHER
        assert described["ContactFlowModule"]["Settings"] == "{}"
        assert [one["Name"] for one in listed["ContactFlowModulesSummaryList"]] == ["voice_note"]

    def test_a_broken_module_is_refused_with_its_problems(self, stage):
        error = refused(self.create, stage, "{}")

        assert error.code == "InvalidContactFlowModuleException"
        assert error.extra["Problems"]

    def test_a_module_is_no_flow(self, stage):
        module_id = self.create(stage)
        assert refused(describe, stage, module_id).code == "ResourceNotFoundException"

    def test_200_modules_are_the_quota(self, stage):
        for number in range(200):
            stage.instance.flows.add(str(number), FLOW, kind="flow-module")

        assert refused(self.create, stage).code == "LimitExceededException"


class TestTheInstance:
    def test_it_describes_itself(self, stage):
        described = ask(stage, "DescribeInstance")["Instance"]
        assert described["Arn"] == stage.instance.arn

    def test_queues_and_hours_can_be_looked_up(self, stage):
        queues = ask(stage, "ListQueues")["QueueSummaryList"]
        queue = ask(stage, "DescribeQueue", QueueId="queue-general")["Queue"]
        hours = ask(stage, "ListHoursOfOperations")["HoursOfOperationSummaryList"]
        described = ask(
            stage, "DescribeHoursOfOperation", HoursOfOperationId=queue["HoursOfOperationId"]
        )["HoursOfOperation"]

        assert [one["Name"] for one in queues] == ["General", "Billing"]
        assert ask(stage, "ListQueues", QueueTypes=["AGENT"])["QueueSummaryList"] == []
        assert len(hours) == 2
        assert len(described["Config"]) == 7

    @pytest.mark.parametrize(
        ("operation", "params"),
        [
            ("DescribeQueue", {"QueueId": "none"}),
            ("DescribeHoursOfOperation", {"HoursOfOperationId": "none"}),
        ],
    )
    def test_what_does_not_exist_is_not_found(self, stage, operation, params):
        assert refused(ask, stage, operation, **params).code == "ResourceNotFoundException"

    def test_functions_are_associated_once_and_fifty_at_most(self, stage):
        arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
        ask(stage, "AssociateLambdaFunction", FunctionArn=arn)

        assert ask(stage, "ListLambdaFunctions")["LambdaFunctions"] == [arn]
        again = refused(ask, stage, "AssociateLambdaFunction", FunctionArn=arn)
        assert again.code == "ResourceConflictException"
        stage.instance.lambdas.extend(f"{arn}{number}" for number in range(49))
        more = refused(ask, stage, "AssociateLambdaFunction", FunctionArn=arn + "-more")
        assert more.code == "ServiceQuotaExceededException"

    def test_storage_is_listed_where_it_is_configured(self, stage):
        config = {
            "StorageType": "S3",
            "S3Config": {"BucketName": "chats", "BucketPrefix": "attachments"},
        }
        stage.instance.storage["ATTACHMENTS"] = config

        def listed(resource):
            found = ask(stage, "ListInstanceStorageConfigs", ResourceType=resource)
            return found["StorageConfigs"]

        assert listed("ATTACHMENTS") == [config]
        assert listed("CHAT_TRANSCRIPTS") == []

    def test_hours_follow_the_local_day(self, stage):
        hours = stage.instance.add_hours(
            "office", time_zone="America/New_York", open_on=(("FRIDAY", "09:00", "18:00"),)
        )

        def is_open(hour, minute=0):
            now = datetime(2026, 11, 20, hour, minute, tzinfo=UTC)  # a Friday
            return stage.instance.is_open(hours.arn, None, now)

        assert [is_open(13, 59), is_open(14), is_open(22, 59), is_open(23)] == [
            False,
            True,
            True,
            False,
        ]

    def test_unknown_hours_are_an_error(self, stage):
        with pytest.raises(LookupError):
            stage.instance.is_open("none", None, stage.clock.now())
