"""A message to the customer that breaks our code: who counts its attempts, and who hears of it."""

from chalicelib.connect_events import ChatEvent
from chalicelib.contact import OutboundPending
from chalicelib.conversation import MAX_ATTEMPTS
from chalicelib.ports.contacts import Contacts
from chalicelib.sent_history import words_of
from chalicelib.tell_agent import TellAgent


class BrokenMessages:
    """The claim of a message counts its attempts, but what breaks before there is one, or when it
    is parked, is counted by the queue alone."""

    def __init__(self, *, contacts: Contacts, tell_agent: TellAgent) -> None:
        self._contacts = contacts
        self._tell_agent = tell_agent

    def counted(self, event: ChatEvent) -> bool:
        """Whether the claim of this message counts its attempts, and parks it."""
        found = self._claim(event)
        return found is not None and found.attempts <= MAX_ATTEMPTS

    def give_up(self, event: ChatEvent) -> None:
        """It was parked. Its claim goes first: what comes after it must not wait."""
        if found := self._claim(event):
            self._contacts.drop_claim(event.initial_contact_id, found)
        item = self._contacts.load(event.initial_contact_id)
        if item is not None:
            self._tell_agent.say(item, "outbound.parked", event.id, about=words_of(event))

    def _claim(self, event: ChatEvent) -> OutboundPending | None:
        item = self._contacts.load(event.initial_contact_id)
        found = item.pending if item else None
        return found if found and found.event == event.id else None
