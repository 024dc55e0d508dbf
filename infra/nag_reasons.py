"""The findings of the rule packs we live with, each with its reason. Plain data.

Five for what is deployed by default; an option that is switched on brings its own.
"""

from infra.settings import Stage

ACKNOWLEDGED = {
    "AwsSolutions::AwsSolutions-IAM5": "contacts, log streams and object keys have no names before "
    "they exist, and X-Ray knows no resources; `wildcards` lists each; tests/test_infra.py proves "
    "each permission by a recorded call and allows a lone * for X-Ray only",
    "AwsSolutions::AwsSolutions-L1": "the product supports Python 3.11 to 3.13; AWS maintains the "
    "3.13 runtime until June 2029",
    "PCI.DSS.321::PCI.DSS.321-S3BucketReplicationEnabled": "the media bucket is replicated; its "
    "replica and the access logs need no third copy",
    "PCI.DSS.321::PCI.DSS.321-S3DefaultEncryptionKMS": "S3 delivers access logs only into buckets "
    "whose default encryption is its own (AES256)",
}

WITHOUT_VPC = {
    "PCI.DSS.321::PCI.DSS.321-LambdaInsideVPC": "the functions talk to AWS and to the AI service "
    "over TLS and reach nothing inside a network; a VPC would add a NAT gateway to every message",
}
WITH_VPC = {
    "PCI.DSS.321::PCI.DSS.321-VPCNoUnrestrictedRouteToIGW": "the NAT gateway's own subnets: "
    "Connect's chat service and the AI service have no endpoint in a VPC; nothing may come in",
    "PCI.DSS.321::PCI.DSS.321-VPCDefaultSecurityGroupClosed": "nothing is in the default group; "
    "closing it would take a function of CDK's with rights of its own",
}
WITH_WORKER = {
    "AwsSolutions::AwsSolutions-ECS2": "the environment holds names and addresses; secrets "
    "are named by their ARN and read at run time",
}
WITH_CDN = {
    "AwsSolutions::AwsSolutions-CFR1": "agents may work anywhere; a signed link, not a "
    "country, opens a file",
    "AwsSolutions::AwsSolutions-CFR2": "everything without a signed link is refused by CloudFront "
    "itself, before the bucket is asked; a firewall would see the same and cost more",
}


def acknowledged(stage: Stage) -> dict[str, str]:
    """Finding -> reason, for what this stage switches on."""
    network = WITH_VPC if stage.network.vpc or stage.worker.runs else {}
    functions = {} if stage.network.vpc else WITHOUT_VPC
    return {
        **ACKNOWLEDGED,
        **functions,
        **network,
        **(WITH_WORKER if stage.worker.runs else {}),
        **(WITH_CDN if stage.cdn.domain else {}),
    }
