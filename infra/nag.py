"""The rule packs every synth must pass, and the few findings we live with, see `nag_reasons`."""

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, PCIDSS321Checks

from infra.nag_reasons import acknowledged
from infra.names import Names
from infra.policies import MEDIA_PREFIX, network_interfaces
from infra.settings import Stage
from infra.stacks.data import copy_bucket


def wildcards(stage: Stage) -> tuple[str, ...]:
    """Every resource with a * in a policy, as cdk-nag names it."""
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    instance = stage.connect.instance_id or f"{stage.prefix}-instance-id"
    connect = f"arn:aws:connect:{stage.region}:{stage.account}:instance/{instance}"
    numbers = () if stage.whatsapp.numbers else (at.number_arn("*"),)
    in_vpc = (network_interfaces(at),) if stage.network.vpc else ()
    traffic = f"arn:aws:logs:{stage.region}:{stage.account}:log-group:/aws/vpc/{stage.prefix}:*"
    workers = f"arn:aws:logs:{stage.region}:{stage.account}:log-group:/aws/ecs/{stage.prefix}:*"
    return (
        "*",  # X-Ray; describing network interfaces and ECR's token know no resources either
        f"{connect}/contact/*",
        f"{at.log_group_arn}:*",
        *((traffic,) if stage.network.vpc or stage.worker.runs else ()),
        *((workers,) if stage.worker.runs else ()),
        f"{at.media_arn}/{MEDIA_PREFIX}/*",
        *numbers,
        *in_vpc,
        # The replica: S3 copies every object, under a key known by its alias.
        f"{at.media_arn}/*",
        f"arn:aws:s3:::{copy_bucket(stage)}/*",
        f"arn:aws:s3:::{copy_bucket(stage)}/{MEDIA_PREFIX}/*",  # copies of who is forgotten
        f"arn:aws:kms:{stage.backup.copy_region}:{stage.account}:key/*",
    )


def check(app: cdk.App, stage: Stage) -> None:
    """Let synth fail on any finding that is not acknowledged."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), PCIDSS321Checks(app))
    for rule, reason in acknowledged(stage).items():
        for finding in _findings(rule, stage):
            cdk.Validations.of(app).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))


def _findings(rule: str, stage: Stage) -> list[str]:
    """IAM5 is told apart by resource: a new wildcard is a new finding."""
    if not rule.endswith("IAM5"):
        return [rule]
    return [f"{rule}[Resource::{resource}]" for resource in wildcards(stage)]
