"""Conversations as DynamoDB keeps them <-> as we know them."""

import json
from dataclasses import fields
from typing import Any

from chalicelib.conversation import Conversation, Member, OpenChat, Pending, Reply
from chalicelib.ring import Ring

CLEARED = {
    "pending_id": None,
    "pending_since": None,
    "pending_claimed_at": None,
    "pending_attempts": None,
    "pending_members": None,
    "pending_repeat": None,
}
MEMBER_FIELDS = tuple(field.name for field in fields(Member))


def conversation_of(item: Any, pending: Pending | None = None) -> Conversation:
    """The conversation in an item of its table, or as it is since `pending` was claimed on it."""
    chat = None
    if item.contact:
        chat = OpenChat(
            contact=item.contact,
            participant_token=item.participant_token or "",
            connection_token=item.connection_token or "",
            connected_until=int(item.connected_until or 0),
        )
    return Conversation(
        key=item.key,
        customer=item.customer or "",
        reply=Reply(
            origination_id=item.origination_id or "",
            to=item.to or "",
            recipient=item.recipient or "",
            group=item.group or "",
        ),
        name=item.name or "",
        language=item.language or "",
        chat=chat,
        ended=item.ended or "",
        ended_at=int(item.ended_at or 0),
        opened=int(item.opened or 0),
        done=ring(item),
        last=item.last or "",
        beyond=int(item.beyond or 0),
        wrote_at=int(item.wrote_at or 0),
        aliases=tuple(item.aliases or ()),
        recent=tuple(int(each) for each in item.recent or ()),
        newest=item.newest or "",
        erased_before=int(item.erased_before or 0),
        pending=pending or _read_pending(item),
    )


def ring(item: Any) -> Ring:
    """The ring of an item that has one."""
    forgotten = -1 if item.forgotten_until is None else int(item.forgotten_until)
    return Ring(item.done or (), forgotten)


def _read_pending(item: Any) -> Pending | None:
    if not item.pending_id:
        return None
    members = tuple(_member(plain) for plain in json.loads(item.pending_members))
    return Pending(
        id=item.pending_id,
        members=members,
        since=int(item.pending_since or 0),
        claimed_at=int(item.pending_claimed_at or 0),
        attempts=int(item.pending_attempts or 0),
        repeat=bool(item.pending_repeat),
    )


def _member(plain: dict[str, Any]) -> Member:
    """The inverse of `_plain`; what a later version knows besides is ignored: after a step back its
    claims are still finished."""
    known = {name: plain[name] for name in MEMBER_FIELDS if name in plain}
    return Member(**{**known, "attributes": tuple(map(tuple, plain.get("attributes", ())))})


def pending_values(pending: Pending) -> dict[str, Any]:
    return {
        "pending_id": pending.id,
        "pending_since": pending.since,
        "pending_claimed_at": pending.claimed_at,
        "pending_attempts": pending.attempts,
        "pending_repeat": int(pending.repeat) or None,
        "pending_members": json.dumps(
            [_plain(member) for member in pending.members], ensure_ascii=False
        ),
    }


def _plain(member: Member) -> dict[str, Any]:
    """The member as JSON takes it; `dataclasses.asdict` would copy every value in depth."""
    return {name: getattr(member, name) for name in MEMBER_FIELDS}


def changed_values(before: Conversation, after: Conversation) -> dict[str, Any]:
    """What the record step writes: what is new. `ended` never is, for that is another writer's.

    `opened` counts in memory until a chat is recorded, so `before` may have it already.
    """
    known = _recorded(before)
    new = {name: value for name, value in _recorded(after).items() if value != known[name]}
    return {**new, "opened": after.opened}


def _recorded(known: Conversation) -> dict[str, Any]:
    """What record steps write of a conversation."""
    chat = known.chat or OpenChat(contact="")
    return {
        "contact": chat.contact or None,
        "participant_token": chat.participant_token or None,
        "connection_token": chat.connection_token or None,
        "connected_until": chat.connected_until or None,
        "done": known.done.entries,
        "forgotten_until": known.done.forgotten_until,
        "last": known.last or None,
        "beyond": known.beyond,
        "wrote_at": known.wrote_at,
        "recent": known.recent,
        "newest": known.newest or None,
    }


def learned_values(before: Conversation, after: Conversation) -> dict[str, Any]:
    """What the customer's event told anew: how answers reach them, and further aliases."""
    learned: dict[str, Any] = {}
    if after.reply != before.reply:
        learned |= address_values(after.reply)
    if after.aliases != before.aliases:
        learned["aliases"] = list(after.aliases)
    return learned


def address_values(reply: Reply) -> dict[str, Any]:
    return {
        "origination_id": reply.origination_id or None,
        "to": reply.to or None,
        "recipient": reply.recipient or None,
        "group": reply.group or None,
    }
