"""The seam between chats and flows."""

from typing import Protocol

from sandbox.amazon_connect.records import Chat


class FlowSide(Protocol):
    """What flows do when something happens in a chat."""

    def chat_started(self, chat: Chat) -> None:
        """Run the flow of the chat's current contact."""
        ...

    def customer_spoke(self, chat: Chat) -> None:
        """Resume a flow that waits for the customer."""
        ...

    def bot_left(self, chat: Chat) -> None:
        """Resume a flow that waits for a custom participant to leave."""
        ...

    def queued(self, chat: Chat) -> None:
        """Run the customer queue flow, if one is set."""
        ...

    def agent_accepted(self, chat: Chat) -> None:
        """Stop the queue flow and run the whispers, if set."""
        ...

    def agent_left(self, chat: Chat) -> bool:
        """Run the disconnect flow in a new contact. False: none is set, the chat is to end."""
        ...

    def chat_ended(self, chat: Chat) -> None:
        """Forget whatever still runs for the chat."""
        ...
