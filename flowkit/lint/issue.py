"""What lint finds, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from flowkit.actions.spec import Evidence
from flowkit.lint.before import Before, before
from flowkit.lint.known import Known
from flowkit.model import Action, Flow

Severity = Literal["error", "warning", "info"]

#: `Metadata.type` of console exports -> the API's flow type.
METADATA_TYPES = {
    "contactFlow": "CONTACT_FLOW",
    "customerQueue": "CUSTOMER_QUEUE",
    "customerHold": "CUSTOMER_HOLD",
    "customerWhisper": "CUSTOMER_WHISPER",
    "agentHold": "AGENT_HOLD",
    "agentWhisper": "AGENT_WHISPER",
    "outboundWhisper": "OUTBOUND_WHISPER",
    "agentTransfer": "AGENT_TRANSFER",
    "queueTransfer": "QUEUE_TRANSFER",
}


@dataclass(frozen=True)
class Subject:
    """A flow under lint: for which channel, of which flow type (None: not known), and what its
    settings say of the world (None: nothing)."""

    flow: Flow
    channel: str = "chat"
    flow_type: str | None = None
    known: Known | None = None

    @cached_property
    def before(self) -> dict[str, Before]:
        """What happens before each reachable action; several rules ask."""
        return before(self.flow)

    @staticmethod
    def of(
        flow: Flow,
        channel: str = "chat",
        flow_type: str | None = None,
        known: Known | None = None,
    ) -> Subject:
        """With the flow type the document tells, unless one is given."""
        if flow_type is None:
            told = flow.metadata.get("type")
            flow_type = METADATA_TYPES.get(told) if isinstance(told, str) else None
        if flow.is_module:
            flow_type = "MODULE"
        return Subject(flow, channel, flow_type, known)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says: a sentence about an action, or about the whole flow (None).

    `severity` and `evidence` replace the rule's own where one case is different.
    """

    sentence: str
    action: Action | None = None
    severity: Severity | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding with everything a reader needs. `index` orders issues by place."""

    code: str
    severity: Severity
    sentence: str
    flow: str
    action: str
    name: str
    evidence: Evidence
    hint: str
    index: int = -1


Check = Callable[[Subject], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to check. `code` is stable: suppressions and reports name it."""

    code: str
    severity: Severity
    evidence: Evidence
    hint: str
    check: Check

    @property
    def about(self) -> str:
        return (self.check.__doc__ or "").strip()


RULES: dict[str, Rule] = {}


def rule(code: str, severity: Severity, evidence: Evidence, hint: str) -> Callable[[Check], Check]:
    """Register the decorated function as the check of a rule."""

    def register(check: Check) -> Check:
        if code in RULES:
            raise ValueError(f"two rules are called {code}")
        RULES[code] = Rule(code, severity, evidence, hint, check)
        return check

    return register
