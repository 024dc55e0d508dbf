"""What Puente believes of Connect and End User Messaging; the sandbox is built on the same.

Each check is a sentence of `reference/protocol.md` section 1 or of the design. Where a live run
disagrees, the emulator and the protocol are wrong, not the service.
"""

import uuid

import pytest

from chalicelib.errors import Denied, Rejected
from tests.contract.conftest import Place
from tests.gateways.voice_samples import tone

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def opened(place: Place, key: str):
    return place.chat.start(
        name="Contract", attributes={"conversation": key}, initial_text="Hello", token=key
    )


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def test_one_call_opens_connects_and_streams(connect, key):
    chat = opened(connect, key)
    try:
        assert chat.contact
        assert chat.participant_token
        assert chat.connection_token
        assert chat.connected_until
        assert connect.chat.send_text(chat, "live text", f"{key}-1")
    finally:
        connect.chat.stop(chat.contact)


def test_a_repeated_start_gives_the_same_chat(connect, key):
    """Documented for StartOutboundChatContact only (protocol, promise I3)."""
    chat = opened(connect, key)
    try:
        assert opened(connect, key).contact == chat.contact
    finally:
        connect.chat.stop(chat.contact)


def test_the_transcript_holds_what_we_sent_behind_an_item(connect, key):
    chat = opened(connect, key)
    try:
        first = connect.chat.send_text(chat, "one", f"{key}-1")
        connect.chat.send_text(chat, "two", f"{key}-2")
        behind = connect.chat.shown(chat, first)
        assert [item.text for item in behind if item.role == "CUSTOMER"] == ["two"]
    finally:
        connect.chat.stop(chat.contact)


def test_attributes_lead_from_the_contact_to_the_conversation(connect, key):
    chat = opened(connect, key)
    try:
        assert connect.chat.attributes(chat.contact)["conversation"] == key
    finally:
        connect.chat.stop(chat.contact)


def test_a_wav_file_is_taken_as_attachment(connect, key):
    chat = opened(connect, key)
    try:
        assert connect.chat.attach(chat, "note.wav", "audio/wav", tone(0.5), f"{key}-a")
    finally:
        connect.chat.stop(chat.contact)


def test_a_chat_that_is_over_denies_its_tokens(connect, key):
    chat = opened(connect, key)
    connect.chat.stop(chat.contact)
    with pytest.raises(Denied):
        connect.chat.send_text(chat, "late", f"{key}-1")
    with pytest.raises(Denied):
        connect.chat.reconnect(chat)


def test_a_text_is_accepted_with_an_id_of_its_own(whatsapp):
    body = {
        "messaging_product": "whatsapp",
        "to": whatsapp.recipient,
        "type": "text",
        "text": {"body": "Puente contract check"},
        "biz_opaque_callback_data": "1|contract|check|0|1",
    }
    assert whatsapp.whatsapp.send(whatsapp.number, body)


def test_what_is_no_message_is_refused_at_once(whatsapp):
    with pytest.raises(Rejected):
        whatsapp.whatsapp.send(whatsapp.number, {"messaging_product": "whatsapp"})


def test_a_file_is_uploaded_from_the_bucket(whatsapp):
    whatsapp.media.write("contract/check.pdf", PDF, "application/pdf")
    assert whatsapp.whatsapp.upload_stored(whatsapp.number, "contract/check.pdf")


def test_an_unknown_media_id_is_refused(whatsapp):
    with pytest.raises(Rejected):
        whatsapp.whatsapp.fetch(whatsapp.number, "1", "contract/none")
