"""The doctor's check of permissions: IAM is asked what each function's role may do.

What a role needs is `infra/policies.py`, which tests/test_infra_permissions.py holds against every
call recorded in the sandbox. SimulatePrincipalPolicy decides with the role's policies as they are
now, boundaries and the organisation's policies included; nothing is called.
"""

from collections.abc import Iterator

from chalicelib.errors import Rejected
from infra.functions import FUNCTIONS, Function
from infra.policies import Places, Statement, statements
from infra.runtime_policy import runtime
from ops.findings import Finding, failed, ok, some
from ops.look import Facts, Look

GONE = "NoSuchEntity"
REMEDY = "Deploy the stack `messaging` again: a policy was edited, or something outside denies it."


def roles(look: Look) -> Finding:
    """Whether every function's role may make every call that the function makes."""
    places = places_of(look)
    refused: list[str] = []
    for function in FUNCTIONS:
        role = f"{places.names.function(function.name)}-{places.names.region}"
        try:
            refused += [f"{function.name}: {one}" for one in _refused(look, role, function, places)]
        except Rejected as problem:
            if problem.code != GONE:
                raise
            return failed(f"There is no role {role}.", "Deploy the stack `messaging` again.")
    if refused:
        return failed(f"IAM refuses {some(refused)}.", REMEDY)
    return ok(f"IAM allows each of {len(FUNCTIONS)} functions what it does.")


def _refused(look: Look, role: str, function: Function, at: Places) -> Iterator[str]:
    arn = f"arn:aws:iam::{at.names.account}:role/{role}"
    for statement in (*statements(function, at), *runtime(at.names.log_streams_arn, at.names)):
        for context in contexts(statement):
            for result in look.simulated(arn, statement["Action"], where(statement), context):
                yield from refusals(result)


def where(statement: Statement) -> list[str]:
    """The statement's resources; a * or ? stands for something that exists: any letter will do."""
    named = statement["Resource"]
    return [one if one == "*" else one.replace("*", "x").replace("?", "x") for one in named]


def contexts(statement: Statement) -> list[dict[str, str]]:
    """What a request carries, once for each value that the statement's condition names."""
    conditions = statement.get("Condition", {}).get("StringEquals", {})
    return [{key: value} for key, values in conditions.items() for value in values] or [{}]


def refusals(result: Facts) -> list[str]:
    """The "action on resource" that an evaluation does not allow."""
    action, specific = result["EvalActionName"], result.get("ResourceSpecificResults", [])
    if not specific:
        where = result.get("EvalResourceName", "*")
        return [] if result["EvalDecision"] == "allowed" else [f"{action} on {where}"]
    return [
        f"{action} on {one['EvalResourceName']}"
        for one in specific
        if one["EvalResourceDecision"] != "allowed"
    ]


def places_of(look: Look) -> Places:
    """Where everything is, by the settings and the queues' key."""
    settings = look.settings
    at = look.names
    instance = f"arn:aws:connect:{at.region}:{at.account}:instance/{settings.connect_instance_id}"
    flows = (settings.connect_contact_flow_id, *dict(settings.connect_flows_by_number).values())
    copies = settings.s3_bucket_copies
    return Places(
        names=at,
        copies=next((f"arn:aws:s3:::{one.partition('/')[2]}" for one in copies), ""),
        key=look.queue(settings.inbound_queue_url).get("KmsMasterKeyId", ""),
        instance=instance,
        flows=[f"{instance}/contact-flow/{flow}" for flow in flows],
        numbers=[at.number_arn(number) for number in sorted(look.numbers())],
        link_secrets=[key] if (key := settings.media_link_key.get_secret_value()) else [],
    )
