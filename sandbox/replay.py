"""Feeds recorded webhook payloads to the product and tells what became of each piece.

Every file gets a world of its own: payloads stay as they are, though wamids and customers repeat
from file to file. The customers in it have phones, its numbers belong to the business, and its
media ids lead to small files of the declared type.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chalicelib.contact import read_callback
from chalicelib.errors import UnreadableEvent
from chalicelib.gateways.items import MessageItem
from chalicelib.gateways.updates import Update
from chalicelib.whatsapp import webhook
from chalicelib.whatsapp.webhook import Piece
from sandbox.desk import Agent, NobodyWaitsError
from sandbox.lambda_event import sqs_event
from sandbox.outcomes import Evidence, Outcome, judge
from sandbox.passing import wait_until
from sandbox.phones import Phone
from sandbox.product_output import ProductOutput, caught
from sandbox.recorded import Recorded, Sender, files_in, read_file, scalar, sender_of
from sandbox.sample_files import sample_file
from sandbox.sqs import limits
from sandbox.whatsapp.account import BusinessNumber
from sandbox.whatsapp.envelope import envelope
from sandbox.whatsapp.records import Inbound
from sandbox.world import World

WORK_QUEUES = ("whatsapp-events", "inbound.fifo", "outbound.fifo", "voice-notes.fifo")
# Long enough for every retry with back-off up to the third crash of a worker.
DONE_WITHIN_S = 900
QUEUED_WITHIN_S = 120
GREETING = "Hello"


def replay(paths: Iterable[Path], *, fresh_chat: bool) -> Iterator[Outcome]:
    """The outcome of every piece of every file, in order."""
    for path, name in files_in(paths):
        with caught() as printed, World() as world:
            stage = Stage(world, printed, read_file(path, name))
            outcomes = stage.in_fresh_chats() if fresh_chat else stage.in_live_chats()
        yield from outcomes


class Stage:
    """One file in one world, with everybody the file mentions."""

    def __init__(self, world: World, printed: ProductOutput, recorded: Recorded) -> None:
        self.world = world
        self.recorded = recorded
        self._printed = printed
        self._queues = list(world.bundle.settings["queues"])
        self.agents = [self._new_agent(1)]
        # Samples of documentation hold media ids that no real one looks like ("STICKER_ID").
        world.social.any_form = frozenset({"mediaId"})
        self._add_numbers()
        self._add_media()
        self.customers = [self._customer(one) for one in recorded.senders()]
        self._note_what_customers_sent()
        self._note_what_we_sent()

    def in_live_chats(self) -> list[Outcome]:
        """The file arrives while every customer in it is in a chat with an agent."""
        for phone, sender in zip(self.customers, self.recorded.senders(), strict=True):
            extras = {"group_id": sender.group_id} if sender.group_id else {}
            phone.says(GREETING, **extras)
            self._until_idle()
        self._accept()
        return self._feed(self.recorded)

    def in_fresh_chats(self) -> list[Outcome]:
        """Every message of the file opens a chat of its own."""
        outcomes = []
        for part in self.recorded.one_message_each():
            for chat in self.world.chats.active():
                self.world.chats.end(chat, "CUSTOMER_DISCONNECT")
            self._until_idle()
            outcomes += self._feed(part)
        return outcomes

    # --- feeding ------------------------------------------------------------------------------

    def _feed(self, part: Recorded) -> list[Outcome]:
        before = Evidence.marks(self.world, self.agents[0])
        self._printed.clear()
        event = self._event(part)
        self._publish(event)
        idle = self._until_idle()
        self._accept()
        evidence = Evidence(
            world=self.world,
            agents=self.agents,
            before=before,
            metrics=self._printed.metrics(),
            idle=idle,
        )
        return judge(part, _pieces(event), evidence)

    def _event(self, part: Recorded) -> str:
        """The message on the topic; what is no envelope yet gets End User Messaging's."""
        if part.is_wrapped or not isinstance(part.document, dict):
            return part.text
        now = self.world.clock.now()
        account = self.world.network.account
        around = json.loads(envelope(account, {}, at=now, message_id=self.world.ids.uuid()))
        return json.dumps({**around, "whatsAppWebhookEntry": part.text}, ensure_ascii=False)

    def _publish(self, event: str) -> None:
        if len(json.dumps(event).encode()) < limits.MESSAGE_BYTES // 2:
            self.world.topics.publish(self.world.whatsapp_topic, event)
        else:
            self._hand_over(event)

    def _hand_over(self, event: str) -> None:
        """An event larger than SQS carries goes to the function itself, as a direct webhook."""
        queue = self.world.sqs.queues["whatsapp-events"]
        mapping = next(one for one in self.world.deliverer.mappings if one.queue == queue.name)
        record: dict[str, Any] = sqs_event(queue, [])
        record["Records"] = [
            {"messageId": self.world.ids.uuid(), "receiptHandle": "none", "body": event}
        ]
        mapping.handler(record, None)

    def _until_idle(self) -> bool:
        queues = [self.world.sqs.queues[name] for name in WORK_QUEUES]
        idle = wait_until(
            self.world,
            lambda: not any(queue.messages for queue in queues),
            within_s=DONE_WITHIN_S,
        )
        self.world.run_for(2)
        return idle

    def _accept(self) -> None:
        """Agents take whatever waits, or still comes out of its flow; an agent has few seats."""
        wait_until(self.world, self._all_queued, within_s=QUEUED_WITHIN_S)
        while any(self.world.desk.waiting(queue) for queue in self._queues):
            try:
                self.agents[-1].accept()
            except NobodyWaitsError:
                self.agents.append(self._new_agent(len(self.agents) + 1))
        self._until_idle()

    def _all_queued(self) -> bool:
        return all(chat.current.enqueued_at for chat in self.world.chats.active())

    def _new_agent(self, number: int) -> Agent:
        return self.world.desk.agent(f"Agent {number}", self._queues)

    # --- setting up ---------------------------------------------------------------------------

    def _add_numbers(self) -> None:
        numbers = self.world.network.account.numbers
        for meta_id, digits in self.recorded.numbers().items():
            key = self.recorded.keys.get(meta_id) or _key(meta_id)
            if meta_id == self.world.number.meta_id:
                numbers.clear()
            numbers.append(BusinessNumber(meta_id=meta_id, key=key, number=digits))

    def _number(self, meta_id: str) -> BusinessNumber:
        numbers = self.world.network.account.numbers
        return next((one for one in numbers if one.meta_id == meta_id), self.world.number)

    def _add_media(self) -> None:
        for media_id, mime_type, number_id in self.recorded.media():
            self.world.network.media.add(
                sample_file(mime_type),
                mime_type or "application/octet-stream",
                self._number(number_id).key,
                uploaded=False,
                media_id=media_id,
            )

    def _customer(self, sender: Sender) -> Phone:
        network = self.world.network
        network.switches.user_ids = bool(sender.user_id)
        phone = self.world.phones.add(sender.name, sender.phone, user_id=sender.user_id)
        phone.parent_user_id = sender.parent_user_id
        phone.writes_to(self._number(sender.number_id))
        phone.last_wrote[phone.business.meta_id] = network.clock.now()
        return phone

    def _note_what_customers_sent(self) -> None:
        """WhatsApp knows the messages it is going to tell of: they can be marked as read."""
        phones = dict(zip(self.recorded.senders(), self.customers, strict=True))
        for value, message in self.recorded.messages():
            phone = phones[sender_of(value, message)]
            sent = Inbound(
                wamid=scalar(message.get("id")),
                at=self.world.clock.now(),
                kind=scalar(message.get("type")),
                number=phone.business,
            )
            self.world.network.remember(sent, phone)

    def _note_what_we_sent(self) -> None:
        """Statuses in the file are about messages of ours: they have a record each."""
        for status in self.recorded.statuses():
            wamid = scalar(status.get("id"))
            callback = read_callback(scalar(status.get("biz_opaque_callback_data")))
            if wamid or callback:
                key = callback.record if callback else Evidence.record_of(wamid)
                record = {"message_id": wamid, "direction": "out", "fate": "sent", "role": "AGENT"}
                self.world.app.db.update(Update(model=MessageItem, key=key, set=record))


def _pieces(event: str) -> list[Piece] | None:
    """The pieces the product must account for; None when it cannot read the event."""
    try:
        envelopes = webhook.read_envelopes(event)
    except UnreadableEvent:
        return None
    return [piece for one in envelopes for piece in webhook.split(one)]


def _key(meta_id: str) -> str:
    """The hex part of EUM's id of a number: any, but always the same."""
    return hashlib.sha256(meta_id.encode()).hexdigest()[:32]
