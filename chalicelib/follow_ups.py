"""Showing what we still owed of a message that the agent has: a late card, a late file."""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.bundles import Owed, follow_up
from chalicelib.conversation import Member
from chalicelib.ports.conversations import Conversations
from chalicelib.to_agent import ToAgent


class FollowUps:
    """Each is a claim of its own, under an id of its own, so it is shown once like any message."""

    def __init__(self, *, conversations: Conversations, to_agent: ToAgent) -> None:
        self._conversations = conversations
        self._to_agent = to_agent

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
        if known is None or not known.live:
            return
        member = replace(made(), redrive=late.again)
        self._to_agent.deliver(follow_up(known, member, late.receipt), remaining_s)
