"""The Amazon Connect instance and the flows customers enter by.

A stack of its own, before all others that need its ids: functions name the flow, the flow names
functions. The flow is created with a text only; `flows publish` fills it once the functions exist,
and CloudFormation leaves it alone from then on, because its own template does not change.
"""

import json
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_connect as connect
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.names import NOT_YET, flow_export
from infra.settings import Stage
from infra.stacks.base import ConcernStack
from infra.stacks.data import DataStack
from infra.stacks.guards import retention

SAID = "11111111-0000-4000-8000-000000000001"
ENDED = "11111111-0000-4000-8000-000000000002"
FIRST_CONTENT = {
    "Version": "2019-10-30",
    "StartAction": SAID,
    "Metadata": {"entryPointPosition": {"x": 0, "y": 0}},
    "Actions": [
        {
            "Identifier": SAID,
            "Type": "MessageParticipant",
            "Parameters": {"Text": NOT_YET},
            "Transitions": {
                "NextAction": ENDED,
                "Errors": [{"NextAction": ENDED, "ErrorType": "NoMatchingError"}],
                "Conditions": [],
            },
        },
        {"Identifier": ENDED, "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
    ],
}


class InstanceStack(ConcernStack):
    """An existing instance by id, or a new one; in it an empty flow for each way in.

    `flow_arns` by the names of contact_flows.
    """

    HOLDS_DATA = True

    def __init__(self, scope: Construct, stage: Stage, *, data: DataStack) -> None:
        super().__init__(scope, "instance", stage)
        self.data = data
        instance = stage.connect.instance_id or self._created()
        self.flow_arns = {name: self._flow(name, instance) for name in stage.whatsapp.flows}
        created = self._told("instance-id", instance)
        self.instance_id = stage.connect.instance_id or created
        self.instance_arn = self._arn(self.instance_id)

    def flow_id(self, name: str) -> str:
        return str(cdk.Fn.select(3, cdk.Fn.split("/", self.flow_arns[name])))

    def _flow(self, name: str, instance: str) -> str:
        """Named as `python -m infra flows` looks for it; its ARN, for other stacks."""
        flow = connect.CfnContactFlow(
            self,
            name.title().replace("_", ""),
            instance_arn=self._arn(instance),
            name=f"{self.names.in_instance}{name}",
            type="CONTACT_FLOW",
            content=json.dumps(FIRST_CONTENT),
            description="Where customers who write on WhatsApp enter",
        )
        return self._told(flow_export(name), flow.attr_contact_flow_arn)

    def _told(self, name: str, value: str) -> str:
        """Export a value; what other stacks import it by."""
        export = f"{self.stage.prefix}-{name}"
        cdk.CfnOutput(self, name.title().replace("-", ""), value=value, export_name=export)
        return str(cdk.Fn.import_value(export))

    def _arn(self, instance_id: str) -> str:
        return f"arn:aws:connect:{self.region}:{self.account}:instance/{instance_id}"

    def _created(self) -> str:
        instance = connect.CfnInstance(
            self,
            "Instance",
            identity_management_type="CONNECT_MANAGED",
            instance_alias=self.stage.connect.instance_alias,
            attributes=connect.CfnInstance.AttributesProperty(
                inbound_calls=False, outbound_calls=False, contactflow_logs=True
            ),
        )
        instance.apply_removal_policy(self.removal)
        instance.add_resource_dependency(self._flow_log())
        return str(instance.attr_id)

    def _flow_log(self) -> logs.CfnLogGroup:
        """Where the instance writes what its flows do (administrator guide, "Enable flow logs").

        Connect makes the group itself when there is none: without an end, and not under our key.
        """
        group = logs.LogGroup(
            self,
            "FlowLog",
            log_group_name=f"/aws/connect/{self.stage.connect.instance_alias}",
            retention=retention(self.stage.log_retention_days),
            encryption_key=self.data.key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        return cast("logs.CfnLogGroup", group.node.default_child)
