"""What Lambda itself does with every function's role: one policy that all functions share.

A container takes the functions' own policies and not this one: Fargate brings its network along.
"""

from collections.abc import Sequence

from infra.functions import FUNCTIONS
from infra.names import Names
from infra.policies import Statement, allow

# Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC": all of
# these. Which of them know resources: service authorization reference of EC2.
CREATE = ("ec2:CreateNetworkInterface",)
MANAGE = (
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
LOOK = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
INTERFACES = (*CREATE, *MANAGE, *LOOK)
TRACES = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
# Lambda, not our code, makes these calls with the function's role.
BY_LAMBDA = (
    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    *LOGS,
    *TRACES,
    *INTERFACES,
)


def runtime(streams: str, at: Names, network: Sequence[str] = ()) -> list[Statement]:
    """`streams`: the ARN attribute of the log group, which CloudFormation ends in ":*". `network`:
    subnets and security group of functions in a VPC."""
    return [
        allow("Logs", LOGS, [streams]),
        allow("Tracing", TRACES, ["*"]),
        *(_inside(at, network) if network else ()),
    ]


def _inside(at: Names, network: Sequence[str]) -> list[Statement]:
    """Not narrowed to interfaces of our VPC: Lambda wants every interface's id to be included, or
    "your function may not be able to access the VPC" (the same page, DeleteNetworkInterface)."""
    interfaces = network_interfaces(at)
    here = {"StringEquals": {"aws:RequestedRegion": [at.region]}}
    return [
        allow("Enter", CREATE, [interfaces, *network]),
        allow("Interfaces", MANAGE, [interfaces]),
        {**allow("Look", LOOK, ["*"]), "Condition": here},
        _not_by_code(at),
    ]


def _not_by_code(at: Names) -> Statement:
    """The code of a function may do none of it, only Lambda may (the same page, "Security best
    practices": the key is in a request when the function's code makes it)."""
    functions = [at.function_arn(one.name) for one in FUNCTIONS]
    condition = {"ArnEquals": {"lambda:SourceFunctionArn": functions}}
    return {**allow("NotByCode", INTERFACES, ["*"]), "Effect": "Deny", "Condition": condition}


def network_interfaces(at: Names) -> str:
    return f"arn:aws:ec2:{at.region}:{at.account}:network-interface/*"
