"""What a deployed stage was given: the settings of its functions, for commands on a laptop."""

import shlex
from typing import Any

from botocore.exceptions import ClientError

from infra.link import Clients, LinkProblem
from infra.names import Names
from infra.settings import Stage

OF = "inbound"  # all functions have the same settings


def exports(stage: Stage, clients: Clients) -> list[str]:
    """Lines for a shell, `export NAME=value`. A secret is named by its ARN. Raises LinkProblem.

    Lambda itself tells functions their region; a laptop has to be told.
    """
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    variables = {"AWS_REGION": stage.region, **_variables(at.function(OF), clients("lambda"))}
    return [f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())]


def exported(clients: Clients, name: str) -> str:
    """What the stacks export under a name, or ""."""
    pages = clients("cloudformation").get_paginator("list_exports").paginate()
    found = (one["Value"] for page in pages for one in page["Exports"] if one["Name"] == name)
    return str(next(found, ""))


def _variables(function: str, aws_lambda: Any) -> dict[str, str]:
    try:
        found = aws_lambda.get_function_configuration(FunctionName=function)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise LinkProblem(f"there is no function {function}: make deploy first") from error
    environment = found.get("Environment", {})
    if "Error" in environment:
        raise LinkProblem(
            f"the settings of {function} cannot be read: {environment['Error']['Message']} "
            "(these credentials need kms:Decrypt of the stage's key)"
        )
    return dict(environment.get("Variables", {}))
