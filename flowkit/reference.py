"""The supported-actions table of docs/flows.md, made from the registry."""

from __future__ import annotations

from flowkit.actions import REGISTRY
from flowkit.actions.spec import EVERY_FLOW, ActionSpec
from flowkit.engine.perform import PERFORMERS, Performer, others

START, END = "<!-- actions: made by python -m flowkit actions -->", "<!-- /actions -->"

_SIMULATED: dict[Performer, str] = {
    others.stand_in: "answered by the scenario (`block ... answers`), else error branch",
    others.not_on_chat: "takes its error branch, as on chat",
    others.skipped_on_chat: "skipped, as on chat",
    others.unknown: "takes its error branch, with a note",
}

_SHORT = {
    "CONTACT_FLOW": "inbound",
    "CUSTOMER_QUEUE": "queue",
    "AGENT_TRANSFER": "transfer",
    "QUEUE_TRANSFER": "transfer",
    "CUSTOMER_WHISPER": "whisper",
    "AGENT_WHISPER": "whisper",
    "OUTBOUND_WHISPER": "whisper",
    "CUSTOMER_HOLD": "hold",
    "AGENT_HOLD": "hold",
    "CAMPAIGN": "campaign",
    "MODULE": "module",
}
_ORDER = ("inbound", "queue", "transfer", "whisper", "hold", "campaign", "module")


def actions_table() -> str:
    """A row per action type, in the order of the registry."""
    lines = [
        "| Type | Block in the console | On chat | Flows | Simulated | Evidence |",
        "|---|---|---|---|---|---|",
        *(_row(spec) for spec in REGISTRY.values()),
    ]
    return "\n".join(lines)


def with_table(document: str) -> str:
    """The document with the table between its marks made anew."""
    before, _, rest = document.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{actions_table()}\n{END}{after}"


def _row(spec: ActionSpec) -> str:
    simulated = _SIMULATED.get(PERFORMERS[spec.name], "executed")
    cells = (f"`{spec.name}`", spec.block, spec.chat, _flows(spec), simulated, spec.evidence)
    return "| " + " | ".join(cells) + " |"


def _flows(spec: ActionSpec) -> str:
    if spec.flow_types == EVERY_FLOW:
        return "every"
    found = {_SHORT[one] for one in spec.flow_types}
    return ", ".join(one for one in _ORDER if one in found)
