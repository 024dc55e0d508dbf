"""A flow as an SVG picture that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from flowkit.actions import find
from flowkit.coverage import next_is_possible
from flowkit.graph.layout import Point, positions
from flowkit.graph.marks import Marks
from flowkit.model import Action, Flow

WIDTH, HEIGHT, MARGIN = 200, 56, 40
_NAME_CHARS, _LABEL_CHARS = 30, 26

_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1d2733 }
  .type, .label { font-size: 10px; fill: #5b6b7b }
  .box { fill: #f4f7fa; stroke: #8a9bab; stroke-width: 1.2 }
  .end { rx: 28 }
  .branch { fill: none; stroke: #9aa9b7; stroke-width: 1.2; marker-end: url(#arrow) }
  .error { stroke-dasharray: 4 3 }
  .entered { fill: #d9f2e3; stroke: #1f7a4d; stroke-width: 2 }
  .taken { stroke: #1f7a4d; stroke-width: 2.6 }
  .missed { fill: #fbe3e0; stroke: #b3372b }
  .untaken { stroke: #b3372b }
"""


def svg(flow: Flow, marks: Marks | None = None) -> str:
    """The picture; with marks, what was done is green and thick, what was not is red."""
    places = _moved(positions(flow))
    wide = max((point.x for point in places.values()), default=0) + WIDTH + MARGIN
    high = max((point.y for point in places.values()), default=0) + HEIGHT + MARGIN
    size = f'width="{wide:g}" height="{high:g}" viewBox="0 0 {wide:g} {high:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<title>{escape(flow.name)}</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#6b7a88"/></marker></defs>',
        *_branches(flow, places, marks),
        *(_box(flow, action, places[name], marks) for name, action in flow.actions.items()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _moved(places: dict[str, Point]) -> dict[str, Point]:
    left = min((point.x for point in places.values()), default=0)
    top = min((point.y for point in places.values()), default=0)
    return {n: Point(p.x - left + MARGIN, p.y - top + MARGIN) for n, p in places.items()}


def _branches(flow: Flow, places: dict[str, Point], marks: Marks | None) -> Iterator[str]:
    for name, action in flow.actions.items():
        ways = [
            (label, target)
            for label, target in action.transitions.branches()
            if target in places and (label != "next" or next_is_possible(action))
        ]
        for number, (label, target) in enumerate(ways):
            leaves = places[name].y + HEIGHT * (number + 1) / (len(ways) + 1)
            start = Point(places[name].x + WIDTH, leaves)
            end = Point(places[target].x, places[target].y + HEIGHT / 2)
            yield _branch(label, start, end, _branch_class(name, label, marks))


def _branch(label: str, start: Point, end: Point, css: str) -> str:
    bend = max(60.0, abs(end.x - start.x) / 2)
    curve = (
        f"M{start.x:g} {start.y:g}C{start.x + bend:g} {start.y:g} "
        f"{end.x - bend:g} {end.y:g} {end.x:g} {end.y:g}"
    )
    line = f'<path class="{css}" d="{curve}"><title>{escape(label)}</title></path>'
    if label == "next":
        return line
    words = escape(_short(label, _LABEL_CHARS))
    return f'{line}<text class="label" x="{start.x + 4:g}" y="{start.y - 2:g}">{words}</text>'


def _branch_class(name: str, label: str, marks: Marks | None) -> str:
    kinds = ["branch"]
    if label.startswith("error "):
        kinds.append("error")
    if marks is not None:
        kinds.append("taken" if (name, label) in marks.taken else "untaken")
    return " ".join(kinds)


def _box(flow: Flow, action: Action, at: Point, marks: Marks | None) -> str:
    spec = find(action.type)
    kinds = ["box", *(["end"] if spec is not None and spec.terminal else [])]
    if marks is not None:
        kinds.append("entered" if action.identifier in marks.entered else "missed")
    name = flow.friendly_name(action.identifier) or action.identifier
    box = f'x="{at.x:g}" y="{at.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6"'
    middle = at.x + WIDTH / 2
    return (
        f"<g><title>{escape(action.identifier)} ({escape(action.type)})</title>"
        f'<rect class="{" ".join(kinds)}" {box}/>'
        f'<text x="{middle:g}" y="{at.y + 25:g}" text-anchor="middle">'
        f"{escape(_short(name, _NAME_CHARS))}</text>"
        f'<text class="type" x="{middle:g}" y="{at.y + 42:g}" text-anchor="middle">'
        f"{escape(_short(action.type, _NAME_CHARS))}</text></g>"
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
