"""WhatsApp says that a customer is reached otherwise from now on: aliases and answers move.

The change comes through the customer's own queue, so it cannot overtake or be overtaken by the
messages around it. It shows nothing in the chat: `system` messages, which say the same to the
agent, come as messages.
"""

from chalicelib.addresses import newest_reply
from chalicelib.bundles import Arrival
from chalicelib.conversation import Conversation
from chalicelib.log import count
from chalicelib.ports.conversations import Conversations


class Identities:
    """Moves identifiers. Safe to repeat."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    def move(self, arrival: Arrival) -> bool:
        """Lead the new identifiers to the conversation of the old ones; False when none has one.

        The identifier after the change may have a conversation of its own already, when a message
        was faster than the change: then both stay as they are, for histories are not merged.
        """
        found = self._found(arrival.keys)
        if found is None:
            return False
        for alias in arrival.keys:
            if alias not in (found.key, *found.aliases):
                self._conversations.move(alias, found.key, found.customer)
        reply = newest_reply(found.reply, arrival.reply, moved=True)
        if reply != found.reply:
            self._conversations.readdress(found, reply)
        count("IdentitiesMoved")
        return True

    def _found(self, keys: tuple[str, ...]) -> Conversation | None:
        every = (self._conversations.load(key) for key in keys)
        return next((each for each in every if each is not None), None)
