"""The operations of `connect` that publish flows and flow modules."""

from collections.abc import Callable
from typing import Any

from sandbox.amazon_connect import limits
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.flow_check import flow_problems
from sandbox.amazon_connect.flow_store import FlowStore, Kind, StoredFlow, sha256
from sandbox.amazon_connect.paging import page
from sandbox.wire import AwsError

Params = dict[str, Any]
FLOW: Kind = "contact-flow"
MODULE: Kind = "flow-module"


class FlowOperations:
    """Mixed into the `connect` emulator. Publishing checks the content, saving does not."""

    chats: Chats
    _check_instance: Callable[[Params], None]

    @property
    def _flows(self) -> FlowStore:
        return self.chats.instance.flows

    # --- flows ----------------------------------------------------------------------------------

    def create_contact_flow(self, params: Params) -> Params:
        """A new flow, PUBLISHED unless Status says SAVED."""
        self._check_new(params, FLOW, limits.FLOWS)
        published = params.get("Status", "PUBLISHED") == "PUBLISHED"
        if published:
            self._check_content(params["Content"], FLOW)
        flow = self._flows.add(
            params["Name"], params["Content"], type=params["Type"], published=published
        )
        flow.description = params.get("Description")
        flow.tags = params.get("Tags") or {}
        return {
            "ContactFlowId": flow.id,
            "ContactFlowArn": flow.arn,
            "FlowContentSha256": sha256(flow.saved),
        }

    def describe_contact_flow(self, params: Params) -> Params:
        """The published content; with `:$SAVED` the saved one, with `:n` that version."""
        flow = self._flow(params)
        alias = params["ContactFlowId"].rpartition("/")[2].partition(":")[2]
        facts: Params = {
            "Arn": flow.arn,
            "Id": flow.id,
            "Name": flow.name,
            "Type": flow.type,
            "State": flow.state,
            "Status": "SAVED" if alias == "$SAVED" else flow.status,
            "Content": _content(flow, alias),
            "FlowContentSha256": sha256(_content(flow, alias)),
        }
        facts |= {"Description": flow.description} if flow.description else {}
        facts |= {"Tags": flow.tags} if flow.tags else {}
        facts |= {"Version": int(alias)} if alias.isdigit() else {}
        return {"ContactFlow": facts}

    def list_contact_flows(self, params: Params) -> Params:
        """Summaries, filtered by type, in pages."""
        self._check_instance(params)
        types = params.get("ContactFlowTypes") or []
        found = [one for one in self._flows.of_kind(FLOW) if not types or one.type in types]
        summaries = [
            {
                "Id": one.id,
                "Arn": one.arn,
                "Name": one.name,
                "ContactFlowType": one.type,
                "ContactFlowState": one.state,
                "ContactFlowStatus": one.status,
            }
            for one in found
        ]
        return page("ContactFlowSummaryList", summaries, params)

    def update_contact_flow_content(self, params: Params) -> Params:
        """Replace the content; with the `:$SAVED` alias only the saved one, unchecked."""
        flow = self._flow(params)
        flow.saved = params["Content"]
        if not params["ContactFlowId"].endswith(":$SAVED"):
            self._check_content(params["Content"], FLOW)
            flow.published = params["Content"]
        return {}

    def update_contact_flow_metadata(self, params: Params) -> Params:
        """Name, description, state."""
        flow = self._flow(params)
        self._rename(flow, params.get("Name", flow.name))
        flow.description = params.get("Description", flow.description)
        flow.state = params.get("ContactFlowState", flow.state)
        return {}

    def update_contact_flow_name(self, params: Params) -> Params:
        """Name and description."""
        return self.update_contact_flow_metadata(params)

    def create_contact_flow_version(self, params: Params) -> Params:
        """An immutable copy of the published content, numbered from 1."""
        flow = self._flow(params)
        wanted = params.get("FlowContentSha256")
        if flow.published is None:
            raise AwsError("InvalidRequestException", "The flow has not been published")
        if wanted and wanted != sha256(flow.published):
            raise AwsError("InvalidRequestException", "FlowContentSha256 does not match $LATEST")
        flow.versions.append((flow.published, params.get("Description") or ""))
        version = len(flow.versions)
        return {"ContactFlowArn": f"{flow.arn}:{version}", "Version": version}

    # --- modules --------------------------------------------------------------------------------

    def create_contact_flow_module(self, params: Params) -> Params:
        """A new flow module, published at once."""
        self._check_new(params, MODULE, limits.MODULES)
        self._check_content(params["Content"], MODULE)
        module = self._flows.add(params["Name"], params["Content"], kind=MODULE, type="MODULE")
        module.description = params.get("Description")
        module.settings = params.get("Settings")
        module.tags = params.get("Tags") or {}
        return {"Id": module.id, "Arn": module.arn}

    def describe_contact_flow_module(self, params: Params) -> Params:
        """One module with its content."""
        module = self._module(params)
        facts: Params = {
            "Arn": module.arn,
            "Id": module.id,
            "Name": module.name,
            "Content": module.content,
            "Description": module.description,
            "State": module.state,
            "Status": module.status,
            "FlowModuleContentSha256": sha256(module.content),
            "Settings": module.settings,
            "Tags": module.tags or None,
        }
        return {"ContactFlowModule": {key: one for key, one in facts.items() if one is not None}}

    def list_contact_flow_modules(self, params: Params) -> Params:
        """Summaries, filtered by state, in pages."""
        self._check_instance(params)
        state = params.get("ContactFlowModuleState")
        summaries = [
            {"Id": one.id, "Arn": one.arn, "Name": one.name, "State": one.state}
            for one in self._flows.of_kind(MODULE)
            if state in (None, one.state)
        ]
        return page("ContactFlowModulesSummaryList", summaries, params)

    def update_contact_flow_module_content(self, params: Params) -> Params:
        """Replace content and settings of a module."""
        module = self._module(params)
        content = params.get("Content", module.content)
        self._check_content(content, MODULE)
        module.saved = module.published = content
        module.settings = params.get("Settings", module.settings)
        return {}

    # --- checks ---------------------------------------------------------------------------------

    def _check_new(self, params: Params, kind: Kind, quota: int) -> None:
        self._check_instance(params)
        if self._flows.named(params["Name"], kind):
            raise AwsError("DuplicateResourceException", f"{params['Name']} exists already")
        if len(list(self._flows.of_kind(kind))) >= quota:
            raise AwsError("LimitExceededException", f"Quota of {quota} reached")

    def _check_content(self, content: str, kind: Kind) -> None:
        problems = flow_problems(content, is_module=kind == MODULE)
        if not problems:
            return
        if kind == MODULE:
            raise AwsError(
                "InvalidContactFlowModuleException",
                "The flow module is not valid",
                Problems=[{"message": one} for one in problems],
            )
        raise AwsError(
            "InvalidContactFlowException",
            "The flow is not valid",
            problems=[{"message": one} for one in problems],
        )

    def _rename(self, flow: StoredFlow, name: str) -> None:
        other = self._flows.named(name, flow.kind)
        if other is not None and other is not flow:
            raise AwsError("DuplicateResourceException", f"{name} exists already")
        flow.name = name

    def _flow(self, params: Params) -> StoredFlow:
        return self._stored(params, params["ContactFlowId"], FLOW)

    def _module(self, params: Params) -> StoredFlow:
        return self._stored(params, params["ContactFlowModuleId"], MODULE)

    def _stored(self, params: Params, id_or_arn: str, kind: Kind) -> StoredFlow:
        self._check_instance(params)
        stored = self._flows.find(id_or_arn, kind)
        if stored is None:
            raise AwsError("ResourceNotFoundException", f"No such {kind}")
        return stored


def _content(flow: StoredFlow, alias: str) -> str:
    if alias == "$SAVED":
        return flow.saved
    if alias.isdigit():
        if not 1 <= int(alias) <= len(flow.versions):
            raise AwsError("ResourceNotFoundException", f"No version {alias}")
        return flow.versions[int(alias) - 1][0]
    return flow.content
