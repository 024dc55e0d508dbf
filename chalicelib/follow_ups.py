"""Showing what we still owed of a message that the agent has: a late card, a late file."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.bundles import Owed, follow_up
from chalicelib.conversation import Conversation, Member, may_take_over
from chalicelib.errors import Throttled
from chalicelib.ports.conversations import Conversations
from chalicelib.to_agent import ToAgent


class FollowUps:
    """Each is a claim of its own, under an id of its own, so it is shown once like any message."""

    def __init__(
        self, *, conversations: Conversations, to_agent: ToAgent, clock: Callable[[], int]
    ) -> None:
        self._conversations = conversations
        self._to_agent = to_agent
        self._clock = clock

    def show(
        self,
        conversation: str,
        made: Callable[[], Member],
        late: Owed,
        remaining_s: Callable[[], float],
    ) -> None:
        """Show what `made` gives, which is asked only while there is a chat to show it in.

        A chat that is over gets no new contact for it: the agent had the sound or a placeholder,
        and transcript and file are in history and bucket.
        """
        known = self._conversations.load(conversation)
        if known is None:
            return
        if not known.live:
            self._let_go(known, late)
            return
        member = replace(made(), redrive=late.again)
        self._to_agent.deliver(follow_up(known, member, late.receipt), remaining_s)

    def _let_go(self, known: Conversation, late: Owed) -> None:
        """A try before the chat ended may have left its claim, for which nobody would come.

        Raises Throttled while that try may still be at work.
        """
        found = known.pending
        if found is None or not _is_owed(found.members, late):
            return
        if not may_take_over(found.since, self._clock()):
            raise Throttled("another worker has this conversation", service="conversation")
        self._conversations.drop_claim(known.key, found)


def _is_owed(members: Sequence[Member], late: Owed) -> bool:
    return all(each.follows_up and each.wamid.startswith(f"{late.wamid}#") for each in members)
