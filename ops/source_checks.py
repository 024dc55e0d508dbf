"""The doctor's checks of what reads the queues: event sources of functions, or the container."""

from chalicelib.errors import Rejected
from infra.functions import FUNCTIONS, INSTEAD_OF, Function, Source
from ops.findings import Finding, failed, first_of, ok, some, warning
from ops.look import Facts, Look

REMEDY = "Deploy the stack `messaging` again."
NO_PARAMETER = "ParameterNotFound"
REPORTS = "ReportBatchItemFailures"


def event_sources(look: Look) -> Finding:
    """A mapping that is off, gone, or of another function is a queue that nobody reads."""
    return first_of(
        *(_source(look, one, source) for one in FUNCTIONS for source in one.sources),
        otherwise="Every queue is read, and each message that fails is told alone.",
    )


def _mappings(look: Look, queue: str) -> list[Facts]:
    arn = look.names.queue_arn(queue)
    answer = look.aws("lambda", "list_event_source_mappings", EventSourceArn=arn)
    return list(answer["EventSourceMappings"])


def _source(look: Look, function: Function, source: Source) -> Finding | None:
    found = _mappings(look, source.queue)
    ours = look.names.function_arn(function.name)
    strange = [one["FunctionArn"] for one in found if one["FunctionArn"] != ours]
    if strange:
        return failed(
            f"{strange[0].partition(':function:')[2]} takes messages out of {source.queue}, which "
            f"{function.name} reads: an older version, or somebody else's.",
            "Lambda console > that function > Configuration > Triggers: delete it.",
        )
    if not found:
        return failed(f"Nobody reads {source.queue}: it has no event source.", REMEDY)
    return _mapped(look, function, source, found[0])


def _mapped(look: Look, function: Function, source: Source, mapping: Facts) -> Finding | None:
    state = mapping.get("State", "Enabled")
    if state in ("Disabled", "Disabling"):
        if function.name in INSTEAD_OF.get(worker_mode(look), ()):
            return None
        return failed(
            f"Nobody reads {source.queue}: the event source of {function.name} is off.",
            f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled",
        )
    if state != "Enabled":
        return warning(f"The event source of {source.queue} is {state.lower()}.", "Ask again.")
    if REPORTS not in mapping.get("FunctionResponseTypes", []):
        return failed(
            f"One message of {source.queue} that fails brings its whole batch back: {REPORTS} is "
            "off.",
            f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} "
            f"--function-response-types {REPORTS}",
        )
    has = (mapping.get("BatchSize"), mapping.get("MaximumBatchingWindowInSeconds") or 0)
    if has != (source.batch, source.window_s):
        return warning(
            f"{function.name} gets {has[0]} messages of {source.queue} at a time, gathered for "
            f"{has[1]} s; deployed are {source.batch} and {source.window_s} s.",
            REMEDY,
        )
    return None


def worker_mode(look: Look) -> str:
    """RUN_MODE of the container: "off" where none is deployed."""
    try:
        name = look.names.worker_setting("RUN_MODE")
        found = look.aws("ssm", "get_parameter", Name=name)
    except Rejected as problem:
        if problem.code != NO_PARAMETER:
            raise
        return "off"
    return str(found["Parameter"]["Value"])


def worker(look: Look) -> Finding:
    """The container in place of functions: it runs, and `inline` alone."""
    mode = worker_mode(look)
    if mode == "off":
        return ok("Functions read the queues; there is no container.")
    asked = {"cluster": look.names.prefix, "services": (look.names.worker,)}
    services = look.aws("ecs", "describe_services", **asked).get("services", [])
    running = sum(one.get("runningCount", 0) for one in services)
    if not running:
        return failed(
            f"The container (`{mode}`) does not run: nobody reads its queues.",
            f"ECS console > cluster {look.names.prefix} > {look.names.worker} > Events says why.",
        )
    both = [queue for queue in _instead(mode) if _is_read(look, queue)]
    if mode == "inline" and (running > 1 or both):
        others = f"{some(both)} also feed functions" if both else f"{running} tasks run"
        return failed(
            f"The container is `inline` and {others}: one customer's messages lose their order.",
            "Deploy the stacks `messaging` and `worker` again.",
        )
    return ok(f"The container (`{mode}`) runs {running} times.")


def _instead(mode: str) -> list[str]:
    """The queues that a container of this mode reads."""
    taken = INSTEAD_OF.get(mode, ())
    return [s.queue for one in FUNCTIONS if one.name in taken for s in one.sources]


def _is_read(look: Look, queue: str) -> bool:
    return any(one.get("State") == "Enabled" for one in _mappings(look, queue))
