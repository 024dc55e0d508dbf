"""WhatsApp through End User Messaging Social, through boto3's own client."""

import pytest

from chalicelib.errors import Rejected, WindowClosed
from sandbox.faults import Action

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def text(to: str = "+15550100001") -> dict[str, object]:
    return {
        "messaging_product": "whatsapp",
        "to": to,
        "type": "text",
        "text": {"body": "Grüße \U0001f44d"},
    }


@pytest.fixture
def mia(world):
    phone = world.phones.add("Mia", "15550100001")
    phone.last_wrote[phone.business.meta_id] = world.clock.now()
    return phone


def test_a_message_is_accepted_and_arrives(world, mia):
    assert world.app.whatsapp.send(world.number.eum_id, text())
    world.run_for(2)
    assert mia.texts == ["Grüße \U0001f44d"]


@pytest.mark.parametrize(
    ("body", "key"),
    [({"messaging_product": "sms"}, "failed.bad_request"), ({}, "failed.bad_request")],
)
def test_a_refused_message_says_what_the_agent_should_do(world, body, key):
    with pytest.raises(Rejected) as caught:
        world.app.whatsapp.send(world.number.eum_id, body)
    assert caught.value.tell_agent == key
    assert not caught.value.retryable


def test_an_unknown_number_of_ours_is_rejected(world):
    with pytest.raises(Rejected):
        world.app.whatsapp.send("phone-number-id-" + "f" * 32, text())


def test_a_window_refused_at_once_is_a_closed_window(world, mia):
    world.network.switches.window = "synchronous"
    mia.last_wrote.clear()
    with pytest.raises(WindowClosed) as caught:
        world.app.whatsapp.send(world.number.eum_id, text())
    assert caught.value.tell_agent == "failed.window_closed"


def test_a_customers_file_lies_under_exactly_the_key_we_chose(world, mia):
    """VN-07."""
    mia.sends("document", media=PDF, filename="bill.pdf")
    media_id = mia.sent[-1].body["document"]["id"]
    stored = world.app.whatsapp.fetch(world.number.eum_id, media_id, "inbound/k/abc")
    assert (stored.key, stored.mime, stored.size) == (
        "inbound/k/abc",
        "application/pdf",
        len(PDF),
    )
    assert world.app.media.read("inbound/k/abc") == PDF


def test_a_file_that_is_gone_is_rejected(world):
    with pytest.raises(Rejected):
        world.app.whatsapp.fetch(world.number.eum_id, "12345", "inbound/k/abc")


def test_a_file_of_ours_is_uploaded_from_an_address_or_from_the_bucket(world, mia):
    door, media = world.app.whatsapp, world.app.media
    media.write("out/bill.pdf", PDF, "application/pdf")
    for media_id in (
        door.upload(world.number.eum_id, media.link("out/bill.pdf"), "application/pdf"),
        door.upload_stored(world.number.eum_id, "out/bill.pdf"),
    ):
        assert world.network.media.find(media_id, world.number.key).body == PDF


def test_a_refused_file_says_so_to_the_agent(world, mia):
    world.app.media.write("out/x.csv", b"a,b", "text/csv")
    with pytest.raises(Rejected) as caught:
        world.app.whatsapp.upload_stored(world.number.eum_id, "out/x.csv")
    assert caught.value.tell_agent == "failed.media"


def test_a_refusal_without_a_code_of_metas_still_tells_of_the_file(world, mia):
    world.router.faults.when(lambda call: True, Action.VALIDATION)
    world.router.faults.arm()
    with pytest.raises(Rejected) as caught:
        world.app.whatsapp.upload_stored(world.number.eum_id, "out/x.csv")
    assert caught.value.tell_agent == "failed.media"


def test_an_upload_without_an_id_is_an_error(world):
    class Silent:
        def post_whatsapp_message_media(self, **_request: object) -> dict[str, object]:
            return {}

    from chalicelib.gateways.end_user_messaging import EndUserMessaging

    door = EndUserMessaging(
        Silent(),  # type: ignore[arg-type]
        files=Silent,  # type: ignore[arg-type]
        put_url=str,
        bucket="b",
        meta_api_version="v23.0",
    )
    with pytest.raises(Rejected):
        door.upload_stored("o", "k")


def test_a_read_receipt_is_posted(world, mia):
    wamid = mia.says("Hello")
    world.app.whatsapp.post_status(
        world.number.eum_id,
        {"messaging_product": "whatsapp", "status": "read", "message_id": wamid},
    )
    assert mia.tick(wamid) == "read"
