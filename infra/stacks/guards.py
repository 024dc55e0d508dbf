"""Policy statements that queues and topics share, and log retention as CloudWatch knows it."""

from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import IConstruct


def tls_only(arn: str) -> dict[str, Any]:
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def tls_publish(arn: str) -> dict[str, Any]:
    return {**tls_only(arn), "Action": "sns:Publish"}


def traces_of(topics: list[str], account: str) -> dict[str, Any]:
    """What X-Ray wants before SNS may write its part of a trace (SNS developer guide, "Active
    tracing"): the console adds this, CloudFormation does not."""
    calls = ("PutTraceSegments", "GetSamplingRules", "GetSamplingTargets")
    may = {
        "Sid": "Topics",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": [f"xray:{call}" for call in calls],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnEquals": {"aws:SourceArn": topics},
        },
    }
    return {"Version": "2012-10-17", "Statement": [may]}


def said_once(function: IConstruct) -> None:
    """CDK lets a function depend on its role, which naming it does already (cfn-lint, W3005)."""
    made = function if isinstance(function, cdk.CfnResource) else function.node.default_child
    cast("cdk.CfnResource", made).add_deletion_override("DependsOn")


def retention(days: int) -> logs.RetentionDays:
    """CloudWatch knows certain lengths only: the next longer one."""
    return KEPT[min(kept for kept in KEPT if kept >= days)]


KEPT = {
    1: logs.RetentionDays.ONE_DAY,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
    1096: logs.RetentionDays.THREE_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
    3653: logs.RetentionDays.TEN_YEARS,
}
