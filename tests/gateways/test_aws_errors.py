"""Whether a failed call may have happened decides everything else (protocol law 7)."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from chalicelib.contact import ContactItem, OutboundPending
from chalicelib.conversation import OpenChat, Reply
from chalicelib.errors import Denied, Rejected, ServiceError, Throttled, Unreachable, Unsure
from chalicelib.gateways.aws_errors import DENIALS, THROTTLES, aws, translated
from chalicelib.gateways.dynamodb import PAUSES_SECONDS
from chalicelib.routing import Entry
from sandbox.faults import Action

URL = "https://service.example"


def client_error(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")  # type: ignore[arg-type]


@pytest.mark.parametrize("code", sorted(THROTTLES))
def test_every_word_for_slow_down_means_it_did_not_happen(code):
    error = translated(client_error(code, 400), "connect")
    assert isinstance(error, Throttled)
    assert (error.service, error.code, error.retryable) == ("connect", code, True)


@pytest.mark.parametrize("code", sorted(DENIALS))
def test_every_word_for_no_access_means_denied(code):
    assert isinstance(translated(client_error(code, 400), "connect"), Denied)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ValidationException", 400, Rejected),
        ("ResourceNotFoundException", 404, Rejected),
        ("Unheard", 429, Throttled),
        ("Unheard", 401, Denied),
        ("Unheard", 403, Denied),
        ("InternalFailure", 500, Unsure),
        ("ServiceUnavailable", 503, Unsure),
        ("SlowDown", 503, Throttled),
        ("", 0, Rejected),
    ],
)
def test_other_answers_are_judged_by_their_status(code, status, kind):
    assert type(translated(client_error(code, status), "connect")) is kind


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (ReadTimeoutError(endpoint_url=URL), Unsure),
        (ConnectionClosedError(endpoint_url=URL), Unsure),
        (ConnectTimeoutError(endpoint_url=URL), Unreachable),
        (EndpointConnectionError(endpoint_url=URL), Unreachable),
        (NoCredentialsError(), Denied),
        (ParamValidationError(report="bad"), Rejected),
        (client_error("ThrottlingException", 400), Throttled),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_the_sdk_raises_becomes_one_of_ours(raised, kind):
    with pytest.raises(ServiceError) as caught, aws("sqs"):
        raise raised
    assert type(caught.value) is kind
    assert caught.value.service == "sqs"
    assert caught.value.__cause__ is raised


def test_an_error_of_ours_passes_untouched():
    with pytest.raises(KeyError), aws("sqs"):
        raise KeyError("ours")


ENTRY = Entry(queue="inbound", group="g", dedup="d", body="{}")
CHAT = OpenChat(contact="c", participant_token="p", connection_token="t")
ITEM = ContactItem(chat=CHAT, conversation="k", customer="c", reply=Reply(origination_id="o"))
DOORS = {
    "sqs": lambda app: app.queues.send([ENTRY]),
    "dynamodb": lambda app: app.history.fate("x"),
    "dynamodb.update": lambda app: app.contacts.create(ITEM),
    "dynamodb.transaction": lambda app: app.contacts.record(
        ITEM, OutboundPending(id="p", event="e", sent_at=1, since=1), [], {}
    ),
    "connect": lambda app: app.chat.attributes("c"),
    "connectparticipant": lambda app: app.chat.send_text(CHAT, "text", "token"),
    "socialmessaging": lambda app: app.whatsapp.send("phone-number-id-x", {"type": "text"}),
    "s3": lambda app: app.media.read("key"),
}
MEANS = {
    Action.THROTTLE: Throttled,
    Action.SERVER_ERROR: Unsure,
    Action.VALIDATION: Rejected,
    Action.ACCESS_DENIED: Denied,
    Action.TIMEOUT_BEFORE: Unsure,
    Action.TIMEOUT_AFTER: Unsure,
    Action.CONNECT_TIMEOUT: Unreachable,
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_says_what_a_failure_means(world, door):
    """Through the real clients, pynamodb's included, whose errors hide the HTTP status."""
    said = {}
    for action in MEANS:
        world.router.faults.clear()
        world.router.faults.when(lambda call: True, action)
        world.router.faults.arm()
        with pytest.raises(ServiceError) as caught:
            DOORS[door](world.app)
        said[action] = type(caught.value)
    assert said == MEANS


def test_sends_to_whatsapp_are_never_repeated_by_the_sdk(world):
    """Trace 10: a retry inside the SDK reaches the customer twice."""
    world.router.faults.when(lambda call: True, Action.SERVER_ERROR)
    world.router.faults.arm()
    start = len(world.router.calls)
    with pytest.raises(Unsure):
        DOORS["socialmessaging"](world.app)
    assert len(world.router.calls) - start == 1


def conflicting(world, times: int) -> None:
    world.router.faults.when(lambda call: call.service == "dynamodb", Action.CONFLICT, times=times)
    world.router.faults.arm()


@pytest.mark.parametrize("door", ["dynamodb.update", "dynamodb.transaction"])
def test_another_writer_is_waited_for(world, door):
    """A transaction answers a conflict with 400, as if the request itself were wrong."""
    conflicting(world, len(PAUSES_SECONDS))
    DOORS[door](world.app)
    assert world.router.faults.calls() == len(PAUSES_SECONDS) + 1


@pytest.mark.parametrize("door", ["dynamodb.update", "dynamodb.transaction"])
def test_a_conflict_that_stays_is_for_now_and_never_a_refusal(world, door):
    conflicting(world, len(PAUSES_SECONDS) + 1)
    with pytest.raises(Throttled):
        DOORS[door](world.app)
