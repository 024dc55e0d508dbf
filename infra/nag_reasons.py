"""The findings of the rule packs we live with, each with its reason. Plain data, the only place.

Five rules for what is deployed by default. Wildcards are told apart by the resource they name: a
new one is a new finding. An option that is switched on brings its own.
"""

from infra.names import Names
from infra.policies import MEDIA_PREFIX, network_interfaces
from infra.settings import Stage

WILDCARD = "AwsSolutions::AwsSolutions-IAM5"

ACKNOWLEDGED = {
    "AwsSolutions::AwsSolutions-L1": "the product supports Python 3.11 to 3.13; AWS maintains the "
    "3.13 runtime until June 2029",
    "PCI.DSS.321::PCI.DSS.321-S3BucketReplicationEnabled": "the media bucket is replicated; its "
    "replica and the access logs need no third copy",
    "PCI.DSS.321::PCI.DSS.321-S3DefaultEncryptionKMS": "S3 delivers access logs only into buckets "
    "whose default encryption is its own (S3 user guide, Enabling server access logging)",
}

WITHOUT_VPC = {
    "PCI.DSS.321::PCI.DSS.321-LambdaInsideVPC": "the functions talk to AWS and to the AI service "
    "over TLS and reach nothing inside a network; a VPC would add a NAT gateway to every message",
}
WITH_VPC = {
    "PCI.DSS.321::PCI.DSS.321-VPCNoUnrestrictedRouteToIGW": "the NAT gateway's own subnets: "
    "Connect's chat service and the AI service have no endpoint in a VPC; nothing may come in",
    "PCI.DSS.321::PCI.DSS.321-VPCDefaultSecurityGroupClosed": "nothing is in the default group; "
    "closing it would take a function of CDK's, with AWS's own broad policy for its log",
}


def acknowledged(stage: Stage) -> dict[str, str]:
    """Finding -> reason, for what this stage switches on."""
    network = WITH_VPC if stage.network.vpc or stage.worker.runs else {}
    functions = {} if stage.network.vpc else WITHOUT_VPC
    named = {f"{WILDCARD}[Resource::{name}]": why for name, why in wildcards(stage).items()}
    return {**named, **ACKNOWLEDGED, **functions, **network}


def rules(findings: dict[str, str]) -> set[str]:
    """The rules these findings are of: "AwsSolutions-IAM5", ..."""
    return {one.partition("::")[2].partition("[")[0] for one in findings}


def wildcards(stage: Stage) -> dict[str, str]:
    """Every resource with a * in a role's policy -> why it has no narrower name."""
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    instance = stage.connect.instance_id or f"{stage.prefix}-instance-id"
    connect = f"arn:aws:connect:{stage.region}:{stage.account}:instance/{instance}"
    return {
        "*": "X-Ray's actions know no resources; those that describe network interfaces or fetch "
        "ECR's token do not either (service authorization reference)",
        f"{connect}/contact/*": "a contact has no id before it is opened; the instance is ours",
        f"{at.media_arn}/{MEDIA_PREFIX}/*": "keys of customers' files are made as they come; other "
        "prefixes (chat transcripts) are closed",
        f"{at.copies_arn(stage.backup.copy_region)}/{MEDIA_PREFIX}/*": "the copies of the files of "
        "a customer who is forgotten, to be deleted",
        **_of_vpc(at, stage),
    }


def _of_vpc(at: Names, stage: Stage) -> dict[str, str]:
    if not stage.network.vpc:
        return {}
    return {
        network_interfaces(at): "Lambda makes and removes them with the function's role; an id is "
        "known only then",
    }
