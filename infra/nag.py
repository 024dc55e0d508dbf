"""The rule packs every synth must pass, but for the rules of `nag_reasons`."""

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, PCIDSS321Checks

from infra.nag_reasons import acknowledged, suppressions
from infra.settings import Stage


def check(app: cdk.App, stage: Stage) -> None:
    """Let synth fail on any finding that is not suppressed."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), PCIDSS321Checks(app))
    for finding, reason in acknowledged(suppressions(stage)).items():
        cdk.Validations.of(app).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))
