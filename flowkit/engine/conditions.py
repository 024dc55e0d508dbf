"""Whether a result meets a condition. One operand, a static text: the language has no more."""

from __future__ import annotations

import operator
from collections.abc import Callable

from flowkit.model import Condition


def meets(value: str | None, condition: Condition) -> bool:
    """`value` is None when the compared reference leads nowhere; it then meets nothing."""
    if value is None or not condition.operands:
        return False
    test = _TESTS.get(condition.operator)
    return test is not None and test(value, condition.operand)


def number(text: str) -> float | None:
    """A number as flows write them, None when the text is none."""
    try:
        return float(text)
    except ValueError:
        return None


def _numbers(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def test(value: str, operand: str) -> bool:
        left, right = number(value), number(operand)
        return left is not None and right is not None and compare(left, right)

    return test


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Equals": operator.eq,
    "TextStartsWith": str.startswith,
    "TextEndsWith": str.endswith,
    "TextContains": operator.contains,
    "NumberGreaterThan": _numbers(operator.gt),
    "NumberGreaterOrEqualTo": _numbers(operator.ge),
    "NumberLessThan": _numbers(operator.lt),
    "NumberLessOrEqualTo": _numbers(operator.le),
    # The result of KeyExists' reference is there: that is all it asks.
    "KeyExists": lambda value, _: value != "",
}
