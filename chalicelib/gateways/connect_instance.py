"""The door to Connect's instance: whether it and the flow our chats start in are there."""

from typing import TYPE_CHECKING

from chalicelib.errors import Rejected
from chalicelib.gateways.aws_errors import aws

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

SERVICE = "connect"


class ConnectInstance:
    """`instance` and `flow` are ids."""

    def __init__(self, client: "ConnectClient", instance: str, flow: str) -> None:
        self._client = client
        self._instance = instance
        self._flow = flow

    def check(self) -> None:
        """Raises Rejected when the flow is archived, or what the call says when it fails."""
        with aws(SERVICE):
            answer = self._client.describe_contact_flow(
                InstanceId=self._instance, ContactFlowId=self._flow
            )
        if answer["ContactFlow"].get("State") == "ARCHIVED":
            raise Rejected("the flow is archived", service=SERVICE, code="ARCHIVED")
