"""Public webhook fixtures of other projects, read where they stand; none is lost or unreadable."""

import json
from pathlib import Path

import pytest

from chalicelib.whatsapp.kinds import MEDIA_KINDS
from chalicelib.whatsapp.messages import InboundMessage
from chalicelib.whatsapp.to_chat import join_texts, to_chat
from chalicelib.whatsapp.webhook import parse
from tests import whatsapp_samples as samples

FILES = sorted(samples.CORPUS.glob("*.json"))

pytestmark = pytest.mark.skipif(not FILES, reason="the public webhook corpus is not here")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_splits_into_pieces_that_an_agent_can_read(path: Path) -> None:
    found = samples.pieces(path.read_text("utf-8"))
    assert found
    for piece in found:
        said = parse(piece.payload)
        if isinstance(said, InboundMessage):
            assert piece.identity, "a customer who wrote can be answered"
            [text] = join_texts([to_chat(said, samples.ENGLISH)])
            assert text.strip()


def test_every_file_with_messages_yields_exactly_those_messages() -> None:
    for path in FILES:
        document = json.loads(path.read_text("utf-8"))
        written = [
            message
            for entry in document.get("entry", [document])
            for change in entry["changes"]
            if change.get("field") != "history"
            for message in change.get("value", {}).get("messages", [])
        ]
        found = samples.pieces(path.read_text("utf-8"))
        assert sum(piece.kind == "message" for piece in found) == len(written), path.name


def test_every_file_a_customer_sent_can_be_fetched_or_is_named_as_missing() -> None:
    for path in FILES:
        for piece in samples.pieces(path.read_text("utf-8")):
            said = parse(piece.payload)
            if isinstance(said, InboundMessage) and said.kind in MEDIA_KINDS:
                assert said.media is not None, path.name
                assert said.media.media_id
