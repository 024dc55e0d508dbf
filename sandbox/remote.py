"""Phones and desks of a served sandbox, driven by plain HTTP: small JSON requests under /sandbox.

POST /sandbox/phones                      {"name": "Mia", "number": "15550100001"}
POST /sandbox/phones/15550100001/text     {"text": "Hello"}
POST /sandbox/phones/15550100001/voice    the audio file itself
POST /sandbox/phones/15550100001/read
GET  /sandbox/phones/15550100001          {"name", "number", "screen": [...]}
GET  /sandbox/desk                        {"waiting": {queue: count}, "chats": [...]}
POST /sandbox/desk/accept                 {"agent": "Ana"} (an agent of every queue)
POST /sandbox/desk/say                    {"agent": "Ana", "text": "Hi"}
POST /sandbox/desk/end                    {"agent": "Ana"}
"""

import json
from collections.abc import Callable
from typing import Any

from sandbox.desk import Agent, ChatIsOverError, NobodyWaitsError
from sandbox.phones import Phone
from sandbox.wire import HttpRequest, HttpResponse
from sandbox.world import World

PREFIX = "/sandbox/"
Answer = dict[str, Any]


class Remote:
    """Answers the requests above; a mistake of the caller is status 400 with a sentence."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle(self, request: HttpRequest) -> HttpResponse:
        """One request, whatever it asks."""
        try:
            return _json(200, self._answer(request))
        except (KeyError, ValueError, NobodyWaitsError, ChatIsOverError) as mistake:
            words = f"no {mistake}" if isinstance(mistake, KeyError) else str(mistake)
            return _json(400, {"error": words})
        except LookupError as unknown:
            return _json(404, {"error": str(unknown)})

    def _answer(self, request: HttpRequest) -> Answer:
        place, *rest = request.path.removeprefix(PREFIX).strip("/").split("/")
        if place == "desk":
            return self._desk(request, rest)
        if place != "phones":
            raise LookupError(f"nothing at {request.path}")
        if not rest:
            given = json.loads(request.body)
            phone = self._world.phones.add(str(given["name"]), str(given["number"]))
        else:
            phone = self._phone(rest[0])
            self._use(phone, rest[1] if len(rest) > 1 else "", request.body)
        return _screen(phone)

    def _phone(self, number: str) -> Phone:
        found = next((one for one in self._world.phones.all if one.number == number), None)
        if found is None:
            raise LookupError(f"no phone {number}; POST {PREFIX}phones makes one")
        return found

    @staticmethod
    def _use(phone: Phone, verb: str, body: bytes) -> None:
        if verb == "text":
            phone.says(str(json.loads(body)["text"]))
        elif verb == "voice":
            phone.sends_voice_note(body)
        elif verb == "read":
            phone.reads()
        elif verb:
            raise LookupError(f"a phone cannot {verb}")

    def _desk(self, request: HttpRequest, rest: list[str]) -> Answer:
        if rest:
            given = json.loads(request.body or b"{}")
            agent = self._agent(str(given["agent"]))
            verbs: dict[str, Callable[[], object]] = {
                "accept": agent.accept,
                "say": lambda: agent.say(str(given["text"]), "text/markdown"),
                "end": agent.end,
            }
            if rest[0] not in verbs:
                raise LookupError(f"a desk cannot {rest[0]}")
            verbs[rest[0]]()
        return self._desks()

    def _agent(self, name: str) -> Agent:
        found = next((one for one in self._world.desk.agents if one.name == name), None)
        return found or self._world.desk.agent(name, self._queues)

    def _desks(self) -> Answer:
        desk = self._world.desk
        chats = [
            {
                "agent": agent.name,
                "contact": chat.current.id,
                "over": chat.is_over,
                "lines": [{"role": one.role, **one.as_json()} for one in agent.desk_view(chat)],
            }
            for agent in desk.agents
            for chat, _ in agent.accepted
        ]
        waiting = {queue: len(desk.waiting(queue)) for queue in self._queues}
        return {"waiting": waiting, "chats": chats}

    @property
    def _queues(self) -> list[str]:
        return list(self._world.bundle.settings["queues"])


def _screen(phone: Phone) -> Answer:
    shown = [{"kind": one.kind, "text": one.text, "read": one.read} for one in phone.screen]
    return {"name": phone.name, "number": phone.number, "screen": shown}


def _json(status: int, body: Answer) -> HttpResponse:
    content = json.dumps(body, ensure_ascii=False).encode()
    return HttpResponse(status=status, headers={"content-type": "application/json"}, body=content)
