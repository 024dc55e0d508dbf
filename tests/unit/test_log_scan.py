"""The scan of a whole session's log: it finds what it is there to find, however short."""

import base64
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib import log
from sandbox.world import World
from tests.logs.accounted import FIELDS, sentences, strange
from tests.logs.hidden import hidden, readings
from tests.logs.private import of_payloads, of_world, written
from tests.logs.processes import Heard, Output, program_of
from tests.logs.scan import Scan
from tests.scenarios.people import live_chat
from tests.source_tree import PACKAGES, ROOT, modules
from tests.unit.test_log import NOTE, POWERTOOLS, documented

SENTENCE = "a flow asked for a voice note's facts"
NUMBER = "15550177123"
CONTACT = "11111111-2222-4333-8444-555555555555"
LEAKS = {
    "a short text": "Hi",
    "a shorter one": "k",
    "a name of two letters": "Al",
    "a name": "Mia",
    "a number": NUMBER,
    "a number with its plus": f"+{NUMBER}",
    "a part of a number": NUMBER[-7:],
    "a number as people write it": "+1 (555) 017-7123",
    "a number in a URL": f"%2B{NUMBER}",
    "a number in a wamid": f"wamid.{base64.b64encode(f'HBgL{NUMBER}'.encode()).decode()}",
    "a text in JSON in JSON": json.dumps({"body": "caf\u00e9"}),
    "a text in a URL": "my%20zebra",
    "an address": "mia@example.com",
    "a file's name": "cv.pdf",
    "a token": "9f" * 100,
    "a key": "sk-7c41",
    "what was heard": "three eight one five two",
    "an agent's answer": "ok",
    "a flag somebody sent": "\U0001f1e7\U0001f1f7",
}


def logged(sentence: str = SENTENCE, level: int = logging.INFO, **fields: object) -> Scan:
    """A scan that heard the product log this, and nothing else."""
    scan = Scan()
    make = log.logger._logger.makeRecord
    scan.product.emit(
        make(log.SERVICE, level, "log.py", 63, sentence, (), None, func="info", extra=fields)
    )
    return scan


def test_what_the_product_says_of_itself_may_stand_there() -> None:
    assert logged(contact=CONTACT, status="ready").findings() == []
    assert logged(problem="Throttled", code="ThrottlingException").findings() == []


@pytest.mark.parametrize("field", ["contact", "status", "code", "problem", "summary", "field"])
@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_whatever_is_private_is_found_in_every_field(leak: str, field: str) -> None:
    (found,) = logged(**{field: leak}).findings()
    assert found.startswith(repr(leak))


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_and_in_a_sentence_in_a_field_of_its_own_and_between_our_words(leak: str) -> None:
    assert logged(f"{SENTENCE} {leak}").findings()
    assert logged(leak).findings()
    assert logged(said=leak).findings()
    assert logged(status=f"ready {leak}").findings()
    assert logged(summary=f"account_update: {leak}").findings()
    assert logged(status=["ready", leak]).findings()


def test_a_number_is_found_where_numbers_stand() -> None:
    assert logged(error_code=131047).findings() == []
    assert logged(error_code=int(NUMBER)).findings()
    assert logged(error_code=int(NUMBER[:7])).findings()


def test_a_metric_has_no_room_for_anybody() -> None:
    count = {"Name": "InboundMessages", "Unit": "Count"}
    about = {"Namespace": "Puente", "Dimensions": [["service"]], "Metrics": [count]}
    metric = {
        "_aws": {"Timestamp": 0, "CloudWatchMetrics": [about]},
        "service": "puente",
        "InboundMessages": [1.0],
    }
    assert strange(json.dumps(metric)) == []
    for leak in (
        {"customer": "Al"},
        {"InboundMessages": [float(NUMBER)]},
        {"service": "Al"},
        {"_aws": {**metric["_aws"], "LogGroup": "Al"}},
    ):
        assert strange(json.dumps({**metric, **leak})), leak


def test_a_library_that_quotes_somebody_is_found() -> None:
    scan = Scan()
    scan.libraries.emit(logging.makeLogRecord({"name": "http", "msg": "sent %s", "args": ("Hi",)}))
    assert scan.findings() == ["'sent Hi' in sent Hi"]


