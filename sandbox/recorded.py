"""Recorded webhook payloads: what a file holds, read without the product's own parser.

A file is an End User Messaging envelope (SNS-wrapped or not), a full Meta webhook, a bare entry,
or something nobody can read. Nothing here raises for any content.
"""

import copy
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

MEDIA_KINDS = ("image", "audio", "voice", "video", "document", "sticker")
# Fields whose messages no customer wrote just now (Meta, coexistence webhooks).
ECHOES = ("history", "smb_message_echoes", "smb_app_state_sync")
_BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+")
_KEY = re.compile(r":phone-number-id/([0-9A-Za-z]+)$")
_WRAPPERS = ("whatsAppWebhookEntry", "Message", "Records")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A customer as one message names them, on one number of the business."""

    number_id: str
    phone: str | None
    user_id: str | None
    parent_user_id: str | None = None
    group_id: str | None = None
    name: str = "Customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One file. `document` is None when the text is no JSON; `keys` are EUM's number ids."""

    file: str
    text: str
    document: Any
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def is_wrapped(self) -> bool:
        """Whether it already has AWS's envelope around it."""
        return isinstance(self.document, dict) and any(one in self.document for one in _WRAPPERS)

    def values(self) -> Iterator[tuple[str, Json]]:
        """(field, value) of every change."""
        for document in _unwrapped(self.document):
            for change in _changes(document):
                if isinstance(change.get("value"), dict):
                    yield str(change.get("field") or ""), change["value"]

    def messages(self) -> list[tuple[Json, Json]]:
        """(value, message) of everything customers wrote."""
        return [
            (value, message)
            for name, value in self.values()
            if name not in ECHOES
            for message in objects(value.get("messages"))
        ]

    def statuses(self) -> list[Json]:
        """Every delivery status."""
        return [one for _, value in self.values() for one in objects(value.get("statuses"))]

    def numbers(self) -> dict[str, str]:
        """Meta's id of each business number -> its digits."""
        found = {}
        for _, value in self.values():
            metadata = value.get("metadata")
            if isinstance(metadata, dict) and scalar(metadata.get("phone_number_id")):
                shown = re.sub(r"\D", "", scalar(metadata.get("display_phone_number")))
                found[scalar(metadata["phone_number_id"])] = shown or "15550100200"
        return found

    def media(self) -> list[tuple[str, str, str]]:
        """(media id, declared type, Meta's number id) of every file named anywhere."""
        return [
            (media_id, mime_type, number_of(value))
            for _, value in self.values()
            for media_id, mime_type in _files_in(value)
        ]

    def senders(self) -> list[Sender]:
        """Everybody who wrote, in order, each once."""
        return list(dict.fromkeys(sender_of(*pair) for pair in self.messages()))

    def one_message_each(self) -> list["Recorded"]:
        """The file as it is, or, when it holds several messages, one copy for each of them."""
        count = len(self.messages())
        if count <= 1:
            return [self]
        return [self._with_only(position) for position in range(count)]

    def _with_only(self, position: int) -> "Recorded":
        documents = [copy.deepcopy(one) for one in _unwrapped(self.document)]
        document = {"entry": _entries_of(documents)}
        kept = Recorded(file=self.file, text="", document=document, keys=self.keys)
        wanted = kept.messages()[position][1]
        for entry in _entries_of([document]):
            changes = objects(entry.get("changes"))
            entry["changes"] = [
                one for one in changes if _narrowed(one, wanted, first=not position)
            ]
        document["entry"] = [one for one in document["entry"] if one["changes"]]
        text = json.dumps(document, ensure_ascii=False)
        return Recorded(file=self.file, text=text, document=document, keys=self.keys)


def read_file(path: Path, name: str) -> Recorded:
    """Read a file of any content; a byte that is no UTF-8 becomes a replacement character.

    Several events may stand in it, as a list or one in each line: they come together.
    """
    text = path.read_bytes().decode("utf-8-sig", "replace")
    document = _decoded(text)
    if document is None and (lines := _json_lines(text)):
        document, text = lines, json.dumps(lines, ensure_ascii=False)
    return Recorded(file=name, text=text, document=document, keys=_keys_in(document))


