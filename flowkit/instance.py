"""An Amazon Connect instance, as publishing sees it. The only module that calls AWS."""

from __future__ import annotations

import json
from typing import Any

import boto3

from flowkit.model import Flow
from flowkit.views import View, ViewError, parse_view


class PublishError(RuntimeError):
    """Publishing stopped; the message says what to mend. Nothing after it was changed."""


class Instance:
    """Flows, modules, queues, hours and views of one instance, by name.

    With `prefix` only those whose names begin so, and without it: several deployments share an
    instance.
    """

    def __init__(self, instance_id: str, client: Any = None, *, prefix: str = "") -> None:
        self.id = instance_id
        self.prefix = prefix
        self._client: Any = client or boto3.client("connect")

    def ids(self, kind: str) -> dict[str, str]:
        """Name -> id of "flows", "modules", "queues", "hours" or "views" (id and version)."""
        operation, listed, types = LISTS[kind]
        found: dict[str, str] = {}
        token: dict[str, str] = {}
        while True:
            answer = getattr(self._client, operation)(InstanceId=self.id, **types, **token)
            found |= {
                one["Name"].removeprefix(self.prefix): one["Id"]
                for one in answer[listed]
                if one.get("Name", "").startswith(self.prefix) and "Name" in one
            }
            if not answer.get("NextToken"):
                break
            token = {"NextToken": answer["NextToken"]}
        if kind == "views":
            return {name: self._pinned(view_id) for name, view_id in found.items()}
        return found

    def _pinned(self, view_id: str) -> str:
        """A view's id with its newest version: a flow goes on showing what it was published with,
        whatever the view becomes. `$LATEST` where nobody made a version."""
        answer = self._client.list_view_versions(InstanceId=self.id, ViewId=view_id, MaxResults=1)
        newest = answer["ViewVersionSummaryList"]  # highest first
        return f"{view_id}:{newest[0]['Version'] if newest else '$LATEST'}"

    def view(self, name: str, view_id: str) -> View:
        """A view as it is in the instance. Raises PublishError when it is none we can read."""
        content = self._client.describe_view(InstanceId=self.id, ViewId=view_id)["View"]["Content"]
        document = {
            "Template": json.loads(content.get("Template") or "{}"),
            "Actions": content.get("Actions", []),
        }
        try:
            return parse_view(json.dumps(document), name)
        except ViewError as error:
            raise PublishError(f"the instance's view {name}: {error}") from error

    def content(self, kind: str, flow_id: str) -> str:
        """The published content of a flow (`id:n` for a version) or module."""
        if kind == "modules":
            answer = self._client.describe_contact_flow_module(
                InstanceId=self.id, ContactFlowModuleId=flow_id
            )
            return str(answer["ContactFlowModule"]["Content"])
        answer = self._client.describe_contact_flow(InstanceId=self.id, ContactFlowId=flow_id)
        return str(answer["ContactFlow"]["Content"])

    def create(self, kind: str, name: str, flow: Flow, flow_type: str) -> str:
        """Create and publish; the new id."""
        content = flow.to_json(indent=None)
        name = f"{self.prefix}{name}"
        if kind == "modules":
            settings = flow.document.get("Settings")
            extra = {"Settings": json.dumps(settings)} if settings is not None else {}
            answer = self._client.create_contact_flow_module(
                InstanceId=self.id, Name=name, Content=content, **extra
            )
            return str(answer["Id"])
        answer = self._client.create_contact_flow(
            InstanceId=self.id, Name=name, Type=flow_type, Content=content
        )
        return str(answer["ContactFlowId"])

    def update(self, kind: str, flow_id: str, content: str) -> None:
        """Publish new content."""
        if kind == "modules":
            self._client.update_contact_flow_module_content(
                InstanceId=self.id, ContactFlowModuleId=flow_id, Content=content
            )
        else:
            self._client.update_contact_flow_content(
                InstanceId=self.id, ContactFlowId=flow_id, Content=content
            )

    def keep_version(self, kind: str, flow_id: str, why: str) -> None:
        """Keep the published content of a flow as a numbered version in the instance."""
        if kind == "flows":
            self._client.create_contact_flow_version(
                InstanceId=self.id, ContactFlowId=flow_id, Description=why
            )


#: Kind -> the operation that lists it, the key of its list, parameters.
LISTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "flows": ("list_contact_flows", "ContactFlowSummaryList", {}),
    "modules": ("list_contact_flow_modules", "ContactFlowModulesSummaryList", {}),
    "queues": ("list_queues", "QueueSummaryList", {"QueueTypes": ["STANDARD"]}),
    "hours": ("list_hours_of_operations", "HoursOfOperationSummaryList", {}),
    "views": ("list_views", "ViewsSummaryList", {"Type": "CUSTOMER_MANAGED"}),
}
