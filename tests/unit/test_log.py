"""What operators may read: enough to follow a message, nothing of what people say or who they are.

A whole conversation runs in the sandbox, with failures, while everything that is logged or
printed is kept and held against everything that is personal or secret.
"""

import ast
import json
import logging
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from chalicelib import log
from chalicelib.errors import Rejected
from sandbox.faults import Action
from sandbox.product_output import caught
from sandbox.world import World
from tests.source_tree import ROOT, modules

NOTE = ROOT / "sandbox" / "voice_notes" / "claim_en.ogg"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
PHONE = "15550177123"
NAME = "Wilhelmina Quagmire"
SAID = ["my zebra needs a passport", "the walrus paid twice", "broken by a pelican"]
REPLIED = ["bring the zebra tomorrow", "your walrus is forgiven"]
# Words of the shipped voice note that no log line of ours would use by chance.
HEARD = ["parcel", "lamp", "38152", "forty nine"]
# What a line has besides its own fields: powertools' own keys.
POWERTOOLS = {"level", "location", "message", "timestamp", "service"}


@dataclass(frozen=True)
class Told:
    """Everything one conversation wrote, and what must not be in it."""

    output: str
    secrets: dict[str, str]

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]

    @property
    def log_lines(self) -> list[dict[str, object]]:
        return [line for line in self.lines if "_aws" not in line]


def secrets_of(world: World) -> dict[str, str]:
    """Everything of the conversation that must stay out of the logs, by what it is."""
    found = {f"said {text!r}": text for text in [*SAID, *REPLIED, *HEARD]}
    found |= {"phone number": PHONE, "name": NAME, "OpenAI key": "sandbox-key-7c41"}
    for phone in world.phones.all:
        found["user id"] = phone.user_id
        found |= {f"wamid {n}": message.wamid for n, message in enumerate(phone.sent)}
        found |= {f"our wamid {n}": bubble.wamid for n, bubble in enumerate(phone.screen)}
    for chat in world.chats:
        key = chat.attributes["conversation"]
        conversation = world.app.conversations.load(key)
        assert conversation is not None
        if conversation.chat:
            found["participant token"] = conversation.chat.participant_token
            found["connection token"] = conversation.chat.connection_token
    return {what: secret for what, secret in found.items() if secret}


def converse(world: World) -> None:
    """A text, a voice note, a photo, answers, a refused and a failed message, a bug of ours."""
    mia = world.phones.add(NAME, PHONE)
    ana = world.desk.agent("Ana", list(world.bundle.settings["queues"]))
    mia.says(SAID[0])
    world.run_for(5)
    ana.accept()
    ana.say(REPLIED[0])
    mia.sends_voice_note(NOTE.read_bytes())
    mia.sends("image", media=b"no image at all", caption=SAID[2])
    world.run_for(30)
    fail(world)
    mia.says(SAID[1])
    ana.say(REPLIED[1])
    world.run_for(30)
    world.router.faults.clear()
    break_once(world)
    mia.says("and the " + SAID[1])
    world.topics.publish(world.whatsapp_topic, f"not json, but {SAID[0]} from {PHONE}", {})
    mia.publish_raw(account_news())
    world.run_for(120)
    ana.end()
    world.run_for(5)
    mia.sends_voice_note(NOTE.read_bytes())
    world.run_for(30)


def account_news() -> dict[str, object]:
    """News about the account that names a customer."""
    preference = {"wa_id": PHONE, "detail": f"{NAME}: {SAID[0]}", "value": "stop"}
    value = {"contacts": [{"wa_id": PHONE}], "user_preferences": [preference]}
    return {"id": "1", "changes": [{"field": "user_preferences", "value": value}]}


def fail(world: World) -> None:
    """Connect and DynamoDB refuse for a while, and WhatsApp's answers are lost."""
    faults = world.router.faults
    for failing, action in (
        (("connectparticipant", "SendMessage"), Action.SERVER_ERROR),
        (("socialmessaging", "SendWhatsAppMessage"), Action.TIMEOUT_AFTER),
        (("dynamodb", "UpdateItem"), Action.THROTTLE),
    ):
        faults.when(
            lambda call, which=failing: (call.service, call.operation) == which, action, times=4
        )
    faults.arm()


def break_once(world: World) -> None:
    """A bug of ours, with an exception that quotes the customer."""
    deliver = world.app.to_agent.deliver
    broken: list[bool] = []

    def once(bundle: object, remaining: object) -> None:
        if not broken and SAID[1] in str(bundle):  # not a card that a busy machine made late
            broken.append(True)
            raise ValueError(f"{SAID[1]} from {PHONE}: {bundle}")
        deliver(bundle, remaining)  # type: ignore[arg-type]

    world.app.to_agent.deliver = once  # type: ignore[assignment, method-assign]


class Everything(logging.Handler):
    """Keeps every record of every library, as text, from INFO on."""

    def __init__(self, stream: StringIO) -> None:
        super().__init__(logging.INFO)
        self.stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        self.stream.write(f"{self.format(record)}\n")


