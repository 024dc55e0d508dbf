"""Everything that people in a sandbox or in an event file wrote, are called and are reached by,
and every token and key they or we had."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from chalicelib.setting_values import Secret

WRITTEN = {
    *("body", "caption", "filename", "text", "title", "description", "address", "note", "email"),
    *("name", "formatted_name", "first_name", "last_name", "profile_name", "username"),
    *("phone", "wa_id", "from", "user_id", "recipient_id", "recipient_user_id", "display_name"),
}
"""Keys of WhatsApp's events whose values are somebody's words, name or address."""
STORED = {"text", "name", "to", "recipient", "participant_token", "connection_token"}
"""Attributes of our tables that hold the same."""
HEARD = {"text", "summary", "words", "order_number", "customer_number", "phone", "email", "address"}
"""Keys of a stored voice note whose values are what was heard in it."""


def of_world(world: object) -> Iterator[str]:
    """All that must stay private of a sandbox that is about to close."""
    for phone in world.phones.all:  # type: ignore[attr-defined]
        yield from filter(None, (phone.name, phone.number, phone.user_id, phone.username))
        for sent in phone.sent:
            yield sent.wamid
            yield from written(sent.body)
        for shown in phone.screen:
            yield from (shown.wamid, *lines_of(shown.text))
    yield from (agent.name for agent in world.desk.agents)  # type: ignore[attr-defined]
    for chat in world.chats:  # type: ignore[attr-defined]
        yield from (one.token for one in chat.participants)
        for item in chat.items:
            yield from lines_of(item.content or "")
    yield from world.connections._given  # type: ignore[attr-defined]
    yield from of_settings(world.app.settings)  # type: ignore[attr-defined]
    dynamodb = world.router._emulators.get("dynamodb")  # type: ignore[attr-defined]
    for table in dynamodb.tables.values() if dynamodb else ():
        yield from of_table(table.items.values())


def of_table(items: Iterable[dict[str, dict[str, str]]]) -> Iterator[str]:
    """What stands in DynamoDB's items: words, names, numbers, tokens, and what was heard."""
    for item in items:
        for name in STORED & item.keys():
            yield from lines_of(item[name].get("S", ""))
        if "voice_note" in item:
            yield from written(json.loads(item["voice_note"]["S"]), keys=HEARD)


def of_settings(settings: object) -> Iterator[str]:
    """Every key and secret the product was given."""
    for name in settings.__dataclass_fields__:  # type: ignore[attr-defined]
        value = getattr(settings, name)
        if isinstance(value, Secret) and value.get_secret_value():
            yield value.get_secret_value()


def of_payloads(folder: Path) -> Iterator[str]:
    """All words, names and addresses in the event files of the tests."""
    for path in folder.rglob("*.json"):
        yield from written(json.loads(path.read_text("utf-8")))


def written(value: object, key: str = "", keys: Iterable[str] = WRITTEN) -> Iterator[str]:
    """Every text under one of `keys`, line by line, at any depth."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from written(inside, name, keys)
    elif isinstance(value, list):
        for inside in value:
            yield from written(inside, key, keys)
    elif isinstance(value, str) and key in keys:
        yield from lines_of(value)


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def watching(world_type: type, told: Callable[[Iterable[str]], None]) -> Callable[..., None]:
    """An `__exit__` for `world_type` that tells what was private before it closes."""
    close = world_type.__exit__

    def closing(self: object, *exception: object) -> None:
        told(of_world(self))
        close(self, *exception)

    return closing