def files_in(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """(file, name to print): files as given, and every .json below a folder, sorted."""
    found: list[tuple[Path, str]] = []
    for path in paths:
        if path.is_dir():
            below = sorted(one for one in path.rglob("*") if one.suffix.lower() == ".json")
            found += [(one, str(one.relative_to(path))) for one in below if one.is_file()]
        else:
            found.append((path, path.name))
    return found


def objects(value: Any) -> list[Json]:
    """The objects in a list; [] for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def number_of(value: Json) -> str:
    """Meta's id of the business number a change is about, "" when it names none."""
    metadata = value.get("metadata")
    return scalar(metadata.get("phone_number_id")) if isinstance(metadata, dict) else ""


def scalar(value: Any) -> str:
    """Text or a number as text, "" for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def sender_of(value: Json, message: Json) -> Sender:
    """Who wrote a message, by everything its JSON says about them."""
    contact = _contact(value, message)
    profile = contact.get("profile")
    names = [
        scalar(message.get("from")),
        scalar(message.get("from_user_id")),
        scalar(contact.get("wa_id")),
        scalar(contact.get("user_id")),
    ]
    return Sender(
        number_id=number_of(value),
        phone=next((one for one in names if one and not _BSUID.fullmatch(one)), None),
        user_id=next((one for one in names if _BSUID.fullmatch(one)), None),
        parent_user_id=scalar(message.get("from_parent_user_id")) or None,
        group_id=scalar(message.get("group_id")) or None,
        name=(scalar(profile.get("name")) if isinstance(profile, dict) else "") or "Customer",
    )


def _decoded(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _json_lines(text: str) -> list[Any]:
    """An event a line, as logs and queues are exported; [] when a line is none."""
    lines = [_decoded(line) for line in text.splitlines() if line.strip()]
    return lines if all(isinstance(line, dict) for line in lines) else []


def _unwrapped(document: Any, depth: int = 0) -> list[Json]:
    """The Meta documents inside the wrappers of AWS."""
    if isinstance(document, list):
        return [found for one in document for found in _unwrapped(one, depth + 1)]
    if not isinstance(document, dict) or depth > len(_WRAPPERS):
        return []
    for wrapper in ("whatsAppWebhookEntry", "Message"):
        if wrapper in document:
            return _unwrapped(_decoded(document[wrapper]), depth + 1)
    if "Records" in document:
        bodies = [
            one.get("body") or (one.get("Sns") or {}).get("Message")
            for one in objects(document["Records"])
        ]
        return _unwrapped([_decoded(body) for body in bodies], depth + 1)
    return [document]


def _keys_in(document: Any) -> dict[str, str]:
    """What an envelope says about EUM's ids: Meta's number id -> the hex part of the ARN."""
    if not isinstance(document, dict):
        return {}
    context = document.get("context")
    if not isinstance(context, dict):
        return _keys_in(_decoded(document["Message"])) if "Message" in document else {}
    pairs = [
        (scalar(one.get("metaPhoneNumberId")), _KEY.search(scalar(one.get("arn"))))
        for one in objects(context.get("MetaPhoneNumberIds"))
    ]
    return {number: key[1] for number, key in pairs if number and key}


def _changes(document: Json) -> list[Json]:
    if "entry" in document:
        return [one for entry in objects(document["entry"]) for one in _changes_of(entry)]
    return _changes_of(document)


def _changes_of(entry: Json) -> list[Json]:
    if "changes" in entry:
        return objects(entry["changes"])
    if "value" in entry:
        return [entry]
    return [{"value": entry}] if {"messages", "statuses", "metadata"} & entry.keys() else []


def _narrowed(change: Json, wanted: Json, *, first: bool) -> bool:
    """Leave one message in a change; False when nothing is left of it.

    What is no message goes with the first one.
    """
    value = change.get("value")
    if not isinstance(value, dict) or change.get("field") in ECHOES or "messages" not in value:
        return first
    value["messages"] = [one for one in objects(value["messages"]) if one is wanted]
    if not first:
        value.pop("statuses", None)
    return bool(value["messages"] or value.get("statuses"))


def _entries_of(documents: list[Json]) -> list[Json]:
    """The documents as entries with changes, whatever their outer shape."""
    entries: list[Json] = []
    for document in documents:
        if "entry" in document:
            entries += objects(document["entry"])
        else:
            entries.append({**document, "changes": _changes_of(document)})
    return entries


def _files_in(value: Any, under: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if under in MEDIA_KINDS and scalar(value.get("id")):
            yield scalar(value["id"]), scalar(value.get("mime_type"))
        for name, inside in value.items():
            yield from _files_in(inside, name)
    elif isinstance(value, list):
        for inside in value:
            yield from _files_in(inside, under)


def _contact(value: Json, message: Json) -> Json:
    contacts = objects(value.get("contacts"))
    mine = [
        one
        for one in contacts
        if scalar(one.get("wa_id")) and scalar(one.get("wa_id")) == scalar(message.get("from"))
    ]
    alone = contacts if len(contacts) == 1 else []
    return next(iter([*mine, *alone]), {})
