"""The CDK app: all stacks of one stage."""

from pathlib import Path

import aws_cdk as cdk

from infra import flow_settings, nag
from infra.settings import Stage
from infra.stacks.backup import BackupStack, CopiesStack
from infra.stacks.cdn import CdnStack
from infra.stacks.contact_center import ContactCenterStack
from infra.stacks.data import DataStack
from infra.stacks.instance import InstanceStack
from infra.stacks.messaging import MessagingStack
from infra.stacks.network import NetworkStack
from infra.stacks.observability import ObservabilityStack
from infra.stacks.worker import WorkerStack

FLAGS = {
    # Log delivery by bucket policy: ACLs are off in every bucket.
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
}


def synth(stage: Stage, out: Path, package: tuple[Path, Path], *, checked: bool = True) -> Path:
    """Write the cloud assembly to `out`. Ends the process with findings when a rule is broken."""
    app = cdk.App(outdir=str(out), analytics_reporting=False, context=FLAGS)
    copies = CopiesStack(app, stage)
    data = DataStack(app, stage)
    data.add_stack_dependency(copies)
    instance = InstanceStack(app, stage, data=data)
    network = _network(app, stage, data)
    cdn = CdnStack(app, stage, data=data) if stage.cdn.domain else None
    messaging = MessagingStack(
        app, stage, data=data, instance=instance, package=package, network=network, cdn=cdn
    )
    messaging.add_stack_dependency(instance)
    messaging.add_stack_dependency(data)
    ContactCenterStack(
        app,
        stage,
        data=data,
        instance=instance,
        messaging=messaging,
        flows=flow_settings.load(),
    ).add_stack_dependency(instance)
    ObservabilityStack(app, stage, data=data, instance=instance).add_stack_dependency(instance)
    BackupStack(app, stage, data=data).add_stack_dependency(copies)
    if network and stage.worker.runs:
        WorkerStack(app, stage, data=data, network=network, messaging=messaging)
    if checked:
        nag.check(app, stage)
    app.synth()
    return out


def _network(app: cdk.App, stage: Stage, data: DataStack) -> NetworkStack | None:
    wanted = stage.network.vpc or stage.worker.runs
    return NetworkStack(app, stage, data=data) if wanted else None