@pytest.fixture(scope="module")
def told() -> Told:
    others = StringIO()
    handler = Everything(others)
    logging.getLogger().addHandler(handler)
    world = World(settings={"OPENAI_API_KEY": "sandbox-key-7c41"})
    try:
        with caught() as output, redirect_stderr(others), world:
            converse(world)
            secrets = secrets_of(world)
    finally:
        logging.getLogger().removeHandler(handler)
    return Told(output.getvalue() + others.getvalue(), secrets)


def test_the_conversation_really_failed_in_every_way(told: Told) -> None:
    """Otherwise the tests below would hold a quiet log against the promise."""
    sentences = {str(line["message"]) for line in told.log_lines}
    assert {
        "a message waits for its next try",
        "an outbound event waits for its next try",
        "a message broke its worker",
        "an unreadable event was parked",
        "WhatsApp account event",
        "a flow asked for a voice note's transcript",
    } <= sentences
    assert len(told.secrets) > 15


def test_no_word_number_name_or_token_of_anybody_is_logged(told: Told) -> None:
    """LA-35."""
    leaked = {what for what, secret in told.secrets.items() if secret in told.output}
    assert leaked == set()


def test_identifiers_are_not_hidden_in_another_coding(told: Told) -> None:
    """A wamid is base64 of the phone number; a JSON body escapes what it quotes."""
    assert not re.search(r"wamid\.", told.output)
    assert PHONE[-7:] not in told.output
    assert not re.search(r"\+?\d{11,}", re.sub(r'"Timestamp":\d+', "", told.output))


def test_a_failure_is_told_by_class_and_code_never_by_its_words(told: Told) -> None:
    failures = [line for line in told.log_lines if "problem" in line]
    assert failures
    assert all(re.fullmatch(r"\w+", str(line["problem"])) for line in failures)
    assert all("exception" not in line for line in told.log_lines)


@pytest.mark.parametrize(
    ("code", "logged"),
    [
        ("ThrottlingException", "ThrottlingException"),
        ("AWS.SimpleQueueService.NonExistentQueue", "AWS.SimpleQueueService.NonExistentQueue"),
        ("131047", "131047"),
        ("", ""),
        (None, ""),
        (f"cannot answer: {SAID[0]}", "no_code"),
        (PHONE, "no_code"),
        ("sk-7c41", "no_code"),
    ],
)
def test_what_a_service_says_instead_of_a_code_is_not_logged(
    code: str | None, logged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, str]] = []
    monkeypatch.setattr(log.logger, "error", lambda _, extra: lines.append(extra))
    log.failure("a message broke its worker", Rejected("refused", code=code))  # type: ignore[arg-type]
    assert lines == [{"problem": "Rejected", "code": logged}]


def documented(heading: str) -> set[str]:
    """The names in the first column of the table under a heading of docs/operations.md."""
    section = OPERATIONS.split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_field_of_every_line_is_documented(told: Told) -> None:
    fields = {name for line in told.log_lines for name in line} - POWERTOOLS
    assert fields <= documented("Log fields")


def calls(function: str) -> Iterator[tuple[Path, ast.Call]]:
    for module in modules("app.py", "chalicelib", "lambdas"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == function:
                yield module.path, node


def test_the_documented_fields_are_those_the_code_writes() -> None:
    written = {
        str(keyword.arg)
        for function in ("info", "warn", "failure")
        for _, call in calls(function)
        for keyword in call.keywords
    }
    assert written - {"None", "extra"} | {"problem", "code"} == documented("Log fields")


def test_the_documented_metrics_are_those_the_code_counts() -> None:
    """LA-45."""
    counted = {
        call.args[0].value
        for path, call in calls("count")
        if path.name != "log.py" and call.args and isinstance(call.args[0], ast.Constant)
    }
    names = {name for name in counted if isinstance(name, str) and name[:1].isupper()}
    assert names == documented("Metrics")


def test_a_sentence_is_static_so_that_it_can_be_searched_for() -> None:
    built = [
        f"{path.name}:{call.lineno}"
        for function in ("info", "warn", "failure")
        for path, call in calls(function)
        if path.name != "log.py" and not isinstance(call.args[0], ast.Constant)
    ]
    assert built == []


def test_a_text_costs_few_bytes_of_log() -> None:
    """CloudWatch bills by the byte: a text that goes well writes its metric and nothing else."""
    with caught() as output, World() as world:
        mia = world.phones.add("Mia", "15550100001")
        mia.says("Hello")
        world.run_for(5)
        output.clear()
        mia.says("And another thing")
        world.settle()
        assert 0 < len(output.getvalue()) < 300


def test_an_identifier_is_shortened_the_same_way_every_time() -> None:
    assert log.short("wamid.HBg") == log.short("wamid.HBg")
    assert log.short("wamid.HBg") != log.short("wamid.HBh")
    assert re.fullmatch(r"[0-9a-f]{12}", log.short("wamid.HBg"))