def test_what_other_processes_log_is_found() -> None:
    """The product's own logger in a process of its own, whose output its parent throws away."""

    class Here(Heard):
        outputs: list[Output] = []  # noqa: RUF012
        listeners: list = []  # noqa: RUF012

    program = f"from chalicelib import log; log.info({SENTENCE!r}, status='Hi'); log.info('Al')"
    child = Here([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.DEVNULL)
    assert child.wait() == 0
    scan = Scan()
    scan.hear(Here.everything())
    assert [one.split(" in ")[0] for one in scan.findings()] == ["'Al'", "'Hi'"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("way", [None, subprocess.PIPE, subprocess.DEVNULL], ids=str)
def test_a_process_is_heard_wherever_its_output_goes(stream: str, way: int | None) -> None:
    class Here(Heard):
        outputs: list[Output] = []  # noqa: RUF012
        listeners: list = []  # noqa: RUF012

    program = "import os; [os.write(one, b'of %d' % one) for one in (1, 2)]"
    other = {"stdout": "stderr", "stderr": "stdout"}[stream]
    child = Here(
        [sys.executable, "-S", "-c", program],
        **{stream: way, other: subprocess.DEVNULL},  # type: ignore[arg-type]
    )
    piped = getattr(child, stream)
    if piped:
        assert piped.read() == {"stdout": b"of 1", "stderr": b"of 2"}[stream]
        piped.close()
    child.wait()
    assert sorted(line for one in Here.everything() for line in one.lines) == ["of 1", "of 2"]


def test_nobody_is_left_unheard() -> None:
    """A file would be read by nobody here."""
    with pytest.raises(ValueError, match="give it a pipe"):
        Heard([sys.executable, "-c", ""], stdout=sys.stderr)
    assert subprocess.Popen is Heard


UNHEARD = re.compile(
    r"\b(os\.(system|popen|posix_spawnp?|spawn\w+|exec\w+)\(|create_subprocess_|multiprocessing"
    r"|ProcessPoolExecutor|from subprocess import)"
)


def test_no_process_is_started_in_a_way_that_is_not_heard() -> None:
    """`os.fork` is: a forked process writes where its parent does."""
    here = Path(__file__).relative_to(ROOT).as_posix()
    unheard = {
        module.where
        for module in modules("tests", *PACKAGES, "container")
        if module.where != here and UNHEARD.search(module.text)
    }
    assert unheard == {"tests/test_imports.py"}  # names it among what no pure module imports


def test_a_container_writes_logs_and_nothing_else_a_command_what_it_was_asked_for() -> None:
    for program, findings in (("container", 1), ("benchmarks.http_worker", 1), ("ops", 0)):
        scan = Scan()
        scan.hear([Output(program, [b"Al said no\n"])])
        assert len(scan.findings()) == findings
    assert program_of(["/usr/bin/python3.13", "-m", "ops", "dlq"]) == "ops"
    assert program_of(["git", "-m", "ops"]) == ""


def test_two_documents_of_killed_processes_in_one_line_are_both_read() -> None:
    line = json.dumps({"level": "INFO", "message": SENTENCE, "status": "ready"})
    assert strange(line + line) == []
    assert strange(line + line.replace("ready", "Hi")) == ["Hi"]
    assert strange(line + line[:40]) == [line[:40]]


def test_every_field_that_may_be_logged_is_held_to_its_values() -> None:
    assert set(FIELDS) == documented("Log fields") | POWERTOOLS
    assert SENTENCE in sentences()


def test_what_people_wrote_are_called_and_hold_is_private() -> None:
    with World(settings={"OPENAI_API_KEY": "sk-7c41"}) as world:
        talk = live_chat(world, "Al", NUMBER)
        talk.customer.says("Hi")
        talk.customer.sends("image", media=b"no image", caption="my zebra")
        talk.customer.sends("document", media=b"no file", filename="cv.pdf")
        talk.customer.sends_voice_note(NOTE.read_bytes())
        world.run_for(20)
        talk.agent.say("ok")
        world.run_for(5)
        private = set(of_world(world))
    assert {"Al", "Ana", NUMBER, "Hi", "my zebra", "cv.pdf", "ok", "sk-7c41"} <= private
    assert {talk.customer.user_id, talk.customer.sent[0].wamid} <= private
    assert {one.token for one in talk.chat.participants} <= private
    assert set(world.connections._given) <= private
    assert any(text.startswith("hello my parcel arrived damaged") for text in private)
    assert "38152" in private  # the order's number, a fact of the voice note


def test_the_event_files_give_their_words_and_numbers() -> None:
    assert len(set(of_payloads(ROOT / "tests" / "events"))) > 100
    assert set(written({"a": [{"wa_id": NUMBER, "other": "left out of it"}]})) == {NUMBER}


@pytest.mark.parametrize(
    "said",
    [
        "my zebra needs a passport",
        "my%20zebra%20needs%20a%20passport",
        "my+zebra+needs+a+passport",
        "my zebra needs a pass\\u0070ort",
        '{\\"body\\": \\"my zebra needs a passport\\"}',
        base64.b64encode(b"xmy zebra needs a passport").decode(),
        base64.urlsafe_b64encode(b"\xff\xfemy zebra needs a passport").decode(),
    ],
)
def test_a_longer_text_is_found_in_any_coding_also_where_we_took_it_for_ours(said: str) -> None:
    assert "my zebra needs a passport" in "\n".join(readings(f'{{"code":"{said}"}}'))
    assert hidden([f'{{"code":"{said}"}}'], ["my zebra needs a passport"])
    assert not hidden([f'{{"code":"{said}"}}'], ["my zebra has a passport", SENTENCE])


def test_everything_the_product_logs_and_counts_reaches_the_scan(
    nothing_personal_is_logged: Scan,
) -> None:
    log.info("the container reads its queues", status="inline")
    log.count("InboundLate", 0.125)
    log.flush()
    kept = "\n".join(nothing_personal_is_logged.lines)
    assert '"status":"inline"' in kept
    assert '"InboundLate": [0.125]' in kept
