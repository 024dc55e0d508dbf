"""What a line of the log may consist of; anything else in it is a leak.

A short text cannot be looked for: "Hi" and "no" stand in half of all words. So it goes the other
way round, and nothing is passed over for being short: every value of every line has to be
accounted for, by a sentence of the code, by a word its field is known to have, by an identifier of
a known shape or by a small number.

Two things cannot be told apart so, and are let pass: somebody who says exactly one of the words a
field has ("failed" in `status`), and a number under a million, which is no phone number.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from chalicelib.gateways.aws_errors import DENIALS, THROTTLES
from chalicelib.log import CODE, NAMESPACE, NO_CODE, SERVICE
from chalicelib.settings import Settings
from chalicelib.whatsapp.account_events import TELLING, WORD
from sandbox.faults import Action
from tests.source_tree import ROOT, modules

PRODUCT = ("app.py", "chalicelib", "lambdas", "container")
LARGEST = 1_000_000
"""Codes, counts and seconds are smaller; phone numbers have seven digits at least (E.164)."""

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\+0000")
PLACE = re.compile(r"(\w+):\d{1,4}")
AWS_ERROR = re.compile(r"[A-Z][A-Za-z]+(Exception|Error|Failure|Throttled)")
HTTP_OR_META = re.compile(r"\d{3,6}")
STATUSES = frozenset(
    ("ready", "pending", "queued", "refused", "sent", "delivered", "read", "failed", "inline")
)
EVENT_FILES = (ROOT / "tests" / "events", ROOT.parent / "shared" / "data" / "whatsapp_webhooks")
OUR_EVENT_FIELDS = frozenset(("errors", "unknown", "user_id_update", "calls", "smb_message_echoes"))
REFUSALS = (Action.THROTTLE, Action.SERVER_ERROR, Action.VALIDATION, Action.ACCESS_DENIED)
"""How services without AWS's own errors refuse in the sandbox, by these names."""
FURTHER_CODES = frozenset(
    ("again", "insufficient_quota", "invalid_api_key", "no_model", "rate_limit", NO_CODE)
)
"""Codes without a `code="..."` in our code, OpenAI's too; AWS's have a shape of their own."""


def strange(line: str) -> list[str]:
    """The values of a line that nothing accounts for; none when it may stand in a log.

    A line may hold several documents (a process that was killed between a document and its end of
    line); what is no JSON object is a value as a whole.
    """
    found: list[str] = []
    rest = line.strip()
    while rest:
        document, rest = _document(rest)
        found += _strange(document) if isinstance(document, dict) else []
        if not isinstance(document, dict):
            return found + ([] if _is_said_at_start(rest) else [rest])
    return found


def _document(text: str) -> tuple[object, str]:
    """(the JSON object a text begins with, the rest), or (None, the text)."""
    if not text.startswith("{"):
        return None, text
    try:
        document, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return None, text
    return document, text[end:].strip()


def is_log_line(line: str) -> bool:
    """Whether a command's own output holds this line because the product logged it."""
    document, _ = _document(line.strip())
    return isinstance(document, dict) and (
        "_aws" in document or {"level", "message"} <= {*document}
    )


def _strange(document: dict[str, Any]) -> list[str]:
    if "_aws" in document:
        return [] if _is_metric(document) else [json.dumps(document)]
    return [
        str(value) if name in FIELDS else f"{name}={value}"
        for name, value in document.items()
        if name not in FIELDS or not FIELDS[name](value)
    ]


def _is_metric(document: dict[str, Any]) -> bool:
    """One or more counts, as powertools writes them: nothing but names, units and numbers."""
    names = {name for name in document if name not in ("_aws", "service")}
    told = document["_aws"]
    about = [
        {
            "Namespace": NAMESPACE,
            "Dimensions": [["service"]],
            "Metrics": [{"Name": name, "Unit": "Count"} for name in document if name in names],
        }
    ]
    return (
        set(told) == {"Timestamp", "CloudWatchMetrics"}
        and isinstance(told["Timestamp"], int)
        and told["CloudWatchMetrics"] == about
        and document.get("service") == SERVICE
        and names <= metrics()
        and all(_is_small(value) for name in names for value in document[name])
    )


