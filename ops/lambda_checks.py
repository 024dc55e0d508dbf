"""The doctor's checks of the functions: deployed, alike, and allowed to run."""

import dataclasses
import json
from collections.abc import Iterator

from chalicelib.errors import Rejected, SettingsError
from chalicelib.setting_values import Secret
from chalicelib.settings import Settings
from infra.functions import FUNCTIONS, Function
from ops.connect_checks import LAMBDA_ARN
from ops.findings import Finding, failed, first_of, ok, some, unchecked, warning
from ops.load import UNRESERVED
from ops.look import Facts, Look

REMEDY = "Deploy the stack `messaging` again."
MISSING = "ResourceNotFoundException"
READY = ("Active", "Inactive")  # Lambda calls a function that nobody asked for weeks inactive
# What a function's environment need not have: Lambda gives the region, the rest is for laptops.
NOT_THEIRS = {
    *("aws_region", "check_parameters", "expected_chats"),
    *("expected_messages_per_second", "expected_new_chats_per_second"),
}


# --- what is deployed ---------------------------------------------------------------------------


def deployed(look: Look) -> Finding:
    """A function that could not be updated answers with its old code, or not at all."""
    found = {one.name: _configuration(look, one.name) for one in FUNCTIONS}
    return first_of(
        *(_state(one, found[one.name]) for one in FUNCTIONS),
        _codes(found),
        otherwise=f"All {len(FUNCTIONS)} functions are ready and run the same code.",
    )


def _configuration(look: Look, name: str) -> Facts:
    """{} when there is none."""
    try:
        return look.aws(
            "lambda", "get_function_configuration", FunctionName=look.names.function(name)
        )
    except Rejected as problem:
        if problem.code != MISSING:
            raise
        return {}


def _state(function: Function, found: Facts) -> Finding | None:
    if not found:
        return failed(f"There is no function {function.name}.", REMEDY)
    state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
    why = found.get("LastUpdateStatusReason") or found.get("StateReason") or "AWS gives no reason"
    if state == "Failed" or update == "Failed":
        return failed(f"{function.name} could not be deployed: {why}.", REMEDY)
    if state not in READY or update == "InProgress":
        return warning(f"{function.name} is being deployed ({state}).", "Ask again in a minute.")
    if found.get("Timeout") != function.timeout_s:
        return warning(
            f"{function.name} runs {found.get('Timeout')} s at most, not {function.timeout_s}: the "
            "visibility of its queue and the claims of conversations count on it.",
            REMEDY,
        )
    return None


def _codes(found: dict[str, Facts]) -> Finding | None:
    by_code: dict[str, list[str]] = {}
    for name, one in found.items():
        by_code.setdefault(one.get("CodeSha256", ""), []).append(name)
    if len(by_code) < 2:  # noqa: PLR2004  (one code, or none)
        return None
    few = min(by_code.values(), key=len)
    return failed(f"Not all functions run the same code: {some(few)} differ.", REMEDY)


def same_settings(look: Look) -> Finding:
    """The doctor judges by the settings of this shell; functions may have others."""
    return first_of(
        *(_settings(look, one.name) for one in FUNCTIONS),
        otherwise="Every function has the settings that this shell has.",
    )


def _settings(look: Look, name: str) -> Finding | None:
    environment = _configuration(look, name).get("Environment", {})
    if "Error" in environment:
        return unchecked(
            f"The settings of {name} cannot be read.", "These credentials need kms:Decrypt."
        )
    try:
        theirs = Settings.from_environment(environment.get("Variables", {}))
    except SettingsError as problem:
        return failed(f"{name} does not start: {str(problem).splitlines()[0]}.", REMEDY)
    other = _different(theirs, look.settings)
    if not other:
        return None
    return failed(
        f"{name} has other settings than this shell: {some(other)}.",
        'eval "$(python -m infra env --stage STAGE)" and ask again; if that is what it has, '
        "somebody edited a function: deploy the stack `messaging` again.",
    )


def _different(one: Settings, other: Settings) -> list[str]:
    names = [field.name for field in dataclasses.fields(Settings) if field.name not in NOT_THEIRS]
    return [name.upper() for name in names if _value(one, name) != _value(other, name)]


def _value(settings: Settings, name: str) -> object:
    value = getattr(settings, name)
    return value.get_secret_value() if isinstance(value, Secret) else value


# --- whether they may run -----------------------------------------------------------------------


def concurrency(look: Look) -> Finding:
    """A reservation of nothing is a function that is switched off."""
    reserved = {one.name: _reserved(look, one.name) for one in FUNCTIONS}
    stopped = [name for name, value in reserved.items() if value == 0]
    if stopped:
        return failed(
            f"{some(stopped)} may not run: reserved concurrency is 0.",
            "Somebody stopped it, or the budget did. aws lambda delete-function-concurrency "
            "--function-name NAME, or deploy the stack `messaging` again.",
        )
    limits = look.aws("lambda", "get_account_settings")["AccountLimit"]
    free = int(limits["UnreservedConcurrentExecutions"])
    sharing = [name for name, value in reserved.items() if value is None]
    if sharing and free < UNRESERVED:
        return warning(
            f"{some(sharing)} share {free} executions with everything else in this account.",
            "Service Quotas > AWS Lambda > Concurrent executions: ask for 1,000; then reserve by "
            "`concurrency` in infra/settings.yaml.",
        )
    kept = sum(value or 0 for value in reserved.values())
    return ok(f"{kept} executions are reserved, {free} of the account are free.")


def _reserved(look: Look, name: str) -> int | None:
    """None where nothing is reserved."""
    if not _configuration(look, name):
        return None  # `deployed` says that it is gone
    function = look.names.function(name)
    found = look.aws("lambda", "get_function_concurrency", FunctionName=function)
    value = found.get("ReservedConcurrentExecutions")
    return None if value is None else int(value)


def invoked_by_flows(look: Look) -> Finding:
    """Association lets a flow name a function; only the function's own policy lets it run."""
    named = sorted(set(LAMBDA_ARN.findall(look.flow_contents())))
    refused = [arn.rpartition(":")[2] for arn in named if not _invoked(look, arn)]
    if refused:
        return failed(
            f"Connect may not invoke {some(refused)}: flows take the way of their errors.", REMEDY
        )
    return ok(f"Connect may invoke all {len(named)} functions that the flows name.")


def _invoked(look: Look, arn: str) -> bool:
    try:
        told = look.aws("lambda", "get_policy", FunctionName=arn)
    except Rejected as problem:
        if problem.code != MISSING:
            raise
        return False
    return any(_names_connect(one) for one in _statements(told["Policy"]))


def _statements(policy: str) -> Iterator[Facts]:
    yield from json.loads(policy).get("Statement", [])


def _names_connect(statement: Facts) -> bool:
    allowed = statement.get("Effect") == "Allow"
    return allowed and "connect.amazonaws.com" in str(statement.get("Principal"))
