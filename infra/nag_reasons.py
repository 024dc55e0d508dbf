"""The suppressed rules of cdk-nag, one entry a rule, each with its reason. The only place.

At most five, whatever is switched on. The one about wildcards is limited to the resources it
names: a new wildcard is a new finding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infra.names import Names
from infra.policies import MEDIA_PREFIX
from infra.runtime_policy import network_interfaces
from infra.settings import Stage

AWS, PCI = "AwsSolutions", "PCI.DSS.321"


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """One rule we live with. `only`: the resources it is limited to, each with its short why."""

    pack: str
    rule: str
    reason: str
    only: Mapping[str, str] = field(default_factory=dict)

    def findings(self) -> dict[str, str]:
        """What is acknowledged, by cdk-nag's ids: one for each resource in `only` -> reason."""
        name = f"{self.pack}::{self.pack}-{self.rule}"
        if not self.only:
            return {name: self.reason}
        return {
            f"{name}[Resource::{resource}]": f"{self.reason}: {why}"
            for resource, why in self.only.items()
        }


ALWAYS = (
    Suppression(
        pack=AWS,
        rule="L1",
        reason="functions run on 3.13, as the rehearsal's local AWS does, with the same wheels; "
        "AWS maintains that runtime until June 2029",
    ),
    Suppression(
        pack=PCI,
        rule="S3BucketReplicationEnabled",
        reason="the media bucket is replicated; its replica and the logs need no third copy, and "
        "CloudFront's pages are made from this repository",
    ),
    Suppression(
        pack=PCI,
        rule="S3DefaultEncryptionKMS",
        reason="S3 delivers access logs only into buckets whose default encryption is its own (S3 "
        "user guide, Enabling server access logging)",
    ),
)
FUNCTIONS_WITHOUT_VPC = Suppression(
    pack=PCI,
    rule="LambdaInsideVPC",
    reason="the functions talk to AWS and to the AI service over TLS and reach nothing inside a "
    "network; a VPC would add a NAT gateway to every message",
)


def suppressions(stage: Stage) -> list[Suppression]:
    """One a rule, for what this stage switches on."""
    functions = () if stage.network.vpc else (FUNCTIONS_WITHOUT_VPC,)
    return [wildcards(stage), *ALWAYS, *functions]


def acknowledged(suppressed: Sequence[Suppression]) -> dict[str, str]:
    """All findings that the suppressions cover -> reason."""
    return {finding: why for one in suppressed for finding, why in one.findings().items()}


def wildcards(stage: Stage) -> Suppression:
    """Every resource with a * of ours in a role's policy."""
    at = Names(prefix=stage.prefix, account=stage.account, region=stage.region)
    instance = stage.connect.instance_id or f"{stage.prefix}-instance-id"
    connect = f"arn:aws:connect:{stage.region}:{stage.account}:instance/{instance}"
    copies = at.copies_arn(stage.backup.copy_region)
    return Suppression(
        pack=AWS,
        rule="IAM5",
        reason="no narrower name exists when the policy is written",
        only={
            "*": "X-Ray's actions know no resources; those that describe network interfaces or "
            "fetch ECR's token do not either (service authorization reference)",
            f"{connect}/contact/*": "a contact has no id before it is opened; the instance is ours",
            f"{at.media_arn}/{MEDIA_PREFIX}/*": "keys of customers' files are made as they come; "
            "other prefixes (chat transcripts) are closed",
            f"{copies}/{MEDIA_PREFIX}/*": "the copies of the files of a customer who is forgotten, "
            "to be deleted",
            **_of_vpc(at, stage),
        },
    )


def _of_vpc(at: Names, stage: Stage) -> dict[str, str]:
    if not stage.network.vpc:
        return {}
    return {
        network_interfaces(at): "Lambda makes and removes them with the function's role; an id is "
        "known only then",
    }
