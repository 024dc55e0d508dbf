"""The operations of `connect` about the instance's own views. AWS's managed ones are not listed."""

import json
from collections.abc import Callable
from typing import Any

from flowkit.views import View, ViewError, parse_view, problems
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.flow_store import sha256
from sandbox.amazon_connect.paging import page
from sandbox.amazon_connect.view_store import StoredView, ViewStore
from sandbox.wire import AwsError

Params = dict[str, Any]
OURS = "CUSTOMER_MANAGED"


class ViewOperations:
    """Mixed into the `connect` emulator. Publishing checks the content as a whole."""

    chats: Chats
    _check_instance: Callable[[Params], None]

    @property
    def _views(self) -> ViewStore:
        return self.chats.instance.own_views

    def create_view(self, params: Params) -> Params:
        """A new view of a name nobody has, published or only saved."""
        self._check_instance(params)
        if self._views.named(params["Name"]):
            raise AwsError("DuplicateResourceException", f"{params['Name']} exists already")
        published = params["Status"] == "PUBLISHED"
        stored = self._views.add(_read(params, whole=published), published=published)
        stored.description = params.get("Description", "")
        stored.tags = params.get("Tags") or {}
        return {"View": _facts(stored, stored.saved)}

    def describe_view(self, params: Params) -> Params:
        """What is published; with `:$SAVED` what is saved, with `:n` that version."""
        stored, view, qualifier = self._shown(params)
        number = {"Version": int(qualifier)} if qualifier.isdigit() else {}
        return {"View": {**_facts(stored, view), **number}}

    def list_views(self, params: Params) -> Params:
        """Summaries in the order of their names."""
        self._check_instance(params)
        found = self._views if params.get("Type", OURS) == OURS else ()
        summaries = [
            {
                "Id": one.id,
                "Arn": one.arn,
                "Name": one.name,
                "Type": OURS,
                "Status": one.status,
                **({"Description": one.description} if one.description else {}),
            }
            for one in found
        ]
        return page("ViewsSummaryList", summaries, params, most=100)

    def create_view_version(self, params: Params) -> Params:
        """A numbered copy of what is published; the newest one when nothing has changed since."""
        stored, view, _ = self._shown(params)
        wanted = params.get("ViewContentSha256")
        if wanted and wanted != _checksum(view):
            raise AwsError("InvalidRequestException", "ViewContentSha256 does not match $LATEST")
        if not stored.versions or stored.versions[-1][0] != view:
            stored.versions.append((view, params.get("VersionDescription", "")))
        return {"View": {**_facts(stored, view), "Version": len(stored.versions)}}

    def list_view_versions(self, params: Params) -> Params:
        """The versions, highest first."""
        stored, _, _ = self._shown(params)
        numbered = enumerate(stored.versions, start=1)
        summaries = [
            {
                "Id": stored.id,
                "Arn": f"{stored.arn}:{number}",
                "Name": stored.name,
                "Type": OURS,
                "Version": number,
                **({"VersionDescription": about} if about else {}),
            }
            for number, (_, about) in numbered
        ]
        return page("ViewVersionSummaryList", summaries[::-1], params, most=100)

    def _shown(self, params: Params) -> tuple[StoredView, View, str]:
        self._check_instance(params)
        stored, qualifier = self._views.find(params["ViewId"])
        view = stored.content(qualifier) if stored else None
        if stored is None or view is None:
            raise AwsError("ResourceNotFoundException", "No such view, or nothing is published")
        return stored, view, qualifier


def _read(params: Params, *, whole: bool) -> View:
    content = params["Content"]
    try:
        template = json.loads(content.get("Template", ""))
        document = {"Template": template, "Actions": content.get("Actions", [])}
        view = parse_view(json.dumps(document), params["Name"])
    except (ViewError, ValueError) as error:
        raise AwsError("InvalidParameterException", f"Template: {error}") from error
    wrong = list(problems(view)) if whole else []
    if wrong:
        raise AwsError("InvalidParameterException", " ".join(wrong))
    return view


def _facts(stored: StoredView, view: View) -> Params:
    facts: Params = {
        "Id": stored.id,
        "Arn": stored.arn,
        "Name": stored.name,
        "Status": stored.status,
        "Type": OURS,
        "Description": stored.description,
        "Tags": stored.tags,
        "Content": {
            "InputSchema": json.dumps(view.input_schema()),
            "Template": json.dumps(view.template),
            "Actions": list(view.actions),
        },
        "ViewContentSha256": _checksum(view),
    }
    return {key: value for key, value in facts.items() if value}


def _checksum(view: View) -> str:
    return sha256(json.dumps([view.template, view.actions], sort_keys=True))
