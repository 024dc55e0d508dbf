"""AWS Backup (`backup`): plans, what they select, and recovery points in two regions."""

import re
from datetime import datetime
from typing import Any, ClassVar

from sandbox.clock import SandboxClock
from sandbox.wire import AwsError, Emulator, WireCall

Params = dict[str, Any]

_REGION = re.compile(r"Credential=[^/]+/\d+/([^/]+)/")


class BackupEmulator(Emulator):
    """`backup`. `plans`: plan by id; `selections`: ARNs by plan; `points`: by (region, vault)."""

    service: ClassVar[str] = "backup"

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._region = ""
        self.plans: dict[str, Params] = {}
        self.selections: dict[str, list[str]] = {}
        self.points: dict[tuple[str, str], list[Params]] = {}
        self.planned_at: datetime = clock.now()

    def handle(self, call: WireCall) -> dict[str, Any]:
        """A vault of the region that the call was signed for."""
        signed = _REGION.search(call.headers.get("authorization", ""))
        self._region = signed[1] if signed else ""
        return super().handle(call)

    def kept(self, region: str, vault: str, resource: str, at: datetime) -> None:
        """A finished recovery point."""
        point = {
            "RecoveryPointArn": f"arn:aws:backup:{region}:123456789012:recovery-point:{resource}",
            "BackupVaultName": vault,
            "ResourceArn": resource,
            "Status": "COMPLETED",
            "CreationDate": at,
        }
        self.points.setdefault((region, vault), []).append(point)

    def list_backup_plans(self, _params: Params) -> Params:
        """Every plan's id and age."""
        told = [
            {
                "BackupPlanId": id_,
                "BackupPlanName": plan["BackupPlanName"],
                "CreationDate": self.planned_at,
            }
            for id_, plan in self.plans.items()
        ]
        return {"BackupPlansList": told}

    def get_backup_plan(self, params: Params) -> Params:
        """One plan with its rules."""
        return {"BackupPlanId": params["BackupPlanId"], "BackupPlan": self._plan(params)}

    def list_backup_selections(self, params: Params) -> Params:
        """The one selection of a plan."""
        self._plan(params)
        id_ = params["BackupPlanId"]
        made = id_ in self.selections
        return {"BackupSelectionsList": [{"SelectionId": id_, "BackupPlanId": id_}] if made else []}

    def get_backup_selection(self, params: Params) -> Params:
        """What the plan backs up."""
        chosen = self.selections[params["SelectionId"]]
        role = "arn:aws:iam::123456789012:role/backup"
        named = {"SelectionName": "Selection", "IamRoleArn": role, "Resources": chosen}
        return {"BackupSelection": named, "SelectionId": params["SelectionId"]}

    def list_recovery_points_by_backup_vault(self, params: Params) -> Params:
        """What a vault holds of a resource, made after a moment."""
        place = (self._region, params["BackupVaultName"])
        if place not in self.points:
            raise AwsError("ResourceNotFoundException", f"no vault {place}")
        since = params.get("ByCreatedAfter", datetime.min.replace(tzinfo=self._clock.now().tzinfo))
        found = [
            point
            for point in self.points[place]
            if point["ResourceArn"] == params.get("ByResourceArn", point["ResourceArn"])
            and point["CreationDate"] > since
        ]
        return {"RecoveryPoints": found}

    def _plan(self, params: Params) -> Params:
        if params["BackupPlanId"] not in self.plans:
            raise AwsError("ResourceNotFoundException", "no such plan")
        return self.plans[params["BackupPlanId"]]
