"""What watches over the permissions of all scenarios sees a call that no role allows."""

from infra.permissions import Need
from infra.recording import Call
from tests.recorded_calls import AT, refused

QUEUED = Call("ingest", "sqs", "SendMessageBatch", "inbound.fifo")
FOREIGN = Call("send-template", "sqs", "SendMessage", "inbound.fifo")
BY_TOKEN = Call("inbound", "connectparticipant", "SendMessage", "")


def test_a_call_that_no_role_allows_is_named():
    needed = Need("sqs:SendMessage", AT.queue_arn("inbound.fifo"))
    assert refused({QUEUED, FOREIGN, BY_TOKEN}) == [("send-template", needed)]


def test_what_roles_allow_is_not():
    assert refused({QUEUED, BY_TOKEN}) == []
