"""Our own named samples of WhatsApp and Connect events, and what the product makes of them."""

import json
from pathlib import Path
from typing import Any

from chalicelib.texts import Texts
from chalicelib.whatsapp.messages import AccountEvent, DeliveryStatus, InboundMessage
from chalicelib.whatsapp.to_chat import ChatLine, to_chat
from chalicelib.whatsapp.webhook import Piece, parse, read_envelopes, split

EVENTS = Path(__file__).parent / "events"
WHATSAPP = EVENTS / "whatsapp"
CONNECT = EVENTS / "connect"
CORPUS = Path(__file__).parents[1].parent / "shared" / "data" / "whatsapp_webhooks"
"""Public fixtures, used where they stand and never copied; tests skip when they are absent."""

ENGLISH = Texts("en")


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.json"))


def body(name: str, folder: Path = WHATSAPP) -> str:
    return (folder / f"{name}.json").read_text("utf-8")


def pieces(written: str) -> list[Piece]:
    """Every piece of one body, having travelled as JSON as in the queue."""
    found = [piece for envelope in read_envelopes(written) for piece in split(envelope)]
    for piece in found:
        assert json.loads(json.dumps(piece.payload)) == piece.payload
    return found


def parsed(name: str) -> InboundMessage | DeliveryStatus | AccountEvent:
    """What the only piece of a sample says."""
    [piece] = pieces(body(name))
    return parse(piece.payload)


def message(name: str) -> InboundMessage:
    found = parsed(name)
    assert isinstance(found, InboundMessage)
    return found


def status(name: str) -> DeliveryStatus:
    found = parsed(name)
    assert isinstance(found, DeliveryStatus)
    return found


def account(name: str) -> AccountEvent:
    found = parsed(name)
    assert isinstance(found, AccountEvent)
    return found


def shown(name: str, about: str = "", texts: Texts = ENGLISH) -> ChatLine:
    """What the agent reads of a sample."""
    return to_chat(message(name), texts, about=about)


def load(name: str, folder: Path = WHATSAPP) -> Any:
    return json.loads(body(name, folder))
