"""A view as lines of text: what an agent would read on the screen. Pure.

For the command line, scenarios and the sandbox's desk. Views of ours are drawn from their template;
of AWS's own the template is not published, so what was passed to them is listed in its order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from flowkit.references import as_text, resolve, walk
from flowkit.views import View

Props = Mapping[str, Any]


def drawn(view: View, data: Props) -> list[str]:
    """A view of ours, filled in."""
    body = resolve(view.template.get("Body", []), lambda path: walk(data, path))
    return [line for component in body for line in _component(component)]


def listed(data: Props) -> list[str]:
    """What one of AWS's views (detail, cards, confirmation, list, form) was given to show."""
    return list(_listed(data))


def _component(component: Any) -> Iterator[str]:
    if not isinstance(component, dict):
        return
    props: Props = component.get("Props") or {}
    content = component.get("Content") or []
    yield from _heading(props)
    words = "".join(as_text(one) for one in content if not isinstance(one, dict))
    if component.get("Type") in ("Button", "SubmitButton"):
        yield f"[{words or as_text(props.get('Label'))}]"
    elif words:
        yield words
    if props.get("description"):
        yield as_text(props["description"])
    yield from _entries(component.get("Type"), props)
    for inner in content:
        yield from _component(inner)


def _heading(props: Props) -> Iterator[str]:
    for key in ("heading", "header", "Heading", "Header", "Description"):
        if isinstance(props.get(key), str):
            yield props[key]


def _entries(kind: Any, props: Props) -> Iterator[str]:
    if kind == "ButtonGroup":
        yield " ".join(f"[{as_text(one.get('Label'))}]" for one in props.get("Items") or [])
    elif kind in ("AttributeBar", "AttributeSection"):
        for one in props.get("Attributes") or props.get("Items") or []:
            yield _attribute(one)


def _attribute(one: Any) -> str:
    if not isinstance(one, dict):
        return as_text(one)
    where = urlsplit(as_text(one.get("Url"))).netloc
    said = f"{as_text(one.get('Label'))}: {as_text(one.get('Value'))}"
    return f"{said} (link to {where})" if where else said


def _listed(value: Any) -> Iterator[str]:
    """Texts in order: headings first as they are passed first, buttons in brackets."""
    for key, one in value.items() if isinstance(value, Mapping) else ():
        if key == "Actions" and isinstance(one, list):
            yield " ".join(f"[{as_text(each)}]" for each in one)
        elif key in ("Next", "Back", "Previous", "Cancel"):
            yield f"[{as_text(one.get('Label')) if isinstance(one, Mapping) else as_text(one)}]"
        elif isinstance(one, list):
            yield from (line for each in one for line in _entry(each))
        elif isinstance(one, Mapping):
            yield from _listed(one)
        elif isinstance(one, str) and key not in _NOT_SHOWN:
            yield one


def _entry(one: Any) -> Iterator[str]:
    if isinstance(one, Mapping) and "Label" in one:
        yield _attribute(one)
    elif isinstance(one, Mapping):
        yield from _listed(one)
    else:
        yield as_text(one)


#: Keys of AWS's views that steer and are not read.
_NOT_SHOWN = frozenset({"Id", "_id", "Type", "Icon", "Name", "Url", "LinkType", "ResourceId"})
