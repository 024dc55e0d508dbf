"""The doctor's checks of the Amazon Connect instance."""

import re

from infra.names import NOT_YET
from ops.findings import Finding, failed, ok, warning
from ops.look import Facts, Look

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


def staffed(look: Look) -> Finding:
    waiting = _standard(look)
    hours = look.connect("list_hours_of_operations").get("HoursOfOperationSummaryList", [])
    if not waiting or not hours:
        return failed("The instance has no queue or no hours.", "Deploy `contact-center` again.")
    return ok(f"{len(waiting)} queues and {len(hours)} sets of hours.")


def _standard(look: Look) -> list[str]:
    """Queues that are not an agent's own."""
    every = look.connect("list_queues").get("QueueSummaryList", [])
    return [one["Id"] for one in every if one.get("QueueType") == "STANDARD"]
