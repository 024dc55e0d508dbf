"""A flow as a Mermaid flowchart."""

from __future__ import annotations

from flowkit.actions import find
from flowkit.coverage import next_is_possible
from flowkit.graph.marks import Marks
from flowkit.model import Action, Flow

_STYLES = """    classDef entered fill:#d9f2e3,stroke:#1f7a4d
    classDef missed fill:#fbe3e0,stroke:#b3372b,stroke-dasharray:4 3"""


def mermaid(flow: Flow, marks: Marks | None = None) -> str:
    """The flowchart; with marks, what was done is green and thick, what was not is red."""
    ids = {name: f"a{number}" for number, name in enumerate(flow.actions)}
    lines = ["flowchart LR"]
    lines += [f"    {ids[name]}{_shape(action)}" for name, action in flow.actions.items()]
    links: list[bool] = []
    for name, action in flow.actions.items():
        for label, target in action.transitions.branches():
            if target in ids and (label != "next" or next_is_possible(action)):
                lines.append(f"    {ids[name]} --{_label(label)}--> {ids[target]}")
                links.append(marks is not None and (name, label) in marks.taken)
    if marks is not None:
        lines += _marked(ids, links, marks)
    return "\n".join(lines) + "\n"


def _marked(ids: dict[str, str], links: list[bool], marks: Marks) -> list[str]:
    taken = [str(number) for number, done in enumerate(links) if done]
    entered = [ids[name] for name in ids if name in marks.entered]
    missed = [ids[name] for name in ids if name not in marks.entered]
    lines = [_STYLES]
    lines += [f"    class {','.join(entered)} entered"] if entered else []
    lines += [f"    class {','.join(missed)} missed"] if missed else []
    lines += [f"    linkStyle {','.join(taken)} stroke:#1f7a4d,stroke-width:3px"] if taken else []
    return lines


def _shape(action: Action) -> str:
    text = f'"{_quoted(action.identifier)}<br/><small>{_quoted(action.type)}</small>"'
    spec = find(action.type)
    if spec is not None and spec.terminal:
        return f"([{text}])"
    return f"{{{{{text}}}}}" if spec is not None and spec.conditions else f"[{text}]"


def _label(label: str) -> str:
    return "" if label == "next" else f' "{_quoted(label)}" '


def _quoted(text: str) -> str:
    return (
        text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    )
