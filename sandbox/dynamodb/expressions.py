"""DynamoDB's condition, key-condition and update expressions, compiled to functions.

Names must be placeholders (`#name`) and values `:value`, as the product writes them; nested paths
are refused. Source: DynamoDB developer guide, "Expressions".
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sandbox.wire import AwsError

Value = dict[str, Any]  # {"S": ...}, {"N": ...}, ...
Item = dict[str, Value]
Names = Mapping[str, str]
Values = Mapping[str, Value]
Test = Callable[[Item, Names, Values], bool]
Operand = Callable[[Item, Names, Values], Value | None]

_TOKEN = re.compile(r"\s*([#:][A-Za-z0-9_]+|[A-Za-z_]+|<>|<=|>=|[=<>(),])")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def validation(message: str) -> AwsError:
    """DynamoDB's refusal of a malformed request."""
    return AwsError("ValidationException", message)


@lru_cache(maxsize=1024)
def condition(text: str) -> Test:
    """A condition. Raises AwsError for a syntax that is unknown here."""
    return _Parser(text).condition()


@lru_cache(maxsize=1024)
def update(text: str) -> Callable[[Item, Names, Values], None]:
    """An update that changes the item in place; every value is taken before any is written."""
    changes = _Parser(text).update()

    def apply(item: Item, names: Names, values: Values) -> None:
        written = [(_name(names, name), value(item, names, values)) for name, value in changes]
        if len({name for name, _ in written}) < len(written):
            raise validation("Two document paths overlap with each other")
        for name, value in written:
            if value is None:
                item.pop(name, None)
            else:
                item[name] = value

    return apply


@lru_cache(maxsize=1024)
def placeholders(text: str) -> frozenset[str]:
    """Every `#name` and `:value` that an expression uses."""
    return frozenset(token for token in _tokens(text) if token[0] in "#:")


def plain(value: Value) -> Any:
    """A value that compares as DynamoDB compares within one type."""
    kind, content = next(iter(value.items()))
    return Decimal(content) if kind == "N" else content


class _Parser:
    """Recursive descent, one method a rule."""

    def __init__(self, text: str) -> None:
        self._left = _tokens(text)

    def condition(self) -> Test:
        test = self._any()
        if self._left:
            raise validation(f"Invalid expression: unexpected {self._left[0]}")
        return test

    def update(self) -> list[tuple[str, Operand]]:
        changes: list[tuple[str, Operand]] = []
        while self._left:
            clause = self._take().upper()
            if clause not in ("SET", "REMOVE"):
                raise validation(f"the sandbox does not play the update clause {clause}")
            changes.append(self._change(clause))
            while self._ate(","):
                changes.append(self._change(clause))
        return changes

    def _change(self, clause: str) -> tuple[str, Operand]:
        name = self._take()
        if clause == "REMOVE":
            return name, lambda *_: None
        self._expect("=")
        return name, self._operand()

    def _any(self) -> Test:
        tests = [self._all()]
        while self._ate("OR"):
            tests.append(self._all())
        return lambda *at: any(test(*at) for test in tests)

    def _all(self) -> Test:
        tests = [self._not()]
        while self._ate("AND"):
            tests.append(self._not())
        return lambda *at: all(test(*at) for test in tests)

    def _not(self) -> Test:
        if self._ate("NOT"):
            denied = self._not()
            return lambda *at: not denied(*at)
        if self._ate("("):
            inner = self._any()
            self._expect(")")
            return inner
        return self._function() if self._is_function() else self._comparison()

    def _is_function(self) -> bool:
        return len(self._left) > 1 and self._left[1] == "("

    def _function(self) -> Test:
        name, operands = self._take(), self._arguments()
        if name not in _FUNCTIONS:
            raise validation(f"the sandbox does not play the function {name}")
        decide = _FUNCTIONS[name]
        return lambda *at: decide(*[operand(*at) for operand in operands])

    def _arguments(self) -> list[Operand]:
        self._expect("(")
        operands = [self._operand()]
        while self._ate(","):
            operands.append(self._operand())
        self._expect(")")
        return operands

    def _comparison(self) -> Test:
        left, sign = self._operand(), self._take()
        if sign.upper() == "BETWEEN":
            low = self._operand()
            self._expect("AND")
            high = self._operand()
            return lambda *at: (
                _compared(">=", left(*at), low(*at)) and _compared("<=", left(*at), high(*at))
            )
        right = self._operand()
        return lambda *at: _compared(sign, left(*at), right(*at))

    def _operand(self) -> Operand:
        if self._is_function():
            return self._if_not_exists()
        token = self._take()
        if token.startswith(":"):
            return lambda _item, _names, values: _value(values, token)
        return lambda item, names, _values: item.get(_name(names, token))

    def _if_not_exists(self) -> Operand:
        name, operands = self._take(), self._arguments()
        if name != "if_not_exists" or len(operands) != 2:
            raise validation(f"the sandbox does not play the operand {name}")
        present, otherwise = operands
        return lambda *at: present(*at) or otherwise(*at)

    def _take(self) -> str:
        if not self._left:
            raise validation("Invalid expression: it ends too early")
        return self._left.pop(0)

    def _ate(self, token: str) -> bool:
        if self._left and self._left[0].upper() == token:
            self._left.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._ate(token):
            raise validation(f"Invalid expression: {token} is missing")


def _contains(held: Value | None, sought: Value | None) -> bool:
    if held is None or sought is None:
        return False
    kind, content = next(iter(held.items()))
    if kind == "L":
        return sought in content
    return plain(sought) in content if kind in ("SS", "S") else False


def _begins_with(held: Value | None, start: Value | None) -> bool:
    return bool(held and start) and str(plain(held or {})).startswith(str(plain(start or {})))


_FUNCTIONS: dict[str, Callable[..., bool]] = {
    "attribute_exists": lambda held: held is not None,
    "attribute_not_exists": lambda held: held is None,
    "contains": _contains,
    "begins_with": _begins_with,
}


def _compared(sign: str, left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return sign == "<>" and left is not right
    if left.keys() != right.keys():
        return sign == "<>"
    if sign in ("=", "<>"):
        return (plain(left) == plain(right)) is (sign == "=")
    if sign not in _COMPARE:
        raise validation(f"Invalid expression: {sign} is no comparison")
    return _COMPARE[sign](plain(left), plain(right))


def _name(names: Names, token: str) -> str:
    if not token.startswith("#"):
        raise validation(f"the sandbox wants a #placeholder for {token}")
    if token not in names:
        raise validation(f"An expression attribute name is not defined: {token}")
    return names[token]


def _value(values: Values, token: str) -> Value:
    if token not in values:
        raise validation(f"An expression attribute value is not defined: {token}")
    return values[token]


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise validation(f"Invalid expression: unreadable at {text[at : at + 10]!r}")
        tokens.append(match[1])
        at = match.end()
    return tokens
