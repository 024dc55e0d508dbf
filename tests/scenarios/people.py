"""Short words for what scenarios do and look at: phones, desks, dead letters."""

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from chalicelib.gateways.items import ContactRow, ConversationItem, MessageItem
from chalicelib.texts import NOTICE_MARK
from ops.__main__ import app as operator
from sandbox.amazon_connect.records import Chat
from sandbox.desk import Agent
from sandbox.faults import Action
from sandbox.phones import Phone
from sandbox.world import World

QUEUES = ["General", "Orders", "Billing", "Support", "Claims", "Urgent"]
GREETING = "Thank you for writing. We have your message and are connecting you with someone who can"
# The part after which everything a fault delayed has come back: queue back-off, the lease of a
# claim (30 s), the wait for a proving status (60 s), the visibility time-out (120 s).
LONG_ENOUGH_S = 600


@dataclass
class Talk:
    """A customer and an agent in one chat."""

    customer: Phone
    agent: Agent
    chat: Chat


def live_chat(world: World, name: str = "Mia", number: str = "15550100001") -> Talk:
    """A customer wrote "Hello" and an agent took the chat; the greeting has arrived."""
    phone = world.phones.add(name, number)
    phone.says("Hello")
    world.run_for(2)
    agent = world.desk.agent("Ana", QUEUES)
    return Talk(phone, agent, agent.accept())


def lines(chat: Chat) -> list[str]:
    """What the agent reads of the customer, our own notices aside."""
    return [text for text in _customer_texts(chat) if not text.startswith(NOTICE_MARK)]


def words(chat: Chat) -> list[str]:
    """Each line the customer wrote, without what Puente adds about a late delivery."""
    every = "\n".join(lines(chat)).split("\n")
    return [line for line in every if not line.startswith("(sent ")]


def notices(chat: Chat) -> list[str]:
    """What Puente itself told the agent."""
    return [text for text in _customer_texts(chat) if text.startswith(NOTICE_MARK)]


def files(chat: Chat) -> list[tuple[str, str, bytes]]:
    """The files of the customer that the agent can open: (name, content type, bytes)."""
    return [
        (item.attachments[0].name, item.content_type, item.attachments[0].body or b"")
        for item in chat.items
        if item.role == "CUSTOMER" and item.attachments
    ]


def chats_of(world: World, phone: Phone) -> list[Chat]:
    """Every chat that was ever opened for this customer, oldest first."""
    return [chat for chat in world.chats if chat.customer.display_name == phone.name]


def everything_read(world: World, phone: Phone) -> list[str]:
    """The customer's words as agents have them, over all chats."""
    return [line for chat in chats_of(world, phone) for line in lines(chat)]


def dead_letters(world: World) -> list[dict[str, Any]]:
    """What was parked for an operator."""
    queue = world.sqs.queues["dead-letters.fifo"]
    return [json.loads(message.body) for message in queue.messages.values()]


def sent_texts(phone: Phone) -> list[str]:
    """What stands on the phone, the flow's greeting aside; nobody waits long in these scenes."""
    return [text for text in phone.texts if not text.startswith(GREETING)]


def stored_status(record_start: str = "out#") -> list[tuple[str, str]]:
    """(text, status) of every outbound history line."""
    return [
        (item.text or "", item.status or "")
        for item in MessageItem.scan()
        if item.id.startswith(record_start)
    ]


def unfinished() -> list[str]:
    """Claims that nobody ended: there must be none once everything is quiet."""
    rows = [*ConversationItem.scan(), *ContactRow.scan()]
    return [row.key for row in rows if row.pending_id]


def redriven(world: World) -> None:
    """An operator sends every dead letter again, and what comes of it has time to come."""
    done = CliRunner().invoke(operator, ["dlq", "redrive", "--all"])
    assert done.exit_code == 0, done.stderr
    world.run_for(LONG_ENOUGH_S)


def still_queued(world: World) -> list[str]:
    """Messages that lie in any queue but the operator's."""
    return [
        f"{name}: {message.body[:200]}"
        for name, queue in world.sqs.queues.items()
        for message in queue.messages.values()
        if name != "dead-letters.fifo"
    ]


def failing(world: World, service: str, operation: str, action: Action, times: int) -> None:
    """Let the next `times` calls of one operation fail."""
    world.router.faults.clear()
    world.router.faults.when(
        lambda call: (call.service, call.operation) == (service, operation), action, times=times
    )
    world.router.faults.arm()


def text_value(world: World, message: dict[str, Any]) -> dict[str, Any]:
    """The `value` of a change with one message, as Meta writes it."""
    number = world.number
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.number, "phone_number_id": number.meta_id},
        "contacts": [{"profile": {"name": "Mia"}, "wa_id": "15550100001"}],
        "messages": [message],
    }


def _customer_texts(chat: Chat) -> list[str]:
    return [
        item.content or ""
        for item in chat.items
        if item.type == "MESSAGE" and item.role == "CUSTOMER"
    ]
