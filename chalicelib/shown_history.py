"""What the history keeps of messages that were shown to the agent. Pure."""

from collections.abc import Mapping, Sequence

from chalicelib.conversation import Conversation, MessageRecord, Part, Pending


def history_of(
    conversation: Conversation,
    pending: Pending,
    bodies: Mapping[str, str],
    *,
    fate: str,
    contact: str,
    parts: Sequence[Part] = (),
) -> list[MessageRecord]:
    """One history line a member; `bodies`: what lay in the queue, by wamid.

    A lone member's line holds what the agent really read.
    """
    shown_text = "\n".join(part.text for part in parts if part.text)
    members = pending.members
    alone = len(members) == 1
    return [
        MessageRecord(
            id=member.done_id if member.redrive else member.wamid,
            conversation=conversation.key,
            customer=conversation.customer,
            direction="in",
            kind=member.kind,
            text=(shown_text or member.text) if alone else member.text,
            sent_at=member.sent_at,
            fate="placeholder" if member.placeholder and fate == "delivered" else fate,
            contact=contact,
            media_key=next((part.key for part in parts if part.key), "") if alone else "",
            raw=bodies.get(member.wamid, "") if member.keeps_raw else "",
        )
        for member in members
    ]
