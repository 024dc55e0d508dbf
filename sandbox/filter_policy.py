"""SNS filter policies on message attributes (developer guide, "subscription filter policies").

Every key of a policy must match; a key's conditions are alternatives, and so are the policies under
`$or`. Understood: exact values, `prefix`, `suffix`, `equals-ignore-case`, `anything-but` (values or
`prefix`), `exists`, `numeric`.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

EITHER = "$or"
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class FilterPolicy:
    """A checked policy. An empty one accepts everything."""

    def __init__(self, policy: Mapping[str, Any]) -> None:
        """Raises ValueError for a policy SNS would not take, or one not played here."""
        self.as_written = policy
        self._either = [FilterPolicy(one) for one in policy.get(EITHER, [])]
        self._policy = {name: one for name, one in policy.items() if name != EITHER}
        for name, conditions in self._policy.items():
            if not isinstance(conditions, list) or not conditions:
                raise ValueError(f"filter policy: {name} must be a list of conditions")
            for condition in conditions:
                _check(name, condition)

    def accepts(self, attributes: Mapping[str, Any]) -> bool:
        """Whether a message with these attributes is delivered."""
        if self._either and not any(one.accepts(attributes) for one in self._either):
            return False
        return all(
            any(_meets(condition, _values(attributes, name)) for condition in conditions)
            for name, conditions in self._policy.items()
        )


def _values(attributes: Mapping[str, Any], name: str) -> list[Any]:
    """The values to look at; none when the attribute is missing."""
    if name not in attributes:
        return []
    value = attributes[name]
    return value if isinstance(value, list) else [value]


def _check(name: str, condition: Any) -> None:
    if not isinstance(condition, dict):
        return
    operators = set(condition)
    known = {"prefix", "suffix", "equals-ignore-case", "anything-but", "exists", "numeric"}
    if len(operators) != 1 or not operators <= known:
        raise ValueError(f"filter policy: {name} has an unknown condition {sorted(operators)}")


def _meets(condition: Any, values: list[Any]) -> bool:
    if not isinstance(condition, dict):
        return condition in values
    ((name, wanted),) = condition.items()
    if name == "exists":
        return bool(values) is wanted
    if name == "anything-but":
        return bool(values) and not any(_excluded(wanted, value) for value in values)
    return any(_text_or_number(name, wanted, value) for value in values)


def _excluded(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        return _meets(wanted, [value])
    return value in (wanted if isinstance(wanted, list) else [wanted])


def _text_or_number(name: str, wanted: Any, value: Any) -> bool:
    if name == "numeric":
        return isinstance(value, int | float) and _in_range(value, wanted)
    if name == "prefix":
        return str(value).startswith(wanted)
    if name == "suffix":
        return str(value).endswith(wanted)
    return str(value).lower() == str(wanted).lower()


def _in_range(value: float, wanted: list[Any]) -> bool:
    """`[">", 0, "<=", 5]`: pairs of a comparison and a number, all of which must hold."""
    pairs = zip(wanted[::2], wanted[1::2], strict=True)
    return all(_COMPARE[comparison](value, limit) for comparison, limit in pairs)