def _is_small(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < LARGEST


def _is_code(value: object) -> bool:
    if not isinstance(value, str) or value in ("", *codes()):
        return isinstance(value, str)
    return any(shape.fullmatch(value) for shape in (AWS_ERROR, HTTP_OR_META))


def _is_summary(value: object) -> bool:
    field, _, told = str(value).partition(": ")
    return field in event_words("field") and all(
        word in event_words(*TELLING) or HTTP_OR_META.fullmatch(word)
        for word in told.split(", ")
        if told
    )


@cache
def event_words(*keys: str) -> frozenset[str]:
    """What stands under these keys, which never hold anybody's words, in any event file."""
    files = (file for folder in EVENT_FILES for file in folder.rglob("*.json"))
    told = {word for file in files for word in _under(json.loads(file.read_text("utf-8")), keys)}
    return frozenset(word for word in told if WORD.fullmatch(word)) | OUR_EVENT_FIELDS


def _under(value: object, keys: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, list):
        for inside in value:
            yield from _under(inside, keys)
    if isinstance(value, dict):
        for name, inside in value.items():
            if name in keys and isinstance(inside, str):
                yield inside
            yield from _under(inside, keys)


def _is_place(value: object) -> bool:
    """A function of `chalicelib/log.py` and its line."""
    place = PLACE.fullmatch(str(value))
    return bool(place) and place[1] in ("info", "warn", "failure")


def _one_of(*words: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in words


FIELDS: dict[str, Callable[[object], bool]] = {
    "level": _one_of("INFO", "WARNING", "ERROR"),
    "location": _is_place,
    "message": lambda value: str(value) in sentences(),
    "timestamp": lambda value: bool(TIME.fullmatch(str(value))),
    "service": _one_of(SERVICE),
    "problem": lambda value: str(value) in _kinds_of_errors(),
    "code": _is_code,
    "contact": lambda value: bool(UUID.fullmatch(str(value))),
    "status": _one_of(*STATUSES),
    "error_code": _is_small,
    "field": lambda value: str(value) in event_words("field"),
    "summary": _is_summary,
}
"""Each field of a line and what its values are; those of docs/operations.md and powertools' own."""


def _is_said_at_start(line: str) -> bool:
    """What a container tells of wrong settings before it logs anything: names, never values."""
    told = {"Settings are missing or wrong (.env.example explains each):"}
    for one in Settings.__dataclass_fields__.values():
        told.add(f"{one.name.upper()}: is missing. {one.metadata['description']}")
    return line in told


@cache
def sentences() -> frozenset[str]:
    """The first argument of every call that logs: all of them are static (`test_log.py`)."""
    return frozenset(_first_arguments("info", "warn", "failure"))


@cache
def metrics() -> frozenset[str]:
    """The names of everything that is counted."""
    return frozenset(_first_arguments("count"))


@cache
def codes() -> frozenset[str]:
    """What our own errors name as their code where they are raised, and what services that the
    sandbox plays refuse with."""
    named = (one.value for call in _calls() for one in call.keywords if one.arg == "code")
    played = ast.walk(ast.parse((ROOT / "sandbox" / "wire" / "refusals.py").read_text("utf-8")))
    texts = (one.value for one in (*named, *played) if isinstance(one, ast.Constant))
    words = {text for text in texts if isinstance(text, str) and CODE.fullmatch(text)}
    words |= {text for text in _arguments("garbled", "_unreadable") if CODE.fullmatch(text)}
    return FURTHER_CODES | THROTTLES | DENIALS | words | {str(action) for action in REFUSALS}


def _first_arguments(*functions: str) -> Iterator[str]:
    for call in _calls():
        if ast.unparse(call.func).split(".")[-1] in functions and call.args:
            yield from _texts(call.args[:1])


def _arguments(*functions: str) -> Iterator[str]:
    for call in _calls():
        if ast.unparse(call.func) in functions:
            yield from _texts(call.args)


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def _calls() -> list[ast.Call]:
    return [
        node
        for module in modules(*PRODUCT)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
    ]


def _kinds_of_errors() -> frozenset[str]:
    """The names of all error classes there are now."""
    found: set[type] = set()
    waiting: list[type] = [BaseException]
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found.add(kind)
            waiting += kind.__subclasses__()
    return frozenset(kind.__name__ for kind in found)
