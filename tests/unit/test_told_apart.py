"""Two different messages of one event under one id are both kept."""

import json

from chalicelib.whatsapp import webhook


def pieces(*messages):
    entry = {
        "id": "1",
        "changes": [
            {"field": "messages", "value": {"metadata": {}, "messages": list(messages)}},
        ],
    }
    return [
        piece
        for envelope in webhook.read_envelopes(json.dumps(entry))
        for piece in webhook.split(envelope)
    ]


def text(name, body):
    return {"id": name, "from": "15550100001", "type": "text", "text": {"body": body}}


def test_the_second_message_under_a_used_id_gets_one_of_its_own():
    found = pieces(text("wamid.A", "one"), text("wamid.A", "two"), text("wamid.A", "three"))
    assert [piece.wamid for piece in found] == ["wamid.A", "wamid.A#2", "wamid.A#3"]


def test_a_true_repeat_inside_one_event_stays_one_message():
    found = pieces(text("wamid.A", "one"), text("wamid.A", "one"))
    assert {piece.wamid for piece in found} == {"wamid.A"}
    assert {piece.id for piece in found} == {"wamid.A"}


def test_the_ids_are_the_same_when_the_event_comes_again():
    event = (text("wamid.A", "one"), text("wamid.A", "two"))
    assert [piece.id for piece in pieces(*event)] == [piece.id for piece in pieces(*event)]
