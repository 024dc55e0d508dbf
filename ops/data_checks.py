"""The doctor's checks of what must not be lost or read: tables, files, copies, backups."""

from datetime import UTC, datetime, timedelta

from chalicelib.errors import Rejected
from ops.findings import Finding, failed, first_of, ok, unchecked, warning
from ops.look import Facts, Look

INDEXES = {"conversations": {"of_customer"}, "messages": {"by_customer", "by_message_id"}}
REMEDY = "Deploy the stack `data` again."
NO_REPLICATION = "ReplicationConfigurationNotFoundError"
EXPIRES = ("ENABLED", "ENABLING")  # the latter for up to an hour (API reference, UpdateTimeToLive)
DONE = ("COMPLETED", "AVAILABLE")  # AWS Backup, status of a recovery point
GRACE = timedelta(days=1)  # a backup that is due may still be at work
WEEK, MONTH = 7, 31  # days
BACK_UP = (
    "AWS Backup console > Jobs says why; Settings > Service opt-in must have DynamoDB and its "
    "advanced features. Then deploy the stacks `copies` and `backup` again."
)


def tables(look: Look) -> Finding:
    return first_of(
        *(_table(look, name, INDEXES[kind]) for kind, name in _tables(look).items()),
        otherwise="Both tables expire what is old, can be restored, and have their indexes.",
    )


def _tables(look: Look) -> dict[str, str]:
    return {"conversations": look.names.conversations, "messages": look.names.messages}


def _table(look: Look, name: str, wanted: set[str]) -> Finding | None:
    table = look.aws("dynamodb", "describe_table", TableName=name)["Table"]
    missing = wanted - {one["IndexName"] for one in table.get("GlobalSecondaryIndexes", [])}
    if missing:
        return failed(f"{name} lacks the index {', '.join(sorted(missing))}.", REMEDY)
    told = look.aws("dynamodb", "describe_time_to_live", TableName=name)
    expiry = told["TimeToLiveDescription"]
    forgets = expiry["TimeToLiveStatus"] in EXPIRES
    if not forgets or expiry.get("AttributeName") != "expires":
        return failed(f"{name} never forgets: time to live on `expires` is off.", REMEDY)
    backups = look.aws("dynamodb", "describe_continuous_backups", TableName=name)
    recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        return warning(f"{name} cannot be restored to a point in time.", REMEDY)
    if table.get("SSEDescription", {}).get("Status") != "ENABLED":
        return warning(f"{name} is not encrypted with a key of yours.", REMEDY)
    return None


def deletion(look: Look) -> Finding:
    """One call must not delete what customers wrote."""
    open_ = [name for name in _tables(look).values() if not _is_protected(look, name)]
    if open_:
        return warning(
            f"One call deletes {' and '.join(open_)}: deletion protection is off.",
            "Set keep_data: true in infra/settings.yaml and deploy the stack `data`.",
        )
    return ok("Both tables are protected against deletion.")


def _is_protected(look: Look, name: str) -> bool:
    table = look.aws("dynamodb", "describe_table", TableName=name)["Table"]
    return bool(table.get("DeletionProtectionEnabled"))


# --- files --------------------------------------------------------------------------------------


def bucket(look: Look) -> Finding:
    if look.bucket("get_bucket_versioning").get("Status") != "Enabled":
        return failed("The media bucket keeps no versions.", REMEDY)
    blocked = look.bucket("get_public_access_block")["PublicAccessBlockConfiguration"]
    if not all(blocked.values()):
        return failed("The media bucket may be made public.", REMEDY)
    rules = look.bucket("get_bucket_encryption")["ServerSideEncryptionConfiguration"]["Rules"]
    kinds = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules]
    if "aws:kms" not in kinds:
        return warning("The media bucket is encrypted, with a key of Amazon's.", REMEDY)
    return ok("The media bucket is versioned, private and encrypted with a key of yours.")


def replication(look: Look) -> Finding:
    """Where erasing looks for copies is where they go, and failures are counted."""
    rules = _rules(look)
    working = [one for one in rules if one["Status"] == "Enabled"]
    named = {one.partition("/")[2] for one in look.settings.s3_bucket_copies}
    targets = {one["Destination"]["Bucket"].rpartition(":")[2] for one in working}
    if rules and not working:
        return failed("Files go to no other region: the replication rule is off.", REMEDY)
    if named - targets:
        return failed(f"Files do not go to {', '.join(named - targets)}.", REMEDY)
    if not working:
        return warning("Files lie in one region only.", REMEDY)
    if not any(_is_counted(one) for one in working):
        return warning("Nobody hears of files that fail to be copied.", REMEDY)
    return ok(f"Files are copied to {', '.join(sorted(targets))}, and failures are counted.")


