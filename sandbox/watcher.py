"""Watches a world and tells what is new on phones, in flows and on desks since the last look."""

from collections.abc import Iterator
from datetime import datetime

from flowkit.engine import (
    AttributesSet,
    BranchTaken,
    Event,
    LambdaInvoked,
    MessageSent,
    QueuedContact,
)
from sandbox.amazon_connect.records import Chat
from sandbox.desk import Agent, DeskLine
from sandbox.guides import Guide
from sandbox.phones import Phone
from sandbox.timeline import Column, Row, in_order
from sandbox.whatsapp.bubble import Bubble
from sandbox.whatsapp.records import Inbound, Outbound
from sandbox.world import World

TICKS = {"sent": "✓ sent", "delivered": "✓✓ delivered", "read": "✓✓ read"}
FACTS = ("intent", "urgency", "sentiment", "orderNumber")
_PREVIEW = 24


class Watcher:
    """One look after the other; `look` never tells the same thing twice."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._told: set[tuple[object, ...]] = set()
        self._flow_events = 0

    def look(self) -> list[Row]:
        """What is new, in order."""
        rows = [row for phone in self._world.phones.all for row in self._on_phone(phone)]
        rows += self._in_flows()
        rows += [row for agent in self._world.desk.agents for row in self._on_desk(agent)]
        rows += [row for guide in self._world.desk.guides.all for row in self._in_guide(guide)]
        return in_order(rows)

    # --- phones -------------------------------------------------------------------------------

    def _on_phone(self, phone: Phone) -> Iterator[Row]:
        for sent in phone.sent:
            if self._is_new(sent.wamid):
                yield self._row(sent.at, Column.PHONE, f"{phone.name}: {_written(sent)}")
            if sent.read_at and self._is_new(sent.wamid, "read"):
                text = f"{TICKS['read']}: {_preview(_written(sent))}"
                yield self._row(sent.read_at, Column.PHONE, text)
        for shown in phone.screen:
            if self._is_new(shown.wamid):
                yield self._row(shown.at, Column.PHONE, f"-> {phone.name}: {_shown(shown)}")
            yield from self._statuses(shown.message, _preview(_shown(shown)))

    def _statuses(self, message: Outbound, what: str) -> Iterator[Row]:
        for status in message.statuses:
            if self._is_new(message.wamid, status):
                text = f"{TICKS.get(status, status)}: {what}"
                yield self._row(self._now, Column.PHONE, text)

    # --- flows --------------------------------------------------------------------------------

    def _in_flows(self) -> Iterator[Row]:
        events = self._world.flow_runner.events
        for _, event in events[self._flow_events :]:
            text = self._event(event)
            if text:
                yield self._row(self._now, Column.FLOW, text)
        self._flow_events = len(events)

    def _event(self, event: Event) -> str:
        if isinstance(event, MessageSent):
            return f"says: {event.text}"
        if isinstance(event, LambdaInvoked):
            name = event.arn.rpartition(":")[2].removeprefix("puente-sandbox-")
            return f"calls {name}" + ("" if event.ok else f": {event.error}")
        if isinstance(event, AttributesSet):
            facts = [event.values[name] for name in FACTS if event.values.get(name)]
            return f"notes: {', '.join(facts)}" if facts else ""
        if isinstance(event, QueuedContact):
            return f"=> queue {self._queue(event.queue_id)}"
        if isinstance(event, BranchTaken) and event.branch.startswith("Equals"):
            return f"{event.action}? {event.branch.removeprefix('Equals ')}"
        return ""

    def _queue(self, queue_id: str) -> str:
        queue = self._world.instance.queue(queue_id)
        return queue.name if queue else queue_id

    # --- desks --------------------------------------------------------------------------------

    def _on_desk(self, agent: Agent) -> Iterator[Row]:
        for chat, me in agent.accepted:
            if self._is_new(chat.id, agent.name):
                queue = self._queue(chat.current.queue_id or "")
                text = f"{agent.name} accepts a chat from {queue}"
                yield self._row(me.joined_at or self._now, Column.DESK, text)
            for line in agent.desk_view(chat):
                yield from self._line(agent, chat, line)
            if chat.ended_at and self._is_new(chat.id, "ended"):
                yield self._row(chat.ended_at, Column.DESK, "The chat is over")

    def _line(self, agent: Agent, chat: Chat, line: DeskLine) -> Iterator[Row]:
        accepted = chat.current.accepted_at or line.at
        if self._is_new(line.item_id):
            who = {"AGENT": agent.name, "SYSTEM": "(flow)"}.get(line.role, line.display_name)
            text = _preview(line.text) if line.role == "SYSTEM" else _on_screen(line)
            yield self._row(max(line.at, accepted), Column.DESK, f"{who}: {text}")
        for name, at in (("delivered", line.delivered_at), ("read", line.read_at)):
            if line.role == "AGENT" and at and self._is_new(line.item_id, name):
                yield self._row(at, Column.DESK, f"{agent.name}'s message: {TICKS[name]}")

    def _in_guide(self, guide: Guide) -> Iterator[Row]:
        for number, view in enumerate(guide.shown):
            if self._is_new(guide.contact.contact_id, number):
                screen = "\n".join(f"| {line}" for line in view.lines)
                yield self._row(self._now, Column.DESK, f"(guide) view {view.name}\n{screen}")

    # --- small things -------------------------------------------------------------------------

    @property
    def _now(self) -> datetime:
        return self._world.clock.now()

    def _is_new(self, *what: object) -> bool:
        new = what not in self._told
        self._told.add(what)
        return new

    @staticmethod
    def _row(at: datetime, column: Column, text: str) -> Row:
        return Row(at=at, column=column, text=text)


def _written(sent: Inbound) -> str:
    part = sent.body.get(sent.kind) or {}
    if part.get("voice"):
        return "[voice note]"
    return str(part.get("body") or part.get("caption") or f"[{sent.kind}]")


def _shown(shown: Bubble) -> str:
    return shown.text or f"[{shown.kind}]"


def _preview(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _PREVIEW else f"{line[: _PREVIEW - 1]}…"


def _on_screen(line: DeskLine) -> str:
    if line.body is None:
        return line.text
    return f"[{line.name}, {line.content_type}, {len(line.body) / 1024:.0f} KB]"
