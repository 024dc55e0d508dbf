"""How a conversation's customer is reached, as events tell it one after the other. Pure."""

from dataclasses import replace

from chalicelib.conversation import Conversation, Reply
from chalicelib.customer import is_parent


def newest_reply(known: Reply, seen: Reply, *, moved: bool) -> Reply:
    """Where answers go after an event.

    An event that tells of a change replaces everything: the old number may soon be somebody
    else's. An ordinary one replaces what it names, and is silent about the rest (a number that
    WhatsApp hides today still works).
    """
    if not (seen.to or seen.recipient or seen.group):
        return known
    if moved or _other_person(known, seen):
        return replace(seen, origination_id=seen.origination_id or known.origination_id)
    return Reply(
        origination_id=seen.origination_id or known.origination_id,
        to=seen.to or known.to,
        recipient=seen.recipient or known.recipient,
        group=seen.group or known.group,
    )


def belongs_to_another(conversation: Conversation, seen: Reply) -> bool:
    """Whether an alias led to somebody else's conversation: two BSUIDs are two people.

    A phone number passes from one to the other; it must not join them.
    """
    return _other_person(conversation.reply, seen)


def _other_person(known: Reply, seen: Reply) -> bool:
    if not (known.recipient and seen.recipient):
        return False
    # A BSUID and the parent BSUID of one person differ, too.
    comparable = is_parent(known.recipient) == is_parent(seen.recipient)
    return comparable and known.recipient != seen.recipient
