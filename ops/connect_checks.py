"""The doctor's checks of the Amazon Connect instance."""

import re

from infra.names import NOT_YET
from ops import live
from ops.findings import Finding, failed, ok, some, warning
from ops.look import Facts, Look

VIEW_ARN = re.compile(r"arn:aws[a-z-]*:connect:[a-z0-9-]+:\d{12}:instance/[^/]+/view/([\w:$-]+)")
LAMBDA_ARN = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+")


def instance(look: Look) -> Finding:
    status = look.connect("describe_instance")["Instance"]["InstanceStatus"]
    if status != "ACTIVE":
        return failed(f"The Connect instance is {status}.", "Amazon Connect console > Instances.")
    return ok("The Connect instance is active.")


def chat_storage(look: Look) -> Finding:
    kinds = {"ATTACHMENTS": "Attachments sharing", "CHAT_TRANSCRIPTS": "Chat transcripts"}
    missing = [kind for kind in kinds if not _stored(look, kind)]
    if "ATTACHMENTS" in missing:
        return failed(
            "Files are not enabled in this instance's chats (CP-44).",
            "Connect console > the instance > Data storage > Attachments > Enable.",
        )
    if missing:
        return warning("Chat transcripts are kept nowhere.", "The same page > Chat transcripts.")
    return ok("The instance keeps chat transcripts and attachments.")


def attachments_open(look: Look) -> Finding:
    """Agents' browsers fetch files from the bucket itself, which has to allow their page."""
    stored = look.connect("list_instance_storage_configs", ResourceType="ATTACHMENTS")
    buckets = [one["S3Config"]["BucketName"] for one in stored["StorageConfigs"]]
    closed = [name for name in buckets if not {"GET", "PUT"} <= look.cors(name)]
    if closed:
        return failed(
            f"Agents' browsers may not fetch files from {', '.join(closed)} (CP-44).",
            "S3 console > the bucket > Permissions > CORS: GET and PUT, header *, origins "
            "https://*.my.connect.aws and https://*.awsapps.com (docs/operations.md, Install).",
        )
    return ok("Agents' browsers may fetch chat attachments from their bucket.")


def _stored(look: Look, kind: str) -> bool:
    return bool(look.connect("list_instance_storage_configs", ResourceType=kind)["StorageConfigs"])


def origins(look: Look) -> Finding:
    found = look.connect("list_approved_origins").get("Origins", [])
    if not found:
        return warning(
            "No approved origin: the agent workspace loads in Connect's own page only (CP-42).",
            "Connect console > the instance > Approved origins, when you embed it in a page.",
        )
    return ok(f"{len(found)} approved origins.")


def flow(look: Look) -> Finding:
    flows = look.flows()
    found = [problem for one in flows if (problem := _unfit(one))]
    if found:
        return found[0]
    return ok(f"{len(flows)} contact flows that customers enter by are published.")


def _unfit(flow: Facts) -> Finding | None:
    name = flow.get("Name", "The contact flow")
    state, status = flow.get("State", "ACTIVE"), flow.get("Status", "PUBLISHED")
    if (state, status) != ("ACTIVE", "PUBLISHED"):
        return failed(
            f"{name} is {state.lower()}, {status.lower()} (CP-43).",
            "python -m flowkit publish, see docs/flows.md",
        )
    if NOT_YET in flow.get("Content", ""):
        return failed(
            f"{name} is as the stacks made it: customers read that we are being set up (CP-43).",
            "python -m infra flows --stage STAGE",
        )
    return None


def functions(look: Look) -> Finding:
    named = set(LAMBDA_ARN.findall(look.flow_contents()))
    associated = look.connect("list_lambda_functions").get("LambdaFunctions", [])
    known = {match[0] for arn in associated if (match := LAMBDA_ARN.match(arn))}
    missing = sorted(arn.rpartition(":")[2] for arn in named - known)
    if missing:
        return failed(
            f"The flow calls functions the instance may not call: {', '.join(missing)}.",
            "Deploy the stack `contact-center` again; it associates them.",
        )
    return ok(f"The instance may call all {len(named)} functions that the flow names.")


def views(look: Look) -> Finding:
    """One that is gone leaves agents Connect's own card: no sound, no buttons of ours."""
    guides = look.guide_contents()
    shown = sorted(set(VIEW_ARN.findall(guides)))
    states = {view: look.view_status(view) for view in shown}
    wrong = [f"{view} is {state.lower()}" for view, state in states.items() if state != "PUBLISHED"]
    if wrong:
        return failed(
            f"The guide shows views it cannot have: {', '.join(wrong)}.",
            "make deploy STAGE=...: the stack `contact-center` makes them, then publishes flows.",
        )
    if '"ShowView"' in guides and not shown:
        return warning(
            "The guide shows Connect's own cards only, without a link to the sound.",
            "python -m infra flows --stage STAGE",
        )
    return ok(f"{len(shown)} views of ours are shown by the guides, all published.")


def staffed(look: Look) -> Finding:
    waiting = _standard(look)
    hours = look.connect("list_hours_of_operations").get("HoursOfOperationSummaryList", [])
    if not waiting or not hours:
        return failed("The instance has no queue or no hours.", "Deploy `contact-center` again.")
    return ok(f"{len(waiting)} queues and {len(hours)} sets of hours.")


def agents(look: Look) -> Finding:
    """A chat goes to agents whose routing profile takes its queue, for chats."""
    names = look.queue_names()
    ours = {
        id_ for id_, name in names.items() if name.startswith(look.names.in_instance.strip("-"))
    }
    unrouted = sorted(names[one] for one in (ours or names.keys()) - _routed(look))
    if unrouted:
        return failed(
            f"No routing profile takes chats of {some(unrouted)} (CP-43).",
            "Connect console > Users > Routing profiles: add the queue, channel chat.",
        )
    now = live.queues_now(look)
    alone = [one for one in now if one.waiting and not one.agents_online]
    if alone:
        return warning(
            f"{alone[0].waiting} customers wait in {alone[0].queue}, and none of its agents is "
            "signed in.",
            "python -m ops metrics shows every queue; agents sign in to the agent workspace.",
        )
    online = max((one.agents_online for one in now), default=0)
    return ok(f"Every queue has a routing profile; {online} agents at most serve one now.")


def _routed(look: Look) -> set[str]:
    """Queues whose chats some routing profile takes."""
    profiles = look.connect("list_routing_profiles").get("RoutingProfileSummaryList", [])
    found = [
        one
        for profile in profiles
        for one in look.connect("list_routing_profile_queues", RoutingProfileId=profile["Id"]).get(
            "RoutingProfileQueueConfigSummaryList", []
        )
    ]
    return {one["QueueId"] for one in found if one.get("Channel") == "CHAT"}


def _standard(look: Look) -> list[str]:
    """Queues that are not an agent's own."""
    every = look.connect("list_queues").get("QueueSummaryList", [])
    return [one["Id"] for one in every if one.get("QueueType") == "STANDARD"]
