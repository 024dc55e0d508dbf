"""The catalogue of message templates: which there are, what they need, how they read. Pure.

A template is the only thing WhatsApp takes outside the customer service window, and only with as
many values as it has places, or it fails later as 132000.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import ContentError, SettingsError
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.replies import TemplateReply

_PLACE = re.compile(r"\{\{(\d{1,2})\}\}")
MAX_VALUE = 1024
"""Characters of one value; Meta refuses longer texts, and newlines or tabs, in a parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`parameters` names the places {{1}}, {{2}}, ... of `text` in order."""

    name: str
    language: str
    text: str
    parameters: tuple[str, ...] = ()

    def filled(self, values: Sequence[str]) -> str:
        """How the customer reads it."""
        return _PLACE.sub(lambda found: _nth(values, int(found[1])), self.text)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The templates that may be sent."""

    templates: tuple[Template, ...] = ()

    def find(self, name: str, language: str = "") -> Template:
        """The template in this language ("es-MX" finds "es"), else in its first one.

        Raises ContentError when there is none of that name.
        """
        named = [each for each in self.templates if each.name == name]
        if not named:
            raise ContentError(
                "no such template",
                code="template_unknown",
                tell_agent="problem.template_unknown",
                values={"name": name},
            )
        short = _short(language)
        exact = (each for each in named if each.language == language)
        close = (each for each in named if short and _short(each.language) == short)
        return next(exact, None) or next(close, named[0])

    def only(self, approved: Mapping[tuple[str, str], str]) -> "Catalogue":
        """Those whose status at WhatsApp is APPROVED; `approved` is {(name, language): status}."""
        kept = (t for t in self.templates if approved.get((t.name, t.language)) == "APPROVED")
        return Catalogue(tuple(kept))


def read_catalogue(plain: Any) -> Catalogue:
    """The catalogue in a parsed templates.yaml. Raises SettingsError naming the entry."""
    return Catalogue(tuple(_template(each) for each in fields.objects(plain, "templates")))


def reply_of(template: Template, values: Mapping[str, str]) -> TemplateReply:
    """The template with its values, by parameter name or by number ("1", "2", ...).

    Raises ContentError when one is missing: WhatsApp would refuse it later.
    """
    given = [_value(template, values, at) for at in range(len(template.parameters))]
    missing = [n for n, value in zip(template.parameters, given, strict=True) if not value]
    if missing:
        raise ContentError(
            "a template lacks values",
            code="template_values",
            tell_agent="problem.template_values",
            values={"name": template.name, "missing": ", ".join(missing)},
        )
    parameters = [{"type": "text", "text": value} for value in given]
    components = ({"type": "body", "parameters": parameters},) if parameters else ()
    return TemplateReply(
        name=template.name, language=template.language, components=tuple(components)
    )


def values_in_order(template: Template, values: Mapping[str, str]) -> list[str]:
    """The values as they stand in the text."""
    return [_value(template, values, at) for at in range(len(template.parameters))]


def _value(template: Template, values: Mapping[str, str], at: int) -> str:
    value = values.get(template.parameters[at]) or values.get(str(at + 1)) or ""
    return " ".join(value.split())[:MAX_VALUE]


def _template(plain: Mapping[str, Any]) -> Template:
    parameters = plain.get("parameters") or []
    made = Template(
        name=fields.text(plain, "name"),
        language=fields.text(plain, "language"),
        text=fields.text(plain, "text"),
        parameters=tuple(map(str, parameters)) if isinstance(parameters, list) else (),
    )
    places = {int(number) for number in _PLACE.findall(made.text)}
    if not (made.name and made.language) or places != set(range(1, len(made.parameters) + 1)):
        raise SettingsError(
            f"templates.yaml: entry {made.name or '?'} needs a name, a language and one parameter "
            f"for each place {{{{n}}}} of its text"
        )
    return made


def _nth(values: Sequence[str], number: int) -> str:
    return values[number - 1] if 0 < number <= len(values) else ""


def _short(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()
