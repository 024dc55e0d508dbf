"""What the language says about one action type: the columns of the registry's table.

Evidence grades: "documented" (AWS developer guide), "service-reported" (what the live
CreateContactFlow API was reported to accept or refuse), "seen" (in exported flows only).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Evidence = Literal["documented", "service-reported", "seen"]

#: How a parameter's value may be written: fixed text, fixed text or one whole JSONPath,
#: free text with references inside, or a structure whose leaves follow their own rules.
Grade = Literal["static", "reference", "text", "structure"]

#: What happens on a chat contact: it works, it is skipped without effect, or it takes its error
#: branch ("fails").
OnChat = Literal["works", "ignored", "fails"]

Category = Literal["contact", "participant", "flow control", "interaction", "undocumented"]

INBOUND = frozenset({"CONTACT_FLOW"})
TRANSFER = frozenset({"AGENT_TRANSFER", "QUEUE_TRANSFER"})
WHISPER = frozenset({"CUSTOMER_WHISPER", "AGENT_WHISPER", "OUTBOUND_WHISPER"})
HOLD = frozenset({"CUSTOMER_HOLD", "AGENT_HOLD"})
CUSTOMER_QUEUE = frozenset({"CUSTOMER_QUEUE"})
CAMPAIGN = frozenset({"CAMPAIGN"})
MODULE = frozenset({"MODULE"})

#: Flow types of CreateContactFlow (botocore 1.44.5), and MODULE for a flow module.
EVERY_FLOW = INBOUND | TRANSFER | WHISPER | HOLD | CUSTOMER_QUEUE | CAMPAIGN | MODULE

NO_MATCH = "NoMatchingError"
NO_CONDITION = "NoMatchingCondition"

#: Operators CreateContactFlow takes; KeyExists is accepted though the reference omits it.
OPERATORS = frozenset(
    {
        "Equals",
        "TextStartsWith",
        "TextEndsWith",
        "TextContains",
        "NumberGreaterThan",
        "NumberGreaterOrEqualTo",
        "NumberLessThan",
        "NumberLessOrEqualTo",
        "KeyExists",
    }
)
NUMBER_OPERATORS = frozenset(o for o in OPERATORS if o.startswith("Number"))
EQUALS = frozenset({"Equals"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter: its grade, the fixed values it may take, its number range (inclusive)."""

    name: str
    grade: Grade
    required: bool = False
    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Which conditions an action may declare. `operands` closes the set of first operands;
    `required` names those every such action must declare."""

    operators: frozenset[str] = EQUALS
    operands: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """One row of the registry. `block` is the name of the designer's block.

    `errors` must be declared; `expected_errors` should be, but exported flows exist without them;
    `other_errors` may be. `one_of` groups parameters of which exactly one must be given.
    """

    name: str
    block: str
    category: Category
    parameters: tuple[Parameter, ...] = ()
    parameters_known: bool = True
    one_of: tuple[tuple[str, ...], ...] = ()
    at_most_one_of: tuple[tuple[str, ...], ...] = ()
    conditions: Conditions | None = None
    errors: tuple[str, ...] = ()
    expected_errors: tuple[str, ...] = ()
    other_errors: tuple[str, ...] = ()
    terminal: bool = False
    flow_types: frozenset[str] = EVERY_FLOW
    chat: OnChat = "works"
    evidence: Evidence = "documented"
    note: str = ""

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)

    @property
    def known_errors(self) -> frozenset[str]:
        return frozenset(self.errors + self.expected_errors + self.other_errors)


def static(
    name: str,
    *values: str,
    required: bool = False,
    low: int | None = None,
    high: int | None = None,
) -> Parameter:
    """A parameter that takes fixed text only, one of `values` when given."""
    return Parameter(
        name=name, grade="static", required=required, values=values, low=low, high=high
    )


def reference(
    name: str, *, required: bool = False, low: int | None = None, high: int | None = None
) -> Parameter:
    """A parameter that takes fixed text or one whole JSONPath."""
    return Parameter(name=name, grade="reference", required=required, low=low, high=high)


def text(name: str, *, required: bool = False) -> Parameter:
    """A parameter that takes free text with references inside."""
    return Parameter(name=name, grade="text", required=required)


def structure(name: str, *, required: bool = False) -> Parameter:
    """A parameter that takes an object or a list."""
    return Parameter(name=name, grade="structure", required=required)
