"""The agents' desk: people who answer chats, and what they have before their eyes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.amazon_connect import limits, rules
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.records import Attachment, Chat, Item, Participant
from sandbox.flow_runner import FlowRunner, Staffing
from sandbox.guides import Guide, Guides


class NobodyWaitsError(LookupError):
    """No contact waits in the agent's queues."""


class ChatIsOverError(RuntimeError):
    """The agent cannot write: the chat is over, or the agent is not (or no longer) in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLine:
    """One message or attachment as the agent sees it. `body` is the file, None for a message."""

    item_id: str
    at: datetime
    role: str
    display_name: str
    content_type: str
    text: str = ""
    name: str = ""
    body: bytes | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """{content_type, text} or {content_type, name, bytes}; `bytes` is the file's size."""
        if self.body is None:
            return {"content_type": self.content_type, "text": self.text}
        return {"content_type": self.content_type, "name": self.name, "bytes": len(self.body)}


class Desk:
    """All agents of the instance."""

    def __init__(self, chats: Chats, runner: FlowRunner) -> None:
        self.chats = chats
        self.runner = runner
        self.agents: list[Agent] = []
        self.guides = Guides(runner)
        runner.staffing = self._staffing

    def agent(self, name: str, queues: list[str]) -> "Agent":
        """An agent who answers these queues (names, ids or ARNs). Raises LookupError."""
        ids = [self.queue_id(one) for one in queues]
        agent = Agent(name=name, desk=self, queue_ids=ids)
        self.agents.append(agent)
        return agent

    def queue_id(self, name: str) -> str:
        """The id of a queue. Raises LookupError for an unknown one."""
        queue = self.chats.instance.queue(name)
        if queue is None:
            raise LookupError(f"no queue {name!r}")
        return queue.id

    def waiting(self, queue: str) -> list[Chat]:
        """Chats that wait in a queue, the longest waiting first."""
        return self.chats.waiting_in(self.queue_id(queue))

    def auto_disconnect(self, chat: Chat) -> None:
        """The customer was idle too long: everybody but the customer leaves (chat timers)."""
        agent = chat.current.agent
        self.chats.event(chat, "participant.autodisconnection", agent)
        if agent is not None:
            self.chats.leave(chat, agent)
        self._left(chat)

    def _left(self, chat: Chat) -> None:
        if not self.runner.agent_left(chat):
            self.chats.end(chat, "AGENT_DISCONNECT")

    def _staffing(self, queue_id: str) -> Staffing:
        ours = [one for one in self.agents if queue_id in one.queue_ids and one.is_online]
        return Staffing(
            online=len(ours),
            available=sum(one.has_room for one in ours),
            staffed=len(ours),
        )


