"""IAM as far as somebody asks it: what would a role be allowed?

Decided here, from the statements that a test gave the role: moto's evaluator takes no `?` in a
resource. Known are Allow and Deny, * and ?, and the condition StringEquals.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.wire import AwsError, Emulator

Statement = dict[str, Any]
EVERYTHING: list[Statement] = [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]


class IamEmulator(Emulator):
    """`iam`, of which one question is played. `roles`: statements of a policy by the role's ARN.

    Where nobody gave any, as on a laptop, everybody may do everything: nothing here asks IAM first.
    """

    service: ClassVar[str] = "iam"

    def __init__(self) -> None:
        self.roles: dict[str, list[Statement]] = {}

    def simulate_principal_policy(self, params: dict[str, Any]) -> dict[str, Any]:
        """Every action on every resource, each with its decision."""
        role = params["PolicySourceArn"]
        if self.roles and role not in self.roles:
            raise AwsError("NoSuchEntity", f"{role} cannot be found", 404)
        context = {
            one["ContextKeyName"]: one["ContextKeyValues"][0]
            for one in params.get("ContextEntries", [])
        }
        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": decided(
                    self.roles.get(role, EVERYTHING), action, resource, context
                ),
            }
            for action in params["ActionNames"]
            for resource in params.get("ResourceArns", ["*"])
        ]
        return {"EvaluationResults": results, "IsTruncated": False}


def decided(
    statements: list[Statement], action: str, resource: str, context: Mapping[str, str]
) -> str:
    """IAM's decision: a Deny outweighs every Allow."""
    effects = {
        one["Effect"]
        for one in statements
        if any(_matches(pattern, action) for pattern in one["Action"])
        and any(_matches(pattern, resource) for pattern in one["Resource"])
        and _holds(one.get("Condition", {}), context)
    }
    if "Deny" in effects:
        return "explicitDeny"
    return "allowed" if effects else "implicitDeny"


def _holds(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    wanted = condition.get("StringEquals", {})
    return all(context.get(key) in values for key, values in wanted.items())


def _matches(pattern: str, value: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value) is not None
