"""The rule packs every synth must pass, but for the findings of `nag_reasons`."""

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, PCIDSS321Checks

from infra.nag_reasons import acknowledged
from infra.settings import Stage


def check(app: cdk.App, stage: Stage) -> None:
    """Let synth fail on any finding that is not acknowledged."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), PCIDSS321Checks(app))
    for finding, reason in acknowledged(stage).items():
        cdk.Validations.of(app).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))