@dataclass(slots=True, kw_only=True)
class Agent:
    """One agent. Calls without `chat` mean the chat accepted last that the agent is still in."""

    name: str
    desk: Desk
    queue_ids: list[str]
    is_online: bool = True
    accepted: list[tuple[Chat, Participant]] = field(default_factory=list)

    @property
    def active(self) -> list[Chat]:
        """The chats the agent is in, in the order they were accepted."""
        return [chat for chat, me in self.accepted if me.is_present]

    @property
    def has_room(self) -> bool:
        """Fewer chats than an agent can handle at once."""
        return len(self.active) < limits.CHATS_PER_AGENT

    def accept(self) -> Chat:
        """Take the contact that waits longest in the agent's queues. Raises NobodyWaitsError."""
        chats = self.desk.chats
        waiting = [chat for queue in self.queue_ids for chat in chats.waiting_in(queue)]
        if not waiting or not self.has_room:
            raise NobodyWaitsError(f"no contact waits for {self.name}")
        chat = min(waiting, key=_waits_since)
        me = chats.new_participant("AGENT", self.name)
        self.accepted.append((chat, me))
        chats.answer(chat, me)
        self.desk.runner.agent_accepted(chat)
        return chat

    def desk_view(self, chat: Chat | None = None) -> list[DeskLine]:
        """What the agent sees of a chat: everything from its beginning, oldest first."""
        chat = chat or self._latest()
        return [
            _line(item, chat)
            for item in chat.items
            if item.type != "EVENT" and item.visible_to("AGENT")
        ]

    def open_guide(self, chat: Chat | None = None) -> Guide | None:
        """The agent workspace opens the step-by-step guide beside the chat, if its flow set one."""
        chat, _ = self._speaking(chat)
        return self.desk.guides.open(chat)

    def events(self, chat: Chat | None = None) -> list[str]:
        """Content types of the chat's events, without their vendor prefix, oldest first."""
        chat = chat or self._latest()
        return [
            item.content_type.rpartition("connect.event.")[2]
            for item in chat.items
            if item.type == "EVENT"
        ]

    def say(self, text: str, content_type: str = "text/plain", chat: Chat | None = None) -> Item:
        """Write to the customer. Raises ChatIsOverError, ValueError for content Connect refuses."""
        chat, me = self._speaking(chat)
        problem = rules.content_problem(text)
        if content_type not in chat.content_types:
            problem = f"the chat does not support {content_type}"
        if problem:
            raise ValueError(problem)
        return self.desk.chats.say(chat, me, content_type, text)

    def attach(self, name: str, content_type: str, body: bytes, chat: Chat | None = None) -> Item:
        """Send a file to the customer. Raises ChatIsOverError, ValueError as `say`."""
        return self.attach_several((name, content_type, body), chat=chat)

    def attach_several(self, *files: tuple[str, str, bytes], chat: Chat | None = None) -> Item:
        """Files (name, content type, bytes) in one item; the scanner judges each. Raises as `say`.

        The agent workspace makes an item of each; the model (AttachmentItem) has room for more.
        """
        chat, me = self._speaking(chat)
        attachments = [self._uploaded(chat, me, *file) for file in files]
        return self.desk.chats.attach(chat, me, *attachments)

    def _uploaded(
        self, chat: Chat, me: Participant, name: str, content_type: str, body: bytes
    ) -> Attachment:
        problem = rules.attachment_problem(name, len(body))
        if problem or len(chat.attachments) >= limits.ATTACHMENTS:
            raise ValueError(problem or "too many attachments in this chat")
        chats = self.desk.chats
        attachment = Attachment(
            id=chats.ids.uuid(),
            name=name,
            content_type=content_type,
            size=len(body),
            owner=me,
            upload_until=chats.clock.now() + timedelta(seconds=limits.ATTACHMENT_URL_S),
            body=body,
        )
        chats.judge(attachment)
        chat.attachments.append(attachment)
        return attachment

    def typing(self, chat: Chat | None = None) -> None:
        """The others see that the agent types."""
        chat, me = self._speaking(chat)
        self.desk.chats.event(chat, "typing", me, in_transcript=False)

    def reads(self, chat: Chat | None = None) -> None:
        """The agent has read everything the customer wrote; receipts go to the chat."""
        chat, me = self._speaking(chat)
        unread = [
            item
            for item in chat.items
            if item.type == "MESSAGE" and item.role == "CUSTOMER" and me.id not in item.receipts
        ]
        for item in unread:
            self.desk.chats.receive(chat, me, "message.read", item)

    def transfer(self, queue: str, chat: Chat | None = None) -> Chat:
        """Hand over to a queue: a new contact of the same chat waits there."""
        chat, me = self._speaking(chat)
        queue_id = self.desk.queue_id(queue)
        chats = self.desk.chats
        chats.leave(chat, me)
        chats.next_contact(chat, "TRANSFER")
        chats.event(chat, "transfer.succeeded")
        chats.enqueue(chat, queue_id)
        return chat

    def end(self, chat: Chat | None = None) -> None:
        """Leave the chat: the disconnect flow runs if one is set, else the chat ends."""
        chat, me = self._speaking(chat)
        self.desk.chats.leave(chat, me)
        self.desk._left(chat)

    def _latest(self) -> Chat:
        if not self.accepted:
            raise ChatIsOverError(f"{self.name} has no chat")
        return (self.active or [self.accepted[-1][0]])[-1]

    def _speaking(self, chat: Chat | None) -> tuple[Chat, Participant]:
        wanted = chat or self._latest()
        for accepted, me in reversed(self.accepted):
            if accepted is wanted and me.is_present:
                return wanted, me
        raise ChatIsOverError(f"{self.name} is not in this chat any more")


def _waits_since(chat: Chat) -> datetime:
    return chat.current.enqueued_at or chat.current.started_at


def _line(item: Item, chat: Chat) -> DeskLine:
    receipt = item.receipts.get(chat.customer.id)
    file = item.attachments[0] if item.attachments else None
    return DeskLine(
        item_id=item.id,
        at=item.at,
        role=item.role or "",
        display_name=item.participant.display_name if item.participant else "",
        content_type=item.content_type,
        text=item.content or "",
        name=file.name if file else "",
        body=(file.body or b"") if file else None,
        delivered_at=receipt.delivered_at if receipt else None,
        read_at=receipt.read_at if receipt else None,
    )
