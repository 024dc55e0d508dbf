"""The doctor's checks, each a question about the installation. They read through `Look` only.

Here are those of the surroundings; the registries at the end name them all, in the order of a
message's way.
"""

from collections.abc import Callable

from chalicelib.errors import Denied, ServiceError
from ops import connect_checks as connect
from ops import data_checks as data
from ops import lambda_checks as functions
from ops import permission_checks, quota_checks
from ops import queue_checks as queues
from ops import secret_checks as secrets
from ops import source_checks as sources
from ops import watch_checks as watch
from ops import whatsapp_checks as whatsapp
from ops.findings import Finding, failed, ok, unchecked, warning
from ops.look import Look

Check = Callable[[Look], Finding]
SKEW_WARNS, SKEW_FAILS = 60, 300  # SigV4 refuses a request that is five minutes off


def credentials(look: Look) -> Finding:
    who = look.aws("sts", "get_caller_identity")["Account"]
    topic_account = look.settings.chat_streaming_topic_arn.split(":")[4]
    if topic_account != who:
        return failed(
            f"The credentials are of account {who}, the settings name {topic_account}.",
            "Use the profile of the account that Puente runs in (AWS_PROFILE).",
        )
    return ok(f"Credentials of account {who}.")


def clock(look: Look) -> Finding:
    skew = abs(look.skew())
    says = f"This clock and AWS's are {skew:.0f} s apart."
    remedy = "Switch on time synchronisation (NTP); AWS refuses requests five minutes off."
    if skew >= SKEW_FAILS:
        return failed(says, remedy)
    return warning(says, remedy) if skew >= SKEW_WARNS else ok(says)


def ai_models(look: Look) -> Finding:
    try:
        known = look.models()
    except Denied:
        return failed(
            "The AI service refuses the key.", "python -m infra secret --stage STAGE (rotate it)."
        )
    except ServiceError as problem:
        return failed(
            f"The AI service does not answer ({problem}).",
            "Compare OPENAI_BASE_URL with what the service gives; it must be reachable from here.",
        )
    if not known:
        return unchecked(
            "The AI service does not list its models.",
            "Send a voice note: its card tells whether transcription works.",
        )
    wanted = (*look.settings.transcription_models, *look.settings.llm_models)
    missing = [name for name in wanted if name not in known]
    if missing:
        return failed(
            f"The AI service has no model {', '.join(missing)}.",
            "Change TRANSCRIPTION_MODELS or LLM_MODELS, or ask the service for access.",
        )
    return ok("The AI service takes the key and has every model.")


def salt(look: Look) -> Finding:
    if not look.settings.erase_salt.get_secret_value():
        return warning(
            "Erased customers' keys are hashed with the instance id.",
            "Set ERASE_SALT to a secret of its own before the first erase.",
        )
    return ok("Erased customers' keys are hashed with a secret.")


EVERY: tuple[Check, ...] = (
    *(credentials, clock),
    *(whatsapp.event_destination, whatsapp.number, whatsapp.templates),
    *(queues.topics, queues.subscriptions, queues.queues, queues.dead_letters),
    *(functions.deployed, functions.same_settings, sources.event_sources, sources.worker),
    *(functions.concurrency, functions.invoked_by_flows, permission_checks.roles),
    *(data.tables, data.bucket, data.replication, data.pages, secrets.key, secrets.secrets),
    *(connect.instance, connect.chat_storage, connect.attachments_open, connect.origins),
    *(connect.flow, connect.functions, connect.views, connect.staffed, connect.agents),
    *(watch.ringing, watch.logs, ai_models, whatsapp.callback_data),
)
CHECKS: dict[str, Check] = {check.__name__: check for check in EVERY} | quota_checks.CHECKS
PRODUCTION: dict[str, Check] = {
    check.__name__: check
    for check in (salt, data.deletion, data.backups, watch.alarms, watch.alarms_set)
}
"""What only an installation with real customers needs."""
