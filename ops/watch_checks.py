"""The doctor's checks of who would notice: alarms, those who hear them, and the log."""

from infra.functions import FUNCTIONS
from infra.names import ALARMS, LETTERS, WORK_QUEUES
from ops.findings import Finding, failed, ok, some, warning
from ops.look import Facts, Look

REMEDY = "Deploy the stack `observability` again."
DEPLOY_FUNCTIONS = "Deploy the stack `messaging` again."


def alarms(look: Look) -> Finding:
    """An alarm that nobody hears is none."""
    heard = look.subscriptions(look.names.topic_arn(ALARMS))
    if any(arn.startswith("arn:") for arn in heard):
        return ok("Somebody hears the alarms.")
    if heard:
        return failed(
            "Nobody hears the alarms: AWS waits for the address to confirm.",
            "Follow the link in the mail from AWS Notifications.",
        )
    return failed(
        "Nobody hears the alarms: their topic has no subscription.",
        "Name alarm_email in infra/settings.yaml and deploy, or subscribe what your team uses.",
    )


def alarms_set(look: Look) -> Finding:
    """Each queue, dead-letter queue and function has an alarm that tells the topic."""
    every = _alarms(look)
    telling = {_watched(one) for one in every if _tells(look, one)}
    missing = [what for what in _wanted(look) if what not in telling]
    if missing:
        there = {_watched(one) for one in every}
        silent = [what for what in missing if what in there]
        if silent:
            return failed(
                f"Alarms tell nobody: {some(_words(silent))}.",
                "CloudWatch console > Alarms > Actions: enable them; or deploy the stack "
                "`observability` again.",
            )
        return failed(f"No alarm watches {some(_words(missing))}.", REMEDY)
    return ok(f"{len(telling)} alarms watch queues, dead letters and functions.")


def ringing(look: Look) -> Finding:
    on = [one["AlarmName"] for one in _alarms(look) if one.get("StateValue") == "ALARM"]
    if on:
        return warning(f"In alarm: {some(on)}.", "docs/operations.md, Troubleshooting")
    return ok("No alarm rings.")


def _alarms(look: Look) -> list[Facts]:
    """Those whose names begin as ours do."""
    named = {"AlarmNamePrefix": f"{look.names.prefix}-"} if look.names.prefix else {}
    return list(look.aws("cloudwatch", "describe_alarms", **named).get("MetricAlarms", []))


def _watched(alarm: Facts) -> tuple[str, str]:
    """(metric, what it is of)."""
    of = "".join(one["Value"] for one in alarm.get("Dimensions", [])[:1])
    return alarm.get("MetricName", ""), of


def _tells(look: Look, alarm: Facts) -> bool:
    topic = look.names.topic_arn(ALARMS)
    return bool(alarm.get("ActionsEnabled")) and topic in alarm.get("AlarmActions", [])


def _wanted(look: Look) -> list[tuple[str, str]]:
    name = look.names
    return [
        *(("ApproximateAgeOfOldestMessage", name.queue(one)) for one in WORK_QUEUES),
        *(("ApproximateNumberOfMessagesVisible", name.queue(one)) for one in LETTERS),
        *(("Errors", name.function(one.name)) for one in FUNCTIONS),
    ]


def _words(watched: list[tuple[str, str]]) -> list[str]:
    return [f"{metric} of {of}" for metric, of in watched]


def logs(look: Look) -> Finding:
    group = look.names.log_group
    found = look.aws("logs", "describe_log_groups", logGroupNamePrefix=group).get("logGroups", [])
    days = {one["logGroupName"]: one.get("retentionInDays") for one in found}
    if group not in days:
        return failed(f"There is no log group {group}: functions log nowhere.", DEPLOY_FUNCTIONS)
    if not days[group]:
        return warning(f"The log group {group} keeps everything for ever.", DEPLOY_FUNCTIONS)
    return ok(f"The functions' log is kept for {days[group]} days.")
