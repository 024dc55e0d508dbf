"""Messages whose place in the chat does not say when they were sent: they say it themselves. Pure.

Two ways of being late (protocol, promise I4): long on the way, and overtaken by a message that is
shown already. Decided from the claim and the conversation alone, so that every try says the same.
"""

from dataclasses import replace
from datetime import UTC, datetime

from chalicelib.conversation import Conversation, Member, Pending
from chalicelib.texts import Texts


def with_times(pending: Pending, conversation: Conversation, texts: Texts, after_s: int) -> Pending:
    """The claim with a word about the time beside each late message.

    `after_s`: seconds between sending and claim that nobody has to hear of.
    """
    shown_until = conversation.wrote_at if conversation.live else 0
    notes = [
        _note(member, pending.claimed_at, shown_until, texts, after_s) for member in pending.members
    ]
    if not any(notes):
        return pending
    noted = map(_noted, pending.members, notes)
    return replace(pending, members=tuple(noted))


def _note(member: Member, received_at: int, shown_until: int, texts: Texts, after_s: int) -> str:
    """A choice stays what it is, for flows and bots compare its title; what follows a message
    speaks of it anyway."""
    if not member.sent_at or member.is_choice or member.follows_up:
        return ""
    if received_at - member.sent_at > after_s or member.redrive:
        return told_times(member.sent_at, received_at, texts)
    if member.sent_at < shown_until:
        sent = datetime.fromtimestamp(member.sent_at, UTC)
        return f"({texts.get('notice.overtaken', sent=f'{sent:%H:%M:%S}')} UTC)"
    return ""


def told_times(sent_at: int, received_at: int, texts: Texts) -> str:
    """When a message was sent and received, with the days where they differ."""
    sent, received = datetime.fromtimestamp(sent_at, UTC), datetime.fromtimestamp(received_at, UTC)
    form = "%H:%M" if sent.date() == received.date() else "%Y-%m-%d %H:%M"
    told = texts.get("notice.later", sent=f"{sent:{form}}", received=f"{received:{form}}")
    return f"({told} UTC)"


def _noted(member: Member, note: str) -> Member:
    return replace(member, text="\n".join(filter(None, (member.text, note)))) if note else member
