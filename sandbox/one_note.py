"""One voice note from phone to agent and back, as one plain object."""

import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.amazon_connect.records import Chat
from sandbox.desk import Agent
from sandbox.passing import wait_until
from sandbox.phones import Phone
from sandbox.world import World

# A number whose country tells what the customer probably speaks (ITU-T E.164 codes).
NUMBERS = {"en": "15550100001", "es": "34600100001", "pt": "5511900100001"}
REPLY = "Thank you for your voice note, I am looking into it."
# The flow asks for the transcript up to 20 times every 2 s, then for the facts 10 times.
QUEUED_WITHIN_S = 120
CARD_WITHIN_S = 600


@dataclass(slots=True)
class Stopwatch:
    """Real milliseconds by name."""

    ms: dict[str, float] = field(default_factory=dict)
    _started: float = field(default_factory=time.perf_counter)

    def lap(self, name: str) -> None:
        """Note what passed since the lap before."""
        now = time.perf_counter()
        self.ms[name] = round((now - self._started) * 1000, 1)
        self._started = now


def one_note(world: World, audio: bytes, language: str = "en") -> dict[str, Any]:
    """A customer opens a chat with `audio`; an agent of every queue accepts and answers.

    `status` is the transcript's: ok, draft, no_speech, unsupported_language, too_long,
    unsupported_format or failed. Raises KeyError for a language without a number.
    """
    customer = world.phones.add("Mia", NUMBERS[language])
    agent = world.desk.agent("Ana", list(world.bundle.settings["queues"]))
    first_call, watch = len(world.router.calls), Stopwatch()
    wamid = customer.sends_voice_note(audio)
    chat = _accepted(world, agent)
    watch.lap("to_agent")
    if chat is not None:
        agent.say(REPLY)
        world.run_for(5)
        watch.lap("reply")
    return {
        **_understood(world, wamid),
        "queue": _queue(world, chat),
        "agent_saw": _seen(agent, chat),
        "customer_received": _received(customer),
        "flow_path": [
            {"flow": flow, "action": action, "branch": branch}
            for flow, action, branch in (chat.flow_path if chat else [])
        ],
        "calls": dict(world.router.operations(first_call)),
        "timings_ms": {
            **watch.ms,
            "ai": _ai_ms(world, first_call),
            "total": round(sum(watch.ms.values()), 1),
        },
    }


def _accepted(world: World, agent: Agent) -> Chat | None:
    """Wait for the chat, take it, and wait until its voice note is shown as well as it can be."""
    waiting = agent.queue_ids
    chats = world.chats
    if not wait_until(
        world, lambda: any(chats.waiting_in(one) for one in waiting), within_s=QUEUED_WITHIN_S
    ):
        return next(iter(chats), None)
    chat = agent.accept()
    wait_until(world, lambda: _nothing_left(world), within_s=CARD_WITHIN_S)
    return chat


def _nothing_left(world: World) -> bool:
    """No voice note waits for its late card."""
    return not world.sqs.queues["voice-notes.fifo"].messages


def _understood(world: World, wamid: str) -> dict[str, Any]:
    stored = world.app.history.load_voice_note(wamid)
    note = stored.note if stored else None
    transcript = note.transcript if note else None
    failure = note.failure if note else None
    return {
        "status": transcript.status.value if transcript else "failed",
        "reason": (transcript.error if transcript else failure.reason if failure else "") or None,
        "transcript": transcript.text if transcript else "",
        "confidence": transcript.confidence if transcript else None,
        "engine": (transcript.engine if transcript else "") or None,
        "language": (transcript.language if transcript else "") or None,
        "duration_s": round(note.duration_s, 2) if note else None,
        "facts": note.facts if note else None,
    }


def _queue(world: World, chat: Chat | None) -> str | None:
    queue = world.instance.queue(chat.current.queue_id) if chat and chat.current.queue_id else None
    return queue.name if queue else None


def _seen(agent: Agent, chat: Chat | None) -> list[dict[str, Any]]:
    """Everything on the desk but the agent's own words."""
    lines = agent.desk_view(chat) if chat else []
    return [line.as_json() for line in lines if line.role != "AGENT"]


def _received(customer: Phone) -> list[str]:
    return [shown.text or f"[{shown.kind}]" for shown in customer.screen]


def _ai_ms(world: World, first_call: int) -> float:
    calls = world.router.calls[first_call:]
    return round(sum(call.ms for call in calls if call.service == "http:openai"), 1)
