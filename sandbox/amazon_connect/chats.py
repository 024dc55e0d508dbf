"""The life of chats: who is in them, what is said, where they wait, how they end.

Every item goes to the chat's streaming topics at the moment it appears. What flows do about it is
asked from `flows` (see `FlowSide`), so this module knows nothing of the flow language.
"""

from collections.abc import Iterator
from datetime import timedelta

from sandbox.amazon_connect import limits, streaming
from sandbox.amazon_connect.chat_request import ChatRequest
from sandbox.amazon_connect.flow_side import FlowSide
from sandbox.amazon_connect.instance import Instance
from sandbox.amazon_connect.records import (
    EVENT,
    Attachment,
    Chat,
    Contact,
    Item,
    Participant,
    Receipt,
)
from sandbox.amazon_connect.switches import ConnectSwitches
from sandbox.outside import Clock, Scheduler, Topics


class Chats:
    """All chats of an instance."""

    def __init__(
        self,
        instance: Instance,
        clock: Clock,
        scheduler: Scheduler,
        topics: Topics,
        switches: ConnectSwitches | None = None,
    ) -> None:
        self.instance = instance
        self.clock = clock
        self.scheduler = scheduler
        self.switches = switches or ConnectSwitches()
        self.flows: FlowSide | None = None
        self.ids = instance.ids
        self._topics = topics
        self._chats: dict[str, Chat] = {}
        self._by_contact: dict[str, Chat] = {}
        self._waiting: dict[str, dict[str, Chat]] = {}

    def __iter__(self) -> Iterator[Chat]:
        return iter(list(self._chats.values()))

    def find(self, contact_id: str) -> Chat | None:
        """The chat that holds this contact, current or earlier."""
        return self._by_contact.get(contact_id)

    def active(self) -> list[Chat]:
        """Chats that are not over, oldest first."""
        return [chat for chat in self._chats.values() if not chat.is_over]

    def by_participant_token(self, token: str) -> tuple[Chat, Participant] | None:
        """Who holds a participant token, in whatever state the chat is."""
        for chat in self._chats.values():
            participant = chat.participant(token)
            if participant:
                return chat, participant
        return None

    # --- beginning and end -------------------------------------------------------------------

    def open(self, request: ChatRequest) -> Chat:
        """Begin a chat; its flow is due at once (or runs now: switch `greeting_before_answer`)."""
        chat = self._new_chat(request)
        if request.streaming_topic:
            self.start_streaming(chat, request.streaming_topic)
        if request.connect_customer:
            self.join(chat, chat.customer)
        if request.initial_message:
            self.publish(chat, self._message(chat, chat.customer, *request.initial_message))
        self._schedule_ends(chat)
        if self.switches.greeting_before_answer:
            self._start_flow(chat)
        else:
            self.scheduler.at(self.clock.now(), lambda: self._start_flow(chat))
        return chat

    def _new_chat(self, request: ChatRequest) -> Chat:
        now = self.clock.now()
        customer = self.new_participant("CUSTOMER", request.display_name)
        first = Contact(
            id=self.ids.uuid(), initiation_method="API", started_at=now, flow_id=request.flow_id
        )
        chat = Chat(
            customer=customer,
            contacts=[first],
            participants=[customer],
            expires_at=now + timedelta(minutes=request.duration_min),
            content_types=request.content_types,
            attributes=dict(request.attributes),
            segment_attributes=request.segment_attributes,
            initial_message=request.initial_message and request.initial_message[1],
            customer_id=request.customer_id,
            related_contact_id=request.related_contact_id,
            disconnect_agent_on_exit=request.disconnect_agent_on_exit,
        )
        self._chats[chat.id] = self._by_contact[first.id] = chat
        return chat

    def _start_flow(self, chat: Chat) -> None:
        if self.flows and not chat.is_over:
            self.flows.chat_started(chat)

    def _schedule_ends(self, chat: Chat) -> None:
        def unconnected() -> None:
            if self.switches.must_connect and chat.customer.joined_at is None:
                self.end(chat, "CUSTOMER_NEVER_CONNECTED")

        within = timedelta(seconds=limits.CONNECT_WITHIN_S)
        self.scheduler.at(self.clock.now() + within, unconnected)
        self.scheduler.at(chat.expires_at, lambda: self.end(chat, "EXPIRED"))

    def end(self, chat: Chat, reason: str) -> None:
        """End the chat for everybody; a second end changes nothing."""
        if chat.is_over:
            return
        now = self.clock.now()
        self._leave_queue(chat)
        for participant in chat.participants:
            participant.left_at = participant.left_at or now
        chat.current.disconnected_at = now
        chat.current.disconnect_reason = reason
        self.event(chat, "chat.ended")
        chat.ended_at = now
        if self.flows:
            self.flows.chat_ended(chat)

    def next_contact(self, chat: Chat, method: str, *, flow_id: str | None = None) -> Contact:
        """Close the current contact and continue the chat in a new one."""
        now = self.clock.now()
        self._leave_queue(chat)
        previous = chat.current
        previous.disconnected_at = now
        previous.disconnect_reason = "TRANSFERRED" if method == "TRANSFER" else method
        contact = Contact(
            id=self.ids.uuid(),
            initiation_method=method,
            started_at=now,
            previous_id=previous.id,
            flow_id=flow_id,
        )
        chat.contacts.append(contact)
        self._by_contact[contact.id] = chat
        return contact

    # --- participants -------------------------------------------------------------------------

    def new_participant(self, role: str, display_name: str) -> Participant:
        """Someone with a token of their own; not joined yet."""
        return Participant(
            id=self.ids.uuid(), role=role, display_name=display_name, token=self.ids.hex(160)
        )

    def join(self, chat: Chat, participant: Participant) -> None:
        """Mark as connected; the first time, the others are told."""
        if participant not in chat.participants:
            chat.participants.append(participant)
        if participant.joined_at is None:
            participant.joined_at = self.clock.now()
            self.event(chat, "participant.joined", participant)

    def leave(self, chat: Chat, participant: Participant) -> None:
        """Take someone out of the chat; their tokens die with it."""
        if chat.is_over or participant.left_at is not None:
            return
        self.event(chat, "participant.left", participant)
        participant.left_at = self.clock.now()

    def system(self, chat: Chat) -> Participant:
        """The participant in whose name flows speak."""
        found = next((one for one in chat.participants if one.role == "SYSTEM"), None)
        if found is None:
            found = self.new_participant("SYSTEM", "SYSTEM_MESSAGE")
            chat.participants.append(found)
        return found

    # --- queues -------------------------------------------------------------------------------

    def enqueue(self, chat: Chat, queue_id: str) -> None:
        """Let the current contact wait in a queue."""
        self._leave_queue(chat)
        chat.current.queue_id = queue_id
        chat.current.enqueued_at = self.clock.now()
        self._waiting.setdefault(queue_id, {})[chat.id] = chat
        if self.flows:
            self.flows.queued(chat)

    def waiting_in(self, queue_id: str) -> list[Chat]:
        """Chats that wait in the queue, the longest waiting first."""
        return list(self._waiting.get(queue_id, {}).values())

    def answer(self, chat: Chat, agent: Participant) -> None:
        """An agent takes the chat out of its queue and joins."""
        self._leave_queue(chat)
        chat.current.agent, chat.current.accepted_at = agent, self.clock.now()
        self.join(chat, agent)

    def _leave_queue(self, chat: Chat) -> None:
        self._waiting.get(chat.current.queue_id or "", {}).pop(chat.id, None)

    # --- what is said -------------------------------------------------------------------------

    def start_streaming(self, chat: Chat, topic_arn: str) -> str:
        """Stream the chat to one more topic, from now on. Answers the streaming id."""
        streaming_id = self.ids.uuid()
        chat.streaming[streaming_id] = topic_arn
        return streaming_id

    def say(
        self,
        chat: Chat,
        participant: Participant,
        content_type: str,
        content: str,
        visibility: str = "ALL",
    ) -> Item:
        """A message of `participant`; the customer's also wakes a waiting flow."""
        item = self._message(chat, participant, content_type, content)
        item.visibility = visibility
        self.publish(chat, item)
        self._wake_flow(chat, participant)
        return item

    def _message(
        self, chat: Chat, participant: Participant, content_type: str, content: str
    ) -> Item:
        item = self._item(chat, "MESSAGE", content_type, participant)
        item.content = content
        return item

    def _wake_flow(self, chat: Chat, participant: Participant) -> None:
        flows = self.flows
        if participant is chat.customer and flows:
            self.scheduler.at(self.clock.now(), lambda: flows.customer_spoke(chat))

    def event(
        self,
        chat: Chat,
        name: str,
        participant: Participant | None = None,
        *,
        content: str | None = None,
        in_transcript: bool = True,
    ) -> Item:
        """An event, `name` without its vendor prefix, e.g. "participant.joined"."""
        item = self._item(chat, "EVENT", EVENT + name, participant)
        item.content = content
        item.in_transcript = in_transcript
        return self.publish(chat, item)

    def judge(self, attachment: Attachment) -> None:
        """What the attachment scanner makes of a file that is complete."""
        scan = self.switches.scan
        accepted = scan is None or scan(attachment.name, attachment.body or b"")
        attachment.status = "APPROVED" if accepted else "REJECTED"

    def attach(self, chat: Chat, participant: Participant, *attachments: Attachment) -> Item:
        """Files of `participant`, complete and checked."""
        item = self._item(chat, "ATTACHMENT", attachments[0].content_type, participant)
        item.attachments = attachments
        self.publish(chat, item)
        self._wake_flow(chat, participant)
        return item

    def receive(self, chat: Chat, participant: Participant, name: str, about: Item) -> Item:
        """An event "message.delivered" or "message.read": streamed, not in the transcript."""
        receipt = about.receipts.setdefault(participant.id, Receipt())
        receipt.delivered_at = receipt.delivered_at or self.clock.now()
        if name == "message.read":
            receipt.read_at = receipt.read_at or self.clock.now()
        item = self._item(chat, "EVENT", EVENT + name, participant)
        item.in_transcript = False
        item.about = about.id
        item.receipts = {participant.id: receipt}
        return self.publish(chat, item)

    def _item(
        self, chat: Chat, kind: str, content_type: str, participant: Participant | None
    ) -> Item:
        return Item(
            id=self.ids.uuid(),
            at=self.clock.now(),
            type=kind,
            content_type=content_type,
            contact_id=chat.current.id,
            participant=participant,
        )

    def publish(self, chat: Chat, item: Item) -> Item:
        """Add an item to the chat and stream it."""
        chat.items.append(item)
        message = streaming.message(chat, item)
        attributes = streaming.attributes(
            chat, item, instance_id=self.instance.id, account_id=self.instance.account_id
        )
        for topic_arn in chat.streaming.values():
            self._topics.publish(topic_arn, message, attributes)
        return item