def _rules(look: Look) -> list[Facts]:
    try:
        found = look.bucket("get_bucket_replication")
    except Rejected as problem:
        if problem.code != NO_REPLICATION:
            raise
        return []
    return list(found["ReplicationConfiguration"]["Rules"])


def _is_counted(rule: Facts) -> bool:
    return bool(rule["Destination"].get("Metrics", {}).get("Status") == "Enabled")


def pages(look: Look) -> Finding:
    """A link that has ended must not show agents an answer in XML."""
    if not look.settings.media_link_domain:
        return ok("Links to files are S3's own; there are no pages.")
    if not look.has_pages():
        return warning(
            "Links that have ended show an error in XML: CloudFront's pages are missing.",
            "make publish-pages STAGE=STAGE",
        )
    return ok("Links that open no file any more show a page that says why.")


# --- backups ------------------------------------------------------------------------------------


def backups(look: Look) -> Finding:
    """A plan that copies both tables into our vault and one elsewhere, and has just done so."""
    vault = look.names.vault
    plans = look.aws("backup", "list_backup_plans").get("BackupPlansList", [])
    for plan in plans:
        id_ = plan["BackupPlanId"]
        rules = look.aws("backup", "get_backup_plan", BackupPlanId=id_)["BackupPlan"]["Rules"]
        ours = [rule for rule in rules if rule["TargetBackupVaultName"] == vault]
        if ours:
            return _planned(look, plan, ours[0])
    return failed(f"No backup plan fills the vault {vault}.", "Deploy the stack `backup` again.")


def _planned(look: Look, plan: Facts, rule: Facts) -> Finding:
    chosen = _selected(look, plan["BackupPlanId"])
    arns = [look.names.table_arn(name) for name in _tables(look).values()]
    missing = [arn.rpartition("/")[2] for arn in arns if arn not in chosen]
    if missing:
        return failed(f"The backup plan leaves out {', '.join(missing)}.", BACK_UP)
    places = {look.names.region: rule["TargetBackupVaultName"]} | _copies(rule)
    if len(places) == 1:
        return failed("Backups lie in one region only.", BACK_UP)
    limit = timedelta(days=days_between(rule.get("ScheduleExpression", ""))) + GRACE
    since = datetime.fromtimestamp(look.now(), UTC) - limit
    old = [
        f"{arn.rpartition('/')[2]} in {region}"
        for region, vault in places.items()
        for arn in arns
        if not _has_point(look, region, vault, arn, since)
    ]
    if not old:
        return ok(
            f"Both tables have a backup of the last {limit.days} days in {' and '.join(places)}."
        )
    says = f"No backup of the last {limit.days} days: {', '.join(old)}."
    if plan["CreationDate"] > since:
        return unchecked(f"{says} The plan is new.", "Ask again tomorrow.")
    return failed(says, BACK_UP)


def _selected(look: Look, plan: str) -> set[str]:
    made = look.aws("backup", "list_backup_selections", BackupPlanId=plan)
    found = [
        look.aws(
            "backup", "get_backup_selection", BackupPlanId=plan, SelectionId=one["SelectionId"]
        )
        for one in made.get("BackupSelectionsList", [])
    ]
    return {arn for one in found for arn in one["BackupSelection"].get("Resources", [])}


def _copies(rule: Facts) -> dict[str, str]:
    """Vault by region: arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME."""
    arns = [one["DestinationBackupVaultArn"].split(":") for one in rule.get("CopyActions", [])]
    return {parts[3]: parts[6] for parts in arns}


def _has_point(look: Look, region: str, vault: str, arn: str, since: datetime) -> bool:
    found = look.aws(
        "backup",
        "list_recovery_points_by_backup_vault",
        region=region,
        BackupVaultName=vault,
        ByResourceArn=arn,
        ByCreatedAfter=since,
    )
    return any(one["Status"] in DONE for one in found.get("RecoveryPoints", []))


def days_between(schedule: str) -> int:
    """ "cron(0 3 * * ? *)" -> 1. Fields: AWS Backup takes EventBridge's cron."""
    fields = schedule.removeprefix("cron(").rstrip(")").split()
    if len(fields) < 5:  # noqa: PLR2004  (minutes, hours, day of month, month, day of week)
        return 1
    of_month, of_week = fields[2], fields[4]
    if of_week not in ("*", "?"):
        return WEEK
    return 1 if of_month in ("*", "?") else MONTH
