"""A role for each function: a policy of its own, and the one that all of them share."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from infra import policies
from infra.functions import Function
from infra.policies import Places, Statement
from infra.runtime_policy import runtime
from infra.stacks.base import ConcernStack


def shared_policy(
    stack: ConcernStack, log_group: logs.ILogGroup, network: Sequence[str]
) -> iam.ManagedPolicy:
    """A role names it, so it is there before a function: in a VPC, Lambda refuses to make one whose
    role may not enter it. Another description would be another policy of the same name: refused.
    """
    return iam.ManagedPolicy(
        stack,
        "Runtime",
        managed_policy_name=f"{stack.stage.prefix}-runtime-{stack.region}",
        description="Log and traces of every function",
        document=_document(runtime(log_group.log_group_arn, stack.names, network)),
    )


def function_role(
    stack: ConcernStack, id_: str, function: Function, shared: iam.IManagedPolicy
) -> iam.Role:
    return iam.Role(
        stack,
        f"{id_}Role",
        role_name=f"{stack.names.function(function.name)}-{stack.region}",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        managed_policies=[shared],
    )


def own_policy(
    stack: ConcernStack, id_: str, function: Function, role: iam.Role, at: Places
) -> iam.CfnManagedPolicy | None:
    """None for a function that needs nothing."""
    statements = policies.statements(function, at)
    if not statements:
        return None
    name = stack.names.function(function.name)
    return iam.CfnManagedPolicy(
        stack,
        f"{id_}Policy",
        managed_policy_name=f"{name}-{stack.region}",
        description=f"All that {name} may do",
        policy_document={"Version": "2012-10-17", "Statement": statements},
        roles=[role.role_name],
    )


def _document(statements: list[Statement]) -> iam.PolicyDocument:
    return iam.PolicyDocument(statements=[iam.PolicyStatement.from_json(one) for one in statements])
