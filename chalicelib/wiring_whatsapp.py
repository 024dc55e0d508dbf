"""Builds what WhatsApp's many forms need: files both ways, templates, statuses.

A part of `wiring.py`, apart from it for its length; each function takes the App whose doors it
uses. Converters (PyAV, Pillow) are imported when the first file needs one.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import yaml

from chalicelib import objective
from chalicelib.agent_reads import AgentReads
from chalicelib.connect_events import ChatEvent
from chalicelib.deliveries import Deliveries
from chalicelib.file_parts import FileParts
from chalicelib.gateways.web_files import WebFiles
from chalicelib.inbound_files import InboundFiles
from chalicelib.outbound_broken import BrokenMessages
from chalicelib.outbound_files import OutboundFiles
from chalicelib.outbound_replies import OutboundReplies
from chalicelib.outbound_work import OutboundWork
from chalicelib.send_again import SendAgain
from chalicelib.send_template import SendTemplate
from chalicelib.tell_agent import TellAgent
from chalicelib.whatsapp.templates import Catalogue, read_catalogue

if TYPE_CHECKING:
    from chalicelib.ports.files import Audio, Pictures
    from chalicelib.wiring import App

TEMPLATES = Path(__file__).with_name("templates.yaml")


def pictures() -> "Pictures":
    from chalicelib.gateways import images

    return images


def audio() -> "Audio":
    from chalicelib.gateways import audio as door

    return cast("Audio", door)


def inbound_files(app: "App") -> InboundFiles:
    return InboundFiles(
        whatsapp=app.whatsapp,
        parts=FileParts(media=app.media, pictures=pictures, audio=audio),
        stored=app.media.stored,
        history=app.history,
        queues=app.queues,
        texts=app.agent_texts,
    )


def outbound_replies(app: "App") -> OutboundReplies:
    files = OutboundFiles(
        whatsapp=app.whatsapp,
        files=WebFiles(app.http),
        media=app.media,
        pictures=pictures,
        audio=audio,
    )
    return OutboundReplies(chat=app.chat, files=files, texts=app.customer_texts, clock=app.clock)


def send_again(app: "App", tell_agent: TellAgent) -> SendAgain:
    return SendAgain(
        contacts=app.contacts,
        history=app.history,
        whatsapp=app.whatsapp,
        outbox=app.queues,
        tell_agent=tell_agent,
        unsure_wait_s=app.settings.unsure_wait_seconds,
        clock=app.clock,
    )


def outbound_work(app: "App") -> OutboundWork:
    again = send_again(app, app.tell_agent)

    def forward(event: ChatEvent, body: str, others: Collection[str]) -> None:
        app.to_customer.forward(event, body, others)
        objective.count_outbound(event, app.clock())

    return OutboundWork(
        forward=forward,
        end=app.to_customer.end,
        status=deliveries(app, app.tell_agent, again).store,
        park=app.queues.park_unreadable,
        broken=BrokenMessages(contacts=app.contacts, tell_agent=app.tell_agent),
        again=again.send,
        read=agent_reads(app).mark,
    )


def deliveries(app: "App", tell_agent: TellAgent, again: SendAgain) -> Deliveries:
    return Deliveries(
        history=app.history,
        contacts=app.contacts,
        chat=app.chat,
        tell_agent=tell_agent,
        again=again,
        receipts=app.settings.chat_receipts,
        clock=app.clock,
    )


def agent_reads(app: "App") -> AgentReads:
    return AgentReads(contacts=app.contacts, conversations=app.conversations, whatsapp=app.whatsapp)


def send_template(app: "App") -> SendTemplate:
    return SendTemplate(
        catalogue=lambda: _catalogue(app),
        conversations=app.conversations,
        outbox=app.queues,
        texts=app.agent_texts,
        clock=app.clock,
        stamp=lambda at: datetime.fromtimestamp(at, UTC).isoformat(),
    )


def _catalogue(app: "App") -> Catalogue:
    """What may be sent; only what WhatsApp has approved, where the account's id is known."""
    account = app.settings.whatsapp_business_account_id
    every = _written()
    if not account or app.settings.whatsapp_provider != "eum":
        return every
    return every.only(app.end_user_messaging.template_statuses(account))


@cache
def _written() -> Catalogue:
    return read_catalogue(yaml.safe_load(TEMPLATES.read_text("utf-8")))
