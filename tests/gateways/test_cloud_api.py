"""Meta's answers -> our error family: whether it happened, and whether to try again."""

from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from chalicelib.errors import (
    Denied,
    Rejected,
    ServiceError,
    Throttled,
    Unsure,
    WindowClosed,
)
from chalicelib.gateways.cloud_api import CloudApi
from tests.gateways.stub_server import Answer, Stub, stub

BODY = {"messaging_product": "whatsapp", "to": "+1", "type": "text", "text": {"body": "Hi"}}


def door(base_url: str, **parts: Any) -> CloudApi:
    nothing: dict[str, Any] = {"read": bytes, "write": bytes, "download": bytes, **parts}
    return CloudApi(
        urllib3.PoolManager(), base_url=base_url, version="v23.0", token=lambda: "secret", **nothing
    )


def meta(status: int, code: int | None) -> Answer:
    told = {"message": "no", "code": code} if code is not None else {"message": "no"}
    return Answer({"error": told}, status)


@pytest.fixture
def taken() -> Iterator[Stub]:
    with stub(Answer({"messages": [{"id": "wamid.X"}]})) as server:
        yield server


def test_a_message_is_sent_once_with_our_token(taken: Stub) -> None:
    assert door(taken.base_url).send("106", BODY) == "wamid.X"
    assert taken.json(0) == BODY
    assert taken.headers[0]["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("answer", "kind", "tell_agent"),
    [
        (meta(429, 130429), Throttled, "failed.slow_down"),
        (meta(400, 131056), Throttled, "failed.slow_down"),
        (meta(429, None), Throttled, "failed.unknown"),
        (meta(400, 131047), WindowClosed, "failed.window_closed"),
        (meta(401, 190), Denied, "failed.account"),
        (meta(403, None), Denied, "failed.unknown"),
        (meta(400, 10), Denied, "failed.account"),
        (meta(400, 131009), Rejected, "failed.bad_request"),
        (meta(404, 100), Rejected, "failed.bad_request"),
        (meta(500, None), Unsure, "failed.unknown"),
        (Answer("<html>busy</html>", 503), Unsure, "failed.unknown"),
        (Answer("<html>ok</html>", 200), Unsure, "problem.service"),
        (Answer(hang_up=True), Unsure, "problem.service"),
    ],
)
def test_each_answer_says_whether_it_happened(
    answer: Answer, kind: type[ServiceError], tell_agent: str
) -> None:
    with stub(answer) as server:
        with pytest.raises(ServiceError) as raised:
            door(server.base_url).send("106", BODY)
        assert type(raised.value) is kind
        assert raised.value.tell_agent == tell_agent
        assert server.asked == 1, "never repeated by the door itself"


def test_what_cannot_be_reached_did_not_happen() -> None:
    with pytest.raises(Throttled):
        door("http://127.0.0.1:9").send("106", BODY)


def test_an_upload_without_an_id_is_refused() -> None:
    with stub(Answer({})) as server, pytest.raises(Rejected):
        door(server.base_url, read=lambda key: b"bytes").upload_stored("106", "a.ogg")


def test_an_upload_names_its_type() -> None:
    with stub(Answer({"id": "9"})) as server:
        api = door(server.base_url, read=lambda key: b"bytes", download=lambda url: b"file")
        assert api.upload_stored("106", "inbound/c/sent/a.jpg") == "9"
        assert b"image/jpeg" in server.bodies[0]
        assert api.upload("106", "https://signed", "application/pdf") == "9"
        assert b"application/pdf" in server.bodies[1]
